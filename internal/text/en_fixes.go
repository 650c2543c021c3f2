package text

// enFixes: titles are imperatives, Changes is one sentence on what running the
// commands does to the machine.
var enFixes = map[string]FixText{
	"fwd-linux": {
		Title:   `Switch forwarding on`,
		Changes: `It lets {{host .os}} pass packets between its adapters; nothing else is touched.`,
	},
	"fwd-windows": {
		Title:   `Switch forwarding on for both adapters`,
		Changes: `It lets Windows pass packets between these two adapters. It acts at once, and not on any other adapter.`,
	},
	"nat-linux-nft": {
		Title:   `Put {{host .os}}'s address on packets that leave the tunnel (nftables)`,
		Changes: `It adds a table of its own with one rule{{with .prefix}} for packets from {{.}}{{end}}; no other rule is touched.`,
	},
	"nat-linux-iptables": {
		Title:   `Put {{host .os}}'s address on packets that leave the tunnel (iptables)`,
		Changes: `It adds one rule{{with .prefix}} for packets from {{.}}{{end}}; no other rule is touched.`,
	},
	"nat-windows-netnat": {
		Title:   `Create a NAT for the tunnel's addresses`,
		Changes: `It adds one NAT object{{with .prefix}} for {{.}}{{end}}. Look at "Get-NetNat" first: another program may have one already.`,
	},
	"nat-windows-rras": {
		Title:   `Add both adapters to the NAT of Routing and Remote Access`,
		Changes: `It adds the way to the internet and the tunnel to the NAT that this server has already.`,
	},
	"nat-windows-ics": {
		Title:   `Share the internet connection with the tunnel adapter (ICS)`,
		Changes: `It switches Internet Connection Sharing on. Windows can share with one adapter only. It stays on after a reboot.`,
	},
	"nat-macos": {
		Title:   `Put this Mac's address on packets that leave the tunnel (pf)`,
		Changes: `It loads one rule into an anchor of its own and switches pf on.`,
	},
	"nat-openwrt": {
		Title:   `Put the tunnel into a firewall zone that may use the WAN`,
		Changes: `It changes the firewall configuration of OpenWrt and restarts the firewall.`,
	},
	"filter-linux-nft": {
		Title:   `Accept the tunnel's packets in the chain that drops them (nftables)`,
		Changes: `It inserts two rules at the top of that chain: tunnel to internet, and answers back.`,
	},
	"filter-linux-iptables": {
		Title:   `Accept the tunnel's packets before any rule that drops them (iptables)`,
		Changes: `It inserts two rules at the top of FORWARD: tunnel to internet, and answers back.`,
	},
	"filter-linux-docker": {
		Title:   `Accept the tunnel's packets in Docker's own chain`,
		Changes: `It inserts two rules into DOCKER-USER, which Docker leaves alone; containers are not affected.`,
	},
	"filter-linux-ufw": {
		Title:   `Let ufw route the tunnel's packets`,
		Changes: `It adds one route rule to ufw; all other rules stay.`,
	},
	"filter-linux-firewalld": {
		Title:   `Let firewalld route the tunnel's packets`,
		Changes: `It puts the tunnel adapter into a zone, adds one policy to the WAN and reloads firewalld.`,
	},
	"rpfilter-linux": {
		Title:   `Loosen the check of the sender's address`,
		Changes: `It sets rp_filter to loose (2): a sender must still be reachable, but by any adapter.`,
	},
	"port-linux-nft": {
		Title:   `Open WireGuard's port on {{host .os}} (nftables)`,
		Changes: `It inserts one rule that accepts UDP{{if .port}} port {{.port}}{{end}} at the top of the chain that drops it.`,
	},
	"port-linux": {
		Title:   `Open WireGuard's port on {{host .os}}`,
		Changes: `It adds one rule that accepts UDP{{if .port}} port {{.port}}{{end}}; no other rule is touched.`,
	},
	"port-windows": {
		Title:   `Open WireGuard's port on {{host "windows"}}`,
		Changes: `It adds one inbound rule for UDP{{if .port}} port {{.port}}{{end}}; the firewall stays on.`,
	},
	"port-router": {
		Title:   `Forward WireGuard's port in the router`,
		Changes: `In the router's menu, UDP{{if .port}} port {{.port}}{{end}} is sent to {{host .os}}'s address in the local network.`,
	},
	"aip-linux": {
		Title:   `Allow the phone its address`,
		Changes: `It sets the addresses of this one peer at once; write the same into the configuration file.`,
	},
	"aip-windows": {
		Title:   `Allow the phone its address in the WireGuard app`,
		Changes: `Edit the tunnel: AllowedIPs of this phone's [Peer] must be its own address, and stand with no other peer.`,
	},
	"key-phone": {
		Title:   `Put the right server key into the phone`,
		Changes: `The command only prints the key. In the phone's app, under [Peer], PublicKey must be exactly that.`,
	},
	"peer-linux": {
		Title:   `Tell {{host .os}} the phone's key`,
		Changes: `It adds one peer at once; write the same into the configuration file.`,
	},
	"psk-linux": {
		Title:   `Make the preshared key the same on both ends, or remove it on both`,
		Changes: `It removes the preshared key of this one peer; remove it in the phone's app too.`,
	},
	"clock-phone": {
		Title:   `Set the phone's date and time right`,
		Changes: `Set them to automatic on the phone. If the clock was ahead before, the server's tunnel must be restarted once.`,
	},
	"upstream-check": {
		Title:   `Test {{host .os}}'s own internet connection`,
		Changes: `It changes nothing: it only asks whether the internet answers {{host .os}} itself.`,
	},
	"fwd-macos": {
		Title:   `Switch forwarding on`,
		Changes: `It lets this Mac pass packets between its adapters; nothing else is touched.`,
	},
	"fwd-freebsd": {
		Title:   `Switch forwarding on`,
		Changes: `It lets {{host .os}} pass packets between its adapters, also after a reboot.`,
	},
	"nat-windows-shared": {
		Title:   `Replace all NAT objects by one that covers every network`,
		Changes: `It saves the list of NAT objects, removes them all and creates one.`,
	},
	"nat-routeros": {
		Title:   `Put the router's address on packets that leave the tunnel`,
		Changes: `It adds one rule with the comment "wgtrace"; no other rule is touched.`,
	},
	"filter-routeros": {
		Title:   `Accept the tunnel's packets before any rule that drops them`,
		Changes: `It adds one rule with the comment "wgtrace" at the top of the forward chain.`,
	},
	"peer-windows": {
		Title:   `Tell {{host "windows"}} the phone's key, in the WireGuard app`,
		Changes: `The command only lists the known keys. If the phone's key is not among them, edit the tunnel in the app and add a [Peer] with it.`,
	},
	"port-change": {
		Title:   `Move WireGuard to another UDP port, such as 443`,
		Changes: `It changes the port that WireGuard listens on.`,
	},
	"port-linux-ufw": {
		Title:   `Open WireGuard's port in ufw`,
		Changes: `It adds one rule that accepts UDP{{if .port}} port {{.port}}{{end}}; no other rule is touched.`,
	},
	"port-linux-firewalld": {
		Title:   `Open WireGuard's port in firewalld`,
		Changes: `It opens UDP{{if .port}} port {{.port}}{{end}} at once and for later; no other rule is touched.`,
	},
	"port-routeros": {
		Title:   `Open WireGuard's port on the router`,
		Changes: `It adds one input rule with the comment "wgtrace".`,
	},
	"psk-phone": {
		Title:   `Remove PresharedKey in the phone's app, because the server has none for it`,
		Changes: `In the phone's app, edit the tunnel: under [Peer] the line PresharedKey must go. Or give the server's [Peer] the same key.`,
	},
	"psk-windows": {
		Title:   `Make the preshared key the same on both ends, or remove it on both`,
		Changes: `In the WireGuard app, edit the tunnel: PresharedKey of this phone's [Peer] must be what the phone has, or stand on neither end.`,
	},
	"capture-again": {
		Title:   `Capture once more`,
		Changes: `It changes nothing: it only watches.`,
	},
}

var enNotes = map[string]string{
	"needs-root":             `Needs root (sudo).`,
	"not-run":                `Written after the documentation of this system, and not run by us.`,
	"needs-admin":            `Needs PowerShell as administrator.`,
	"lost-at-reboot":         `Lost at the next reboot.`,
	"lost-at-tunnel-restart": `Lost when the tunnel restarts.`,
	"insert-not-append":      `The rule is inserted at the top on purpose: behind a rule that drops it would never be reached.`,
	"removes-other-nat":      `Careful: this removes the NAT of other programs (Docker, Hyper-V, WSL) and cuts their networks off.`,
	"your-tunnel-subnet":     `The tunnel's subnet is not known here: only this phone's address is filled in. Put your tunnel subnet in its place to cover all devices.`,
	"home-edition":           `"Invalid class" (0x80041010) means that this edition of Windows has no NAT of its own: share the connection (ICS) instead.`,
	"winnat-port":            `If the tunnel does not start after a reboot, the NAT may have taken its port. With the tunnel stopped: "net stop winnat; netsh int ipv4 add excludedportrange protocol=udp startport={{if .port}}{{.port}}{{else}}PORT{{end}} numberofports=1; net start winnat".`,
	"persist-windows":        `To keep it, set IPEnableRouter to 1 under HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters and reboot.`,
	"phone-endpoint-too":     `The phone's Endpoint needs the new port too, and so does a port forward in the router.`,
	"reloads-firewall":       `This reloads the firewall: rules that were typed by hand are lost.`,
	"replaces-allowed-ips":   `The list of this peer is replaced: name all of the phone's addresses, with IPv6.`,
	"self-undo":              `The first line takes everything back {{if .undo_seconds}}after {{time .undo_seconds}}{{else}}by itself{{end}}, in case the connection breaks.{{with .keep}} If all is well, keep the change with: {{.}}{{end}}`,
	"tcp-only":               `It helps TCP only: for other traffic set MTU = 1280 in the phone's app.`,
	"mtu-both-ends":          `Set MTU = 1420 in the phone's app too.`,
	"pihole-open":            `Make sure that port 53 is not open to the internet: Pi-hole then answers whoever asks.`,
	"compose-forwarding":     `It lasts until the container is made anew. To keep it, write into its compose.yaml, under the service: "sysctls: [net.ipv4.ip_forward=1]" and "cap_add: [NET_ADMIN]".`,
	"compose-nat":            `It lasts until the container restarts. To keep it, put the right adapter and subnet into the container's own rule: with wg-easy, WG_POST_UP in compose.yaml: "iptables -t nat -A POSTROUTING {{with .prefix}}-s {{.}} {{end}}-o {{with .wan}}{{.}}{{else}}eth0{{end}} -j MASQUERADE".`,
	"compose-lost":           `It lasts until the container restarts: what is to stay belongs into its compose.yaml.`,
	"persist":                `To keep it, add it to the tunnel's configuration as PostUp, and the undo as PostDown.`,
}
