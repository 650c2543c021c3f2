package text

// enFindingsForward are the findings on what happens inside the host: forwarding,
// routes and address translation.
var enFindingsForward = map[string]FindingText{
	"ufw-deny-routed": {
		Title:    `Only ping is passed on`,
		Headline: `{{Host .os}} passes the phone's pings on to the internet and nothing else: a firewall holds the rest back.`,
		Summary: `{{n .pings "ping" "pings"}} of {{spell .client "the phone"}} came back answered, but {{n .refused "attempt" "attempts"}} to reach names and pages ` +
			`came out of the tunnel{{with .tunnel}} at {{.}}{{end}} and did not leave{{with .wan}} through {{.}}{{end}}. ` +
			`That is how ufw treats packets that pass through when nobody has allowed them.`,
		Advice: `Let the firewall of {{host .os}} pass the tunnel's packets on to the internet, not just the pings.`,
		Worked: enAgain + `: the third box must show as many packets as the second.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right: pings go all the way and back.`,
	},
	"forward-rejected": {
		Title:    `A firewall here says "forbidden"`,
		Headline: `A firewall on {{host .os}} answers "forbidden" to the phone instead of passing its packets on.`,
		Summary: `{{n .arrived "packet" "packets"}} of {{spell .client "the phone"}} came out of the tunnel{{with .tunnel}} at {{.}}{{end}}. ` +
			`{{Host .os}} sent {{n .refused "refusal" "refusals"}} back{{with .speaker}} as {{.}}{{end}} and let nothing out. ` +
			`On the phone this fails at once instead of loading forever.`,
		Advice: `Add a rule that lets the tunnel's packets through, in front of the rule that refuses them.`,
		Worked: enAgain + `: the arrow with the X must be open, and the third box must show as many packets as the second.`,
		Fine:   `Keys, port and encryption are right: the refusals reach the phone through the tunnel.`,
	},
	"no-default-route": {
		Title:    `No way to the internet is set up here`,
		Headline: `{{Host .os}} does not know the way to the internet: it has no default route.`,
		Summary: `{{n .arrived "packet" "packets"}} of {{spell .client "the phone"}} came out of the tunnel{{with .tunnel}} at {{.}}{{end}}, none left. ` +
			`{{Host .os}} itself answered "network unreachable" {{n .refused "time" "times"}}{{with .speaker}} as {{.}}{{end}}.`,
		Advice: `Give {{host .os}} its default route back: the address of its router.`,
		Worked: enAgain + `: the third box must count packets.`,
		Fine:   `Keys, port and encryption are right, and forwarding is on: leave the tunnel as it is.`,
	},
	"gateway-unreachable": {
		Title:    `The next router does not answer`,
		Headline: `{{Host .os}} cannot reach the next router{{with .gateway}} {{.}}{{end}}: nobody answers at that address.`,
		Summary: `{{n .arrived "packet" "packets"}} of {{spell .client "the phone"}} came out of the tunnel{{with .tunnel}} at {{.}}{{end}}, none left. ` +
			`{{Host .os}} answered "host unreachable" {{n .refused "time" "times"}}{{with .speaker}} as {{.}}{{end}}` +
			`{{with .gateway}}, and its questions for {{.}} on the network were not answered{{end}}.`,
		Advice: `Check the cable or Wi-Fi of {{host .os}}, whether the router is on, and whether its address is the one that is set here.`,
		Worked: enAgain + `: the third box must count packets.`,
		Fine:   `Keys, port and encryption are right, and forwarding is on: leave the tunnel as it is.`,
	},
	"server-default-route-hijacked": {
		Title:    `Internet packets are sent back into the tunnel`,
		Headline: `{{Host .os}} sends the phone's internet packets back into the tunnel: it takes the tunnel for its way to the internet.`,
		Summary: `{{n .astray "packet" "packets"}} of {{spell .client "the phone"}} for the internet came out of the tunnel{{with .tunnel}} at {{.}}{{end}} ` +
			`and went straight into it again; none left{{with .wan}} through {{.}}{{end}}.`,
		Advice: `In the configuration of {{host .os}}, the AllowedIPs of the phone's [Peer] must be the phone's own address, not 0.0.0.0/0. That belongs into the phone.`,
		Worked: enAgain + `: the third box must show as many packets as the second.`,
		Fine:   `Keys, port and encryption are right, and the phone's own settings may stay.`,
	},
	"tunnel-return-route-missing": {
		Title: `The answer is sent out to the internet again`,
		Headline: `The answer comes back, and {{host .os}} sends it out to the internet again instead of into the tunnel: ` +
			`it does not know that {{spell .client "the phone"}} is behind the tunnel.`,
		Summary: `{{n .replied "answer" "answers"}} for {{spell .client "the phone"}} came back{{with .wan}} to {{.}}{{end}}, ` +
			`and {{n .astray "packet" "packets"}} for its inner address left there again. Nothing went into the tunnel{{with .tunnel}} at {{.}}{{end}}.`,
		Advice: `Give {{host .os}} a route to the phone's address through the tunnel adapter.`,
		Worked: enAgain + `: the fifth box must show as many answers as the fourth.`,
		Fine:   `Keys, port, encryption, the way out and the address on the packets are right, and the internet answers.`,
	},
	"routing-loop": {
		Title:    `The next router sends the packets back`,
		Headline: `The packets leave {{host .os}}, and the next router sends them back to it: they run in a circle.`,
		Summary: `{{n .left "packet" "packets"}} of {{spell .client "the phone"}} left{{with .wan}} through {{.}}{{end}}, ` +
			`and {{num .astray}} of them came back there, older by a hop or more. No answer came.`,
		Advice: `In the router next to {{host .os}}, remove the static route that points these addresses at {{host .os}}.`,
		Worked: enAgain + `: the fourth box must show answers.`,
		Fine:   `Keys, port and encryption are right, and {{host .os}} passes packets on.`,
	},
	"lan-only-forwarding": {
		Title:    `The local network works, the internet does not`,
		Headline: `The phone reaches the local network behind {{host .os}}, but not the internet.`,
		Summary: `{{n .answered "attempt" "attempts"}} of {{spell .client "the phone"}} to reach local addresses {{if eq .answered 1}}was{{else}}were{{end}} answered. ` +
			`{{n .requests "attempt" "attempts"}} to reach {{n .targets "address" "addresses"}} on the internet ended inside {{host .os}}. ` +
			`If only the local network is wanted, this is as it should be.`,
		Advice: `If the internet is wanted too, let the firewall of {{host .os}} pass the tunnel's packets on to every address.`,
		Worked: enAgain + `: this remark must be gone.`,
		Fine:   `The tunnel, forwarding and the way back work: local addresses answer.`,
	},
	"client-to-client-blocked": {
		Title:    `The devices in the tunnel cannot reach each other`,
		Headline: `{{Host .os}} does not pass packets from one device in the tunnel to another.`,
		Summary: `{{n .requests "packet" "packets"}} of {{spell .client "the phone"}} for {{spell .other "another device"}} came out of the tunnel` +
			`{{with .tunnel}} at {{.}}{{end}} and did not go into it again. Many servers are set up so on purpose.`,
		Advice: `If the devices are to reach each other, allow packets from the tunnel adapter to the tunnel adapter.`,
		Worked: enAgain + `: this remark must be gone.`,
	},
	"nat-wrong-source-address": {
		Title:    `Packets leave with an address that nobody has`,
		Headline: `{{Host .os}} puts the wrong address on the phone's packets: {{spell .source "one"}} belongs to nobody here, so answers find no way back.`,
		Summary: `{{n .left "packet" "packets"}} of {{spell .client "the phone"}} left{{with .wan}} through {{.}}{{end}}` +
			`{{with .source}} as {{.}}{{end}}. The network asked who has that address, and nobody answered.`,
		Advice: `Let {{host .os}} put the address of its own internet adapter on the packets.`,
		Worked: enAgain + `: the fourth box must show answers.`,
		Fine:   `Keys, port, encryption and forwarding are right. Only the address on the packets is wrong.`,
	},
	"asymmetric-return": {
		Title:    `The answers come in by another line and are thrown away`,
		Headline: `The website answers, but on another line than the one that the packets left by, and {{host .os}} throws these answers away.`,
		Summary: `{{n .left "packet" "packets"}} of {{spell .client "the phone"}} left{{with .wan}} through {{.}}{{end}}. {{n .replied "answer" "answers"}} came in` +
			`{{with .back}} at {{.}}{{end}} instead, and {{if .returned}}only {{num .returned}}{{else}}none{{end}} went on into the tunnel{{with .tunnel}} at {{.}}{{end}}.`,
		Advice: `Let {{host .os}} accept answers at {{spell .back "the other line"}} too, or put the address of {{spell .wan "the first line"}} on the packets.`,
		Worked: enAgain + `: the fifth box must show as many answers as the fourth.`,
		Fine:   `Keys, port, encryption and forwarding are right, and the internet answers. Only the way back is another one.`,
	},
	"nat-reply-not-recognised": {
		Title:    `The answer comes back and is not recognised`,
		Headline: `The website answers, but {{host .os}} has forgotten that the phone asked, and turns the answer away.`,
		Summary: `{{n .replied "answer" "answers"}} for {{spell .client "the phone"}} came back{{with .wan}} to {{.}}{{end}}. ` +
			`{{Host .os}} took {{if eq .replied 1}}it{{else}}them{{end}} for its own and told the website {{n .refused "time" "times"}} that nobody had asked. Nothing went into the tunnel.`,
		Advice: `Look on {{host .os}} for a rule that keeps answers from being tracked, and for a second program that translates addresses.`,
		Worked: enAgain + `: the fifth box must show as many answers as the fourth.`,
		Fine:   `Keys, port, encryption, the way out and the address on the packets are right, and the internet answers.`,
	},
	"new-flows-not-forwarded": {
		Title:    `New connections get stuck while old ones go on`,
		Headline: `Connections that exist go on, but {{host .os}} lets no new ones out: it has no room for more.`,
		Summary: `Connections of {{spell .client "the phone"}} were answered at first. Then {{n .refused "new one" "new ones"}} to the same kind of service ` +
			`came out of the tunnel{{with .tunnel}} at {{.}}{{end}} and did not leave{{with .wan}} through {{.}}{{end}}, while older ones went on.`,
		Advice: `Give {{host .os}} room for more connections, and look for a device that opens very many.`,
		Worked: enAgain + `: new connections must be answered too.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right: older connections prove it.`,
	},
	"upstream-rejects": {
		Title:    `Somebody outside says no`,
		Headline: `{{Host .os}} passes everything on, but the other side refuses the phone's connections{{with .speaker}}: {{.}} says no{{end}}.`,
		Summary: `{{n .refused "refusal" "refusals"}} came in from outside{{with .speaker}}, most of them from {{.}},{{end}} and went on to {{spell .client "the phone"}}. ` +
			`Nothing is wrong on {{host .os}}.`,
		Advice: `Try another website. If all of them refuse, ask whoever runs the network behind {{host .os}}.`,
		Worked: enAgain + `: pages must load.`,
		Fine:   `Keys, port, encryption, forwarding, the address on the packets and the way back all work.`,
	},
}

var enCausesForward = map[string]CauseText{
	"firewalld-no-policy": {
		Title:     `firewalld has no policy from the tunnel to the internet`,
		Why:       `firewalld refuses packets between two of its zones with "administratively prohibited" until a policy allows them.`,
		SettledBy: `"firewall-cmd --list-all-policies": one must lead from the tunnel's zone to that of {{spell .wan "WAN-ADAPTER"}} with target ACCEPT.`,
	},
	"oracle-forward-reject": {
		Title:     `the FORWARD rules end in a line that refuses everything, as on Oracle's cloud images`,
		Why:       `Those images come with "REJECT --reject-with icmp-host-prohibited" at the end of FORWARD; a rule behind it is never reached.`,
		SettledBy: `"iptables-save -c": a line "-A FORWARD -j REJECT --reject-with icmp-host-prohibited" whose counter grows.`,
	},
	"openwrt-zone-not-forwarded": {
		Title:     `the tunnel's firewall zone may not use the WAN`,
		Why:       `OpenWrt answers connections from a zone without a forwarding rule with a reset, and the rest with "port unreachable".`,
		SettledBy: `"uci show firewall": the tunnel's network must be in a zone with a forwarding to "wan".`,
	},
	"forward-reject-rule": {
		Title:     `a firewall rule refuses packets that pass from the tunnel to the internet`,
		Why:       `A rule with "reject" answers in the name of {{host .os}} instead of passing packets on.`,
		SettledBy: `A line with "reject" in a forward chain whose counter grows: "nft -a list ruleset" or "iptables-save -c".`,
	},
	"no-default-route": {
		Title:     `the default route is missing`,
		Why:       `It is lost when a lease ends, a VPN program removes it, or the network settings are incomplete.`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetRoute 0.0.0.0/0"{{else if eq .os "macos"}}"route -n get default"{{else}}"ip route show default"{{end}}: it must show a line.`,
	},
	"gateway-dead": {
		Title:     `the router is off, or the cable or Wi-Fi to it is broken`,
		Why:       `{{Host .os}} asks for the router's address on the network and hears nothing.`,
		SettledBy: `Whether other devices in the same network reach the router.`,
	},
	"gateway-address-wrong": {
		Title:     `the router's address is set wrong on {{host .os}}`,
		Why:       `After a new router or a new network the old address may still be set.`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetRoute 0.0.0.0/0"{{else if eq .os "macos"}}"route -n get default"{{else}}"ip route show default"{{end}} against the router's own address.`,
	},
	"server-allowedips-everything": {
		Title:     `the phone's peer on {{host .os}} has AllowedIPs 0.0.0.0/0`,
		Why:       `On {{host .os}} that line says which addresses are behind the tunnel. With 0.0.0.0/0 the whole internet seems to be the phone.`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips": only the phone's own address may stand there.`,
	},
	"second-vpn-default-route": {
		Title:     `{{host .os}} is itself a client in this tunnel, or another route leads everything into it`,
		Why:       `A computer that uses a tunnel for its own internet cannot at the same time be the exit for others through it.`,
		SettledBy: `{{if eq .os "windows"}}"Find-NetRoute -RemoteIPAddress 1.1.1.1"{{else}}"ip route get 1.1.1.1": it must not name {{spell .tunnel "the tunnel adapter"}}{{end}}.`,
	},
	"tunnel-route-missing": {
		Title:     `{{host .os}} has no route to the phone through the tunnel`,
		Why:       `With an Address that ends in /32, with "Table = off", or with a peer added by "wg set" alone, nobody makes that route.`,
		SettledBy: `"ip route get {{spell .client "PHONE-ADDRESS"}}": it must name {{spell .tunnel "TUNNEL-ADAPTER"}}.`,
	},
	"tunnel-subnet-overlaps": {
		Title:     `another network uses the same addresses as the tunnel`,
		Why:       `A more exact route to the same addresses leads elsewhere.`,
		SettledBy: `"ip route": two lines that hold {{spell .client "the phone's address"}}.`,
	},
	"router-sends-back": {
		Title:     `a static route in the router points at {{host .os}}`,
		Why:       `The router takes {{host .os}} for the way to these addresses and sends the packets back.`,
		SettledBy: `The list of static routes in the router's menu.`,
	},
	"forward-rule-lan-only": {
		Title:     `a firewall rule lets the tunnel reach local addresses only`,
		Why:       `Guides for access to a home network limit the rule to 192.168.0.0/16 or the like.`,
		SettledBy: `The forward rules with a local destination: "nft -a list ruleset" or "iptables-save -c".`,
	},
	"client-forward-missing": {
		Title:     `no rule allows packets from the tunnel to the tunnel`,
		Why:       `Rules that allow the way to the internet do not cover the way back into the same adapter.`,
		SettledBy: `A forward rule with {{spell .tunnel "TUNNEL-ADAPTER"}} on both sides: "nft -a list ruleset" or "iptables-save -c".`,
	},
	"snat-address-not-ours": {
		Title:     `the translation rule names an address that {{host .os}} does not have`,
		Why:       `The address was written into the rule and has changed since, or belonged to another machine.`,
		SettledBy: `{{spell .source "The address in the rule"}} must be one of those that "ip addr show {{spell .wan "WAN-ADAPTER"}}" lists.`,
	},
	"notrack-rule": {
		Title:     `a rule keeps the answers from being tracked`,
		Why:       `A packet that is not tracked cannot be given back to the phone that asked.`,
		SettledBy: `"nft list ruleset" or "iptables-save": a line with "notrack", "NOTRACK" or "CT --notrack".`,
	},
	"second-nat": {
		Title:     `two programs on {{host .os}} translate addresses, and each knows only its own connections`,
		Why:       `An answer that reaches the wrong one of them is taken for unasked.`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetNat" together with "Get-Service SharedAccess,RemoteAccess": only one may be at work.{{else}}More than one rule of translation in "nft list ruleset", "iptables-save" and "iptables-legacy-save".{{end}}`,
	},
	"nat-state-lost": {
		Title:     `the list of connections was emptied`,
		Why:       `After a restart of the translation, answers to older questions are unknown. It passes by itself.`,
		SettledBy: `Whether connections that are opened now work.`,
	},
	"nat-table-full": {
		Title:     `the list of tracked connections is full`,
		Why:       `{{if eq .os "windows"}}Windows gives its address translation a limited range of ports.{{else}}Linux throws away what would begin a new connection once nf_conntrack_max is reached; small servers start with a few thousand.{{end}}`,
		SettledBy: `{{if eq .os "windows"}}"@(Get-NetNatSession).Count"{{else}}"sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max": the first must be well below the second; "dmesg" says "table full, dropping packet"{{end}}.`,
	},
	"connection-limit": {
		Title:     `a firewall rule lets only so many connections through`,
		Why:       `Rules with "limit", "connlimit" or "ct count" drop what is above a number or a rate.`,
		SettledBy: `"nft list ruleset" or "iptables-save -c": such a rule in a forward chain, with a counter that grows.`,
	},
	"nat-ports-exhausted": {
		Title:     `the translation rule has too few ports`,
		Why:       `A rule with a range of ports has room for that many connections to one address, and drops the next.`,
		SettledBy: `A port range behind the address in the translation rule: "nft list ruleset" or "iptables-save".`,
	},
	"asymmetric-return": {
		Title:     `the answers come back over another line`,
		Why:       `Answers go to the address that the packets left with. If that belongs to a second line, or the network outside chooses it, they come in there.`,
		SettledBy: `{{if .back}}"ip route get 1.1.1.1" must name the adapter whose address the packets have.{{else}}Whether {{host .os}} has a second adapter towards the internet; capture that one too.{{end}}`,
	},
	"upstream-refuses": {
		Title:     `a router or the website itself refuses`,
		Why:       `The refusals came in from outside and were passed on to the phone as they should be.`,
		SettledBy: `Whether {{host .os}} itself may open the same page.`,
	},
}

var enFixesForward = map[string]FixText{
	"route-default": {
		Title:   `Give {{host .os}} its default route back`,
		Changes: `It adds one route. GATEWAY-ADDRESS is the address of the router next to {{host .os}}.`,
	},
	"gateway-check": {
		Title:   `Look at the router and its address`,
		Changes: `It changes nothing: it shows which router is set and whether it answers.`,
	},
	"hijack-linux": {
		Title:   `Allow the phone only its own address, and take the tunnel out of the way to the internet`,
		Changes: `It sets the addresses of this one peer and removes the two rules that wg-quick made for 0.0.0.0/0. Write the phone's own address into AllowedIPs in the configuration file too.`,
	},
	"route-tunnel": {
		Title:   `Send packets for the phone into the tunnel`,
		Changes: `It sets one route to the phone's address; no other route is touched.`,
	},
	"loop-router": {
		Title:   `Remove the static route in the router`,
		Changes: `In the router's menu, look for static routes whose next hop is {{host .os}}, and keep only those for the tunnel's own subnet.`,
	},
	"filter-clients-nft": {
		Title:   `Let devices in the tunnel reach each other (nftables)`,
		Changes: `It inserts one rule at the top of the chain that keeps them apart: tunnel to tunnel.`,
	},
	"filter-clients-iptables": {
		Title:   `Let devices in the tunnel reach each other (iptables)`,
		Changes: `It inserts one rule at the top of FORWARD: tunnel to tunnel.`,
	},
	"filter-clients-ufw": {
		Title:   `Let devices in the tunnel reach each other (ufw)`,
		Changes: `It adds one route rule to ufw; all other rules stay.`,
	},
	"nat-first-nft": {
		Title:   `Put {{host .os}}'s own address on the packets, ahead of the wrong rule (nftables)`,
		Changes: `It adds a table of its own that decides before the others; the wrong rule stays and no longer counts for the tunnel.`,
	},
	"nat-address-windows": {
		Title:   `Show which address the NAT uses`,
		Changes: `It changes nothing: the address that is shown must be one that the internet adapter has.`,
	},
	"notrack-linux": {
		Title:   `Remove the rule that keeps answers from being tracked`,
		Changes: `The command changes nothing: it shows the rules. "nft delete rule", with family, table, chain and handle as they are shown, removes one; keep the line to put it back.`,
	},
	"nat-restart-windows": {
		Title:   `Restart Windows' address translation`,
		Changes: `It restarts the NAT service: every connection through it begins anew.`,
	},
	"conntrack-max": {
		Title:   `Make room for more connections`,
		Changes: `It raises the limit of tracked connections, also after a reboot; each takes about 300 octets of memory.`,
	},
}
