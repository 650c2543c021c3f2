package text

// zhFixes: titles are imperatives, Changes is one sentence on what running the
// commands does to the machine.
var zhFixes = map[string]FixText{
	"fwd-linux": {
		Title:   `打开转发`,
		Changes: `让{{host .os}}在网卡之间转发数据包；别的不动。`,
	},
	"fwd-windows": {
		Title:   `在两个网卡上都打开转发`,
		Changes: `让 Windows 在这两个网卡之间转发数据包。立即生效，不影响别的网卡。`,
	},
	"nat-linux-nft": {
		Title:   `让从隧道出去的数据包换上{{host .os}}的地址（nftables）`,
		Changes: `添加一个独立的表，{{with .prefix}}其中一条规则针对来自 {{.}} 的数据包{{else}}其中一条规则{{end}}；不动别的规则。`,
	},
	"nat-linux-iptables": {
		Title:   `让从隧道出去的数据包换上{{host .os}}的地址（iptables）`,
		Changes: `添加一条规则{{with .prefix}}，针对来自 {{.}} 的数据包{{end}}；不动别的规则。`,
	},
	"nat-windows-netnat": {
		Title:   `为隧道的地址建立 NAT`,
		Changes: `添加一个 NAT 对象{{with .prefix}}，针对 {{.}}{{end}}。先看 "Get-NetNat"：别的程序可能已经有一个。`,
	},
	"nat-windows-rras": {
		Title:   `把两个网卡都加进“路由和远程访问”的 NAT`,
		Changes: `把通往互联网的网卡和隧道网卡加进这台服务器已有的 NAT。`,
	},
	"nat-windows-ics": {
		Title:   `把互联网连接共享给隧道网卡（ICS）`,
		Changes: `打开 Internet 连接共享。Windows 只能共享给一个网卡。重启后仍然有效。`,
	},
	"nat-macos": {
		Title:   `让从隧道出去的数据包换上这台 Mac 的地址（pf）`,
		Changes: `在独立的锚点里加载一条规则，并启用 pf。`,
	},
	"nat-openwrt": {
		Title:   `把隧道放进可以使用 WAN 的防火墙区域`,
		Changes: `修改 OpenWrt 的防火墙配置并重启防火墙。`,
	},
	"filter-linux-nft": {
		Title:   `在丢弃数据包的链里放行隧道的数据包（nftables）`,
		Changes: `在这条链的最前面插入两条规则：隧道到互联网，以及回来的回应。`,
	},
	"filter-linux-iptables": {
		Title:   `在所有丢弃规则之前放行隧道的数据包（iptables）`,
		Changes: `在 FORWARD 最前面插入两条规则：隧道到互联网，以及回来的回应。`,
	},
	"filter-linux-docker": {
		Title:   `在 Docker 留给用户的链里放行隧道的数据包`,
		Changes: `在 DOCKER-USER 里插入两条规则，Docker 不会动它；容器不受影响。`,
	},
	"filter-linux-ufw": {
		Title:   `让 ufw 转发隧道的数据包`,
		Changes: `给 ufw 添加一条 route 规则；别的规则都保留。`,
	},
	"filter-linux-firewalld": {
		Title:   `让 firewalld 转发隧道的数据包`,
		Changes: `把隧道网卡放进一个区域，添加一条通往 WAN 的策略，并重新加载 firewalld。`,
	},
	"rpfilter-linux": {
		Title:   `放宽来源地址检查`,
		Changes: `把 rp_filter 设为宽松（2）：发送者仍然必须可达，但可以经过任何网卡。`,
	},
	"port-linux": {
		Title:   `在{{host .os}}上开放 WireGuard 的端口`,
		Changes: `添加一条规则，放行 UDP{{if .port}} 端口 {{.port}}{{end}}；不动别的规则。`,
	},
	"port-linux-nft": {
		Title:   `在{{host .os}}上开放 WireGuard 的端口（nftables）`,
		Changes: `在丢弃的链最前面插入一条规则，放行 UDP{{if .port}} 端口 {{.port}}{{end}}。`,
	},
	"port-windows": {
		Title:   `在{{host "windows"}}上开放 WireGuard 的端口`,
		Changes: `添加一条 UDP{{if .port}} 端口 {{.port}}{{end}} 的入站规则；防火墙继续工作。`,
	},
	"port-router": {
		Title:   `在路由器上做 WireGuard 的端口转发`,
		Changes: `在路由器的设置里，把 UDP{{if .port}} 端口 {{.port}}{{end}} 转到{{host .os}}在局域网里的地址。`,
	},
	"aip-linux": {
		Title:   `允许手机用它的地址`,
		Changes: `立即设置这一个 Peer 的地址；同样的内容也要写进配置文件。`,
	},
	"aip-windows": {
		Title:   `在 WireGuard 程序里允许手机用它的地址`,
		Changes: `编辑隧道：这部手机的 [Peer] 的 AllowedIPs 必须是它自己的地址，而且不能出现在别的 Peer 里。`,
	},
	"key-phone": {
		Title:   `把正确的服务器公钥填进手机`,
		Changes: `这条命令只打印公钥。手机里 [Peer] 的 PublicKey 必须和它完全一样。`,
	},
	"peer-linux": {
		Title:   `把手机的公钥告诉{{host .os}}`,
		Changes: `立即添加一个 Peer；同样的内容也要写进配置文件。`,
	},
	"psk-linux": {
		Title:   `让两端的预共享密钥相同，或者两端都去掉`,
		Changes: `去掉这一个 Peer 的预共享密钥；手机里也要去掉。`,
	},
	"clock-phone": {
		Title:   `把手机的日期和时间调对`,
		Changes: `在手机上设为自动。如果以前时钟快了，服务器的隧道要重启一次。`,
	},
	"upstream-check": {
		Title:   `测试{{host .os}}自己的互联网连接`,
		Changes: `不改变任何东西：只问互联网是否回应{{host .os}}自己。`,
	},
	"fwd-macos": {
		Title:   `打开转发`,
		Changes: `让这台 Mac 在网卡之间转发数据包；别的不动。`,
	},
	"fwd-freebsd": {
		Title:   `打开转发`,
		Changes: `让{{host .os}}在网卡之间转发数据包，重启之后也有效。`,
	},
	"nat-windows-shared": {
		Title:   `用一个覆盖所有网络的 NAT 对象代替现有的`,
		Changes: `保存 NAT 对象的列表，全部删除，再建立一个。`,
	},
	"nat-routeros": {
		Title:   `让从隧道出去的数据包换上路由器的地址`,
		Changes: `添加一条注释为 "wgtrace" 的规则；不动别的规则。`,
	},
	"filter-routeros": {
		Title:   `在所有丢弃规则之前放行隧道的数据包`,
		Changes: `在 forward 链最前面添加一条注释为 "wgtrace" 的规则。`,
	},
	"peer-windows": {
		Title:   `在 WireGuard 程序里把手机的公钥告诉{{host "windows"}}`,
		Changes: `这条命令只列出已知的公钥。如果其中没有手机的公钥，在程序里编辑隧道，为它添加一个 [Peer]。`,
	},
	"port-change": {
		Title:   `把 WireGuard 换到另一个 UDP 端口，例如 443`,
		Changes: `改变 WireGuard 监听的端口。`,
	},
	"port-linux-ufw": {
		Title:   `在 ufw 里开放 WireGuard 的端口`,
		Changes: `添加一条规则，放行 UDP{{if .port}} 端口 {{.port}}{{end}}；不动别的规则。`,
	},
	"port-linux-firewalld": {
		Title:   `在 firewalld 里开放 WireGuard 的端口`,
		Changes: `现在和以后都开放 UDP{{if .port}} 端口 {{.port}}{{end}}；不动别的规则。`,
	},
	"port-routeros": {
		Title:   `在路由器上开放 WireGuard 的端口`,
		Changes: `添加一条注释为 "wgtrace" 的 input 规则。`,
	},
	"psk-phone": {
		Title:   `在手机程序里去掉 PresharedKey，因为服务器没有给它设置`,
		Changes: `在手机程序里编辑隧道：去掉 [Peer] 下的 PresharedKey 这一行。或者在服务器的 [Peer] 里写上同一个密钥。`,
	},
	"psk-windows": {
		Title:   `让两端的预共享密钥相同，或者两端都去掉`,
		Changes: `在 WireGuard 程序里编辑隧道：这部手机的 [Peer] 的 PresharedKey 必须和手机里的相同，或者两端都没有。`,
	},
	"capture-again": {
		Title:   `再抓一次包`,
		Changes: `不改变任何东西：只是观察。`,
	},
}

var zhNotes = map[string]string{
	"needs-root":             `需要 root 权限（sudo）。`,
	"not-run":                `按这个系统的文档写成，我们没有运行过。`,
	"needs-admin":            `需要以管理员身份运行 PowerShell。`,
	"lost-at-reboot":         `下次重启之后失效。`,
	"lost-at-tunnel-restart": `隧道重启之后失效。`,
	"insert-not-append":      `规则特意插在最前面：放在丢弃规则的后面就永远轮不到它。`,
	"removes-other-nat":      `注意：这会删除别的程序（Docker、Hyper-V、WSL）的 NAT，让它们断网。`,
	"your-tunnel-subnet":     `这里不知道隧道的网段：只填了这部手机的地址。换成你的隧道网段，才能覆盖所有设备。`,
	"home-edition":           `"Invalid class" (0x80041010) 表示这个版本的 Windows 没有自带 NAT：改用连接共享（ICS）。`,
	"winnat-port":            `如果重启后隧道起不来，可能是 NAT 占了它的端口。先停掉隧道，再运行："net stop winnat; netsh int ipv4 add excludedportrange protocol=udp startport={{if .port}}{{.port}}{{else}}PORT{{end}} numberofports=1; net start winnat"。`,
	"persist-windows":        `要长期有效，在 HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters 下把 IPEnableRouter 设为 1，然后重启。`,
	"phone-endpoint-too":     `手机里的 Endpoint 也要改成新端口，路由器的端口转发也一样。`,
	"reloads-firewall":       `这会重新加载防火墙：手工输入的规则会丢失。`,
	"replaces-allowed-ips":   `这会替换这个 Peer 的整个列表：写上手机的所有地址，包括 IPv6。`,
	"self-undo":              `第一行会{{if .undo_seconds}}在 {{time .undo_seconds}}后{{else}}自动{{end}}撤销全部改动，以防连接中断。{{with .keep}}如果一切正常，用这条命令保留改动：{{.}}{{end}}`,
	"tcp-only":               `只对 TCP 有用：其他流量请在手机里设置 MTU = 1280。`,
	"mtu-both-ends":          `手机里也要设置 MTU = 1420。`,
	"pihole-open":            `确保 53 端口没有对互联网开放：这样设置后，谁问 Pi-hole 它都会回答。`,
	"compose-forwarding":     `容器重建后失效。要长期有效，在 compose.yaml 的这个服务下面写："sysctls: [net.ipv4.ip_forward=1]" 和 "cap_add: [NET_ADMIN]"。`,
	"compose-nat":            `容器重启后失效。要长期有效，把容器自己那条规则里的网卡和网段改对：wg-easy 是 compose.yaml 里的 WG_POST_UP："iptables -t nat -A POSTROUTING {{with .prefix}}-s {{.}} {{end}}-o {{with .wan}}{{.}}{{else}}eth0{{end}} -j MASQUERADE"。`,
	"compose-lost":           `容器重启后失效：要长期保留的内容，写进它的 compose.yaml。`,
	"persist":                `要长期有效，把它写进隧道配置的 PostUp，把撤销命令写进 PostDown。`,
}
