package text

// zhExplain: Search is what people type who have the fault and not its name; the
// numbers are the places of the picture.
var zhExplain = map[string]ExplainText{
	// No verdict.
	"no-traffic": {
		Search: `WireGuard 显示已连接，但手机没有流量`,
		Signs:  `位置 2 没有数据包从隧道出来。外面最多只有握手和 32 字节的保活包，里面没有手机的数据。`,
		Alike:  `no-outer-packets 也是什么都没有到达，但那要确知手机试过才会说。decrypted-then-dropped 时，较大的加密数据包到达位置 1，而位置 2 是空的。`,
	},
	"too-little-evidence": {
		Search: `WireGuard 排查：流量太少，看不出问题`,
		Signs:  `有数据包通过，但从头到尾看到的请求（连接、ping、DNS 查询）不到三个，或者不到两个地址。`,
		Alike:  `在请求等待满 5 秒之前，通的路和断的路看起来一样。`,
	},
	"capture-lossy": {
		Search: `排查 WireGuard 时 tcpdump 显示 "packets dropped by kernel"`,
		Signs:  `在请求消失的那几秒里，抓包记录到系统没能交出来的数据包。`,
		Alike:  `packets-lost-in-host 只在两个抓包自己都没有丢包时才会说。`,
	},
	"capture-one-sided": {
		Search: `tcpdump 只看到 WireGuard 的 UDP 包，看不到里面的内容`,
		Signs:  `只抓了隧道或只抓了 WAN。单凭 WAN 上加密数据包的节奏，也能看出握手是否成功、服务器有没有东西发回。`,
		Alike:  `wrong-capture-adapter 是两侧都抓了，但其中一侧的网卡不是手机数据包经过的那个。在没有 Npcap 的 Windows 上，一次跟踪就包含所有网卡："pktmon start --capture --comp nics --pkt-size 0 -f run.etl"，然后 "pktmon stop"，再 "pktmon etl2pcap run.etl -o run.pcapng"。`,
	},
	"captures-unrelated": {
		Search: `比较 wg0 和 eth0 两个 tcpdump 抓包`,
		Signs:  `一个抓包里的数据包在另一个里一个也没有，外面的加密数据包在大小和时间上也对不上里面的。`,
		Alike:  `not-forwarded 时位置 3 也没有手机的数据包，但位置 1 的加密数据包能把两个抓包联系起来。`,
	},
	"wrong-capture-adapter": {
		Search: `在 WireGuard 服务器上 tcpdump 抓不到包`,
		Signs:  `数据包从隧道出来，但抓的 WAN 网卡上没有与之对应的加密数据包；或者某个会话正常，它的数据包却不在抓的隧道里。`,
		Alike:  `no-outer-packets 时网卡是对的，上面有别的流量进来。`,
	},
	"phone-side": {
		Search: `WireGuard 正常，但手机上某个网站或 App 打不开`,
		Signs:  `手机经过隧道发出的一切在位置 5 都有回应，但有一次尝试标记为失败。`,
		Alike:  `client-allowedips-too-narrow 时，网页的数据包根本不进隧道；这里隧道能打开别的网站。`,
	},

	// Tunnel.
	"no-outer-packets": {
		Search: `WireGuard 没有握手：手机显示已连接，服务器什么也收不到`,
		Signs:  `WAN 网卡上 15 秒以上有别的流量，但手机试过之后，位置 1 没有一个发往 WireGuard 端口的数据包。`,
		Alike:  `wg-port-unreachable 和 handshake-unanswered 时，手机的数据包到达了位置 1。手机空闲时的结论是 no-traffic。`,
	},
	"wg-port-unreachable": {
		Search: `WireGuard 握手失败：ICMP udp port 51820 unreachable`,
		Signs:  `位置 1 每 5 秒一个握手请求（148 字节）；服务器对每一个都发回 ICMP 错误：端口不可达（3/3）或禁止（3/10、3/13）。`,
		Alike:  `handshake-unanswered 时服务器不作声。看代码：3/3 多半表示没有程序监听，3/10 和 3/13 是防火墙说的。`,
	},
	"handshake-unanswered": {
		Search: `WireGuard "Handshake did not complete after 5 seconds"：服务器不回应`,
		Signs:  `位置 1 每 5 秒一个握手请求（148 字节），位置 6 没有握手回应（92 字节）。`,
		Alike:  `server-key-mismatch 看起来一样；知道服务器公钥之后，请求里的校验值（mac1）能把它们分开。wg-port-unreachable 会发回 ICMP 错误。`,
	},
	"server-key-mismatch": {
		Search: `WireGuard 服务器公钥填错：没有握手，也没有报错`,
		Signs:  `位置 1 的握手请求，其 mac1 不是用这台服务器的公钥算出的。这由密码学证明。`,
		Alike:  `handshake-unanswered 时 mac1 是对的，或者不知道服务器的公钥。`,
	},
	"handshake-not-completed": {
		Search: `WireGuard 服务器发了握手回应，手机却一直重试`,
		Signs:  `每 5 秒一对握手请求（1）和回应（6），手机从不发送数据。回应丢失和预共享密钥不对，数据包完全一样。`,
		Alike:  `data-blocked-after-handshake 时每 15 秒一对：那说明手机接受了回应。`,
	},
	"data-blocked-after-handshake": {
		Search: `WireGuard 握手成功但没有数据：VPN 被网络拦截（DPI）`,
		Signs:  `每 15 秒一对握手请求（1）和回应（6）：手机接受了回应，发了数据，却没有听到任何回音。`,
		Alike:  `handshake-not-completed 时每 5 秒一对。如果问题在隧道后面，服务器的保活包能到手机，会话会持续。`,
	},
	"not-plain-wireguard": {
		Search: `手机用 AmneziaWG 或 WARP 客户端，服务器是普通 WireGuard`,
		Signs:  `发往 WireGuard 端口的数据报不是以 1 到 4 加三个零字节开头，其中同样大小的每 5 秒重复一次。`,
		Alike:  `handshake-unanswered 时数据包是普通的 WireGuard。扫描者只来一次，而且来自许多地址。`,
	},
	"same-config-on-two-devices": {
		Search: `WireGuard 两台设备用同一份配置，互相掉线`,
		Signs:  `两个地址拥有同一个密钥的会话，服务器把一个会话的数据包发给了另一个地址。`,
		Alike:  `手机在 Wi-Fi 和移动数据之间切换时地址也会变，但旧地址随即没有动静。`,
	},
	"under-load-cookie": {
		Search: `WireGuard cookie reply，服务器负载过高`,
		Signs:  `位置 6 有 cookie 回复（64 字节）；手机随后带着第二个校验值（mac2）重发握手请求。`,
		Alike:  `handshake-unanswered 时什么也不发回。`,
	},
	"idle-session-unreachable": {
		Search: `WireGuard 手机过几分钟就连不到，PersistentKeepalive`,
		Signs:  `位置 6 有数据发往手机，它所在的网络退回错误（ICMP 不可达）。`,
		Alike:  `same-config-on-two-devices 时地址变化是因为有第二台设备。没有流量的隧道不是故障。`,
	},
	"decrypted-then-dropped": {
		Search: `WireGuard 握手成功，接收字节在增加，wg0 上却没有数据包`,
		Signs:  `在服务器接受的会话里，超过 32 字节的数据包到达位置 1，位置 2 却什么也没有出来。`,
		Alike:  `not-forwarded 时数据包在位置 2 出来了。如果它们出现在另一个隧道网卡上，就是抓错了网卡。`,
	},

	// Inside the host.
	"not-forwarded": {
		Search: `WireGuard 握手成功但不能上网：服务器没有转发（ip_forward）`,
		Signs:  `手机的数据包在位置 2 从隧道出来，位置 3 一个也没有发出；没有错误发回手机。外面只看到服务器每 10 秒一个 32 字节的保活包。`,
		Alike:  `nat-missing 时数据包在位置 3 发出，带着手机自己的地址。ping 还通的是 ufw-deny-routed，有错误发回的是 forward-rejected。`,
	},
	"ufw-deny-routed": {
		Search: `WireGuard 加 ufw：能 ping 通，网页打不开`,
		Signs:  `ping 通过位置 3 并且回来；同一部手机的 DNS 和网页在位置 2 和 3 之间消失，没有错误。`,
		Alike:  `not-forwarded 时 ping 也不通。dns-unanswered 时用地址能打开网页。`,
	},
	"forward-rejected": {
		Search: `WireGuard：所有网站马上 "connection refused"，ICMP host prohibited`,
		Signs:  `位置 2 的每个数据包，服务器自己在位置 5 回答：ICMP 禁止（firewalld 是 3/13，甲骨文云镜像是 3/10），或者重置加端口不可达（OpenWrt、REJECT）。位置 3 什么也没有发出。`,
		Alike:  `upstream-rejects 时拒绝是在位置 4 从外面来的。not-forwarded 时完全没有回答。`,
	},
	"no-default-route": {
		Search: `WireGuard 服务器 "network is unreachable"，没有默认路由`,
		Signs:  `服务器用自己的地址在位置 5 回答 ICMP 网络不可达（3/0）；位置 3 什么也没有发出。`,
		Alike:  `gateway-unreachable 时是主机不可达（3/1），大约晚 3 秒。别的路由器发来的 3/0 在这台服务器之外。`,
	},
	"gateway-unreachable": {
		Search: `WireGuard 服务器：ARP who-has 网关没有应答，主机不可达`,
		Signs:  `WAN 上只有对路由器地址的询问（ARP who-has），没有应答；服务器在位置 5 回答主机不可达（3/1）。`,
		Alike:  `no-default-route 时是网络不可达（3/0），而且马上就来。upstream-silent 时数据包在位置 3 发出。`,
	},
	"server-default-route-hijacked": {
		Search: `WireGuard 服务器端写了 AllowedIPs 0.0.0.0/0，服务器断网`,
		Signs:  `去互联网的数据包在位置 2 从隧道出来，又在位置 5 进去，多经过一跳；服务器发出重定向（ICMP 5/1）。位置 3 什么也没有发出。`,
		Alike:  `隧道里一台设备发给另一台时也是这样，那是对的：目标地址在隧道里。`,
	},
	"return-not-forwarded": {
		Search: `WireGuard：回应到了 eth0，没有到 wg0`,
		Signs:  `转换过的数据包在位置 3 发出，回应到达位置 4；没有一个进入位置 5 的隧道，服务器也没有拒绝它们。`,
		Alike:  `nat-reply-not-recognised 时，服务器会告诉网站没有人问过。tunnel-return-route-missing 时，回应又从 WAN 发出。`,
	},
	"tunnel-return-route-missing": {
		Search: `WireGuard 回应从 eth0 出去而不是 wg0：Address /32、Table = off`,
		Signs:  `回应到达位置 4，地址已还原，却带着手机的内网地址又从同一个 WAN 网卡发出。`,
		Alike:  `不做地址转换的服务器，WAN 上也有内网地址，但是在进来的数据包上。return-not-forwarded 时没有东西再发出。`,
	},
	"routing-loop": {
		Search: `WireGuard 数据包在服务器和路由器之间兜圈，TTL 超时`,
		Signs:  `在位置 3 发出的数据包又从 WAN 进来，剩余跳数更少，然后再次发出。`,
		Alike:  `traceroute 会故意产生同类错误（ICMP 11/0），但没有数据包回来。`,
	},
	"lan-only-forwarding": {
		Search: `WireGuard 能访问局域网，不能上外网`,
		Signs:  `访问局域网地址的请求有回应；访问互联网的在位置 2 出来，从不在位置 3 发出。`,
		Alike:  `not-forwarded 时局域网地址也不通。nat-missing 时去互联网的数据包会发出。`,
	},
	"client-to-client-blocked": {
		Search: `WireGuard 客户端之间互相 ping 不通`,
		Signs:  `发给隧道里另一台设备的数据包在位置 2 出来，没有在位置 5 再进去。`,
		Alike:  `如果进去了却没有回应，那就是另一台设备关着，或者它自己的防火墙拦住了。`,
	},
	"packets-lost-in-host": {
		Search: `WireGuard 很慢，服务器内部丢包`,
		Signs:  `正常的连接里，至少 3 个数据包、0.5% 在位置 2 和 3 之间或 4 和 5 之间消失，而两个抓包自己都没有丢包。`,
		Alike:  `capture-lossy 时是抓包自己丢了。更外面的丢包表现为在位置 3 发出的重发。`,
	},

	// Translation and the network behind.
	"nat-missing": {
		Search: `WireGuard 已连接但不能上网：数据包带着 10.8.0.x 发出`,
		Signs:  `手机的数据包带着自己的内网地址在位置 3 发出，没有一个做过转换，位置 4 没有回应。`,
		Alike:  `not-forwarded 时位置 3 什么也没有发出。如果给内网地址的回应能进来，说明网络会路由它，不需要转换。`,
	},
	"nat-wrong-source-address": {
		Search: `WireGuard SNAT 地址写错：没有回应，ARP who-has 无人应答`,
		Signs:  `数据包在位置 3 发出，上面的地址既不是手机的也不是服务器的；路由器询问这个地址（ARP who-has），没有人应答。`,
		Alike:  `upstream-silent 时是服务器自己的地址。nat-missing 时是手机的地址。`,
	},
	"upstream-silent": {
		Search: `WireGuard NAT 正常，但互联网没有回应`,
		Signs:  `数据包带着可以回应的地址在位置 3 发出，几个不同的对象在位置 4 都没有回应。`,
		Alike:  `nat-missing 时数据包上是手机的地址。只有域名不通的是 dns-blocked-upstream。回应也可能从第二条上网线路进来：也抓那一条。`,
	},
	"upstream-rejects": {
		Search: `WireGuard：网站或运营商拒绝连接（connection refused）`,
		Signs:  `重置或 ICMP 错误在位置 4 从外面到达，并在位置 5 转给手机。`,
		Alike:  `forward-rejected 时是服务器自己拒绝：位置 5 有，位置 4 没有。`,
	},
	"asymmetric-return": {
		Search: `WireGuard 服务器有两条上网线路：回应从另一个网卡进来，rp_filter`,
		Signs:  `数据包在位置 3 从一个网卡发出，回应在位置 4 却从另一个网卡进来；位置 5 什么也没有。要看到这一点，两个网卡都要抓。`,
		Alike:  `只抓一个网卡时是 upstream-silent。return-not-forwarded 时回应从数据包出去的那个网卡进来。接受任何线路的回应的服务器是正常的。`,
	},
	"nat-reply-not-recognised": {
		Search: `WireGuard 服务器对回应发 RST，conntrack NOTRACK`,
		Signs:  `回应到达位置 4，服务器自己却回答网站：对 SYN-ACK 发重置，对 UDP 发端口不可达。没有东西进入位置 5 的隧道。`,
		Alike:  `return-not-forwarded 时，服务器对网站什么也不说。`,
	},
	"new-flows-not-forwarded": {
		Search: `nf_conntrack: table full, dropping packet：WireGuard 新连接卡住`,
		Signs:  `从某一刻起，新连接在位置 2 出来却不在位置 3 发出，旧连接还在继续，也没有错误。`,
		Alike:  `not-forwarded 时旧连接也不通。`,
	},

	// Names, AllowedIPs, IPv6.
	"client-allowedips-too-narrow": {
		Search: `WireGuard AllowedIPs 只写了 10.8.0.0/24，网站不走 VPN`,
		Signs:  `位置 2 只有发往隧道地址的数据包，从没有一个发往互联网，虽然手机在打开网站。`,
		Alike:  `没有人打开网站的手机，数据包也是这样；只用来访问一个网络的隧道也一样。`,
	},
	"dns-no-listener": {
		Search: `WireGuard 用 IP 能访问，域名不行：DNS 53 端口拒绝`,
		Signs:  `域名查询在位置 2 发给服务器，它在位置 5 对每一个都回答 ICMP 端口不可达（3/3）。`,
		Alike:  `dns-unanswered 时什么也不回来，dns-refused 时回来的是带错误代码的回答。`,
	},
	"dns-unanswered": {
		Search: `WireGuard DNS 超时：服务器在 wg0 上不回答 53 端口`,
		Signs:  `域名查询在位置 2 发给服务器，位置 5 什么也没有回来，而发给服务器的别的数据包有回应。`,
		Alike:  `dns-no-listener 时服务器会说没有程序监听。dns-blocked-upstream 时查询在位置 3 发出。`,
	},
	"dns-refused": {
		Search: `WireGuard 客户端被 Pi-hole 或 dnsmasq 拒绝（REFUSED）`,
		Signs:  `DNS 服务在位置 5 回答 REFUSED（代码 5）或 SERVFAIL（代码 2）。`,
		Alike:  `新版 dnsmasq 对外人不作声：那就像 dns-unanswered。个别不存在的域名（NXDOMAIN）不是故障。`,
	},
	"dns-wrong-source": {
		Search: `WireGuard DNS "reply from unexpected source"`,
		Signs:  `查询在位置 2 发给一个地址，编号相同的回答在位置 5 来自另一个地址；手机再问一次。`,
		Alike:  `dns-unanswered 时完全没有回答。`,
	},
	"dns-blocked-upstream": {
		Search: `WireGuard 能 ping 通 1.1.1.1 但域名解析不了：53 端口被封`,
		Signs:  `查询转换地址后在位置 3 发出，位置 4 没有回答，而手机的其他连接有回应。`,
		Alike:  `upstream-silent 时别的也没有回应。dns-unanswered 时查询在服务器里消失。`,
	},
	"ipv6-blackhole": {
		Search: `WireGuard 慢，有些 App 打不开：写了 ::/0 而服务器没有 IPv6`,
		Signs:  `IPv6 在位置 2 从隧道出来就没有下文，或者带着内网地址在位置 3 发出，没有回应，而同一部手机的 IPv4 有回应。`,
		Alike:  `服务器如果回答"没有路由"（ICMPv6 1/0），手机马上改用 IPv4，不算故障。`,
	},

	// Sizes.
	"mtu-outer-blackhole": {
		Search: `WireGuard 能连上但网页卡住：MTU，小包能过，大包不行`,
		Signs:  `大的分段在位置 5 反复进入隧道，从没有得到确认，小的却有；加密后的在位置 6 发出。`,
		Alike:  `frag-needed-lost 时，大的数据包到不了位置 5。接收窗口关闭的手机也不确认，但它会说明。`,
	},
	"frag-needed-lost": {
		Search: `WireGuard "fragmentation needed" 没有被理会，MTU 黑洞`,
		Signs:  `大的数据包到达位置 4，服务器对每一个回答"数据包太大"（ICMP 3/4），它们还是不断地来；没有一个进入位置 5 的隧道。`,
		Alike:  `出现几次这样的错误，之后数据包变小，是正常的。`,
	},
	"path-mtu-upstream": {
		Search: `WireGuard 上传卡住，服务器后面的 MTU 问题`,
		Signs:  `手机的大分段在位置 3 反复发出，没有人确认，也没有错误回来。`,
		Alike:  `mtu-outer-blackhole 时是去手机的路太窄。只是慢的网站最后会确认。`,
	},
	"jumbo-tunnel-mtu": {
		Search: `AWS、甲骨文云上的 WireGuard：MTU 8920，UDP 分片`,
		Signs:  `手机提出的分段大小超过 1460 字节，或者加密数据包在位置 6 拆成 IP 分片发出。`,
		Alike:  `网卡把几个数据包合成一个时，抓包里的也比线路允许的大；那不是分片，不算故障。`,
	},
}
