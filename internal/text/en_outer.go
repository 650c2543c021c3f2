package text

// enFindingsOuter are those of the way to the tunnel, told from WireGuard's own
// encrypted packets.
var enFindingsOuter = map[string]FindingText{
	"no-outer-packets": {
		Title:    `Nothing from the phone arrives`,
		Headline: `Nothing from the phone reaches {{host .os}}. The problem is before it: router port forward, provider, or a wrong address in the phone.`,
		Summary: `Other traffic came in{{with .wan}} on {{.}}{{end}}{{if .seconds}} during {{time .seconds}}{{end}}, but not one packet` +
			`{{if .port}} for UDP port {{.port}}{{end}}, although the phone tried. The word "Active" in the phone's app only means that its switch is on.`,
		Advice: `Check three things: the Endpoint in the phone (address and port), the port forward in the router, and whether the provider gives the router a public address at all.`,
		Worked: enAgain + ` over mobile data: the first box of the picture must count packets.`,
		Fine:   `The capture is in order: it shows other packets that come in.`,
	},
	"wg-port-unreachable": {
		Title:    `{{Host .os}} refuses the phone's call`,
		Headline: `The phone's call reaches {{host .os}}, and {{host .os}} answers that the port is closed or forbidden.`,
		Summary: `{{n .initiations "greeting" "greetings"}}{{with .peer}} from {{.}}{{end}} arrived{{with .wan}} on {{.}}{{end}}` +
			`{{if .port}}, UDP port {{.port}}{{end}}, and {{host .os}} sent back an error (ICMP "unreachable") instead of an answer.`,
		Advice: `Start the tunnel on {{host .os}} and make sure that it listens on the port that the phone calls; then allow that port in the firewall.`,
		Worked: enAgain + `: the first box of the picture must count packets in both directions.`,
		Fine:   `The address in the phone and the port forward in the router are right: the phone's packets arrive.`,
	},
	"server-key-mismatch": {
		Title:    `The phone has a wrong server key`,
		Headline: `The phone is calling with the wrong server key. Proven by the packets; nothing else can be judged until the key is right.`,
		Summary: `{{n .initiations "greeting" "greetings"}}{{with .peer}} from {{.}}{{end}} arrived{{with .wan}} on {{.}}{{end}}. ` +
			`Each carries a check value made with the public key of the server that it is meant for, and that is not the key of {{host .os}}, which therefore stays silent.`,
		Advice: `Put the public key of {{host .os}} into the phone: [Peer], PublicKey. Scanning a fresh QR code does the same.`,
		Worked: enAgain + `: the app must show a handshake time.`,
		Fine:   `The address and port in the phone are right, and the router lets its packets through: they arrive.`,
	},
	"data-blocked-after-handshake": {
		Title:    `Everything after the greeting is blocked`,
		Headline: `The phone connects, then everything after the greeting is blocked on the way. Typical for networks that filter VPNs.`,
		Summary: `{{n .responses "greeting was" "greetings were"}} answered{{with .peer}} to {{.}}{{end}}, and the phone took the answer: it starts over only after 15 s of silence, not after 5 s. ` +
			`{{if .data_in}}{{n .data_in "data packet" "data packets"}} arrived from it, but what went back did not reach it.{{else}}Not one data packet followed.{{end}}`,
		Advice: `Try the phone in another network. If it works there, try another UDP port; a network that knows WireGuard by sight needs a client that disguises it.`,
		Worked: enAgain + `: the second box of the picture must count packets.`,
		Fine:   `Both keys, the port and the address are right: the phone accepted the answer. Nothing is wrong on {{host .os}}.`,
	},
	"not-plain-wireguard": {
		Title:    `This is not plain WireGuard`,
		Headline: `Something calls{{if .port}} port {{.port}}{{end}} at the rhythm of WireGuard, but in another form, and {{host .os}} does not understand it.`,
		Summary: `{{n .odd "packet" "packets"}}{{with .peer}} from {{.}}{{end}} arrived that are no plain WireGuard; some of one size come again every 5 s, as greetings do that nobody answers. ` +
			`Disguised dialects (AmneziaWG, WARP) look like that when only one end speaks them.`,
		Advice: `Use the same program with the same settings on both ends, or switch the disguise off in the phone's app.`,
		Worked: enAgain + `: the table of WireGuard endpoints must list the phone.`,
		Fine:   `The address and port in the phone are right: its packets arrive.`,
	},
	"same-config-on-two-devices": {
		Title:    `Two devices use the same profile`,
		Headline: `Two devices use the same profile and keep pushing each other out.`,
		Summary: `{{spell .peer "One device"}} and {{spell .other "another one"}} take one session from each other, again and again: ` +
			`{{host .os}} sends packets to the one that only the other can open.{{with .key}} Both hold the key {{.}}.{{end}}`,
		Advice: `Give each device a profile of its own, with its own key and its own address. Delete the shared one from one of them.`,
		Worked: enAgain + ` and on the other device: both must work at the same time.`,
		Fine:   `Keys, port and encryption are right, and the path works for whichever device spoke last.`,
	},
	"under-load-cookie": {
		Title:    `{{Host .os}} is flooded with greetings`,
		Headline: `{{Host .os}} gets so many greetings that it asks callers to prove their address first.`,
		Summary: `{{n .cookies "such request" "such requests"}} (cookie replies){{with .peer}} went to {{.}}{{end}}. ` +
			`A phone answers with a second greeting by itself, so this alone breaks nothing.`,
		Advice: `Look at what else calls{{if .port}} UDP port {{.port}}{{end}}: somebody scans or floods it.`,
		Worked: enAgain + `: this remark must be gone.`,
	},
	"idle-session-unreachable": {
		Title:    `The phone cannot be reached while it sleeps`,
		Headline: `What {{host .os}} sends to the sleeping phone comes back: its network has forgotten the way.`,
		Summary: `{{n .unreachable "error" "errors"}} came in about packets for {{spell .peer "the phone"}}. ` +
			`The phone opens the way again with its next own packet, so browsing is not hurt; calls and messages from outside are.`,
		Advice: `If the phone must be reachable at all times, set PersistentKeepalive = 25 in its app under [Peer].`,
		Worked: `This remark must be gone in a run of some minutes.`,
		Fine:   `Keys, port and encryption are right.`,
	},
	"phone-side": {
		Title:    `The phone's packets are all answered`,
		Headline: `Everything that the phone sent was answered, yet the page did not load: the reason is on the phone.`,
		Summary:  `An attempt was marked as failed, while {{n .flows_answered "connection was" "connections were"}} answered through the tunnel.`,
		Advice:   `Switch off iCloud Private Relay, "limit IP address tracking", private DNS, content filters and other VPN apps one by one, and check the phone's date.`,
		Worked:   enAgain + `: the page must load.`,
		Fine:     `The tunnel, {{host .os}} and its line to the internet all work.`,
	},
}

// enCausesOuter: titles complete "the reason is that ...".
var enCausesOuter = map[string]CauseText{
	"port-forward-missing": {
		Title:     `the router or the cloud firewall does not pass the port on to {{host .os}}`,
		Why:       `A home router drops what nobody inside asked for, unless a port forward names {{host .os}}; a cloud has the same in its security rules.`,
		SettledBy: `The router's port forward{{if .port}} for UDP {{.port}}{{end}} must name the address of {{host .os}}; two routers in a row need one each.`,
	},
	"cgnat": {
		Title:     `the provider shares one public address among many customers`,
		Why:       `Then no call from outside can reach the router, whatever is set in it.`,
		SettledBy: `The internet address in the router's status page: if it begins with 100.64 to 100.127, 10, 172.16 to 172.31 or 192.168, it is no public one.`,
	},
	"wrong-endpoint": {
		Title:     `the phone calls another address or port`,
		Why:       `A changed address of the line, an old DDNS name or a typing error sends the packets elsewhere.`,
		SettledBy: `Endpoint in the phone's app against the address that the router shows today{{if .port}}, and port {{.port}}{{end}}.`,
	},
	"tested-from-own-lan": {
		Title:     `the phone is in the same network as {{host .os}}`,
		Why:       `Many routers do not lead a call to their own public address back inside.`,
		SettledBy: `Switch the phone's Wi-Fi off and try over mobile data.`,
	},
	"wg-not-listening": {
		Title:     `no tunnel is running on that port`,
		Why:       `The system itself answers that nobody listens there.`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetUDPEndpoint{{if .port}} -LocalPort {{.port}}{{end}}" must list it; "netsh int ipv4 show excludedportrange udp" shows ports that Windows has set aside.{{else}}"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} listen-port" must print{{if .port}} {{.port}}{{else}} the port that the phone calls{{end}}.{{end}}`,
	},
	"vpn-filter": {
		Title:     `the phone's network lets the greeting pass and blocks what follows`,
		Why:       `Filters against VPNs know WireGuard's data packets by their look; some count a few of them first.`,
		SettledBy: `Try the phone in another network, mobile data against Wi-Fi: if it works there, it is the network.`,
	},
	"obfuscated-client": {
		Title:     `the phone's app disguises WireGuard (AmneziaWG or similar) and {{host .os}} does not`,
		Why:       `Such apps change the sizes and first octets of packets; a plain server takes that for noise.`,
		SettledBy: `Lines like Jc, S1, S2, H1 to H4 in the phone's profile: {{host .os}} needs the same, or the phone none.`,
	},
	"warp-reserved": {
		Title:     `the phone's app puts a client number into the packets, as for Cloudflare's WARP`,
		Why:       `Plain WireGuard keeps these three octets at 0 and ignores the rest.`,
		SettledBy: `A line "reserved" in the phone's profile: plain WireGuard has none.`,
	},
	"same-config-on-two-devices": {
		Title:     `one profile (QR code) was put on two devices`,
		Why:       `A server keeps one session for each key, and answers whoever spoke last.`,
		SettledBy: `Switch the tunnel off on one device: the other then works without a break.`,
	},
	"handshake-flood": {
		Title:     `many greetings from elsewhere keep {{host .os}} busy`,
		Why:       `WireGuard asks for proof of the sender's address when more greetings wait than it can check.`,
		SettledBy: `The table of WireGuard endpoints lists who calls.`,
	},
	"no-keepalive": {
		Title:     `the phone sends no keepalives, and its network forgets it after a while`,
		Why:       `Mobile providers drop an idle entry after one to three minutes.`,
		SettledBy: `PersistentKeepalive in the phone's app: "off" or empty means none.`,
	},
	"private-relay": {
		Title:     `iCloud Private Relay or a browser's own proxy takes the page's packets another way`,
		Why:       `It asks for proxies of its own, and some networks or filters refuse these.`,
		SettledBy: `Switch it off in the phone's settings and reload.`,
	},
	"phone-filter": {
		Title:     `a DNS profile or content filter on the phone refuses the page`,
		Why:       `Filters answer on the phone itself, before a packet is sent.`,
		SettledBy: `Switch filters and private DNS off and reload.`,
	},
	"other-vpn": {
		Title:     `another VPN or security app on the phone takes the packets`,
		Why:       `Only one app can lead the phone's packets at a time.`,
		SettledBy: `The VPN list in the phone's settings.`,
	},
	"phone-date": {
		Title:     `the phone's date is wrong`,
		Why:       `Then no website can prove who it is, and the page stays empty.`,
		SettledBy: `The date in the phone's settings.`,
	},
}

var enFixesOuter = map[string]FixText{
	"endpoint-phone": {
		Title:   `Correct the Endpoint in the phone's app`,
		Changes: `Under [Peer], Endpoint must be the address that the router has on the internet today{{if .port}}, with port {{.port}}{{end}}. Test over mobile data, not in the server's own Wi-Fi.`,
	},
	"around-cgnat": {
		Title:   `Get a way in from outside`,
		Changes: `Ask the provider for a public IPv4 address, use IPv6 for the Endpoint if both ends have it, or rent a small server that passes the packets on.`,
	},
	"same-dialect": {
		Title:   `Use the same kind of WireGuard on both ends`,
		Changes: `Use the plain WireGuard app with the plain profile on the phone, or the same program with the same settings on {{host .os}}.`,
	},
	"own-profile": {
		Title:   `Make a second profile for the second device`,
		Changes: `It needs a key pair and an address of its own, and a peer of its own on {{host .os}}. Delete the shared profile from one of the two.`,
	},
	"keepalive-phone": {
		Title:   `Let the phone send keepalives`,
		Changes: `PersistentKeepalive = 25 under [Peer] in the phone's app. It costs a little battery.`,
	},
	"listen-port": {
		Title:   `Let WireGuard listen on the port that the phone calls`,
		Changes: `It moves the port at once; phones that call the old one need it changed too. Write the same ListenPort into the configuration file.`,
	},
	"tunnel-start": {
		Title:   `Start the tunnel on {{host .os}}`,
		Changes: `It creates the tunnel adapter from its stored settings and listens on the port in them; that port must be the one that the phone calls.`,
	},
}
