package text

const zhAgain = `再运行一次 wgtrace，并在手机上刷新网页`

// zhFindings call every device behind the tunnel "手机", as enFindings do.
var zhFindings = map[string]FindingText{
	"healthy": {
		Title: `一切正常`,
		Headline: `{{if .was}}现在正常{{if .requests}}：{{num .requests}} 次尝试中有 {{num .answered}} 次得到回应{{end}}` +
			`{{if .seconds}}（最近 {{time .seconds}}）{{end}}。在此之前：{{.was}}。` +
			`{{else}}{{if eq .flows 0}}手机的数据包能发到互联网，回应也能回到手机` +
			`{{else if eq .flows 1}}看到的唯一一个连接得到了回应，没有发现故障` +
			`{{else if eq .flows .flows_answered}}{{num .flows}} 个连接全部得到回应，没有发现故障` +
			`{{else}}{{num .flows}} 个连接中有 {{num .flows_answered}} 个得到回应，没有发现故障{{end}}` +
			`{{if .seconds}}（观察 {{time .seconds}}）{{end}}。{{end}}{{if .untested}}没有测试：{{.untested}}。{{end}}`,
		Summary: `{{lead .client "手机"}}的数据包经过{{host .os}}到达互联网，回应也回到了手机的隧道：` +
			`手机发出 {{num .arrived}} 个数据包，回来 {{num .returned}} 个。` +
			`{{if .untested}}没有看到 {{.untested}} 的数据包，所以没有测试。{{end}}`,
		Advice: `{{Host .os}}不需要改任何设置。`,
		Worked: `如果还有网页打不开，请在打不开的时候运行 wgtrace{{if not .was}}：这一次没有看到失败{{end}}。`,
		Fine:   `{{if or .data_in .responses}}密钥、端口、加密、转发{{else}}转发{{end}}和返回的路径都正常。`,
	},
	"no-traffic": {
		Title: `手机没有发送任何数据`,
		Headline: `{{if or .data_in .responses}}隧道已经连上，但是{{else}}还不能下结论：{{end}}手机` +
			`{{if .seconds}}在 {{time .seconds}}内{{end}}没有发送任何数据。`,
		Summary: `隧道{{with .tunnel}}网卡 {{.}} {{end}}里没有出现手机自己的数据包` +
			`{{if .seconds}}（观察 {{time .seconds}}）{{end}}` +
			`{{if .data_in}}，同时收到 {{num .data_in}} 个加密的数据包{{end}}。` +
			`"没有收到"和"还没有人试"看起来一样，所以这还不算故障。`,
		Advice: `再抓一次包，同时在手机上打开一个网页。手机上的绿色开关只表示隧道已打开。`,
		Worked: `图中应当有从手机到达的数据包。如果打开网页时仍然是 0，请检查手机的 Wi-Fi 是否已关、隧道是否已开。`,
		Fine:   `{{if .responses}}密钥正确，端口已开放：{{host .os}}和手机已经完成握手。{{end}}`,
	},
	"too-little-evidence": {
		Title: `看到的数据太少，不能下结论`,
		Headline: `{{if eq .reason "roles-tied"}}不能下结论：看不出哪个抓包是隧道，哪个是互联网一侧。` +
			`{{else if eq .reason "role-contradiction"}}不能下结论：隧道和 WAN 两个抓包看起来弄反了。` +
			`{{else if eq .reason "filtered"}}不能下结论：抓包时用了过滤条件，缺少的数据包说明不了问题。` +
			`{{else if eq .reason "no-capture"}}不能下结论：没有可以判断的数据包。` +
			`{{else}}还不能下结论：看到的数据太少，说不出数据包在哪里丢失。{{end}}`,
		Summary: `{{if .arrived}}隧道里出现了手机的 {{num .arrived}} 个数据包{{else}}隧道里没有出现手机的数据包{{end}}` +
			`{{if .requests}}，其中有 {{num .requests}} 次访问互联网的尝试，对象是 {{num .targets}} 个地址，{{num .answered}} 次得到回应{{end}}。` +
			`{{if lt .requests 3}}要下结论，需要对两个地址一共尝试三次，或者对一个地址尝试三次。{{end}}{{with reason .reason}}{{.}}{{end}}`,
		Advice: `{{if eq .reason "roles-tied"}}请指明它们：wgtrace read --tunnel FILE --wan FILE。` +
			`{{else if eq .reason "role-contradiction"}}请把 --tunnel 和 --wan 对调，或者都不写。` +
			`{{else if eq .reason "filtered"}}不加过滤条件再抓一次包，同时在手机上打开两个不同的网站。` +
			`{{else if eq .reason "no-client"}}用 --client 指明手机在隧道里的地址，或者再抓一次包，同时在手机上打开两个不同的网站。` +
			`{{else if eq .reason "pending"}}再抓一次包，手机最后一次尝试之后再等 10 秒。` +
			`{{else}}再抓一次包，同时在手机上打开两个不同的网站。{{end}}`,
		Worked: `{{if eq .reason "roles-tied"}}之后抓包表里会显示"本次运行选定"。` +
			`{{else}}之后结论会指出一个位置，或者说全部得到了回应。如果没有，用 -d 60s 运行一分钟。{{end}}`,
		Fine: `{{if .arrived}}隧道本身正常：手机的数据包能从隧道里出来。{{end}}`,
	},
	"capture-lossy": {
		Title:    `抓包时丢了数据包`,
		Headline: `不能下结论：抓包本身丢了{{if .dropped}} {{num .dropped}} 个数据包{{else}}数据包{{end}}，缺少的数据包说明不了问题。`,
		Summary: `系统没有把每个数据包都交给抓包程序{{if .dropped}}（丢了 {{num .dropped}} 个）{{end}}。` +
			`抓包里没有的数据包，实际上可能已经发出。{{with reason .reason}}{{.}}{{end}}`,
		Advice: `在电脑不忙的时候再抓一次包。不要加过滤条件：它会把转换过地址的数据包藏起来。`,
		Worked: `抓包表里丢失的数据包应当是 0。`,
	},
	"capture-one-sided": {
		Title: `两个位置只抓了一个`,
		Headline: `{{if eq .reason "outside-no-answers"}}手机能到达{{host .os}}，数据包在那里已经解密；丢失发生在这之后。` +
			`{{else if eq .reason "outside-both-ways"}}不能下结论：加密的数据包有来有往，但从外面看不出它们是不是回应。` +
			`{{else if eq .reason "outside-small-answers"}}不能下结论：{{host .os}}有东西发回手机，但都不比一个 ping 或者一条错误消息大。` +
			`{{else}}不能下结论：抓包只有一个位置，说不出数据包在哪里丢失。{{end}}`,
		Summary: `wgtrace 要比较隧道网卡{{with .tunnel}} {{.}} {{end}}和通往互联网的网卡{{with .wan}} {{.}}{{end}}。` +
			`这里缺少其中一个，或者它是空的。{{with reason .reason}}{{.}}{{end}}`,
		Advice: `{{if eq .reason "outside-no-answers" "outside-both-ways" "outside-small-answers" "outside-few"}}同时也抓隧道网卡：那里能看到手机解密后的数据包。在服务器上运行 wgtrace live，或者用 tcpdump 抓两个网卡。` +
			`{{else}}同时抓两个网卡：在服务器上运行 wgtrace live，或者把两个文件都交给 read。{{end}}`,
		Worked: `抓包表里应当有隧道一行、WAN 一行，两行都有数据包。`,
		Fine:   `{{if eq .reason "outside-no-answers" "outside-both-ways" "outside-small-answers"}}密钥、端口和加密都正确：{{host .os}}和手机之间能通信。{{end}}`,
	},
	"captures-unrelated": {
		Title:    `两个抓包不是一起的`,
		Headline: `不能下结论：两个抓包里没有同一时间的同一批数据包。`,
		Summary: `隧道里的数据包在 WAN 上一个也没有找到，也没有别的东西能证明两个抓包属于同一路径、同一时间。` +
			`它们可能来自不同的时间或不同的电脑。{{with reason .reason}}{{.}}{{end}}`,
		Advice: `在同一台电脑上，同一分钟内抓两个网卡，同时在手机上打开网页。`,
		Worked: `抓包表里两段时间应当重叠。`,
	},
	"wrong-capture-adapter": {
		Title:    `抓错了网卡`,
		Headline: `不能下结论：抓包{{with .wan}}选的网卡 {{.}} {{else}}选的网卡{{end}}不对，看不到手机的数据包。`,
		Summary:  `必须经过这个网卡的流量没有在那里出现。{{with reason .reason}}{{.}}{{end}}`,
		Advice:   `运行 "wgtrace interfaces"：它会说明哪个网卡是隧道，哪个通往互联网，以及为什么。`,
		Worked:   `网卡选对之后，图中前两个方框里会有数据包。`,
	},
	"handshake-unanswered": {
		Title:    `手机在呼叫，没有人回应`,
		Headline: `手机的握手请求到达了{{host .os}}，但是{{host .os}}没有回应。`,
		Summary: `{{with .wan}}网卡 {{.}} {{end}}{{if .port}}（UDP 端口 {{.port}}）{{end}}收到{{with .peer}} {{.}} 发来的{{end}} {{num .initiations}} 个握手请求` +
			`（WireGuard handshake initiation）；回应了 {{num .responses}} 个。` +
			`没有回应就没有隧道，不管手机上显示什么。`,
		Advice: `先检查{{host .os}}是否认识这部手机：它的公钥必须在 Peer 列表里。`,
		Worked: zhAgain + `：图中应当有发回手机的数据包。`,
		Fine:   `手机里的地址和端口正确，路由器也放行：数据包已经到达。`,
	},
	"handshake-not-completed": {
		Title:    `手机没有接受回应`,
		Headline: `{{Host .os}}回应了手机的握手请求，但手机没有收到，或者不接受这个回应。`,
		Summary: `{{with .peer}}{{.}} 发来 {{end}}{{num .initiations}} 个握手请求，有 {{num .responses}} 个回应，` +
			`之后手机每隔几秒重新开始，而不是发送数据。`,
		Advice: `先换一个网络试试，移动数据和 Wi-Fi 各试一次。如果没有变化，比较预共享密钥：两端必须相同，或者都没有。`,
		Worked: zhAgain + `：手机上应当显示最近握手时间，图中第二个方框应当有数据包。`,
		Fine:   `端口已开放，手机里的服务器公钥正确，{{host .os}}也认识手机的密钥：对别人它不会回应。`,
	},
	"decrypted-then-dropped": {
		Title:    `解密之后被丢弃`,
		Headline: `手机的数据包到达之后，在隧道里被丢弃：{{host .os}}认为这部手机应当用另一个地址。`,
		Summary: `{{with .peer}}来自 {{.}} 的 {{end}}{{num .data_in}} 个加密数据包到达，` +
			`从{{mid .tunnel "隧道网卡"}}出来的{{if .arrived}}只有 {{num .arrived}} 个{{else}}一个也没有{{end}}。`,
		Advice: `让手机里的地址和{{host .os}}上这个 Peer 的 AllowedIPs 一致。`,
		Worked: zhAgain + `：图中第二个方框应当有数据包。`,
		Fine:   `密钥和端口正确，两个方向的加密都正常。`,
	},
	"not-forwarded": {
		Title:    `没有转发到互联网`,
		Headline: `手机能到达{{host .os}}，但是{{host .os}}没有把它的数据包转发到互联网。`,
		Summary: `{{lead .client "手机"}}的 {{num .arrived}} 个数据包从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，` +
			`从{{mid .wan "互联网网卡"}}发出的{{if .left}}只有 {{num .left}} 个{{else}}一个也没有{{end}}。` +
			`它们在{{host .os}}内部消失了。`,
		Advice: `{{if eq .os "windows"}}在{{host .os}}上为隧道的地址建立 NAT：在 Windows 上，这一步同时也打开转发。` +
			`{{else if eq .os ""}}让{{host .os}}在隧道和互联网之间转发数据包：缺少的是转发，或者地址转换（NAT）。` +
			`{{else}}让{{host .os}}在隧道和互联网之间转发数据包。{{end}}`,
		Worked: zhAgain + `：带 X 的箭头应当通了，第三个方框的数量应当和第二个一样。`,
		Fine:   `密钥、端口和加密都正确：手机上的设置不用动。`,
	},
	"packets-lost-in-host": {
		Title:    `有些数据包在{{host .os}}里丢失`,
		Headline: `{{Host .os}}在转发数据包，但途中丢了一部分。`,
		Summary: `{{lead .client "手机"}}的{{if .flows}} {{num .flows}} 个连接中，{{end}} {{num .lost_of}} 个数据包里有` +
			`{{if .lost_back}} {{num .lost_back}} 个回到了{{with .wan}} {{.}}{{else}}互联网网卡{{end}}，却没有进入隧道{{with .tunnel}}网卡 {{.}}{{end}}` +
			`{{else}} {{num .lost}} 个从隧道{{with .tunnel}}网卡 {{.}} {{end}}出来，却没有从{{with .wan}} {{.}} {{else}}互联网网卡{{end}}发出{{end}}，` +
			`而抓包本身没有丢包。这会让网页变慢，而不是打不开：丢失的数据包会重发。` +
			`要确定位置：在手机打开网页时，看哪个丢包计数器在增加，` +
			`{{if eq .os "windows"}}用 "pktmon counters" 或 "Get-NetAdapterStatistics"` +
			`{{else if eq .os "macos"}}用 "netstat -s" 或 "pfctl -s info"` +
			`{{else}}防火墙用 "nft list ruleset" 或 "iptables-save -c"，发送队列用 "tc -s qdisc"，网卡用 "ip -s link"{{end}}。`,
		Advice: `找一找有没有限速的防火墙规则、丢弃"无效"数据包的规则，或者已经跑满的线路。`,
		Worked: zhAgain + `：这条提醒应当消失。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确：大部分数据包能通过。`,
	},
	"nat-missing": {
		Title:    `数据包带着手机的内网地址发出`,
		Headline: `数据包发出时还带着手机的内网地址{{with .client}} {{.}}{{end}}。互联网无法回应这个地址。`,
		Summary: `{{lead .client "手机"}}的 {{num .arrived}} 个数据包从隧道出来，{{num .left}} 个` +
			`{{with .wan}}从 {{.}} {{end}}发出，但上面还是手机自己的地址，而不是{{host .os}}的地址。` +
			`{{if .replied}}回来了 {{num .replied}} 个回应。{{else}}一个回应也没有回来。{{end}}`,
		Advice: `让{{host .os}}在发出之前，把手机数据包{{with .prefix}}（来自 {{.}}）{{end}}上的地址换成自己的地址（NAT）。`,
		Worked: zhAgain + `：第四个方框应当有回应，地址转换表里应当有这部手机。`,
		Fine:   `密钥、端口和加密都正确，{{host .os}}也在转发。只有数据包上的地址不对。`,
	},
	"upstream-silent": {
		Title:    `外面的网络没有任何回应`,
		Headline: `{{Host .os}}全部做对了；它后面的网络没有任何东西回来。`,
		Summary: `{{lead .client "手机"}}的 {{num .left}} 个数据包{{with .wan}}从 {{.}} {{end}}发出，带着可以回应的地址` +
			`{{if .targets}}，发往 {{num .targets}} 个地址{{end}}；{{if .replied}}只回来 {{num .replied}} 个{{else}}什么也没有回来{{end}}。`,
		Advice: `测试{{host .os}}自己的互联网连接，然后问运营商，或者看看路由器。`,
		Worked: zhAgain + `：图中第四个方框应当有回应。`,
		Fine:   `密钥、端口、加密、转发和数据包上的地址都正确：隧道里没有什么要改的。`,
	},
	"return-not-forwarded": {
		Title:    `回应进不了隧道`,
		Headline: `网站有回应，但是{{host .os}}没有让回应进入隧道。`,
		Summary: `{{lead .client "手机"}}发出了 {{num .left}} 个数据包，{{with .wan}}网卡 {{.}} {{end}}收到 {{num .replied}} 个回应，` +
			`但进入隧道{{with .tunnel}}网卡 {{.}} {{end}}的{{if .returned}}只有 {{num .returned}} 个{{else}}一个也没有{{end}}。`,
		Advice: `在{{host .os}}上允许回应从互联网网卡进入隧道网卡。`,
		Worked: zhAgain + `：第五个方框的数量应当和第四个一样。`,
		Fine:   `密钥、端口、加密、出去的路径和数据包上的地址都正确，互联网也有回应。`,
	},
}
