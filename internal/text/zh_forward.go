package text

// zhFindingsForward are the findings on what happens inside the host: forwarding,
// routes and address translation.
var zhFindingsForward = map[string]FindingText{
	"ufw-deny-routed": {
		Title:    `只有 ping 被转发`,
		Headline: `{{Host .os}}只把手机的 ping 转发到互联网，别的都被防火墙拦下。`,
		Summary: `{{lead .client "手机"}}的 {{num .pings}} 个 ping 得到回应，但 {{num .refused}} 次访问域名和网页的尝试` +
			`从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，却没有从{{with .wan}} {{.}} {{else}}互联网网卡{{end}}发出。` +
			`没有人放行时，ufw 就是这样对待要转发的数据包的。`,
		Advice: `让{{host .os}}的防火墙把隧道的数据包都转发到互联网，而不只是 ping。`,
		Worked: zhAgain + `：第三个方框的数量应当和第二个一样。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确：ping 能走完全程再回来。`,
	},
	"forward-rejected": {
		Title:    `这里的防火墙回答"禁止"`,
		Headline: `{{host .os}}上的防火墙没有转发手机的数据包，而是回答"禁止"。`,
		Summary: `{{lead .client "手机"}}的 {{num .arrived}} 个数据包从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来。` +
			`{{Host .os}}{{with .speaker}}以 {{.}} 的身份{{end}}发回 {{num .refused}} 个拒绝，什么也没有放出去。` +
			`手机上会马上报错，而不是一直转圈。`,
		Advice: `在拒绝的规则前面，加一条放行隧道数据包的规则。`,
		Worked: zhAgain + `：带 X 的箭头应当通了，第三个方框的数量应当和第二个一样。`,
		Fine:   `密钥、端口和加密都正确：拒绝的消息经过隧道到了手机。`,
	},
	"no-default-route": {
		Title:    `这里没有设置去互联网的路`,
		Headline: `{{Host .os}}不知道去互联网的路：它没有默认路由。`,
		Summary: `{{lead .client "手机"}}的 {{num .arrived}} 个数据包从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，一个也没有发出。` +
			`{{Host .os}}自己{{with .speaker}}（{{.}}）{{end}}回答了 {{num .refused}} 次"网络不可达"。`,
		Advice: `把默认路由还给{{host .os}}：它的路由器的地址。`,
		Worked: zhAgain + `：第三个方框应当有数据包。`,
		Fine:   `密钥、端口和加密都正确，转发也已打开：隧道的设置不用动。`,
	},
	"gateway-unreachable": {
		Title:    `下一级路由器没有回应`,
		Headline: `{{Host .os}}联系不上下一级路由器{{with .gateway}} {{.}}{{end}}：那个地址没有人回应。`,
		Summary: `{{lead .client "手机"}}的 {{num .arrived}} 个数据包从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，一个也没有发出。` +
			`{{Host .os}}{{with .speaker}}（{{.}}）{{end}}回答了 {{num .refused}} 次"主机不可达"` +
			`{{with .gateway}}，它在网络上询问 {{.}} 也没有人应答{{end}}。`,
		Advice: `检查{{host .os}}的网线或 Wi-Fi，路由器是否开着，以及这里设置的地址是不是路由器的地址。`,
		Worked: zhAgain + `：第三个方框应当有数据包。`,
		Fine:   `密钥、端口和加密都正确，转发也已打开：隧道的设置不用动。`,
	},
	"server-default-route-hijacked": {
		Title:    `去互联网的数据包又被送回隧道`,
		Headline: `{{Host .os}}把手机去互联网的数据包又送回隧道：它以为隧道就是自己上网的路。`,
		Summary: `{{lead .client "手机"}}去互联网的 {{num .astray}} 个数据包从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，` +
			`马上又进了隧道；没有一个{{with .wan}}从 {{.}} {{end}}发出。`,
		Advice: `在{{host .os}}的配置里，手机那个 [Peer] 的 AllowedIPs 必须是手机自己的地址，而不是 0.0.0.0/0。后者应当写在手机里。`,
		Worked: zhAgain + `：第三个方框的数量应当和第二个一样。`,
		Fine:   `密钥、端口和加密都正确，手机自己的设置可以不动。`,
	},
	"tunnel-return-route-missing": {
		Title: `回应又被发到互联网上`,
		Headline: `回应回来了，{{host .os}}却又把它发到互联网，而不是送进隧道：` +
			`它不知道{{mid .client "手机"}}在隧道后面。`,
		Summary: `{{with .wan}}网卡 {{.}} {{end}}收到给{{mid .client "手机"}}的 {{num .replied}} 个回应，` +
			`又有 {{num .astray}} 个发往手机内网地址的数据包从那里发出。没有东西进入隧道{{with .tunnel}}网卡 {{.}}{{end}}。`,
		Advice: `给{{host .os}}加一条经过隧道网卡到手机地址的路由。`,
		Worked: zhAgain + `：第五个方框的数量应当和第四个一样。`,
		Fine:   `密钥、端口、加密、出去的路径和数据包上的地址都正确，互联网也有回应。`,
	},
	"routing-loop": {
		Title:    `下一级路由器把数据包送了回来`,
		Headline: `数据包离开{{host .os}}，下一级路由器又把它们送回来：它们在兜圈子。`,
		Summary: `{{lead .client "手机"}}的 {{num .left}} 个数据包{{with .wan}}从 {{.}} {{end}}发出，` +
			`其中 {{num .astray}} 个又从那里回来，多经过了一跳或几跳。没有回应。`,
		Advice: `在{{host .os}}旁边的路由器上，删掉把这些地址指向{{host .os}}的静态路由。`,
		Worked: zhAgain + `：第四个方框应当有回应。`,
		Fine:   `密钥、端口和加密都正确，{{host .os}}也在转发。`,
	},
	"lan-only-forwarding": {
		Title:    `局域网能用，互联网不能用`,
		Headline: `手机能访问{{host .os}}后面的局域网，但不能访问互联网。`,
		Summary: `{{lead .client "手机"}}访问局域网地址的 {{num .answered}} 次尝试得到了回应。` +
			`访问互联网上 {{num .targets}} 个地址的 {{num .requests}} 次尝试在{{host .os}}内部消失。` +
			`如果只需要局域网，这样就是对的。`,
		Advice: `如果也需要互联网，让{{host .os}}的防火墙把隧道的数据包转发到所有地址。`,
		Worked: zhAgain + `：这条提醒应当消失。`,
		Fine:   `隧道、转发和返回的路径都正常：局域网地址有回应。`,
	},
	"client-to-client-blocked": {
		Title:    `隧道里的设备互相访问不了`,
		Headline: `{{Host .os}}没有在隧道里的设备之间转发数据包。`,
		Summary: `{{lead .client "手机"}}发给{{mid .other "另一台设备"}}的 {{num .requests}} 个数据包从隧道` +
			`{{with .tunnel}}网卡 {{.}} {{end}}出来，却没有再进去。许多服务器是特意这样设置的。`,
		Advice: `如果设备之间要互相访问，允许数据包从隧道网卡到隧道网卡。`,
		Worked: zhAgain + `：这条提醒应当消失。`,
	},
	"nat-wrong-source-address": {
		Title:    `数据包换上的地址不属于任何人`,
		Headline: `{{Host .os}}给手机的数据包换上了错误的地址：{{lead .source "那个地址"}}在这里不属于任何设备，回应找不到回来的路。`,
		Summary: `{{lead .client "手机"}}的 {{num .left}} 个数据包{{with .wan}}从 {{.}} {{end}}` +
			`{{with .source}}以 {{.}} 的地址{{end}}发出。网络询问谁有这个地址，没有人应答。`,
		Advice: `让{{host .os}}给数据包换上它自己的互联网网卡的地址。`,
		Worked: zhAgain + `：第四个方框应当有回应。`,
		Fine:   `密钥、端口、加密和转发都正确。只有数据包上的地址不对。`,
	},
	"asymmetric-return": {
		Title:    `回应从另一条线路进来，然后被丢弃`,
		Headline: `网站有回应，但回应走的不是数据包出去的那条线路，{{host .os}}把它们丢弃了。`,
		Summary: `{{lead .client "手机"}}的 {{num .left}} 个数据包{{with .wan}}从 {{.}} {{end}}发出。{{num .replied}} 个回应却` +
			`{{with .back}}从 {{.}} {{end}}进来，进入隧道{{with .tunnel}}网卡 {{.}} {{end}}的{{if .returned}}只有 {{num .returned}} 个{{else}}一个也没有{{end}}。`,
		Advice: `让{{host .os}}也接受从{{mid .back "另一条线路"}}来的回应，或者给数据包换上{{mid .wan "第一条线路"}}的地址。`,
		Worked: zhAgain + `：第五个方框的数量应当和第四个一样。`,
		Fine:   `密钥、端口、加密和转发都正确，互联网也有回应。只是回来的路是另一条。`,
	},
	"nat-reply-not-recognised": {
		Title:    `回应回来了，却没有被认出`,
		Headline: `网站有回应，但{{host .os}}忘了手机问过，把回应拒之门外。`,
		Summary: `{{with .wan}}网卡 {{.}} {{end}}收到给{{mid .client "手机"}}的 {{num .replied}} 个回应。` +
			`{{Host .os}}以为是给自己的，告诉网站 {{num .refused}} 次没有人问过。没有东西进入隧道。`,
		Advice: `在{{host .os}}上找一找，有没有让回应绕过跟踪的规则，以及第二个做地址转换的程序。`,
		Worked: zhAgain + `：第五个方框的数量应当和第四个一样。`,
		Fine:   `密钥、端口、加密、出去的路径和数据包上的地址都正确，互联网也有回应。`,
	},
	"new-flows-not-forwarded": {
		Title:    `旧连接正常，新连接卡住`,
		Headline: `已有的连接还在继续，但{{host .os}}不放新连接出去：没有位置给更多的连接了。`,
		Summary: `{{lead .client "手机"}}的连接开始时都有回应。后来 {{num .refused}} 个同类的新连接` +
			`从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，却没有从{{with .wan}} {{.}} {{else}}互联网网卡{{end}}发出，而旧的连接还在继续。`,
		Advice: `让{{host .os}}能容纳更多连接，并找一找哪台设备打开了特别多的连接。`,
		Worked: zhAgain + `：新连接也应当得到回应。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确：旧连接可以证明。`,
	},
	"upstream-rejects": {
		Title:    `外面有人拒绝`,
		Headline: `{{Host .os}}全部转发了，是对方拒绝了手机的连接{{with .speaker}}：拒绝的是 {{.}}{{end}}。`,
		Summary: `从外面收到 {{num .refused}} 个拒绝{{with .speaker}}，大多来自 {{.}}{{end}}，并转给了{{tail .client "手机"}}。` +
			`{{host .os}}没有问题。`,
		Advice: `换一个网站试试。如果都拒绝，去问管理{{host .os}}后面那个网络的人。`,
		Worked: zhAgain + `：网页应当能打开。`,
		Fine:   `密钥、端口、加密、转发、数据包上的地址和返回的路径都正常。`,
	},
}

var zhCausesForward = map[string]CauseText{
	"firewalld-no-policy": {
		Title:     `firewalld 没有从隧道到互联网的策略`,
		Why:       `没有策略放行时，firewalld 会用 "administratively prohibited" 拒绝两个区域之间的数据包。`,
		SettledBy: `"firewall-cmd --list-all-policies"：要有一条从隧道的区域到 {{spell .wan "WAN-ADAPTER"}} 的区域，target 是 ACCEPT。`,
	},
	"oracle-forward-reject": {
		Title:     `FORWARD 规则的最后一行拒绝一切，甲骨文云（Oracle）的镜像就是这样`,
		Why:       `这些镜像的 FORWARD 末尾有 "REJECT --reject-with icmp-host-prohibited"；写在它后面的规则永远轮不到。`,
		SettledBy: `"iptables-save -c"：有一行 "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"，计数器在增加。`,
	},
	"openwrt-zone-not-forwarded": {
		Title:     `隧道所在的防火墙区域不能使用 WAN`,
		Why:       `对没有转发规则的区域，OpenWrt 用重置回答连接，用 "port unreachable" 回答其余的数据包。`,
		SettledBy: `"uci show firewall"：隧道的网络必须在一个能转发到 "wan" 的区域里。`,
	},
	"forward-reject-rule": {
		Title:     `一条防火墙规则拒绝从隧道到互联网的数据包`,
		Why:       `带 "reject" 的规则不转发数据包，而是以{{host .os}}的名义回答。`,
		SettledBy: `forward 链里有一行 "reject"，计数器在增加："nft -a list ruleset" 或 "iptables-save -c"。`,
	},
	"no-default-route": {
		Title:     `缺少默认路由`,
		Why:       `租约到期、VPN 程序删除了它，或者网络设置不完整，都会这样。`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetRoute 0.0.0.0/0"{{else if eq .os "macos"}}"route -n get default"{{else}}"ip route show default"{{end}}：必须有一行。`,
	},
	"gateway-dead": {
		Title:     `路由器没有开，或者连接它的网线、Wi-Fi 断了`,
		Why:       `{{Host .os}}在网络上询问路由器的地址，没有人应答。`,
		SettledBy: `看同一网络里别的设备能不能联系上路由器。`,
	},
	"gateway-address-wrong": {
		Title:     `{{host .os}}上设置的路由器地址不对`,
		Why:       `换了路由器或网络之后，可能还是旧的地址。`,
		SettledBy: `比较 {{if eq .os "windows"}}"Get-NetRoute 0.0.0.0/0"{{else if eq .os "macos"}}"route -n get default"{{else}}"ip route show default"{{end}} 和路由器自己的地址。`,
	},
	"server-allowedips-everything": {
		Title:     `{{host .os}}上手机那个 Peer 写着 AllowedIPs 0.0.0.0/0`,
		Why:       `在{{host .os}}上，这一行说的是哪些地址在隧道后面。写 0.0.0.0/0，整个互联网就好像都在手机那里。`,
		SettledBy: `"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips"：那里只能有手机自己的地址。`,
	},
	"second-vpn-default-route": {
		Title:     `{{host .os}}自己就是这个隧道的客户端，或者有别的路由把一切都引进隧道`,
		Why:       `一台电脑如果自己用隧道上网，就不能同时让别人经过这个隧道从它这里出去。`,
		SettledBy: `{{if eq .os "windows"}}"Find-NetRoute -RemoteIPAddress 1.1.1.1"{{else}}"ip route get 1.1.1.1"：不能出现{{tail .tunnel "隧道网卡"}}{{end}}。`,
	},
	"tunnel-route-missing": {
		Title:     `{{host .os}}没有经过隧道到手机的路由`,
		Why:       `Address 以 /32 结尾、写了 "Table = off"，或者只用 "wg set" 添加 Peer，都没有人建立这条路由。`,
		SettledBy: `"ip route get {{spell .client "PHONE-ADDRESS"}}"：必须出现 {{spell .tunnel "TUNNEL-ADAPTER"}}。`,
	},
	"tunnel-subnet-overlaps": {
		Title:     `另一个网络用了和隧道相同的地址`,
		Why:       `有一条更精确的路由把同样的地址引到别处。`,
		SettledBy: `"ip route"：有两行都包含{{tail .client "手机的地址"}}。`,
	},
	"router-sends-back": {
		Title:     `路由器上有一条静态路由指向{{host .os}}`,
		Why:       `路由器以为这些地址要经过{{host .os}}，就把数据包送回来。`,
		SettledBy: `路由器设置里的静态路由列表。`,
	},
	"forward-rule-lan-only": {
		Title:     `一条防火墙规则只允许隧道访问局域网地址`,
		Why:       `教人访问家里网络的教程，会把规则限制在 192.168.0.0/16 之类的网段。`,
		SettledBy: `目标是局域网地址的 forward 规则："nft -a list ruleset" 或 "iptables-save -c"。`,
	},
	"client-forward-missing": {
		Title:     `没有规则允许数据包从隧道到隧道`,
		Why:       `允许去互联网的规则，不包括回到同一个网卡。`,
		SettledBy: `两边都是 {{spell .tunnel "TUNNEL-ADAPTER"}} 的 forward 规则："nft -a list ruleset" 或 "iptables-save -c"。`,
	},
	"snat-address-not-ours": {
		Title:     `地址转换规则里写的地址，{{host .os}}并没有`,
		Why:       `地址写死在规则里，后来变了，或者本来属于另一台机器。`,
		SettledBy: `{{lead .source "规则里的地址"}}必须是 "ip addr show {{spell .wan "WAN-ADAPTER"}}" 列出的地址之一。`,
	},
	"notrack-rule": {
		Title:     `一条规则让回应绕过了连接跟踪`,
		Why:       `没有跟踪的数据包，无法交还给提问的手机。`,
		SettledBy: `"nft list ruleset" 或 "iptables-save"：有一行 "notrack"、"NOTRACK" 或 "CT --notrack"。`,
	},
	"second-nat": {
		Title:     `{{host .os}}上有两个程序在做地址转换，各自只认得自己的连接`,
		Why:       `回应到了不认得它的那个程序，就被当作没有人问过。`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetNat" 和 "Get-Service SharedAccess,RemoteAccess" 一起看：只能有一个在工作。{{else}}"nft list ruleset"、"iptables-save" 和 "iptables-legacy-save" 里有不止一条地址转换规则。{{end}}`,
	},
	"nat-state-lost": {
		Title:     `连接表被清空了`,
		Why:       `地址转换重启之后，旧问题的回应就认不出来了。过一会儿自己会好。`,
		SettledBy: `看现在新打开的连接能不能用。`,
	},
	"nat-table-full": {
		Title:     `跟踪连接的表满了`,
		Why:       `{{if eq .os "windows"}}Windows 给地址转换的端口范围有限。{{else}}达到 nf_conntrack_max 之后，Linux 会丢弃要开始新连接的数据包；小服务器开始时只有几千。{{end}}`,
		SettledBy: `{{if eq .os "windows"}}"@(Get-NetNatSession).Count"{{else}}"sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max"：前者必须远小于后者；"dmesg" 里有 "table full, dropping packet"{{end}}。`,
	},
	"connection-limit": {
		Title:     `某条防火墙规则只放行一定数量的连接`,
		Why:       `带 "limit"、"connlimit" 或 "ct count" 的规则，超过数量或速率就丢弃。`,
		SettledBy: `"nft list ruleset" 或 "iptables-save -c"：forward 链里有这样的规则，而且它的计数在增加。`,
	},
	"nat-ports-exhausted": {
		Title:     `地址转换规则的端口太少`,
		Why:       `写了端口范围的规则，到同一个地址只能有那么多连接，再多就丢弃。`,
		SettledBy: `地址转换规则里，地址后面的端口范围："nft list ruleset" 或 "iptables-save"。`,
	},
	"asymmetric-return": {
		Title:     `回应从另一条线路回来`,
		Why:       `回应会发到数据包出去时带的地址。如果这个地址属于第二条线路，或者外面的网络选了它，回应就从那里进来。`,
		SettledBy: `{{if .back}}"ip route get 1.1.1.1" 显示的网卡，必须就是数据包所带地址的那一个。{{else}}看{{host .os}}有没有第二个通往互联网的网卡；也抓那一个。{{end}}`,
	},
	"upstream-refuses": {
		Title:     `某个路由器或者网站自己拒绝`,
		Why:       `拒绝是从外面来的，并且照常转给了手机。`,
		SettledBy: `看{{host .os}}自己能不能打开同一个网页。`,
	},
}

var zhFixesForward = map[string]FixText{
	"route-default": {
		Title:   `把默认路由还给{{host .os}}`,
		Changes: `添加一条路由。GATEWAY-ADDRESS 是{{host .os}}旁边的路由器的地址。`,
	},
	"gateway-check": {
		Title:   `看看路由器和它的地址`,
		Changes: `不改变任何东西：显示设置的是哪个路由器，以及它是否回应。`,
	},
	"hijack-linux": {
		Title:   `只允许手机用它自己的地址，并让隧道不再占用上网的路`,
		Changes: `设置这一个 Peer 的地址，并删除 wg-quick 为 0.0.0.0/0 建立的两条规则。配置文件里的 AllowedIPs 也要改成手机自己的地址。`,
	},
	"route-tunnel": {
		Title:   `把给手机的数据包送进隧道`,
		Changes: `设置一条到手机地址的路由；不动别的路由。`,
	},
	"loop-router": {
		Title:   `删掉路由器上的静态路由`,
		Changes: `在路由器的设置里，找下一跳是{{host .os}}的静态路由，只保留隧道自己网段的。`,
	},
	"filter-clients-nft": {
		Title:   `让隧道里的设备互相访问（nftables）`,
		Changes: `在隔开它们的链的最前面插入一条规则：隧道到隧道。`,
	},
	"filter-clients-iptables": {
		Title:   `让隧道里的设备互相访问（iptables）`,
		Changes: `在 FORWARD 最前面插入一条规则：隧道到隧道。`,
	},
	"filter-clients-ufw": {
		Title:   `让隧道里的设备互相访问（ufw）`,
		Changes: `给 ufw 添加一条 route 规则；别的规则都保留。`,
	},
	"nat-first-nft": {
		Title:   `在错误的规则之前，给数据包换上{{host .os}}自己的地址（nftables）`,
		Changes: `添加一个独立的表，它先于其他表作出决定；错误的规则还在，但不再影响隧道。`,
	},
	"nat-address-windows": {
		Title:   `显示 NAT 用的地址`,
		Changes: `不改变任何东西：显示的地址必须是互联网网卡上有的。`,
	},
	"notrack-linux": {
		Title:   `删掉让回应绕过连接跟踪的规则`,
		Changes: `这条命令不改变任何东西：它显示规则。用 "nft delete rule" 加上显示的 family、table、chain 和 handle 可以删除一条；留下原来那一行，以便恢复。`,
	},
	"nat-restart-windows": {
		Title:   `重启 Windows 的地址转换`,
		Changes: `重启 NAT 服务：经过它的连接都会重新开始。`,
	},
	"conntrack-max": {
		Title:   `让连接表能放更多连接`,
		Changes: `提高跟踪连接数的上限，重启之后也有效；每个连接大约占 300 字节内存。`,
	},
}
