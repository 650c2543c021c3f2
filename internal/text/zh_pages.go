package text

// zhPages are the words of the HTML page and of the comparison of two runs.
var zhPages = map[string]string{
	// The page.
	"section-details":  `详细内容`,
	"section-timeline": `什么时候看到数据包`,
	"timeline-legend":  `横条：经过这个位置的连接，从第一个数据包到最后一个。标记：说明这个结论的数据包。`,
	"section-latency":  `数据包用了多长时间`,
	"latency-legend":   `圆点：每个连接的中间值。线：从最短到最长的时间。`,
	"leg-forward":      `2 到 3，内部`,
	"leg-remote":       `3 到 4，互联网`,
	"leg-return":       `4 到 5，内部`,

	// What changed between two runs.
	"change-fault-healthy":             `已修复：以前不通的现在通了。`,
	"change-fault-fault":               `没有修复：同样的故障还在。`,
	"change-fault-other":               `有变化，但没有修复：现在是另一个故障。`,
	"change-fault-inconclusive":        `不知道是否已修复：后一次运行得不出结论。`,
	"change-healthy-healthy":           `以前正常，现在也正常。`,
	"change-healthy-fault":             `后来坏了：以前正常，现在不正常。`,
	"change-healthy-inconclusive":      `以前正常；后一次运行得不出结论。`,
	"change-inconclusive-healthy":      `现在正常；前一次运行得不出结论。`,
	"change-inconclusive-fault":        `现在有故障；前一次运行得不出结论。`,
	"change-inconclusive-inconclusive": `两次运行都得不出结论。`,

	"label-before":      `之前`,
	"label-after":       `之后`,
	"section-changes":   `有什么变化`,
	"section-latencies": `变化了的时间`,
	"change-fixed":      `已修复`,
	"change-passes":     `现在通过`,
	"change-ended":      `不再有数据包通过`,
	"change-gone":       `没有了`,
	"change-new":        `新出现`,
	"change-still":      `还在`,
	"change-nothing":    `其他没有变化。`,
	"change-swapped":    `第二个报告的运行比第一个更早开始。`,
	"change-redacted":   `有报告隐藏了地址，所以无法判断是不是同样的设备。`,
	"change-listed":     `时间只按报告里列出的连接比较。`,
	"col-change":        `变化`,
	"col-before":        `之前`,
	"col-after":         `之后`,
	"col-leg":           `路段`,
	"col-finding":       `结论`,
}
