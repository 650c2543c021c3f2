package text

// zhCauses: titles are clauses that follow "原因" and a colon.
var zhCauses = map[string]CauseText{
	// Tunnel.
	"server-key-mismatch": {
		Title:     `手机里的服务器公钥不是{{host .os}}的`,
		Why:       `握手请求如果是用另一台服务器的公钥做的，服务器会保持沉默。`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} public-key" 的输出必须和手机 [Peer] 里的 PublicKey 相同。`,
	},
	"client-key-unknown": {
		Title:     `{{host .os}}不认识这部手机的公钥`,
		Why:       `对不在 Peer 列表里的公钥，服务器保持沉默：没有添加 Peer，或者写进了文件却没有加载。`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} peers" 必须列出手机上显示的公钥。`,
	},
	"host-firewall-blocks-wg-port": {
		Title:     `{{host .os}}上的防火墙在 WireGuard 看到之前就丢弃了手机的数据包`,
		Why:       `wgtrace 在防火墙之前看到数据包，所以它们可以到达这里，却到不了 WireGuard。`,
		SettledBy: `{{if eq .os "windows"}}看 "Get-NetFirewallProfile" 的入站规则是否允许 UDP{{if .port}} 端口 {{.port}}{{end}}。{{else}}看入站规则的丢包计数器是否随每次尝试增加："nft -a list ruleset" 或 "iptables-save -c"，UDP{{if .port}} 端口 {{.port}}{{end}}。{{end}}`,
	},
	"handshake-replay-clock": {
		Title:     `手机的时钟倒退了`,
		Why:       `同一个密钥的握手请求，如果比上次接受的还早，服务器会拒绝。`,
		SettledBy: `手机的日期和时间；"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} latest-handshakes" 里这个密钥以前成功过。`,
	},
	"handshake-response-lost": {
		Title:     `回应在去手机的路上丢失`,
		Why:       `另一个网络、第二条上网线路或者移动运营商都可能丢弃回应。`,
		SettledBy: `换一个网络试，移动数据和 Wi-Fi 对比。回应是否从被呼叫的地址发出，写在 WireGuard 表里。`,
	},
	"preshared-key-mismatch": {
		Title:     `手机和{{host .os}}的预共享密钥不同`,
		Why:       `手机打不开回应，只好重新开始；只有一端设置了预共享密钥，效果也一样。`,
		SettledBy: `{{if eq .psk "yes"}}服务器给这部手机设置了预共享密钥：手机里的 PresharedKey 必须相同。{{else if eq .psk "no"}}服务器没有给这部手机设置预共享密钥：手机里也不能有 PresharedKey。{{else}}比较手机里的 PresharedKey 和服务器的配置。{{end}}没有设置时 "wg show {{spell .tunnel "TUNNEL-ADAPTER"}} preshared-keys" 显示 "(none)"；它会打印密钥，不要发到网上。`,
	},
	"peer-allowedips-overlap": {
		Title:     `另一个 Peer 占用了这部手机的地址`,
		Why:       `一个地址只能属于一个 Peer：最后加载的 Peer 会把它从别人那里拿走。`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips"：手机那一行必须显示它的地址，而不是 "(none)"。`,
	},
	"server-allowedips-lacks-client": {
		Title:     `手机里的地址不是{{host .os}}允许它用的地址`,
		Why:       `解密之后，发送者的地址必须在它的 Peer 的 AllowedIPs 里，否则数据包被丢弃。`,
		SettledBy: `比较 "wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips" 和手机里的 Address。`,
	},
	"wrong-capture-adapter": {
		Title:     `数据包从另一个隧道网卡出来，而不是抓包的那个`,
		Why:       `一台电脑可以有几个 WireGuard 网卡。`,
		SettledBy: `"wgtrace interfaces" 列出{{host .os}}的隧道网卡。`,
	},

	// Forwarding.
	"ip-forwarding-off": {
		Title:     `网卡之间的转发没有打开`,
		Why:       `没有打开转发时，Linux 会丢弃发给别的机器的数据包。`,
		SettledBy: `"sysctl net.ipv4.ip_forward net.ipv4.conf.{{spell .tunnel "TUNNEL-ADAPTER"}}.forwarding"：两个都必须是 1。`,
	},
	"forward-policy-drop": {
		Title:     `一条防火墙规则丢弃从隧道到互联网的数据包`,
		Why:       `设置防火墙时没有想到隧道，就忘了放行它。`,
		SettledBy: `"forward" 链的策略是 drop，或者有一条计数器在增加的 drop 规则："nft -a list ruleset" 或 "iptables-save -c"。`,
	},
	"docker-forward-drop": {
		Title:     `Docker 的防火墙丢弃不属于容器的数据包`,
		Why:       `Docker 打开转发时，会把 FORWARD 链的策略设为 DROP。`,
		SettledBy: `"iptables-save -c"：有 DOCKER-USER 链和 ":FORWARD DROP"。`,
	},
	"ufw-deny-routed": {
		Title:     `ufw 拒绝转发的数据包`,
		Why:       `对要转发的数据包，ufw 默认 "deny"；只放行 ping。`,
		SettledBy: `"ufw status verbose"："(routed)" 前面的词不能是 "deny"，或者要有一条允许隧道的 route 规则。`,
	},
	"rp-filter-drop": {
		Title:     `内核的来源地址检查丢弃了数据包`,
		Why:       `rp_filter 为严格时，数据包必须从"回应它的发送者时要用的网卡"进来。`,
		SettledBy: `"sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.{{if .back}}{{.back}}{{else}}{{spell .tunnel "TUNNEL-ADAPTER"}}{{end}}.rp_filter"：较大的一个是 1（严格），而且 "nstat -az" 里的 IPReversePathFilter 在增加。`,
	},
	"two-firewalls": {
		Title:     `加载了两套防火墙，一套放行的数据包，另一套可能丢弃`,
		Why:       `Linux 上新旧两套防火墙表同时起作用，任何一套丢弃就是最终结果。`,
		SettledBy: `比较 "iptables-legacy-save -c" 和 "nft -a list ruleset"：任何一边的 drop 都算数。`,
	},
	"windows-forwarding-off": {
		Title:     `Windows 没有在两个网卡之间转发`,
		Why:       `转发默认是关闭的，而且隧道每次重启，网卡上的设置都会丢失。`,
		SettledBy: `"Get-NetIPInterface | select InterfaceAlias,AddressFamily,Forwarding"：两个网卡都必须是 Enabled。`,
	},
	"netnat-conflict": {
		Title:     `另一个程序的 NAT 挡住了`,
		Why:       `Docker Desktop、Hyper-V 或 WSL 有自己的 NAT，而 Windows 每台机器只支持一个 NAT 网络。`,
		SettledBy: `"Get-NetNat | ft Name,InternalIPInterfaceAddressPrefix,Active"：多于一行，或者前缀不包含手机的地址。`,
	},
	"windows-netnat-unavailable": {
		Title:     `这个 Windows 没有自带的地址转换（NetNat）`,
		Why:       `家庭版没有，别的版本不带 Hyper-V 或容器时也可能没有。连接共享（ICS）能为一个网卡做同样的事。`,
		SettledBy: `以管理员身份在 PowerShell 里运行 "Get-NetNat"：显示 "Invalid class" 就是没有。`,
	},

	// Address translation.
	"nat-missing": {
		Title: `{{if eq .os "windows"}}Windows {{with .prefix}}没有为 {{.}} 设置{{else}}没有设置{{end}}地址转换（NAT）{{else}}没有规则把手机数据包的地址换成{{host .os}}的地址{{end}}`,
		Why: `{{if eq .os "windows"}}NAT 对象同时也让 Windows 转发数据包，所以没有它，可能什么也发不出去。` +
			`{{else}}只有转发时，数据包上还是手机的内网地址。{{end}}`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetNat"：要有一行的前缀包含{{with .client}} {{.}}{{else}}手机的地址{{end}}。没有管理员权限时，空的结果表示"不知道"。` +
			`{{else if eq .os "macos"}}"sudo pfctl -s nat" 和 "sudo pfctl -a 'com.apple/*' -s nat"：要有一行是隧道的网段。` +
			`{{else}}"nft list ruleset" 或 "iptables-save"：要有一条针对隧道网段的 "masquerade" 规则。{{end}}`,
	},
	"nat-wrong-out-interface": {
		Title:     `地址转换规则里写的网卡，不是数据包实际发出的网卡`,
		Why:       `照抄来的规则里写着 "eth0"，或者机器从网线换成了 Wi-Fi。`,
		SettledBy: `"masquerade" 规则里的网卡（"nft list ruleset"、"iptables-save"）必须是{{tail .wan "通往互联网的那个"}}。`,
	},
	"nat-wrong-subnet": {
		Title:     `地址转换规则写的是另一个网段，不是手机的网段`,
		Why:       `隧道的网段改过，或者规则是从教程里抄来的。`,
		SettledBy: `转换规则里的来源必须包含{{tail .client "手机的地址"}}{{if eq .os "windows"}}："Get-NetNat"{{end}}。`,
	},
	"nat-gone-after-reboot": {
		Title:     `地址转换规则在上次重启时丢失`,
		Why:       `手工输入的规则重启之后就没有了，防火墙重新加载也会清掉它们。`,
		SettledBy: `上次重启（"uptime"）之前是否正常；PostUp 里有的规则，现在是否还在生效。`,
	},

	// Beyond this computer.
	"upstream-offline": {
		Title:     `{{host .os}}自己也不能上网`,
		Why:       `这样不管为谁发出的数据包，都没有回应。`,
		SettledBy: `在{{host .os}}上运行 "ping 1.1.1.1"。`,
	},
	"upstream-filtered": {
		Title:     `路由器、运营商或云平台的网络丢弃这些数据包`,
		Why:       `云平台的出站规则、需要登录的网络或者过滤器，都可能丢弃{{host .os}}替别人发的数据包。`,
		SettledBy: `如果{{host .os}}自己能打开同一个网站，那么外面只丢弃转发的数据包。`,
	},
	"prefix-not-routed": {
		Title:     `互联网不知道怎么把数据包送回手机的地址`,
		Why:       `手机的地址是公网地址，但没有人把它路由到{{host .os}}。`,
		SettledBy: `看运营商是否把{{mid .prefix "隧道的网段"}}路由到{{host .os}}：控制面板里有。`,
	},
	"forward-return-path-blocked": {
		Title:     `一条防火墙规则放行了出去的数据包，却不让回应进来`,
		Why:       `简短的教程往往只放行一个方向。`,
		SettledBy: `"forward" 规则里要有一条，允许 {{spell .wan "WAN-ADAPTER"}} 到 {{spell .tunnel "TUNNEL-ADAPTER"}} 的 "established,related"："nft -a list ruleset" 或 "iptables-save -c"。`,
	},
}
