package text

// zhFindingsOuter are those of the way to the tunnel.
var zhFindingsOuter = map[string]FindingText{
	"no-outer-packets": {
		Title:    `手机的数据包没有到达`,
		Headline: `手机的数据包没有到达{{host .os}}。问题在它之前：路由器的端口转发、运营商，或者手机里的地址写错了。`,
		Summary: `{{with .wan}}网卡 {{.}} {{end}}{{if .seconds}}在 {{time .seconds}}内{{end}}收到了别的流量，但手机虽然试过，` +
			`却没有一个{{if .port}}发往 UDP 端口 {{.port}} 的{{end}}数据包。手机上的"已启用"只表示开关是开的。`,
		Advice: `检查三件事：手机里的 Endpoint（地址和端口），路由器的端口转发，以及运营商有没有给路由器公网地址。`,
		Worked: zhAgain + `（用移动数据）：图中第一个方框应当有数据包。`,
		Fine:   `抓包没有问题：能看到别的数据包进来。`,
	},
	"wg-port-unreachable": {
		Title:    `{{Host .os}}拒绝了手机的呼叫`,
		Headline: `手机的呼叫到达了{{host .os}}，但{{host .os}}回答说端口没有开放或者禁止访问。`,
		Summary: `{{with .wan}}网卡 {{.}} {{end}}{{if .port}}（UDP 端口 {{.port}}）{{end}}收到{{with .peer}} {{.}} 发来的{{end}} {{num .initiations}} 个握手请求，` +
			`{{host .os}}发回的是错误消息（ICMP "unreachable"），而不是回应。`,
		Advice: `在{{host .os}}上启动隧道，确认它监听的正是手机呼叫的端口；然后在防火墙里放行这个端口。`,
		Worked: zhAgain + `：图中第一个方框应当有来有往。`,
		Fine:   `手机里的地址和路由器的端口转发都正确：手机的数据包已经到达。`,
	},
	"server-key-mismatch": {
		Title:    `手机里的服务器公钥不对`,
		Headline: `手机用了错误的服务器公钥。数据包已经证明这一点；公钥改对之前，其他问题无法判断。`,
		Summary: `{{with .wan}}网卡 {{.}} {{end}}收到{{with .peer}} {{.}} 发来的{{end}} {{num .initiations}} 个握手请求。` +
			`每个请求都带有用目标服务器公钥算出的校验值，而这不是{{host .os}}的公钥，所以它保持沉默。`,
		Advice: `把{{host .os}}的公钥填进手机：[Peer] 的 PublicKey。重新扫一次新的二维码也可以。`,
		Worked: zhAgain + `：手机上应当显示最近握手时间。`,
		Fine:   `手机里的地址和端口正确，路由器也放行：数据包已经到达。`,
	},
	"data-blocked-after-handshake": {
		Title:    `握手之后的一切都被拦截`,
		Headline: `手机能连上，之后的一切都在路上被拦截。这是会过滤 VPN 的网络的典型表现。`,
		Summary: `{{num .responses}} 个握手请求{{with .peer}}（来自 {{.}}）{{end}}都有回应，手机也接受了：它是在 15 秒没有消息之后才重新开始，而不是 5 秒。` +
			`{{if .data_in}}收到它的 {{num .data_in}} 个数据包，但发回去的它没有收到。{{else}}之后一个数据包也没有。{{end}}`,
		Advice: `手机换一个网络试试。如果那里能用，就换一个 UDP 端口；如果网络能认出 WireGuard，就需要会伪装的客户端。`,
		Worked: zhAgain + `：图中第二个方框应当有数据包。`,
		Fine:   `两端的公钥、端口和地址都正确：手机接受了回应。{{Host .os}}没有问题。`,
	},
	"not-plain-wireguard": {
		Title:    `这不是普通的 WireGuard`,
		Headline: `有设备按 WireGuard 的节奏呼叫{{if .port}}端口 {{.port}}{{end}}，但格式不同，{{host .os}}听不懂。`,
		Summary: `{{num .odd}} 个数据包{{with .peer}}（来自 {{.}}）{{end}}不是普通的 WireGuard；其中同样大小的每 5 秒重复一次，像没有人回应的握手请求。` +
			`只有一端使用伪装的变种（AmneziaWG、WARP）时就是这样。`,
		Advice: `两端使用同样的程序和同样的设置，或者在手机里关掉伪装。`,
		Worked: zhAgain + `：WireGuard 表里应当有这部手机。`,
		Fine:   `手机里的地址和端口正确：它的数据包已经到达。`,
	},
	"same-config-on-two-devices": {
		Title:    `两台设备用了同一份配置`,
		Headline: `两台设备用了同一份配置，互相把对方挤下线。`,
		Summary: `{{lead .peer "一台设备"}}和{{mid .other "另一台设备"}}反复争夺同一个会话：` +
			`{{host .os}}把数据包发给其中一台，而只有另一台能解开。{{with .key}}两台用的都是公钥 {{.}}。{{end}}`,
		Advice: `给每台设备一份自己的配置，有自己的密钥和自己的地址。把共用的那份从其中一台删掉。`,
		Worked: zhAgain + `，另一台设备也一样：两台应当能同时使用。`,
		Fine:   `密钥、端口和加密都正确，最后说话的那台设备路径是通的。`,
	},
	"under-load-cookie": {
		Title:    `{{Host .os}}收到的握手请求太多`,
		Headline: `{{Host .os}}收到的握手请求太多，所以要求呼叫者先证明自己的地址。`,
		Summary: `{{with .peer}}给 {{.}} {{end}}发出了 {{num .cookies}} 个这样的要求（cookie reply）。` +
			`手机会自动再发一次握手请求，所以单凭这一点不会断线。`,
		Advice: `看看还有谁在呼叫{{if .port}} UDP 端口 {{.port}}{{else}}这个端口{{end}}：有人在扫描或者攻击它。`,
		Worked: zhAgain + `：这条提醒应当消失。`,
	},
	"idle-session-unreachable": {
		Title:    `手机休眠时联系不上`,
		Headline: `{{host .os}}发给休眠手机的数据包被退回：它所在的网络已经忘了路。`,
		Summary: `关于发给{{mid .peer "手机"}}的数据包，收到 {{num .unreachable}} 条错误消息。` +
			`手机下次自己发数据时路就通了，所以浏览网页不受影响；从外面打进来的电话和消息会受影响。`,
		Advice: `如果手机必须随时能联系上，在它的 [Peer] 里设置 PersistentKeepalive = 25。`,
		Worked: `运行几分钟，这条提醒应当消失。`,
		Fine:   `密钥、端口和加密都正确。`,
	},
	"phone-side": {
		Title:    `手机的数据包全部得到了回应`,
		Headline: `手机发出的一切都得到了回应，网页却没有打开：原因在手机上。`,
		Summary:  `有一次尝试标记为失败，而隧道里有 {{num .flows_answered}} 个连接得到了回应。`,
		Advice:   `逐个关掉 iCloud 专用代理、"限制 IP 地址跟踪"、私人 DNS、内容过滤和别的 VPN 程序，并检查手机的日期。`,
		Worked:   zhAgain + `：网页应当能打开。`,
		Fine:     `隧道、{{host .os}}和它的上网线路都正常。`,
	},
}

// zhCausesOuter: titles are clauses that follow "原因" and a colon.
var zhCausesOuter = map[string]CauseText{
	"port-forward-missing": {
		Title:     `路由器或云平台的防火墙没有把端口转给{{host .os}}`,
		Why:       `家用路由器会丢弃里面没有人要的数据包，除非端口转发指向{{host .os}}；云平台的安全组也一样。`,
		SettledBy: `路由器里{{if .port}} UDP {{.port}} 的{{end}}端口转发必须指向{{host .os}}的地址；有两级路由器时，每一级都要设置。`,
	},
	"cgnat": {
		Title:     `运营商让许多用户共用一个公网地址`,
		Why:       `这样不管路由器怎么设置，外面的呼叫都到不了它。`,
		SettledBy: `路由器状态页上的互联网地址：如果以 100.64 到 100.127、10、172.16 到 172.31 或 192.168 开头，就不是公网地址。`,
	},
	"wrong-endpoint": {
		Title:     `手机呼叫的是另一个地址或端口`,
		Why:       `线路地址变了、DDNS 域名没有更新，或者打错了字，数据包就发到别处去了。`,
		SettledBy: `比较手机里的 Endpoint 和路由器今天的地址{{if .port}}，以及端口 {{.port}}{{end}}。`,
	},
	"tested-from-own-lan": {
		Title:     `手机和{{host .os}}在同一个网络里`,
		Why:       `许多路由器不会把发往自己公网地址的呼叫再转回内网。`,
		SettledBy: `关掉手机的 Wi-Fi，用移动数据试。`,
	},
	"wg-not-listening": {
		Title:     `那个端口上没有隧道在运行`,
		Why:       `是系统自己回答说，那里没有程序在监听。`,
		SettledBy: `{{if eq .os "windows"}}"Get-NetUDPEndpoint{{if .port}} -LocalPort {{.port}}{{end}}" 必须列出它；"netsh int ipv4 show excludedportrange udp" 显示 Windows 保留的端口。{{else}}"wg show {{spell .tunnel "TUNNEL-ADAPTER"}} listen-port" 必须打印{{if .port}} {{.port}}{{else}}手机呼叫的端口{{end}}。{{end}}`,
	},
	"vpn-filter": {
		Title:     `手机所在的网络放行握手，拦截之后的数据`,
		Why:       `针对 VPN 的过滤器能从外形认出 WireGuard 的数据包；有的会先放过几个。`,
		SettledBy: `手机换一个网络试，移动数据和 Wi-Fi 对比：如果换了能用，就是网络的问题。`,
	},
	"obfuscated-client": {
		Title:     `手机上的程序伪装了 WireGuard（AmneziaWG 之类），而{{host .os}}没有`,
		Why:       `这类程序会改变数据包的大小和开头的字节；普通服务器把它们当作噪声。`,
		SettledBy: `手机的配置里有 Jc、S1、S2、H1 到 H4 这样的行：要么{{host .os}}也设置同样的值，要么手机里都去掉。`,
	},
	"warp-reserved": {
		Title:     `手机上的程序在数据包里写入客户编号，像 Cloudflare 的 WARP 那样`,
		Why:       `普通的 WireGuard 这三个字节是 0，别的一概不理。`,
		SettledBy: `手机的配置里有 "reserved" 一行：普通的 WireGuard 没有。`,
	},
	"same-config-on-two-devices": {
		Title:     `同一份配置（二维码）装在了两台设备上`,
		Why:       `服务器对每个密钥只保留一个会话，谁最后说话就回应谁。`,
		SettledBy: `关掉其中一台的隧道：另一台就不再中断。`,
	},
	"handshake-flood": {
		Title:     `别处来的大量握手请求让{{host .os}}忙不过来`,
		Why:       `等待检查的握手请求太多时，WireGuard 会要求对方证明自己的地址。`,
		SettledBy: `WireGuard 表里列出了谁在呼叫。`,
	},
	"no-keepalive": {
		Title:     `手机不发保活包，它所在的网络过一会儿就忘了它`,
		Why:       `移动运营商会在一到三分钟后删掉空闲的记录。`,
		SettledBy: `手机里的 PersistentKeepalive："off" 或者空着表示没有。`,
	},
	"private-relay": {
		Title:     `iCloud 专用代理或者浏览器自己的代理让网页走了另一条路`,
		Why:       `它要用自己的代理服务器，有些网络或过滤器不允许。`,
		SettledBy: `在手机设置里关掉它，再刷新网页。`,
	},
	"phone-filter": {
		Title:     `手机上的 DNS 描述文件或内容过滤拒绝了这个网页`,
		Why:       `过滤器在手机上就给出回答，数据包还没有发出。`,
		SettledBy: `关掉过滤和私人 DNS，再刷新网页。`,
	},
	"other-vpn": {
		Title:     `手机上另一个 VPN 或安全程序接管了数据包`,
		Why:       `同一时间只有一个程序能引导手机的数据包。`,
		SettledBy: `手机设置里的 VPN 列表。`,
	},
	"phone-date": {
		Title:     `手机的日期不对`,
		Why:       `这样网站无法证明自己的身份，网页就一片空白。`,
		SettledBy: `手机设置里的日期。`,
	},
}

var zhFixesOuter = map[string]FixText{
	"endpoint-phone": {
		Title:   `改正手机里的 Endpoint`,
		Changes: `[Peer] 里的 Endpoint 必须是路由器今天在互联网上的地址{{if .port}}，端口是 {{.port}}{{end}}。用移动数据测试，不要用服务器自己的 Wi-Fi。`,
	},
	"around-cgnat": {
		Title:   `找一条能从外面进来的路`,
		Changes: `向运营商要一个公网 IPv4 地址；如果两端都有 IPv6，Endpoint 就用 IPv6；或者租一台小服务器来中转。`,
	},
	"same-dialect": {
		Title:   `两端使用同一种 WireGuard`,
		Changes: `手机上用普通的 WireGuard 程序和普通的配置，或者在{{host .os}}上用同样的程序和同样的设置。`,
	},
	"own-profile": {
		Title:   `给第二台设备做第二份配置`,
		Changes: `它需要自己的密钥对和地址，在{{host .os}}上也要有自己的 Peer。把共用的配置从其中一台删掉。`,
	},
	"keepalive-phone": {
		Title:   `让手机发送保活包`,
		Changes: `在手机的 [Peer] 里设置 PersistentKeepalive = 25。会多用一点电。`,
	},
	"listen-port": {
		Title:   `让 WireGuard 监听手机呼叫的端口`,
		Changes: `端口立即改变；呼叫旧端口的手机也要改。请把同样的 ListenPort 写进配置文件。`,
	},
	"tunnel-start": {
		Title:   `在{{host .os}}上启动隧道`,
		Changes: `按保存的设置创建隧道网卡，并监听其中的端口；这个端口必须是手机呼叫的那个。`,
	},
}
