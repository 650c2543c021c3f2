package text

var zhCaveats = map[string]string{
	"one-sided":           `{{with point .point}}{{.}}一侧{{else}}两侧中的一侧{{end}}没有抓包：那里发生了什么看不到。`,
	"disorder":            `{{with .source}}{{.}}：{{end}}时间戳跳了 {{num .count}} 次；跳动附近的数据包不参与判断。`,
	"damaged":             `{{spell .source "一个抓包"}}：在 {{num .packets}} 个数据包之后，偏移 {{.offset}} 处损坏{{with .reason}}：{{.}}{{end}}。损坏之前的内容已使用。`,
	"dropped":             `{{spell .source "一个抓包"}}：在 wgtrace 看到之前，系统丢了 {{num .count}} 个数据包；发生丢包的那几秒不能证明丢失。`,
	"away":                `{{spell .source "一块网卡"}}消失了 {{num .count}} 次，一共 {{span .away_us}}；这段时间缺少的数据包不能证明丢失。`,
	"truncated":           `{{spell .source "一个抓包"}}：{{num .count}} 个数据包被截短{{if .snaplen}}到 {{num .snaplen}} 字节{{end}}；凡是因此无法在另一侧认出的数据包，都不因为没看到它而下结论。`,
	"filtered":            `{{spell .source "一个抓包"}}：抓包时用了过滤条件 "{{.filter}}"，所以缺少的数据包可能是被过滤掉的。`,
	"clock-estimated":     `{{if le (size .offset_us) .uncertainty_us}}两个抓包的时钟相差不超过 {{span .uncertainty_us}}。{{else}}两个抓包用的是不同的时钟：WAN 的时钟比隧道的{{if lt .offset_us 0}}慢{{else}}快{{end}} {{span .offset_us}}{{if .uncertainty_us}}，误差 {{span .uncertainty_us}}{{end}}。两者之间的时间已按此修正。{{end}}`,
	"clock-unknown":       `两个抓包的时钟相差多少不知道：两者之间的时间可能不准。`,
	"no-overlap":          `两个抓包的时间不重叠{{if .seconds}}：中间隔了 {{time .seconds}}{{end}}。`,
	"role-contradiction":  `{{spell .source "一个抓包"}}：指定为{{with point .point}}{{.}}{{else}}其中{{end}}一侧，但它的数据包看起来像另一侧。`,
	"relabelled":          `{{spell .source "一个抓包"}}：{{num .count}} 个数据包标为以太网，其实是裸 IP 数据包；已按裸 IP 读取。`,
	"time-unknown":        `{{spell .source "一个抓包"}}：{{num .count}} 个数据包的时间不在 1970 到 2262 年之间；已计数，但没有比对。`,
	"ambiguous":           `{{num .count}} 个数据包可能属于不止一个连接，没有归入任何一个。`,
	"evicted":             `表满了，丢掉 {{num .count}} 条记录：有些连接可能显示为"不知道"。`,
	"duplicates":          `{{spell .source "一个抓包"}}：每个数据包都记录了{{if .copies}} {{num .copies}} 次{{else}}几次{{end}}；{{num .count}} 个重复的已合并。`,
	"clones":              `{{spell .source "一个抓包"}}：{{num .count}} 个数据包在同一时刻又出现在别的地址之间，像是一份录制同时播放了几次；它们不算互相的地址转换。`,
	"early-end":           `最后几次尝试之后，抓包很快就结束了：它们的回应可能后来才到。`,
	"flow-offload":        `{{Host ""}}让已知连接的数据包走捷径（软件流量分载），抓包可能看不到：只按每个连接最初的数据包判断。`,
	"offload":             `{{num .count}} 个数据包比网络允许的大：网卡把几个合成了一个。已按字节比对。`,
	"undecoded":           `{{spell .source "一个抓包"}}：{{num .count}} 个数据包无法解码{{with .link_type}}（链路类型 {{.}}）{{end}}。`,
	"roles-tied":          `从抓包看不出哪个是隧道：按给出的顺序处理。`,
	"settings-disagree":   `设置看起来正确，数据包却不是这样：已知的每个原因都在{{host ""}}的设置里找过，没有找到。`,
	"settings-look-wrong": `数据包能通过，虽然有 {{num .count}} 项设置看起来不对：也许是数据包通过之后才读的设置，也许走的是另一条路。`,
	"pending":             `{{num .count}} 次尝试离抓包结束太近，不知道后面有没有回应。`,

	"port-contradiction":   `给出的 WireGuard 端口是 {{.given}}，但握手请求发往端口 {{.seen}}。`,
	"client-contradiction": `指定为手机的地址，一个也没有在隧道里出现。`,
	"wan-contradiction":    `{{lead .address "一个地址"}}被指定为服务器自己的地址，但 WAN 上没有带这个地址的数据包。`,
	"key-contradiction":    `有些握手请求不是用给出的公钥做的，服务器却回应了：这个公钥属于另一台服务器。`,
}

// zhReasons complete the summary of a verdict that could not be reached.
var zhReasons = map[string]string{
	"one-sided":             `只抓了一侧。`,
	"dropped":               `手机尝试的时候，抓包丢了数据包。`,
	"filtered":              `抓包时用了过滤条件。`,
	"no-overlap":            `两个抓包的时间不重叠。`,
	"roles-tied":            `看不出哪个抓包是隧道：用 --tunnel 和 --wan 指明。`,
	"role-contradiction":    `隧道和 WAN 两个抓包看起来弄反了。`,
	"clock-unknown":         `两个抓包的时钟无法比较。`,
	"early-end":             `抓包在回应可能到达之前就结束了。`,
	"pending":               `最后几次尝试太近：之后再等 5 秒。`,
	"away":                  `手机尝试的时候，有一块网卡不在：请再试一次。`,
	"unobservable":          `缺少的数据包，这两个抓包本来就看不到。`,
	"undecoded":             `抓包无法解码。`,
	"interfaces-apart":      `抓包文件里两个网卡一前一后：先存成文件，或者按时间合并。`,
	"rejected":              `{{host ""}}上的一条规则用"禁止"或者重置回答了这些尝试：看它的防火墙的 forward 链。`,
	"no-capture":            `读不到任何数据包。`,
	"no-client":             `看不出哪些地址属于手机：用 --client 指明。`,
	"few-requests":          `看到的尝试太少。`,
	"outside-no-answers":    `手机发送了数据，{{host ""}}除了表示"收到"的保活包，没有东西可以发回：密钥和端口都对；问题在转发、地址转换、后面的线路，或者隧道不允许的地址。`,
	"outside-small-answers": `{{host ""}}发给手机的都只有 ping 或错误消息那么小：可能是防火墙在回答"禁止"。`,
	"outside-both-ways":     `隧道里的数据有来有往。`,
	"outside-few":           `加密的数据包太少，看不出手机走到了哪一步。`,
	"outside-silent":        `里面没有一个来自手机的加密数据包。`,
	"few-handshakes":        `握手请求太少，看不出节奏。`,
}

var zhRoles = map[string]string{
	"flag":            `本次运行选定`,
	"option":          `wgtrace 录制时写明`,
	"outer-wireguard": `上面有 WireGuard 的加密数据包`,
	"other-line":      `有从另一条线路发出的请求的回应`,
	"name":            `根据网卡名称`,
	"link-type":       `根据链路类型`,
	"matched-packets": `根据同一数据包先到哪一侧`,
	"order":           `根据抓包给出的顺序`,
	"host":            `根据这台电脑的设置`,
	"the-other":       `因为认出了另一个`,
	"no-link-layer":   `没有链路层，和隧道一样`,
	"fresh-ttl":       `那里的数据包还没有经过转发`,
}

var zhPorts = map[string]string{
	"flag":       `在命令行指定`,
	"config":     `来自配置文件`,
	"host":       `来自这台电脑的 WireGuard 网卡`,
	"option":     `wgtrace 录制时写明`,
	"default":    `WireGuard 常用的端口`,
	"given":      `这次运行时给出`,
	"handshakes": `从 WireGuard 的握手得知`,
	"data":       `从 WireGuard 的数据包得知`,
}

var zhClocks = map[string]string{
	"one-clock":       `两个抓包用同一个时钟`,
	"anchors":         `根据两个抓包里各出现一次的数据包估算`,
	"matched-packets": `根据比对上的数据包估算`,
	"outer-to-inner":  `根据加密数据包和它们解密后的数据包估算`,
	"given":           `在命令行给出`,
	"unknown":         `不知道`,
}

var zhStages = map[string]string{
	"outer_in":   `加密，来自手机`,
	"tunnel_in":  `已解密，从隧道出来`,
	"wan_out":    `转发到互联网`,
	"wan_in":     `互联网的回应`,
	"tunnel_out": `回应进入隧道`,
	"outer_out":  `加密，发往手机`,
}
