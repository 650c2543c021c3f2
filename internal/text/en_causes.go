package text

// enCauses: titles complete "the reason is that ...", so they read as clauses.
var enCauses = map[string]CauseText{
	// Tunnel.
	"server-key-mismatch": {
		Title:     `the phone has a wrong public key for {{host .os}}`,
		Why:       `A server stays silent when a greeting was made for another server's key.`,
		SettledBy: `The output of "wg show {{spell .tunnel "TUNNEL-ADAPTER"}} public-key" must stand in the phone's [Peer] section as PublicKey.`,
	},
	"client-key-unknown": {
		Title:     `{{host .os}} does not know this phone's key`,
		Why:       `A server stays silent towards keys that are not in its list of peers: the peer was not added, or added to the file and not loaded.`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} peers" must list the public key that the phone's app shows.`,
	},
	"host-firewall-blocks-wg-port": {
		Title:     `a firewall on {{host .os}} drops the phone's packets before WireGuard sees them`,
		Why:       `wgtrace sees packets before the firewall does, so they can arrive here and still never reach WireGuard.`,
		SettledBy: `{{if eq .os "windows"}}Whether the inbound rules of "Get-NetFirewallProfile" allow UDP{{if .port}} port {{.port}}{{end}}.{{else}}Whether a drop counter of the input rules grows with each try: "nft -a list ruleset" or "iptables-save -c", UDP{{if .port}} port {{.port}}{{end}}.{{end}}`,
	},
	"handshake-replay-clock": {
		Title:     `the phone's clock went back`,
		Why:       `A server refuses a greeting that is older than the last one it accepted from the same key.`,
		SettledBy: `The phone's date and time; "wg show {{spell .tunnel "TUNNEL-ADAPTER"}} latest-handshakes" shows an earlier success for its key.`,
	},
	"handshake-response-lost": {
		Title:     `the answer is lost on its way to the phone`,
		Why:       `Another network, a second line to the internet or the mobile provider can drop the answer.`,
		SettledBy: `Try the phone in another network, mobile data against Wi-Fi. Whether the answer leaves from the address that was called stands in the WireGuard table.`,
	},
	"preshared-key-mismatch": {
		Title:     `the preshared key differs between the phone and {{host .os}}`,
		Why:       `The phone cannot open the answer and starts over; a key on one end only has the same effect.`,
		SettledBy: `{{if eq .psk "yes"}}The server has one for this phone: PresharedKey in the phone's app must be the same.{{else if eq .psk "no"}}The server has none for this phone: there must be no PresharedKey in the phone's app either.{{else}}Compare PresharedKey in the phone's app with the server's configuration.{{end}} "wg show {{spell .tunnel "TUNNEL-ADAPTER"}} preshared-keys" shows "(none)" where there is none; it prints secrets, so do not post it.`,
	},
	"peer-allowedips-overlap": {
		Title:     `another peer has taken this phone's address`,
		Why:       `Each address belongs to one peer only: the peer that is loaded last takes it from the others.`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips": the phone's line must show its address and not "(none)".`,
	},
	"server-allowedips-lacks-client": {
		Title:     `the address in the phone is not the one that {{host .os}} allows it`,
		Why:       `After decryption the sender's address must lie in the AllowedIPs of its peer, or the packet is thrown away.`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips" against Address in the phone's app.`,
	},
	"wrong-capture-adapter": {
		Title:     `the packets come out of another tunnel adapter than the one that was captured`,
		Why:       `A computer can have several WireGuard adapters.`,
		SettledBy: `"wgtrace interfaces" lists the tunnel adapters of {{host .os}}.`,
	},

	// Forwarding.
	"ip-forwarding-off": {
		Title:     `forwarding between adapters is switched off`,
		Why:       `Linux throws away packets for other machines unless forwarding is on.`,
		SettledBy: `"sysctl net.ipv4.ip_forward net.ipv4.conf.{{spell .tunnel "TUNNEL-ADAPTER"}}.forwarding": both must be 1.`,
	},
	"forward-policy-drop": {
		Title:     `a firewall rule drops packets that pass from the tunnel to the internet`,
		Why:       `A firewall that was set up without the tunnel in mind forgets to let it through.`,
		SettledBy: `A "forward" chain with policy drop, or a drop rule whose counter grows: "nft -a list ruleset" or "iptables-save -c".`,
	},
	"docker-forward-drop": {
		Title:     `Docker's firewall drops packets that are not for containers`,
		Why:       `When Docker switches forwarding on, it sets the policy of the FORWARD chain to DROP.`,
		SettledBy: `"iptables-save -c": a chain DOCKER-USER and ":FORWARD DROP".`,
	},
	"ufw-deny-routed": {
		Title:     `ufw denies routed packets`,
		Why:       `ufw's default for packets that pass through is "deny"; only pings are let through.`,
		SettledBy: `"ufw status verbose": the word before "(routed)" must not be "deny", or a route rule must allow the tunnel.`,
	},
	"rp-filter-drop": {
		Title:     `the kernel's check of the sender's address throws the packets away`,
		Why:       `With a strict rp_filter a packet must come in on the adapter through which its sender would be answered.`,
		SettledBy: `"sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.{{if .back}}{{.back}}{{else}}{{spell .tunnel "TUNNEL-ADAPTER"}}{{end}}.rp_filter": the larger one is 1 (strict), and IPReversePathFilter in "nstat -az" grows.`,
	},
	"two-firewalls": {
		Title:     `two firewalls are loaded, and what one of them accepts the other one may drop`,
		Why:       `Old and new firewall tables work side by side on Linux, and one drop is final.`,
		SettledBy: `Compare "iptables-legacy-save -c" with "nft -a list ruleset": a drop in either one counts.`,
	},
	"windows-forwarding-off": {
		Title:     `Windows does not forward between the two adapters`,
		Why:       `Forwarding is off by default, and an adapter's setting is lost each time the tunnel restarts.`,
		SettledBy: `"Get-NetIPInterface | select InterfaceAlias,AddressFamily,Forwarding": Enabled on both adapters.`,
	},
	"netnat-conflict": {
		Title:     `another program's NAT is in the way`,
		Why:       `Docker Desktop, Hyper-V or WSL keep a NAT of their own, and Windows supports one network per machine.`,
		SettledBy: `"Get-NetNat | ft Name,InternalIPInterfaceAddressPrefix,Active": more than one line, or a prefix without the phone's address.`,
	},
	"windows-netnat-unavailable": {
		Title:     `this Windows has no address translation of its own (NetNat)`,
		Why:       `Home editions lack it, and so can others without Hyper-V or containers. Sharing the internet connection (ICS) does the same for one adapter.`,
		SettledBy: `"Get-NetNat" in PowerShell as administrator: "Invalid class" means that it is missing.`,
	},

	// Address translation.
	"nat-missing": {
		Title: `{{if eq .os "windows"}}Windows has no address translation{{with .prefix}} for {{.}}{{end}}{{else}}no rule puts the address of {{host .os}} on the phone's packets{{end}}`,
		Why: `{{if eq .os "windows"}}A NAT object also makes Windows pass the packets on, so without one nothing may leave at all.` +
			`{{else}}Forwarding alone leaves the phone's private address on the packets.{{end}}`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetNat": a line whose prefix holds{{with .client}} {{.}}{{else}} the phone's address{{end}}. An empty answer means "not known" without administrator rights.` +
			`{{else if eq .os "macos"}}"sudo pfctl -s nat" and "sudo pfctl -a 'com.apple/*' -s nat": a line for the tunnel's subnet.` +
			`{{else}}"nft list ruleset" or "iptables-save": a rule with "masquerade" for the tunnel's subnet.{{end}}`,
	},
	"nat-wrong-out-interface": {
		Title:     `the translation rule names another adapter than the one that the packets leave by`,
		Why:       `Rules are copied with "eth0" in them, or the machine moved from cable to Wi-Fi.`,
		SettledBy: `The adapter in the rule with "masquerade" ("nft list ruleset", "iptables-save") must be {{spell .wan "the one that leads to the internet"}}.`,
	},
	"nat-wrong-subnet": {
		Title:     `the translation rule is made for another subnet than the phone's`,
		Why:       `The tunnel's subnet was changed, or the rule was copied from a guide.`,
		SettledBy: `The source in the translation rule must contain {{spell .client "the phone's address"}}{{if eq .os "windows"}}: "Get-NetNat"{{end}}.`,
	},
	"nat-gone-after-reboot": {
		Title:     `the translation rule was lost at the last restart`,
		Why:       `Rules that are typed by hand are gone after a reboot, and a reload of a firewall erases them too.`,
		SettledBy: `Whether it worked before the last restart ("uptime"), and whether a rule stands in PostUp but not in the running rules.`,
	},

	// Beyond this computer.
	"upstream-offline": {
		Title:     `{{host .os}} itself has no working internet connection`,
		Why:       `Then nothing comes back, for whomever it was sent.`,
		SettledBy: `"ping 1.1.1.1" on {{host .os}} itself.`,
	},
	"upstream-filtered": {
		Title:     `the router, the provider or the cloud network drops these packets`,
		Why:       `Outgoing rules of a cloud, a captive portal or a filter can drop what {{host .os}} sends for others.`,
		SettledBy: `If {{host .os}} itself reaches the same website, only forwarded packets are dropped outside.`,
	},
	"prefix-not-routed": {
		Title:     `the internet does not know the way back to the phone's address`,
		Why:       `The phone's address is a public one, but nobody routes it to {{host .os}}.`,
		SettledBy: `Whether the provider routes {{spell .prefix "the tunnel's prefix"}} to {{host .os}}: its control panel says so.`,
	},
	"forward-return-path-blocked": {
		Title:     `a firewall rule lets packets out of the tunnel, but no answers in`,
		Why:       `Short guides allow one direction only.`,
		SettledBy: `The "forward" rules need one that accepts "established,related" from {{spell .wan "WAN-ADAPTER"}} to {{spell .tunnel "TUNNEL-ADAPTER"}}: "nft -a list ruleset" or "iptables-save -c".`,
	},
}
