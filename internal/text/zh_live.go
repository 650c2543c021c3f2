package text

// zhLive are the words of a run that is watched while it goes on.
var zhLive = map[string]string{
	"live-title": `隧道 {{.name}}，WAN {{.why}}`,

	"live-step-1":       `手机关闭 Wi-Fi（用移动数据）。`,
	"live-step-2":       `WireGuard 应用：关，数到三，开。`,
	"live-step-3":       `用相机对准这个方块，或在浏览器里输入 {{.name}}（数字不需要 DNS）。`,
	"live-step-3-alone": `在浏览器里输入 {{.name}}（数字不需要 DNS）。`,
	"live-step-4":       `打开 example.com（名字会检验 DNS）。打开了吗？y/n`,
	"live-step-4-mute":  `打开 example.com（名字会检验 DNS）。`,
	"live-or":           `{{.name}} 或 {{.why}}`,
	"live-hint-1":       `还没有手机呼叫：开关是绿色的吗？Wi-Fi 关了吗？`,
	"live-hint-1-lan":   `有手机从这台电脑所在的网络呼叫（{{.name}}）：它的 Wi-Fi 关了吗？`,
	"live-hint-2":       `还没有新的握手：开关又变绿了吗？`,
	"live-hint-3":       `还没有看到 {{.name}} 的数据：开关还是绿色的吗？请再打开一次页面。`,
	"live-hint-4":       `页面打开了请按 y，没有打开请按 n。`,
	"live-beside":       `那个页面没有经过隧道：这里还没有收到手机的任何数据。开关是绿色的吗？`,
	"live-silent":       `没有打开。还没有收到手机的任何数据：开关是绿色的吗？Wi-Fi 关了吗？打开后请按 y。`,
	"live-failed":       `没有打开。打开后请按 y。`,

	"live-fixed":    `已修复 {{.name}}：{{num .total}} 个中有 {{num .left}} 个发出，{{num .count}} 个得到应答`,
	"live-again":    `在另一个窗口里执行，然后在手机上打开一个网页：这里会继续观察。`,
	"live-keys":     `q：结束并显示报告`,
	"live-keys-ask": `y：打开了，n：没有打开，q：结束并显示报告`,
	"live-flows":    `最近的连接`,

	"live-save":  `s：保存 ticket.zip 用于报告问题（地址已隐藏）；按其他键结束。`,
	"live-saved": `已保存 {{.name}}。`,
}
