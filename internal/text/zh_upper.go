package text

// zhFindingsUpper speak of what lies above a path that works: names, AllowedIPs,
// IPv6 and the size of packets.
var zhFindingsUpper = map[string]FindingText{
	"client-allowedips-too-narrow": {
		Title:    `网站没有经过隧道`,
		Headline: `手机只把 VPN 地址送进隧道；网站走的是隧道外面。`,
		Summary: `{{lead .client "手机"}}的 {{num .arrived}} 个数据包从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，隧道也有回应，` +
			`但没有一个是发往互联网地址的。` +
			`如果这段时间没有人打开网站，或者隧道只是用来访问自己的网络，那就没有问题。`,
		Advice: `如果网站也要经过隧道，在手机里把 AllowedIPs 设为 0.0.0.0/0, ::/0。如果没有人试过，再抓一次包并打开一个网站。`,
		Worked: zhAgain + `：图中第三个方框应当有数据包。`,
		Fine:   `密钥、端口和加密都正确：隧道本身正常。`,
	},
	"dns-no-listener": {
		Title:    `手机询问的地方没有 DNS 服务`,
		Headline: `除了域名，一切正常：手机向{{host .os}}查询域名，而这里没有 DNS 服务。`,
		Summary: `手机向{{mid .resolver "这个地址"}}查询了 {{num .names}} 次域名。` +
			`{{Host .os}}每次都回答那里没有程序监听（53 端口）。`,
		Advice: `在手机里把 DNS 设为公共的，例如 1.1.1.1，或者让{{mid .resolver "那个地址"}}上有 DNS 服务。`,
		Worked: zhAgain + `：用域名应当能打开网站。`,
		Fine:   `密钥、端口和加密都正确：查询能从隧道里出来。`,
	},
	"dns-unanswered": {
		Title:    `手机查询域名没有回答`,
		Headline: `除了域名，一切正常：手机向{{host .os}}查询域名，没有得到回答。`,
		Summary: `手机向{{mid .resolver "这个地址"}}查询了 {{num .names}} 次域名。` +
			`查询到达了{{host .os}}，什么也没有回来，连拒绝也没有。`,
		Advice: `让隧道能访问{{host .os}}上的 DNS 服务（53 端口），或者在手机里把 DNS 设为公共的，例如 1.1.1.1。`,
		Worked: zhAgain + `：用域名应当能打开网站。`,
		Fine:   `密钥、端口和加密都正确：查询能从隧道里出来。`,
	},
	"dns-refused": {
		Title: `DNS 服务拒绝了手机`,
		Headline: `{{if eq .rcode 2}}除了域名，一切正常：DNS 服务回答手机说它查不到。` +
			`{{else}}除了域名，一切正常：DNS 服务拒绝回答手机。{{end}}`,
		Summary: `手机向{{mid .resolver "这个地址"}}查询了 {{num .names}} 次域名。` +
			`{{if eq .rcode 2}}每次的回答都是"服务器失败"（SERVFAIL）。{{else}}每次的回答都是"拒绝"（REFUSED）。{{end}}`,
		Advice: `{{if eq .rcode 2}}测试 DNS 服务自己能不能上网{{else}}在 DNS 服务的设置里允许隧道的地址{{with .prefix}}（{{.}}）{{end}}{{end}}，` +
			`或者在手机里把 DNS 设为公共的，例如 1.1.1.1。`,
		Worked: zhAgain + `：用域名应当能打开网站。`,
		Fine:   `密钥、端口和加密都正确：查询和回答都能通过隧道。`,
	},
	"dns-wrong-source": {
		Title:    `DNS 服务用另一个地址回答`,
		Headline: `除了域名，一切正常：回答来自另一个地址，不是手机询问的那个，所以手机不理会。`,
		Summary: `手机向{{mid .resolver "一个地址"}}查询了 {{num .names}} 次域名，` +
			`回答却来自{{tail .answerer "另一个地址"}}。`,
		Advice: `让 DNS 服务监听{{mid .resolver "被询问的地址"}}本身，或者在手机里把 DNS 设为{{tail .answerer "那个地址"}}。`,
		Worked: zhAgain + `：用域名应当能打开网站。`,
		Fine:   `密钥、端口和加密都正确，DNS 服务也在运行。`,
	},
	"dns-blocked-upstream": {
		Title:    `外面没有人回答域名查询`,
		Headline: `除了域名，一切正常：手机的查询从{{host .os}}发出了，但它询问的 DNS 服务没有回答。`,
		Summary: `手机向{{mid .resolver "一个地址"}}查询了 {{num .names}} 次域名。` +
			`{{with .wan}}网卡 {{.}} {{end}}没有收到回答，而手机的其他连接有回应。`,
		Advice: `在手机里换一个 DNS，例如 9.9.9.9，或者{{host .os}}自己用的那个。`,
		Worked: zhAgain + `：用域名应当能打开网站。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确：其他连接正常。`,
	},
	"ipv6-blackhole": {
		Title:    `IPv6 进了隧道就没有下文`,
		Headline: `IPv4 正常。IPv6 进了隧道就没有下文；有些网站和程序很慢，或者打不开。`,
		Summary: `{{if .undelivered}}手机有 {{num .undelivered}} 个加密数据包解密之后被丢弃，而它的 IPv4 正常：` +
			`很可能是它的 IPv6，{{host .os}}没有允许这部手机用 IPv6 地址。` +
			`{{else}}用 IPv6 访问互联网上 {{num .targets}} 个地址的 {{num .requests}} 次尝试，{{if .answered}}有 {{num .answered}} 次{{else}}一次也没有{{end}}得到回应，` +
			`而同一部手机的 IPv4 有回应。{{end}}`,
		Advice: `要么在{{host .os}}上让隧道的 IPv6 能用，要么在手机的 AllowedIPs 里去掉 "::/0"；这样 IPv6 就走隧道外面。`,
		Worked: zhAgain + `：IPv6 应当有回应，或者不再出现。`,
		Fine:   `密钥、端口、加密和 IPv4 上的一切都正确。`,
	},
	"mtu-outer-blackhole": {
		Title:    `大的数据包在去手机的路上消失`,
		Headline: `小的数据包能通过，大的在去手机的路上消失。`,
		Summary: `在 {{num .flows}} 个连接里，{{num .size}} 字节以上的数据包反复进入隧道（重复 {{num .repeats}} 次），` +
			`手机从没有确认过这么大的，却确认了较小的。加密之后它们更大，路上有一段线路容不下。`,
		Advice: `在手机里把数据包大小降到 1280，或者让{{host .os}}替大家协商更小的数据包。`,
		Worked: zhAgain + `：带图片的网页应当能打开。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确。`,
	},
	"jumbo-tunnel-mtu": {
		Title: `隧道设置的数据包比线路能传的大`,
		Headline: `{{if .repeats}}隧道设置的数据包比线路能传的大：小的数据包能通过，大的消失。` +
			`{{else}}隧道的数据包比线路能传的大，只能拆成几片传送。{{end}}`,
		Summary: `{{if .mss}}手机提出的分段大小是 {{num .mss}} 字节。{{end}}` +
			`{{if .fragments}}{{num .fragments}} 个加密数据包拆成几片发出，移动网络和云平台常常会丢弃它们。{{end}}` +
			`{{if .repeats}}进入隧道的大数据包重复了 {{num .repeats}} 次，从没有得到确认。{{else}}它们还能到达这里，所以还不算故障。{{end}}`,
		Advice: `在{{host .os}}和手机里，把隧道的数据包大小降到 1420。`,
		Worked: zhAgain + `：带图片的网页应当能打开，加密数据包不应再拆成几片发出。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确。`,
	},
	"frag-needed-lost": {
		Title:    `网站不知道它的数据包太大`,
		Headline: `大的回应装不进隧道，而网站一直不知道要发小一点的。`,
		Summary: `在 {{num .flows}} 个连接里，{{num .size}} 字节的数据包反复到达{{with .wan}} {{.}}{{else}}互联网网卡{{end}}（重复 {{num .repeats}} 次）；` +
			`{{host .os}}告诉发送者上限是{{if .mtu}} {{num .mtu}} 字节{{else}}更小的值{{end}}，对方一直没有理会。`,
		Advice: `让{{host .os}}在连接开始时协商更小的数据包。`,
		Worked: zhAgain + `：带图片的网页应当能打开。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确。`,
	},
	"path-mtu-upstream": {
		Title:    `大的数据包在{{host .os}}之外消失`,
		Headline: `小的数据包能通过，手机发的大数据包在{{host .os}}之外消失。`,
		Summary: `在 {{num .flows}} 个连接里，{{num .size}} 字节以上的数据包反复{{with .wan}}从 {{.}} {{end}}发出（重复 {{num .repeats}} 次），` +
			`没有人确认过这么大的，也没有人说它太大。`,
		Advice: `让{{host .os}}在连接开始时协商更小的数据包。`,
		Worked: zhAgain + `：应当能发送图片。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确。`,
	},
}

var zhCausesUpper = map[string]CauseText{
	"client-allowedips-too-narrow": {
		Title:     `手机里的 AllowedIPs 只写了 VPN 自己的地址`,
		Why:       `AllowedIPs 决定什么进入隧道；其余的照常从手机发出，就像没有隧道一样。`,
		SettledBy: `手机 [Peer] 里的 AllowedIPs：0.0.0.0/0 表示全部。`,
	},
	"dns-no-listener": {
		Title:     `{{lead .resolver "手机询问的地址"}}上没有 DNS 服务在监听`,
		Why:       `它没有运行，或者只监听隧道以外的网卡。`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetUDPEndpoint -LocalPort 53"{{else}}"ss -lunp 'sport = :53'"{{end}}：要有一行是{{mid .resolver "那个地址"}}或者所有地址。`,
	},
	"dns-host-firewall": {
		Title: `{{host .os}}上的防火墙丢弃从隧道来的 DNS 查询`,
		Why: `{{if eq .os "windows"}}Windows 把新的隧道当作公用网络，防火墙什么也不放进来。` +
			`{{else}}防火墙只为局域网放行 DNS，隧道不在其中。{{end}}`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetConnectionProfile"：隧道不能是 Public。{{else}}看入站规则的丢包计数器是否随每次查询增加："nft -a list ruleset" 或 "iptables-save -c"，UDP 端口 53。{{end}}`,
	},
	"dns-refused": {
		Title:     `DNS 服务只回答自己的网络`,
		Why:       `dnsmasq、Pi-hole、unbound 和 AdGuard 知道自己为哪些网络服务；隧道不在其中。有的拒绝，有的不作声。`,
		SettledBy: `DNS 服务的日志里，每次查询都有手机的地址。`,
	},
	"dns-resolver-upstream": {
		Title:     `DNS 服务自己从互联网得不到回答`,
		Why:       `它要问的上级没有回应时，它就回答"服务器失败"。`,
		SettledBy: `在{{host .os}}上向同一个服务查询：那里也应当失败。`,
	},
	"dns-wrong-source": {
		Title:     `DNS 服务监听所有地址，却用错误的地址回答`,
		Why:       `有几个地址的服务器，或者容器里的服务器，必须用被询问的地址回答；手机不理会别的回答。`,
		SettledBy: `"ss -lunp 'sport = :53'"：是 0.0.0.0，而不是{{tail .resolver "手机询问的地址"}}。`,
	},
	"dns-blocked-upstream": {
		Title:     `外面的网络不让查询到达那个 DNS 服务`,
		Why:       `运营商、酒店和云平台会封掉 53 端口，只留自己的 DNS。`,
		SettledBy: `在{{host .os}}上做同样的查询，一次问同一个服务，一次问另一个。`,
	},
	"dns-lan-resolver-unreachable": {
		Title:     `手机里的 DNS 是一个局域网地址，{{host .os}}到不了，或者它不回答外人`,
		Why:       `这是内网地址：在每个网络里都是另一台机器。`,
		SettledBy: `在{{host .os}}上运行 "ping {{spell .resolver "ADDRESS"}}"。`,
	},
	"ipv6-forwarding-off": {
		Title:     `IPv6 转发没有打开`,
		Why:       `它有自己的开关，讲 IPv4 的教程不会提到。`,
		SettledBy: `"sysctl net.ipv6.conf.all.forwarding"：必须是 1。`,
	},
	"ipv6-forward-drop": {
		Title:     `一条防火墙规则丢弃从隧道到互联网的 IPv6`,
		Why:       `IPv6 有自己的防火墙规则：IPv4 的规则对它不算数。`,
		SettledBy: `会丢弃的 "forward" 链："nft -a list ruleset" 或 "ip6tables-save -c"。`,
	},
	"ipv6-nat-missing": {
		Title:     `没有规则把手机 IPv6 数据包的地址换成{{host .os}}的地址`,
		Why:       `手机的 IPv6 地址是内网地址；互联网无法回应它。`,
		SettledBy: `"nft list ruleset" 或 "ip6tables-save"：要有一条针对隧道 IPv6 网段的 "masquerade" 规则。`,
	},
	"ipv6-upstream-dead": {
		Title:     `{{host .os}}有 IPv6 地址，但它的网络不传 IPv6`,
		Why:       `数据包带着可以回应的地址发出，什么也没有回来。`,
		SettledBy: `在{{host .os}}上运行 "ping 2606:4700:4700::1111"。`,
	},
	"mtu-outer-blackhole": {
		Title:     `{{host .os}}和手机之间有一段线路只能传较小的数据包，而且不告诉任何人`,
		Why:       `WireGuard 给每个数据包加 60 到 80 字节；移动网络、拨号宽带和云平台能传的比常见的 1500 小。`,
		SettledBy: `手机里设置 MTU = 1280 之后，一切都能打开。`,
	},
	"jumbo-tunnel-mtu": {
		Title:     `隧道的数据包大小取自一个用巨型帧的网卡`,
		Why:       `云平台的网卡是 9001，于是隧道得到 8920；互联网只能传 1500。`,
		SettledBy: `{{if eq .os "windows"}}"netsh interface ipv4 show subinterfaces"{{else}}"ip link show {{spell .tunnel "TUNNEL-ADAPTER"}}"{{end}}：两端的 "mtu" 都不能超过 1440。`,
	},
	"frag-needed-lost": {
		Title:     `"数据包太大"的消息在去网站的路上丢失`,
		Why:       `丢弃所有 ICMP 的防火墙也会丢弃这条消息；它也可能带着没有人接受的地址发出。`,
		SettledBy: `看这里或外面有没有规则丢弃 "icmp"；不管怎样，较小的分段大小都能解决。`,
	},
	"path-mtu-upstream": {
		Title:     `{{host .os}}之外有一段线路只能传较小的数据包，而且不告诉任何人`,
		Why:       `更远处的隧道或拨号线路自己也要占空间。`,
		SettledBy: `在{{host .os}}上 {{if eq .os "windows"}}"ping -f -l 1400 1.1.1.1"{{else}}"ping -M do -s 1400 1.1.1.1"{{end}} 失败，而较小的数字成功。`,
	},
}

var zhFixesUpper = map[string]FixText{
	"dns-phone": {
		Title:   `给手机换一个 DNS`,
		Changes: `在手机的 [Interface] 里设置 DNS = 1.1.1.1；{{host .os}}上不用改。`,
	},
	"dns-linux-resolved": {
		Title:   `让 systemd-resolved 在隧道里回答`,
		Changes: `给 systemd-resolved 回答的地址加上一个，并重启它。`,
	},
	"dns-linux-dnsmasq": {
		Title:   `让 dnsmasq 在隧道里回答`,
		Changes: `给 dnsmasq 的设置加一个文件，并重启它。`,
	},
	"dns-linux-unbound": {
		Title:   `让 unbound 回答隧道的地址`,
		Changes: `给 unbound 的设置加一个文件，并重启它。`,
	},
	"dns-linux-pihole": {
		Title:   `让 Pi-hole 回答隧道的地址`,
		Changes: `把 Pi-hole 设为 "permit all origins"。`,
	},
	"dns-routeros": {
		Title:   `让路由器回答从隧道来的 DNS 查询`,
		Changes: `打开对外的 DNS 服务，并把隧道加入 LAN 列表。`,
	},
	"dns-port-nft": {
		Title:   `放行从隧道来的 DNS 查询（nftables）`,
		Changes: `在丢弃的链最前面插入一条 53 端口的规则；不动别的规则。`,
	},
	"dns-port-linux": {
		Title:   `放行从隧道来的 DNS 查询（iptables）`,
		Changes: `在隧道网卡上添加两条 53 端口的规则；不动别的规则。`,
	},
	"dns-port-ufw": {
		Title:   `放行从隧道来的 DNS 查询（ufw）`,
		Changes: `在隧道网卡上添加一条 53 端口的规则；不动别的规则。`,
	},
	"dns-port-firewalld": {
		Title:   `让 firewalld 信任隧道网卡`,
		Changes: `把隧道网卡放进 "trusted" 区域，现在和以后都有效。`,
	},
	"dns-port-windows": {
		Title:   `把隧道设为专用网络`,
		Changes: `改变隧道网卡的网络类别；防火墙继续工作。`,
	},
	"aip-phone": {
		Title:   `把一切都送进隧道`,
		Changes: `在手机的 [Peer] 里设置 AllowedIPs = 0.0.0.0/0, ::/0；{{host .os}}上不用改。`,
	},
	"ipv6-phone": {
		Title:   `让 IPv6 不进隧道`,
		Changes: `在手机的 [Peer] 里，从 AllowedIPs 去掉 ::/0。这样 IPv6 走隧道外面，手机所在的网络能看到它。`,
	},
	"mtu-linux-nft": {
		Title:   `协商更小的数据包（nftables）`,
		Changes: `添加一个独立的表，里面两条规则在连接开始时降低分段大小；不动别的规则。`,
	},
	"mtu-linux-iptables": {
		Title:   `协商更小的数据包（iptables）`,
		Changes: `为 IPv4 和 IPv6 各添加两条规则，在连接开始时降低分段大小；不动别的规则。`,
	},
	"mtu-windows": {
		Title:   `降低隧道的数据包大小`,
		Changes: `设置隧道网卡的数据包大小，到隧道重启为止；要长期有效，在配置里写 MTU = 1280。`,
	},
	"mtu-routeros": {
		Title:   `协商更小的数据包`,
		Changes: `添加两条注释为 "wgtrace" 的规则，在连接开始时降低分段大小。`,
	},
	"mtu-phone": {
		Title:   `降低手机的数据包大小`,
		Changes: `在手机的 [Interface] 里设置 MTU = 1280；{{host .os}}上不用改。`,
	},
	"mtu-lower": {
		Title:   `让隧道用常见的数据包大小`,
		Changes: `设置隧道网卡的数据包大小，到隧道重启为止；要长期有效，在配置里写 MTU = 1420。`,
	},
}
