package text

// enFindingsUpper speak of what lies above a path that works: names, AllowedIPs,
// IPv6 and the size of packets.
var enFindingsUpper = map[string]FindingText{
	"client-allowedips-too-narrow": {
		Title:    `Websites do not go through the tunnel`,
		Headline: `The phone sends only VPN addresses into the tunnel; websites go outside it.`,
		Summary: `{{n .arrived "packet" "packets"}} of {{spell .client "the phone"}} came out of the tunnel{{with .tunnel}} at {{.}}{{end}} and the tunnel answered, ` +
			`but not one was for an address on the internet. ` +
			`If nobody tried a website meanwhile, or the tunnel is meant for your own network only, all is well.`,
		Advice: `If websites should go through the tunnel, set AllowedIPs to 0.0.0.0/0, ::/0 in the phone's app. If nobody tried one, capture again and open a website.`,
		Worked: enAgain + `: the third box of the picture must count packets.`,
		Fine:   `Keys, port and encryption are right: the tunnel itself works.`,
	},
	"dns-no-listener": {
		Title:    `No name service runs where the phone asks`,
		Headline: `Everything works except names: the phone asks {{host .os}} for addresses, and no name service runs here.`,
		Summary: `The phone asked {{spell .resolver "this address"}} for names {{n .names "time" "times"}}. ` +
			`{{Host .os}} said each time that nobody listens there (port 53).`,
		Advice: `In the phone's app, set DNS to a public name service such as 1.1.1.1, or let a name service answer at {{spell .resolver "that address"}}.`,
		Worked: enAgain + `: websites must load by name.`,
		Fine:   `Keys, port and encryption are right: the questions come out of the tunnel.`,
	},
	"dns-unanswered": {
		Title:    `The phone's questions for names are not answered`,
		Headline: `Everything works except names: the phone asks {{host .os}} for addresses and gets no answer.`,
		Summary: `The phone asked {{spell .resolver "this address"}} for names {{n .names "time" "times"}}. ` +
			`The questions reached {{host .os}}, and nothing came back, not even a refusal.`,
		Advice: `Let the tunnel reach the name service on {{host .os}} (port 53), or set DNS to a public one such as 1.1.1.1 in the phone's app.`,
		Worked: enAgain + `: websites must load by name.`,
		Fine:   `Keys, port and encryption are right: the questions come out of the tunnel.`,
	},
	"dns-refused": {
		Title: `The name service refuses the phone`,
		Headline: `{{if eq .rcode 2}}Everything works except names: the name service answers the phone that it could not find out.` +
			`{{else}}Everything works except names: the name service refuses to answer the phone.{{end}}`,
		Summary: `The phone asked {{spell .resolver "this address"}} for names {{n .names "time" "times"}}. ` +
			`{{if eq .rcode 2}}Each answer was "server failure" (SERVFAIL).{{else}}Each answer was "refused" (REFUSED).{{end}}`,
		Advice: `{{if eq .rcode 2}}Test whether the name service itself reaches the internet{{else}}Allow the tunnel's addresses{{with .prefix}} ({{.}}){{end}} in the settings of the name service{{end}}, ` +
			`or set DNS to a public one such as 1.1.1.1 in the phone's app.`,
		Worked: enAgain + `: websites must load by name.`,
		Fine:   `Keys, port and encryption are right: questions and answers both pass the tunnel.`,
	},
	"dns-wrong-source": {
		Title:    `The name service answers from another address`,
		Headline: `Everything works except names: the answers come from another address than the one that the phone asked, so the phone ignores them.`,
		Summary: `The phone asked {{spell .resolver "one address"}} for names {{n .names "time" "times"}}, ` +
			`and the answers came from {{spell .answerer "another one"}}.`,
		Advice: `Let the name service listen on {{spell .resolver "the address that is asked"}} itself, or put {{spell .answerer "the other address"}} into the phone's app as DNS.`,
		Worked: enAgain + `: websites must load by name.`,
		Fine:   `Keys, port and encryption are right, and a name service runs.`,
	},
	"dns-blocked-upstream": {
		Title:    `Questions for names get no answer from outside`,
		Headline: `Everything works except names: the phone's questions leave {{host .os}}, and the name service that it asks does not answer.`,
		Summary: `The phone asked {{spell .resolver "one address"}} for names {{n .names "time" "times"}}. ` +
			`No answer came{{with .wan}} to {{.}}{{end}}, while other connections of the phone were answered.`,
		Advice: `Set DNS to another name service in the phone's app, for example 9.9.9.9, or the one that {{host .os}} uses itself.`,
		Worked: enAgain + `: websites must load by name.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right: other connections work.`,
	},
	"ipv6-blackhole": {
		Title:    `IPv6 goes into the tunnel and ends there`,
		Headline: `IPv4 works. IPv6 goes into the tunnel and ends there; some sites and apps feel slow or do not load.`,
		Summary: `{{if .undelivered}}{{n .undelivered "encrypted packet" "encrypted packets"}} of the phone were decrypted and thrown away, while its IPv4 works: ` +
			`most likely its IPv6, for which {{host .os}} expects no address of this phone.` +
			`{{else}}{{n .requests "attempt" "attempts"}} over IPv6 went to {{n .targets "address" "addresses"}} on the internet and {{if .answered}}{{num .answered}} were{{else}}none was{{end}} answered, ` +
			`while IPv4 of the same phone was.{{end}}`,
		Advice: `Either give the tunnel working IPv6 on {{host .os}}, or take "::/0" out of AllowedIPs in the phone's app; IPv6 then goes outside the tunnel.`,
		Worked: enAgain + `: IPv6 must be answered, or be gone.`,
		Fine:   `Keys, port, encryption and everything over IPv4 are right.`,
	},
	"mtu-outer-blackhole": {
		Title:    `Big packets vanish on the way to the phone`,
		Headline: `Small packets pass, big ones vanish on the way to the phone.`,
		Summary: `In {{n .flows "connection" "connections"}} packets of {{num .size}} octets and more went into the tunnel again and again ({{n .repeats "time" "times"}}), ` +
			`and the phone never confirmed one of that size, while it confirmed smaller ones. Encrypted they are larger still, too large for some line on the way.`,
		Advice: `Lower the packet size to 1280 in the phone's app, or let {{host .os}} agree on smaller packets for everybody.`,
		Worked: enAgain + `: a page with pictures must load.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right.`,
	},
	"jumbo-tunnel-mtu": {
		Title: `The tunnel is made for larger packets than the line carries`,
		Headline: `{{if .repeats}}The tunnel is made for larger packets than the line carries: small packets pass, big ones vanish.` +
			`{{else}}The tunnel's packets are larger than the line carries and travel in pieces.{{end}}`,
		Summary: `{{if .mss}}The phone offers segments of {{num .mss}} octets. {{end}}` +
			`{{if .fragments}}{{n .fragments "encrypted packet" "encrypted packets"}} left in pieces, which mobile networks and clouds often throw away. {{end}}` +
			`{{if .repeats}}Big packets into the tunnel were repeated {{n .repeats "time" "times"}} and never confirmed.{{else}}They still arrive here, so this is no fault yet.{{end}}`,
		Advice: `Lower the tunnel's packet size to 1420 on {{host .os}} and in the phone's app.`,
		Worked: enAgain + `: a page with pictures must load, and no encrypted packet may leave in pieces.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right.`,
	},
	"frag-needed-lost": {
		Title:    `The website is not told that its packets are too big`,
		Headline: `Big answers do not fit into the tunnel, and the website never hears that it must send smaller ones.`,
		Summary: `In {{n .flows "connection" "connections"}} packets of {{num .size}} octets came{{with .wan}} to {{.}}{{end}} again and again ({{n .repeats "time" "times"}}); ` +
			`{{host .os}} told the sender that {{if .mtu}}{{num .mtu}} octets are{{else}}less is{{end}} the limit, and it never listened.`,
		Advice: `Let {{host .os}} agree on smaller packets when a connection begins.`,
		Worked: enAgain + `: a page with pictures must load.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right.`,
	},
	"path-mtu-upstream": {
		Title:    `Big packets vanish beyond {{host .os}}`,
		Headline: `Small packets pass, big ones of the phone vanish beyond {{host .os}}.`,
		Summary: `In {{n .flows "connection" "connections"}} packets of {{num .size}} octets and more left{{with .wan}} through {{.}}{{end}} again and again ({{n .repeats "time" "times"}}), ` +
			`and nobody confirmed one of that size or said that it was too big.`,
		Advice: `Let {{host .os}} agree on smaller packets when a connection begins.`,
		Worked: enAgain + `: sending a picture must work.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right.`,
	},
}

var enCausesUpper = map[string]CauseText{
	"client-allowedips-too-narrow": {
		Title:     `AllowedIPs in the phone names the VPN's own addresses only`,
		Why:       `AllowedIPs decides what goes into the tunnel; everything else leaves the phone as if there were none.`,
		SettledBy: `AllowedIPs in the [Peer] section of the phone's app: 0.0.0.0/0 means everything.`,
	},
	"dns-no-listener": {
		Title:     `no name service listens at {{spell .resolver "the address that the phone asks"}}`,
		Why:       `It does not run, or it listens on other adapters than the tunnel's.`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetUDPEndpoint -LocalPort 53"{{else}}"ss -lunp 'sport = :53'"{{end}}: a line with {{spell .resolver "that address"}} or with all addresses.`,
	},
	"dns-host-firewall": {
		Title: `a firewall on {{host .os}} drops questions for names that come from the tunnel`,
		Why: `{{if eq .os "windows"}}A new tunnel is a public network to Windows, and its firewall lets nothing in there.` +
			`{{else}}Firewalls allow the name service for the local network, and the tunnel is not part of it.{{end}}`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetConnectionProfile": the tunnel must not be Public.{{else}}Whether a drop counter of the input rules grows with each question: "nft -a list ruleset" or "iptables-save -c", UDP port 53.{{end}}`,
	},
	"dns-refused": {
		Title:     `the name service answers its own network only`,
		Why:       `dnsmasq, Pi-hole, unbound and AdGuard know which networks they serve; the tunnel's is not among them. Some refuse, some stay silent.`,
		SettledBy: `The log of the name service names the phone's address with each question.`,
	},
	"dns-resolver-upstream": {
		Title:     `the name service itself gets no answers from the internet`,
		Why:       `It answers "server failure" when those that it asks in turn are silent.`,
		SettledBy: `A question on {{host .os}} itself, to the same service: it must fail there too.`,
	},
	"dns-wrong-source": {
		Title:     `the name service listens on all addresses and answers from the wrong one`,
		Why:       `A server with several addresses, or one in a container, must answer from the address that was asked; phones ignore other answers.`,
		SettledBy: `"ss -lunp 'sport = :53'": 0.0.0.0 instead of {{spell .resolver "the address that the phone asks"}}.`,
	},
	"dns-blocked-upstream": {
		Title:     `the network outside lets no questions for names through to that service`,
		Why:       `Providers, hotels and clouds block port 53 to all services but their own.`,
		SettledBy: `The same question from {{host .os}} itself, to the same service and to another one.`,
	},
	"dns-lan-resolver-unreachable": {
		Title:     `the name service in the phone is an address of a local network that {{host .os}} does not reach, or that does not answer strangers`,
		Why:       `The address is a private one: it means another machine in each network.`,
		SettledBy: `"ping {{spell .resolver "ADDRESS"}}" on {{host .os}}.`,
	},
	"ipv6-forwarding-off": {
		Title:     `forwarding of IPv6 is switched off`,
		Why:       `It has a switch of its own, which guides for IPv4 leave alone.`,
		SettledBy: `"sysctl net.ipv6.conf.all.forwarding": it must be 1.`,
	},
	"ipv6-forward-drop": {
		Title:     `a firewall rule drops IPv6 that passes from the tunnel to the internet`,
		Why:       `IPv6 has firewall rules of its own: those for IPv4 do not count.`,
		SettledBy: `A "forward" chain that drops: "nft -a list ruleset" or "ip6tables-save -c".`,
	},
	"ipv6-nat-missing": {
		Title:     `no rule puts the address of {{host .os}} on the phone's IPv6 packets`,
		Why:       `The phone's IPv6 address is a private one; the internet cannot reply to it.`,
		SettledBy: `"nft list ruleset" or "ip6tables-save": a rule with "masquerade" for the tunnel's IPv6 subnet.`,
	},
	"ipv6-upstream-dead": {
		Title:     `{{host .os}} has an IPv6 address, but its network does not carry IPv6`,
		Why:       `The packets leave with an address that can be answered, and nothing comes back.`,
		SettledBy: `"ping 2606:4700:4700::1111" on {{host .os}} itself.`,
	},
	"mtu-outer-blackhole": {
		Title:     `some line between {{host .os}} and the phone carries smaller packets, and says so to nobody`,
		Why:       `WireGuard adds 60 to 80 octets to each packet; mobile networks, DSL and clouds carry less than the usual 1500.`,
		SettledBy: `With MTU = 1280 in the phone's app everything loads.`,
	},
	"jumbo-tunnel-mtu": {
		Title:     `the tunnel took its packet size from an adapter with jumbo frames`,
		Why:       `In clouds the adapter says 9001, so the tunnel is given 8920; the internet carries 1500.`,
		SettledBy: `{{if eq .os "windows"}}"netsh interface ipv4 show subinterfaces"{{else}}"ip link show {{spell .tunnel "TUNNEL-ADAPTER"}}"{{end}}: "mtu" must not be above 1440, on both ends.`,
	},
	"frag-needed-lost": {
		Title:     `the message "packet too big" is lost on its way to the website`,
		Why:       `Firewalls that drop all ICMP drop this message too; it can also leave with an address that nobody accepts.`,
		SettledBy: `Whether a rule here or outside drops "icmp"; a smaller segment size cures it either way.`,
	},
	"path-mtu-upstream": {
		Title:     `some line beyond {{host .os}} carries smaller packets, and says so to nobody`,
		Why:       `A tunnel or DSL line further on needs room of its own.`,
		SettledBy: `{{if eq .os "windows"}}"ping -f -l 1400 1.1.1.1"{{else}}"ping -M do -s 1400 1.1.1.1"{{end}} on {{host .os}} fails where a smaller number works.`,
	},
}

var enFixesUpper = map[string]FixText{
	"dns-phone": {
		Title:   `Give the phone another name service`,
		Changes: `In the phone's app, under [Interface], set DNS = 1.1.1.1; nothing changes on {{host .os}}.`,
	},
	"dns-linux-resolved": {
		Title:   `Let systemd-resolved answer in the tunnel`,
		Changes: `It adds one address to those that systemd-resolved answers at, and restarts it.`,
	},
	"dns-linux-dnsmasq": {
		Title:   `Let dnsmasq answer in the tunnel`,
		Changes: `It adds one file to dnsmasq's settings and restarts it.`,
	},
	"dns-linux-unbound": {
		Title:   `Let unbound answer the tunnel's addresses`,
		Changes: `It adds one file to unbound's settings and restarts it.`,
	},
	"dns-linux-pihole": {
		Title:   `Let Pi-hole answer the tunnel's addresses`,
		Changes: `It sets Pi-hole to "permit all origins".`,
	},
	"dns-routeros": {
		Title:   `Let the router answer questions for names from the tunnel`,
		Changes: `It switches the name service for others on and makes the tunnel part of the LAN list.`,
	},
	"dns-port-nft": {
		Title:   `Let questions for names in from the tunnel (nftables)`,
		Changes: `It inserts one rule for port 53 at the top of the chain that drops; no other rule is touched.`,
	},
	"dns-port-linux": {
		Title:   `Let questions for names in from the tunnel (iptables)`,
		Changes: `It adds two rules for port 53 on the tunnel adapter; no other rule is touched.`,
	},
	"dns-port-ufw": {
		Title:   `Let questions for names in from the tunnel (ufw)`,
		Changes: `It adds one rule for port 53 on the tunnel adapter; no other rule is touched.`,
	},
	"dns-port-firewalld": {
		Title:   `Let firewalld trust the tunnel adapter`,
		Changes: `It puts the tunnel adapter into the zone "trusted", at once and for later.`,
	},
	"dns-port-windows": {
		Title:   `Make the tunnel a private network`,
		Changes: `It changes the network category of the tunnel adapter; the firewall stays on.`,
	},
	"aip-phone": {
		Title:   `Send everything into the tunnel`,
		Changes: `In the phone's app, under [Peer], set AllowedIPs = 0.0.0.0/0, ::/0; nothing changes on {{host .os}}.`,
	},
	"ipv6-phone": {
		Title:   `Leave IPv6 out of the tunnel`,
		Changes: `In the phone's app, under [Peer], take ::/0 out of AllowedIPs. IPv6 then goes outside the tunnel, where the phone's network sees it.`,
	},
	"mtu-linux-nft": {
		Title:   `Agree on smaller packets (nftables)`,
		Changes: `It adds a table of its own with two rules that lower the segment size when a connection begins; no other rule is touched.`,
	},
	"mtu-linux-iptables": {
		Title:   `Agree on smaller packets (iptables)`,
		Changes: `It adds two rules for IPv4 and two for IPv6 that lower the segment size when a connection begins; no other rule is touched.`,
	},
	"mtu-windows": {
		Title:   `Lower the tunnel's packet size`,
		Changes: `It sets the packet size of the tunnel adapter until the tunnel restarts; write MTU = 1280 into its configuration to keep it.`,
	},
	"mtu-routeros": {
		Title:   `Agree on smaller packets`,
		Changes: `It adds two rules with the comment "wgtrace" that lower the segment size when a connection begins.`,
	},
	"mtu-phone": {
		Title:   `Lower the packet size on the phone`,
		Changes: `In the phone's app, under [Interface], set MTU = 1280; nothing changes on {{host .os}}.`,
	},
	"mtu-lower": {
		Title:   `Give the tunnel the usual packet size`,
		Changes: `It sets the packet size of the tunnel adapter until the tunnel restarts; write MTU = 1420 into its configuration to keep it.`,
	},
}
