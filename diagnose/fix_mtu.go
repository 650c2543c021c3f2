package diagnose

// Packet sizes. 1280 octets is what every IPv6 path carries (RFC 8200 section
// 5), and what WireGuard's own phone apps choose; a TCP segment of 1220 fits
// into it over both families. Neither nft nor iptables ever raises the size that
// an end offers (net/netfilter/nft_exthdr.c, net/netfilter/xt_TCPMSS.c).
var (
	mtuNFT = recipe{
		id: "mtu-linux-nft", os: osLinux,
		commands: []string{
			`nft add table inet wgtrace_mtu`,
			`nft 'add chain inet wgtrace_mtu forward { type filter hook forward priority mangle; policy accept; }'`,
			`nft add rule inet wgtrace_mtu forward oifname '"{TUN}"' tcp flags syn tcp option maxseg size set 1220`,
			`nft add rule inet wgtrace_mtu forward iifname '"{TUN}"' tcp flags syn tcp option maxseg size set 1220`,
		},
		undo:  []string{`nft delete table inet wgtrace_mtu`},
		notes: []string{"needs-root", "lost-at-reboot", "persist", "tcp-only"},
	}
	mtuIptables = recipe{
		id: "mtu-linux-iptables", os: osLinux,
		commands: []string{
			`iptables -t mangle -I FORWARD 1 -o {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
			`iptables -t mangle -I FORWARD 1 -i {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
			`ip6tables -t mangle -I FORWARD 1 -o {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
			`ip6tables -t mangle -I FORWARD 1 -i {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
		},
		undo: []string{
			`ip6tables -t mangle -D FORWARD -i {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
			`ip6tables -t mangle -D FORWARD -o {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
			`iptables -t mangle -D FORWARD -i {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
			`iptables -t mangle -D FORWARD -o {TUN} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1220`,
		},
		notes: []string{"needs-root", "lost-at-reboot", "persist", "tcp-only"},
	}
	mtuWindows = recipe{
		id: "mtu-windows", os: osWindows,
		commands: []string{`netsh interface ipv4 set subinterface {TUN} mtu=1280 store=active`},
		undo:     []string{`netsh interface ipv4 set subinterface {TUN} mtu=1420 store=active`},
		notes:    []string{"needs-admin", "lost-at-tunnel-restart"},
	}
	mtuRouterOS = recipe{
		id: "mtu-routeros", os: osRouterOS,
		commands: []string{
			`{MENU} firewall mangle add chain=forward protocol=tcp tcp-flags=syn out-interface={TUN} action=change-mss new-mss=1220 tcp-mss=1221-65535 passthrough=yes comment=wgtrace`,
			`{MENU} firewall mangle add chain=forward protocol=tcp tcp-flags=syn in-interface={TUN} action=change-mss new-mss=1220 tcp-mss=1221-65535 passthrough=yes comment=wgtrace`,
		},
		undo: []string{`{MENU} firewall mangle remove [find comment=wgtrace]`},
	}
	mtuPhone = recipe{id: "mtu-phone"}

	// 1420 leaves room for WireGuard's own headers over IPv6 in Ethernet's 1500
	// octets: 40 + 8 + 32.
	mtuLower = recipe{
		id: "mtu-lower", os: osLinux,
		commands: []string{`ip link show dev {TUN}`, `ip link set dev {TUN} mtu 1420`},
		undo:     []string{`ip link set dev {TUN} mtu OLD-MTU`},
		notes:    []string{"needs-root", "lost-at-tunnel-restart", "mtu-both-ends"},
	}
)
