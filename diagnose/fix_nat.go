package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// Forwarding. sysctl(8) is given the slash form because an adapter's name may
// hold dots, which it would read as separators. Both switches are set: a tunnel
// whose own one is off stays dead while the global one says 1, and writing 1
// over 1 changes no adapter (net/ipv4/devinet.c devinet_sysctl_forward).
var (
	fwdLinux = recipe{
		id: "fwd-linux", os: osLinux, family: correlate.IPv4,
		commands: []string{
			`sysctl -w net/ipv4/ip_forward=1`,
			`sysctl -w net/ipv4/conf/{TUN}/forwarding=1`,
			`sh -c 'echo net.ipv4.ip_forward=1 >/etc/sysctl.d/99-wgtrace.conf'`,
		},
		undo: []string{
			`rm -f /etc/sysctl.d/99-wgtrace.conf`,
			`sysctl -w net/ipv4/ip_forward=0`,
		},
		notes: []string{"needs-root"},
	}
	// A host that forwards IPv6 ignores router advertisements unless
	// accept_ra is 2, and would lose its own default route
	// (Documentation/networking/ip-sysctl.rst, accept_ra): that comes first.
	fwdLinux6 = recipe{
		id: "fwd-linux", os: osLinux, family: correlate.IPv6,
		commands: []string{
			`sysctl -w net/ipv6/conf/{WAN}/accept_ra=2`,
			`sysctl -w net/ipv6/conf/all/forwarding=1`,
			`sh -c 'printf "net/ipv6/conf/{WAN}/accept_ra=2\nnet/ipv6/conf/all/forwarding=1\n" >/etc/sysctl.d/99-wgtrace-ipv6.conf'`,
		},
		undo: []string{
			`rm -f /etc/sysctl.d/99-wgtrace-ipv6.conf`,
			`sysctl -w net/ipv6/conf/all/forwarding=0`,
			`sysctl -w net/ipv6/conf/{WAN}/accept_ra=1`,
		},
		notes: []string{"needs-root"},
	}
	fwdWindows = recipe{
		id: "fwd-windows", os: osWindows,
		commands: []string{
			`Set-NetIPInterface -InterfaceAlias {TUN} -Forwarding Enabled`,
			`Set-NetIPInterface -InterfaceAlias {WAN} -Forwarding Enabled`,
		},
		undo: []string{
			`Set-NetIPInterface -InterfaceAlias {TUN} -Forwarding Disabled`,
			`Set-NetIPInterface -InterfaceAlias {WAN} -Forwarding Disabled`,
		},
		notes: []string{"needs-admin", "lost-at-tunnel-restart", "persist-windows"},
	}
	fwdMacOS = recipe{
		id: "fwd-macos", os: osMacOS, family: correlate.IPv4,
		commands: []string{`sudo sysctl -w net.inet.ip.forwarding=1`},
		undo:     []string{`sudo sysctl -w net.inet.ip.forwarding=0`},
		notes:    []string{"lost-at-reboot"},
	}
	fwdFreeBSD = recipe{
		id: "fwd-freebsd", os: osFreeBSD, family: correlate.IPv4,
		commands: []string{`sysctl net.inet.ip.forwarding=1`, `sysrc gateway_enable=YES`},
		undo:     []string{`sysrc gateway_enable=NO`, `sysctl net.inet.ip.forwarding=0`},
		notes:    []string{"needs-root"},
	}
)

// Translation. The nft rules live in a table of their own, so that one command
// takes all of them away again. Beside another translation they do no harm: a
// flow is translated once (net/netfilter/nf_nat_core.c, nf_nat_initialized).
var (
	natNFT = recipe{
		id: "nat-linux-nft", os: osLinux,
		commands: []string{
			`nft add table {IP} wgtrace`,
			`nft add chain {IP} wgtrace postrouting '{ type nat hook postrouting priority 100; policy accept; }'`,
			`nft add rule {IP} wgtrace postrouting {IP} saddr {NET} oifname '"{WAN}"' masquerade`,
		},
		undo:  []string{`nft delete table {IP} wgtrace`},
		notes: []string{"needs-root", "lost-at-reboot", "persist"},
	}
	natIptables = recipe{
		id: "nat-linux-iptables", os: osLinux,
		commands: []string{`{IPTABLES} -t nat -I POSTROUTING 1 -s {NET} -o {WAN} -j MASQUERADE`},
		undo:     []string{`{IPTABLES} -t nat -D POSTROUTING -s {NET} -o {WAN} -j MASQUERADE`},
		notes:    []string{"needs-root", "lost-at-reboot", "persist"},
	}
	natNetNat = recipe{
		id: "nat-windows-netnat", os: osWindows, family: correlate.IPv4, when: mayHaveNetNat,
		commands: []string{`New-NetNat -Name wgtrace -InternalIPInterfaceAddressPrefix {NET}`},
		undo:     []string{`Remove-NetNat -Name wgtrace -Confirm:$false`},
		notes:    []string{"needs-admin", "home-edition", "winnat-port"},
	}
	// Where Routing and Remote Access runs, its NAT is the one that this machine
	// has. It lists only adapters that were there when they were added, so that
	// a tunnel which is younger is left out (netsh routing ip nat, "add
	// interface"; WgServerforWindows issue 204).
	natRRAS = recipe{
		id: "nat-windows-rras", os: osWindows, family: correlate.IPv4,
		when: func(v Values) bool { return v.RRAS == host.FactYes },
		commands: []string{
			`netsh routing ip nat add interface {WAN} mode=full`,
			`netsh routing ip nat add interface {TUN} mode=private`,
		},
		undo: []string{
			`netsh routing ip nat delete interface {TUN}`,
			`netsh routing ip nat delete interface {WAN}`,
		},
		notes: []string{"needs-admin"},
	}
	// The networks that stand in the way are saved first, so that the undo can
	// make them again.
	natNetNatShared = recipe{
		id: "nat-windows-shared", os: osWindows, family: correlate.IPv4, when: mayHaveNetNat,
		commands: []string{
			`Get-NetNat | Select-Object Name,InternalIPInterfaceAddressPrefix | Export-Clixml "$env:TEMP\wgtrace-netnat.xml"`,
			`Get-NetNat | Remove-NetNat -Confirm:$false`,
			`New-NetNat -Name wgtrace -InternalIPInterfaceAddressPrefix ONE-SUBNET-THAT-COVERS-ALL`,
		},
		undo: []string{
			`Remove-NetNat -Name wgtrace -Confirm:$false`,
			`Import-Clixml "$env:TEMP\wgtrace-netnat.xml" | ForEach-Object { New-NetNat -Name $_.Name -InternalIPInterfaceAddressPrefix $_.InternalIPInterfaceAddressPrefix }`,
		},
		notes: []string{"needs-admin", "removes-other-nat"},
	}
	// The kinds of sharing are those of SHARINGCONNECTIONTYPE (netcon.h): 0 is the
	// way to the internet, 1 the network that uses it. ICS gives its private
	// adapter the address in ScopeAddress, 192.168.137.1
	// unless told otherwise, and forgets itself at the next start without the
	// second value (Microsoft KB4055559).
	natICS = recipe{
		id: "nat-windows-ics", os: osWindows, family: correlate.IPv4,
		commands: []string{
			`Set-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters ScopeAddress '{SRV}'`,
			`Set-ItemProperty HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\SharedAccess EnableRebootPersistConnection 1 -Type DWord`,
			`Set-Service SharedAccess -StartupType Automatic`,
			`$share = New-Object -ComObject HNetCfg.HNetShare`,
			`$share.EnumEveryConnection | ForEach-Object { $name = $share.NetConnectionProps.Invoke($_).Name; $with = $share.INetSharingConfigurationForINetConnection.Invoke($_); if ($name -eq {WAN}) { $with.EnableSharing(0) } elseif ($name -eq {TUN}) { $with.EnableSharing(1) } }`,
		},
		undo: []string{
			`$share = New-Object -ComObject HNetCfg.HNetShare`,
			`$share.EnumEveryConnection | ForEach-Object { if ($share.NetConnectionProps.Invoke($_).Name -in {WAN},{TUN}) { $share.INetSharingConfigurationForINetConnection.Invoke($_).DisableSharing() } }`,
			`Set-Service SharedAccess -StartupType Manual`,
			`Remove-ItemProperty HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\SharedAccess EnableRebootPersistConnection`,
			`Set-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters ScopeAddress '192.168.137.1'`,
		},
		notes: []string{"needs-admin"},
	}
	// The anchor com.apple/* is called by macOS's own pf.conf.
	natMacOS = recipe{
		id: "nat-macos", os: osMacOS, family: correlate.IPv4,
		commands: []string{
			`sudo sysctl -w net.inet.ip.forwarding=1`,
			`echo 'nat on {WAN} inet from {NET} to any -> ({WAN})' | sudo pfctl -a com.apple/wgtrace -Ef -`,
		},
		undo:  []string{`sudo pfctl -a com.apple/wgtrace -F all`, `sudo sysctl -w net.inet.ip.forwarding=0`},
		notes: []string{"lost-at-reboot"},
	}
	natOpenWrt  = recipe{id: "nat-openwrt", os: osOpenWrt, commands: openWrtZone, undo: openWrtZoneUndo, notes: []string{"needs-root"}, risky: true}
	natRouterOS = recipe{
		id: "nat-routeros", os: osRouterOS,
		commands: []string{`{MENU} firewall nat add chain=srcnat src-address={NET} out-interface={WAN} action=masquerade comment=wgtrace`},
		undo:     []string{`{MENU} firewall nat remove [find comment=wgtrace]`},
	}
)

// mayHaveNetNat: Windows Home lacks the class, and the command would only fail.
func mayHaveNetNat(v Values) bool { return v.NetNat != host.FactNo }

// On OpenWrt a network that is in no zone is neither forwarded nor translated:
// its zone and its way to the wan zone, where the translation is, are one fix
// (openwrt.org, "Firewall configuration"). The sections have names, so that the
// undo removes these and no others.
var (
	openWrtZone = []string{
		`uci set firewall.wgtrace=zone`,
		`uci set firewall.wgtrace.name=wgtrace`,
		`uci add_list firewall.wgtrace.device={TUN}`,
		`uci set firewall.wgtrace.input=ACCEPT`,
		`uci set firewall.wgtrace.output=ACCEPT`,
		`uci set firewall.wgtrace.forward=ACCEPT`,
		`uci set firewall.wgtrace_wan=forwarding`,
		`uci set firewall.wgtrace_wan.src=wgtrace`,
		`uci set firewall.wgtrace_wan.dest=wan`,
		`uci commit firewall`,
		`service firewall restart`,
	}
	openWrtZoneUndo = []string{
		`uci delete firewall.wgtrace_wan`,
		`uci delete firewall.wgtrace`,
		`uci commit firewall`,
		`service firewall restart`,
	}
	filterOpenWrt = recipe{id: "nat-openwrt", os: osOpenWrt, commands: openWrtZone, undo: openWrtZoneUndo, notes: []string{"needs-root"}, risky: true}
)
