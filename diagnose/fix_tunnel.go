package diagnose

import "github.com/wgtrace/wgtrace/internal/host"

// Windows keeps tunnels in encrypted files that only its own app edits, so the
// fixes there show what is set and leave the change to the app.
const wgWindows = `& "$env:ProgramFiles\WireGuard\wg.exe" show {TUN} `

// syncBack loads wg-quick's file again. A device that has none (another program
// made it) must not be given an empty one, which would remove every peer.
const syncBack = `bash -c 'conf=$(wg-quick strip {TUN}) && wg syncconf {TUN} <(echo "$conf")'`

// Keys and peers. The keys that these commands show are public.
var (
	keyPhoneLinux    = recipe{id: "key-phone", os: osLinux, commands: []string{`wg show {TUN} public-key`}, notes: []string{"needs-root"}}
	keyPhoneOpenWrt  = recipe{id: "key-phone", os: osOpenWrt, commands: []string{`wg show {TUN} public-key`}, notes: []string{"needs-root"}}
	keyPhoneMacOS    = recipe{id: "key-phone", os: osMacOS, commands: []string{`sudo wg show {TUN} public-key`}}
	keyPhoneWindows  = recipe{id: "key-phone", os: osWindows, commands: []string{wgWindows + `public-key`}, notes: []string{"needs-admin"}}
	keyPhoneRouterOS = recipe{id: "key-phone", os: osRouterOS, commands: []string{`/interface wireguard print where name={TUN}`}}

	peerLinux = recipe{
		id: "peer-linux", os: osLinux,
		commands: []string{`wg show {TUN} peers`, `wg set {TUN} peer {KEY} allowed-ips {HOSTS}`},
		undo:     []string{`wg set {TUN} peer {KEY} remove`},
		notes:    []string{"needs-root"},
	}
	peerOpenWrt = recipe{
		id: "peer-linux", os: osOpenWrt,
		commands: peerLinux.commands, undo: peerLinux.undo,
		notes: []string{"needs-root"},
	}
	peerWindows = recipe{id: "peer-windows", os: osWindows, commands: []string{wgWindows + `peers`}, notes: []string{"needs-admin"}}

	// wg-quick's file still holds the key that is taken away here, so loading
	// it again is the undo and no secret is written anywhere. Nothing prints a
	// key either: only whether there is one.
	pskLinux = recipe{
		id: "psk-linux", os: osLinux, when: func(v Values) bool { return v.ServerPSK != host.FactNo },
		commands: []string{
			`wg show {TUN} preshared-keys | awk '{ print $1, ($2 == "(none)" ? "has no preshared key" : "has a preshared key") }'`,
			`wg set {TUN} peer {KEY} preshared-key /dev/null`,
		},
		undo:  []string{syncBack},
		notes: []string{"needs-root"},
	}
	pskWindows = recipe{id: "psk-windows", os: osWindows, notes: []string{"needs-admin"}}
	// A server without the key leaves nothing to remove there.
	pskPhone = recipe{id: "psk-phone", when: func(v Values) bool { return v.ServerPSK == host.FactNo }}

	// A peer that is removed and loaded again has forgotten the time stamp of
	// its last handshake (WireGuard paper, section 5.1). It is removed only
	// when its settings can be read back.
	clockLinux = recipe{
		id: "clock-phone", os: osLinux,
		commands: []string{`bash -c 'conf=$(wg-quick strip {TUN}) && wg set {TUN} peer {KEY} remove && wg syncconf {TUN} <(echo "$conf")'`},
		undo:     []string{syncBack},
		notes:    []string{"needs-root"},
	}
	clockWindows = recipe{id: "clock-phone", os: osWindows, commands: []string{`Restart-Service {SERVICE}`}, notes: []string{"needs-admin"}}
	clockPhone   = recipe{id: "clock-phone"}

	// "wg set" replaces the list of a peer and takes the address from whoever
	// had it, so the lists are shown first: they are what the undo needs.
	aipLinux = recipe{
		id: "aip-linux", os: osLinux,
		commands: []string{`wg show {TUN} allowed-ips`, `wg set {TUN} peer {KEY} allowed-ips {HOSTS}`},
		undo:     []string{syncBack},
		notes:    []string{"needs-root", "replaces-allowed-ips"},
	}
	aipOpenWrt = recipe{
		id: "aip-linux", os: osOpenWrt,
		commands: aipLinux.commands,
		undo:     []string{`wg set {TUN} peer {KEY} allowed-ips OLD-ALLOWED-IPS`},
		notes:    []string{"needs-root", "replaces-allowed-ips"},
	}
	aipWindows = recipe{id: "aip-windows", os: osWindows, commands: []string{wgWindows + `allowed-ips`}, notes: []string{"needs-admin"}}
)

// What is to be changed on the phone, or outside: there are no commands for it.
var (
	endpointPhone  = recipe{id: "endpoint-phone"}
	aroundCGNAT    = recipe{id: "around-cgnat"}
	sameDialect    = recipe{id: "same-dialect"}
	ownProfile     = recipe{id: "own-profile"}
	keepalivePhone = recipe{id: "keepalive-phone"}
)

// Starting the tunnel.
var (
	startLinux   = recipe{id: "tunnel-start", os: osLinux, when: func(v Values) bool { return !v.elsewhere() }, commands: []string{`wg-quick up {TUN}`}, undo: []string{`wg-quick down {TUN}`}, notes: []string{"needs-root"}}
	startMacOS   = recipe{id: "tunnel-start", os: osMacOS, commands: []string{`sudo wg-quick up {TUN}`}, undo: []string{`sudo wg-quick down {TUN}`}}
	startOpenWrt = recipe{id: "tunnel-start", os: osOpenWrt, commands: []string{`ifup {TUN}`}, undo: []string{`ifdown {TUN}`}, notes: []string{"needs-root"}}
	startWindows = recipe{id: "tunnel-start", os: osWindows, commands: []string{`Start-Service {SERVICE}`}, undo: []string{`Stop-Service {SERVICE}`}, notes: []string{"needs-admin"}}
)

// elsewhere reports whether WireGuard is known to listen on another port than the
// one that phones call.
func (v Values) elsewhere() bool { return v.ListensOn != 0 && v.ListensOn != v.Port }

// WireGuard's own port.
var (
	listenLinux = recipe{
		id: "listen-port", os: osLinux, when: Values.elsewhere,
		commands: []string{`wg show {TUN} listen-port`, `wg set {TUN} listen-port {PORT}`},
		undo:     []string{`wg set {TUN} listen-port {LISTENS-ON}`},
		notes:    []string{"needs-root", "lost-at-tunnel-restart"},
		risky:    true,
	}
	portLinux = recipe{
		id: "port-linux", os: osLinux, filter: host.SourceIptablesNft, when: Values.notUFW,
		commands: []string{`{IPTABLES-IN-USE} -I INPUT 1 -p udp --dport {PORT} -j ACCEPT`},
		undo:     []string{`{IPTABLES-IN-USE} -D INPUT -p udp --dport {PORT} -j ACCEPT`},
		notes:    []string{"needs-root", "insert-not-append", "lost-at-reboot", "persist"},
		risky:    true,
	}
	// Against a drop of nft itself, which no rule of iptables can overrule.
	portNFT = recipe{
		id: "port-linux-nft", os: osLinux, filter: host.SourceNft, known: true,
		commands: []string{`nft 'insert rule {TABLE} {CHAIN} udp dport {PORT} accept comment "wgtrace"'`},
		undo:     filterNFT.undo,
		notes:    []string{"needs-root", "insert-not-append", "lost-at-reboot"},
		risky:    true,
	}
	portLinuxUFW = recipe{
		id: "port-linux-ufw", os: osLinux, when: Values.maybeUFW,
		commands: []string{`ufw allow {PORT}/udp`},
		undo:     []string{`ufw delete allow {PORT}/udp`},
		notes:    []string{"needs-root"},
		risky:    true,
	}
	portLinuxFirewalld = recipe{
		id: "port-linux-firewalld", os: osLinux, when: Values.maybeFirewalld,
		// The running rules are changed beside the stored ones: no reload.
		commands: []string{`firewall-cmd --add-port={PORT}/udp`, `firewall-cmd --permanent --add-port={PORT}/udp`},
		undo:     []string{`firewall-cmd --permanent --remove-port={PORT}/udp`, `firewall-cmd --remove-port={PORT}/udp`},
		notes:    []string{"needs-root"},
		risky:    true,
	}
	portWindows = recipe{
		id: "port-windows", os: osWindows,
		commands: []string{
			`Get-NetUDPEndpoint -LocalPort {PORT}`,
			`New-NetFirewallRule -DisplayName wgtrace -Direction Inbound -Protocol UDP -LocalPort {PORT} -Action Allow`,
		},
		undo:  []string{`Remove-NetFirewallRule -DisplayName wgtrace`},
		notes: []string{"needs-admin"},
	}
	portRouterOS = recipe{
		id: "port-routeros", os: osRouterOS,
		commands: []string{`{MENU} firewall filter add chain=input protocol=udp dst-port={PORT} action=accept place-before=0 comment=wgtrace`},
		undo:     []string{`{MENU} firewall filter remove [find comment=wgtrace]`},
	}
	portRouter = recipe{id: "port-router"}

	// UDP 443 is the port of HTTP/3 (RFC 9114), which a network that filters by
	// port has to let pass.
	portChangeLinux = recipe{
		id: "port-change", os: osLinux,
		commands: []string{`wg set {TUN} listen-port 443`},
		undo:     []string{`wg set {TUN} listen-port {PORT}`},
		notes:    []string{"needs-root", "phone-endpoint-too"},
		risky:    true,
	}
	portChangeWindows = recipe{id: "port-change", os: osWindows, notes: []string{"needs-admin", "phone-endpoint-too"}}
)

// Beyond the server, and wgtrace itself. These look and change nothing.
var (
	upstreamUnix    = recipe{id: "upstream-check", os: osLinux, commands: []string{`ip route get {PROBE}`, `ping -c 3 {PROBE}`}}
	upstreamWindows = recipe{id: "upstream-check", os: osWindows, commands: []string{`Test-NetConnection {PROBE}`}}
	upstreamOther   = recipe{id: "upstream-check"}

	// The names at hand are those of the run that looked in the wrong place.
	captureAgain = recipe{id: "capture-again", commands: []string{
		`wgtrace interfaces`,
		`wgtrace live --tunnel ` + placeTunnel + ` --wan ` + placeWAN,
	}}
	captureLines = recipe{id: "capture-again", commands: []string{`wgtrace interfaces`, `wgtrace live {LINES}`}, when: Values.unwatched}
)

// unwatched reports whether a line was left out of the capture.
func (v Values) unwatched() bool { return len(v.Lines) > 0 }
