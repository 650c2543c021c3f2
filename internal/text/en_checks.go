package text

// enChecks say what the settings promise, point by point: what is looked at, then
// under ID/STATE or ID/wrong/REASON what was found. Where a cause was found, its
// own sentences are shown instead. None of them claims that packets get through.
var enChecks = map[string]string{
	"device":                   `The tunnel's adapter`,
	"device/ok":                `{{spell .tunnel "TUNNEL-ADAPTER"}} is up and listens on UDP port {{.port}}`,
	"device/wrong/no-device":   `no WireGuard adapter: start the tunnel`,
	"device/wrong/device-down": `{{spell .tunnel "TUNNEL-ADAPTER"}} is down: start the tunnel`,
	"device/wrong/no-port":     `{{spell .tunnel "TUNNEL-ADAPTER"}} listens on no port: set ListenPort in its configuration`,

	"peers":       `Devices that the tunnel knows`,
	"peers/ok":    `{{n .flows "device" "devices"}}`,
	"peers/wrong": `none: the tunnel answers nobody until a [Peer] is added and loaded`,

	"allowed-ips":       `Addresses of these devices`,
	"allowed-ips/ok":    `each has one of its own`,
	"allowed-ips/wrong": `{{n .flows "device has" "devices have"}} none, because another one took it, or none was set: "wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips" shows "(none)"`,

	"wg-port":    `The firewall, for calls from phones`,
	"wg-port/ok": `lets UDP port {{.port}} in`,

	"published":      `The way in from the host`,
	"published/ok":   `UDP port {{.called}} of the host leads to port {{.port}} here`,
	"published/note": `no rule of the host leads to UDP port {{.port}} here: right only if the container engine passes packets on by itself; else write under the service in compose.yaml: ports: ["{{.port}}:{{.port}}/udp"]`,

	"forwarding":    `Forwarding{{with .family}} of {{.}}{{end}}`,
	"forwarding/ok": `is on`,

	"firewall-out":     `The firewall, towards the internet`,
	"firewall-out/ok":  `lets the tunnel through`,
	"firewall-back":    `The firewall, for answers`,
	"firewall-back/ok": `lets answers back into the tunnel`,

	"reverse-path":    `The check of senders' addresses`,
	"reverse-path/ok": `accepts what comes out of the tunnel`,

	"route-out":                   `The way to the internet`,
	"route-out/ok":                `leads out of {{spell .wan "WAN-ADAPTER"}}`,
	"route-out/wrong/no-route":    `there is none: {{host .os}} has no default route for {{spell .family "this kind of address"}}`,
	"route-out/wrong/into-tunnel": `leads back into the tunnel: a configuration of {{host .os}} itself sends everything there (AllowedIPs = 0.0.0.0/0 on a peer)`,

	"route-back":                      `The way back to the devices`,
	"route-back/ok":                   `leads into {{spell .tunnel "TUNNEL-ADAPTER"}}`,
	"route-back/wrong/no-way-back":    `there is none for {{spell .client "the phone"}}: give {{spell .tunnel "TUNNEL-ADAPTER"}} an address with the tunnel's subnet`,
	"route-back/wrong/back-elsewhere": `for {{spell .client "the phone"}} it leads to {{spell .wan "another adapter"}} and not into {{spell .tunnel "TUNNEL-ADAPTER"}}`,

	"translation":      `Address translation{{with .family}} of {{.}}{{end}}`,
	"translation/ok":   `puts the address of {{host .os}} on what leaves`,
	"translation/note": `{{spell .client "the phone"}} leaves as it is: right if the provider routes that address here`,

	"tracking":       `Memory of connections`,
	"tracking/ok":    `no rule keeps packets out of it`,
	"tracking/wrong": `a "notrack" rule keeps the packets of {{spell .client "the phone"}} out of it, so that answers are not recognised: "nft -a list ruleset" or "iptables-save -c"`,

	"table":    `Room for connections`,
	"table/ok": `there is room`,

	"resolver":      `A name service for the phone`,
	"resolver/ok":   `one answers at {{spell .server "the server's address in the tunnel"}}`,
	"resolver/note": `none runs at {{spell .server "the server's address in the tunnel"}}: the phone needs another one, such as DNS = 1.1.1.1`,

	"resolver-firewall":    `The firewall, for name lookups`,
	"resolver-firewall/ok": `lets them in`,
}
