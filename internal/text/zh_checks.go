package text

// zhChecks say what the settings promise; the keys are those of enChecks.
var zhChecks = map[string]string{
	"device":                   `隧道网卡`,
	"device/ok":                `{{spell .tunnel "TUNNEL-ADAPTER"}} 已启动，监听 UDP 端口 {{.port}}`,
	"device/wrong/no-device":   `没有 WireGuard 网卡：请启动隧道`,
	"device/wrong/device-down": `{{spell .tunnel "TUNNEL-ADAPTER"}} 没有启动：请启动隧道`,
	"device/wrong/no-port":     `{{spell .tunnel "TUNNEL-ADAPTER"}} 没有监听端口：在配置里设置 ListenPort`,

	"peers":       `隧道认识的设备`,
	"peers/ok":    `{{num .flows}} 台设备`,
	"peers/wrong": `没有：在添加并加载 [Peer] 之前，隧道不会回应任何人`,

	"allowed-ips":       `这些设备的地址`,
	"allowed-ips/ok":    `各有各的地址`,
	"allowed-ips/wrong": `{{num .flows}} 台设备没有地址，因为被别的设备占用，或者没有设置："wg show {{spell .tunnel "TUNNEL-ADAPTER"}} allowed-ips" 显示 "(none)"`,

	"wg-port":    `防火墙，手机的呼叫`,
	"wg-port/ok": `放行 UDP 端口 {{.port}}`,

	"published":      `从宿主机进来的路`,
	"published/ok":   `宿主机的 UDP 端口 {{.called}} 转到这里的端口 {{.port}}`,
	"published/note": `宿主机没有规则转到这里的 UDP 端口 {{.port}}：只有容器引擎自己转交数据包才对；否则在 compose.yaml 的这个服务下面写：ports: ["{{.port}}:{{.port}}/udp"]`,

	"forwarding":    `{{with .family}}{{.}} {{end}}转发`,
	"forwarding/ok": `已打开`,

	"firewall-out":     `防火墙，去互联网`,
	"firewall-out/ok":  `放行隧道`,
	"firewall-back":    `防火墙，回应`,
	"firewall-back/ok": `允许回应进入隧道`,

	"reverse-path":    `来源地址检查`,
	"reverse-path/ok": `接受从隧道出来的数据包`,

	"route-out":                   `去互联网的路由`,
	"route-out/ok":                `从 {{spell .wan "WAN-ADAPTER"}} 出去`,
	"route-out/wrong/no-route":    `没有：{{host .os}}没有{{mid .family "这种地址"}}的默认路由`,
	"route-out/wrong/into-tunnel": `又回到了隧道：{{host .os}}自己的配置把一切都送进去（某个 Peer 写着 AllowedIPs = 0.0.0.0/0）`,

	"route-back":                      `回到设备的路由`,
	"route-back/ok":                   `进入 {{spell .tunnel "TUNNEL-ADAPTER"}}`,
	"route-back/wrong/no-way-back":    `没有到{{mid .client "手机"}}的路由：给 {{spell .tunnel "TUNNEL-ADAPTER"}} 一个隧道网段里的地址`,
	"route-back/wrong/back-elsewhere": `到{{mid .client "手机"}}的路由通往{{tail .wan "另一个网卡"}}，而不是 {{spell .tunnel "TUNNEL-ADAPTER"}}`,

	"translation":      `{{with .family}}{{.}} {{end}}地址转换（NAT）`,
	"translation/ok":   `发出的数据包换上{{host .os}}的地址`,
	"translation/note": `{{lead .client "手机"}}的地址不变就发出：只有运营商把这个地址路由到这里才对`,

	"tracking":       `连接跟踪`,
	"tracking/ok":    `没有规则绕过它`,
	"tracking/wrong": `一条 "notrack" 规则让{{mid .client "手机"}}的数据包绕过它，所以认不出回应："nft -a list ruleset" 或 "iptables-save -c"`,

	"table":    `连接表的空间`,
	"table/ok": `还有空间`,

	"resolver":      `给手机用的 DNS`,
	"resolver/ok":   `{{lead .server "服务器在隧道里的地址"}}上有 DNS 服务`,
	"resolver/note": `{{lead .server "服务器在隧道里的地址"}}上没有 DNS 服务：手机要用别的，例如 DNS = 1.1.1.1`,

	"resolver-firewall":    `防火墙，DNS 查询`,
	"resolver-firewall/ok": `放行`,
}
