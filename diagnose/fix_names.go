package diagnose

import "github.com/wgtrace/wgtrace/internal/host"

// Names. What always helps is a public resolver on the phone; its app must be
// edited there, so that fix has no commands. It stands first where the host runs
// no resolver that could be opened to the tunnel.
var (
	dnsPhone      = recipe{id: "dns-phone"}
	dnsPhoneLinux = recipe{id: "dns-phone", os: osLinux}

	// A second address of systemd-resolved's stub (resolved.conf(5)).
	dnsResolved = recipe{
		id: "dns-linux-resolved", os: osLinux,
		commands: []string{
			`sh -c 'mkdir -p /etc/systemd/resolved.conf.d && printf "[Resolve]\nDNSStubListenerExtra={SRV}\n" >/etc/systemd/resolved.conf.d/wgtrace.conf'`,
			`systemctl restart systemd-resolved`,
		},
		undo: []string{
			`rm -f /etc/systemd/resolved.conf.d/wgtrace.conf`,
			`systemctl restart systemd-resolved`,
		},
		notes: []string{"needs-root"},
	}
	// dnsmasq then answers on the tunnel too, whenever that comes up, and from
	// the address that was asked (dnsmasq(8), --bind-dynamic); naming an
	// interface switches its local-service off.
	dnsDnsmasq = recipe{
		id: "dns-linux-dnsmasq", os: osLinux,
		commands: []string{
			`sh -c 'printf "bind-dynamic\ninterface={TUN}\ninterface=lo\n" >/etc/dnsmasq.d/wgtrace.conf'`,
			`systemctl restart dnsmasq`,
		},
		undo: []string{
			`rm -f /etc/dnsmasq.d/wgtrace.conf`,
			`systemctl restart dnsmasq`,
		},
		notes: []string{"needs-root"},
	}
	// unbound.conf(5), access-control.
	dnsUnbound = recipe{
		id: "dns-linux-unbound", os: osLinux,
		commands: []string{
			`sh -c 'printf "server:\n  interface: {SRV}\n  access-control: {NET} allow\n" >/etc/unbound/unbound.conf.d/wgtrace.conf'`,
			`systemctl restart unbound`,
		},
		undo: []string{
			`rm -f /etc/unbound/unbound.conf.d/wgtrace.conf`,
			`systemctl restart unbound`,
		},
		notes: []string{"needs-root"},
	}
	// docs.pi-hole.net, "dns.listeningMode".
	dnsPihole = recipe{
		id: "dns-linux-pihole", os: osLinux,
		commands: []string{`pihole-FTL --config dns.listeningMode ALL`},
		undo:     []string{`pihole-FTL --config dns.listeningMode LOCAL`},
		notes:    []string{"needs-root", "pihole-open"},
	}
	dnsRouterOS = recipe{
		id: "dns-routeros", os: osRouterOS,
		commands: []string{
			`/ip dns set allow-remote-requests=yes`,
			`/interface list member add list=LAN interface={TUN} comment=wgtrace`,
		},
		undo: []string{
			`/interface list member remove [find comment=wgtrace]`,
			`/ip dns set allow-remote-requests=no`,
		},
	}

	dnsPortIptables = recipe{
		id: "dns-port-linux", os: osLinux, filter: host.SourceIptablesNft, when: Values.notUFW,
		commands: []string{
			`{IPTABLES-IN-USE} -I INPUT 1 -i {TUN} -p udp --dport 53 -j ACCEPT`,
			`{IPTABLES-IN-USE} -I INPUT 1 -i {TUN} -p tcp --dport 53 -j ACCEPT`,
		},
		undo: []string{
			`{IPTABLES-IN-USE} -D INPUT -i {TUN} -p tcp --dport 53 -j ACCEPT`,
			`{IPTABLES-IN-USE} -D INPUT -i {TUN} -p udp --dport 53 -j ACCEPT`,
		},
		notes: []string{"needs-root", "insert-not-append", "lost-at-reboot", "persist"},
		risky: true,
	}
	// In the chain that drops, as filterNFT.
	dnsPortNFT = recipe{
		id: "dns-port-nft", os: osLinux, filter: host.SourceNft,
		commands: []string{
			`nft list ruleset | grep -E 'table|chain|hook input|drop|reject'`,
			`nft 'insert rule {TABLE} {CHAIN} iifname "{TUN}" meta l4proto { tcp, udp } th dport 53 accept comment "wgtrace"'`,
		},
		undo:  filterNFT.undo,
		notes: []string{"needs-root", "insert-not-append", "lost-at-reboot"},
		risky: true,
	}
	dnsPortUFW = recipe{
		id: "dns-port-ufw", os: osLinux, when: Values.maybeUFW,
		commands: []string{`ufw allow in on {TUN} to any port 53`},
		undo:     []string{`ufw delete allow in on {TUN} to any port 53`},
		notes:    []string{"needs-root"},
		risky:    true,
	}
	dnsPortFirewalld = recipe{
		id: "dns-port-firewalld", os: osLinux, when: Values.maybeFirewalld,
		commands: []string{`firewall-cmd --zone=trusted --add-interface={TUN}`, `firewall-cmd --permanent --zone=trusted --add-interface={TUN}`},
		undo:     []string{`firewall-cmd --permanent --zone=trusted --remove-interface={TUN}`, `firewall-cmd --zone=trusted --remove-interface={TUN}`},
		notes:    []string{"needs-root"},
		risky:    true,
	}
	// A new tunnel adapter is a public network to Windows, whose firewall then
	// lets nothing in (wireguard-windows, docs/netquirk.md).
	dnsPortWindows = recipe{
		id: "dns-port-windows", os: osWindows,
		commands: []string{`Set-NetConnectionProfile -InterfaceAlias {TUN} -NetworkCategory Private`},
		undo:     []string{`Set-NetConnectionProfile -InterfaceAlias {TUN} -NetworkCategory Public`},
		notes:    []string{"needs-admin"},
	}

	// AllowedIPs and IPv6 on the phone: only its owner can change them.
	aipPhone = recipe{id: "aip-phone"}
	v6Phone  = recipe{id: "ipv6-phone"}
)
