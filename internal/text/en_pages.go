package text

// enPages are the words of the HTML page and of the comparison of two runs.
var enPages = map[string]string{
	// The page.
	"section-details":  `Details`,
	"section-timeline": `When the packets were seen`,
	"timeline-legend":  `Bars: connections that passed this place, from their first packet to their last. Marks: packets that show the verdict.`,
	"section-latency":  `How long the packets took`,
	"latency-legend":   `Dots: the middle value of each connection. Lines: from the shortest time to the longest.`,
	"leg-forward":      `2 to 3, inside`,
	"leg-remote":       `3 to 4, the internet`,
	"leg-return":       `4 to 5, inside`,

	// What changed between two runs: the first word is the status before, the
	// second the status after.
	"change-fault-healthy":             `Fixed: what was wrong works now.`,
	"change-fault-fault":               `Not fixed: the same fault is still there.`,
	"change-fault-other":               `Changed, but not fixed: the fault is another one now.`,
	"change-fault-inconclusive":        `Not known whether it is fixed: the later run could not tell.`,
	"change-healthy-healthy":           `It worked before, and it works now.`,
	"change-healthy-fault":             `Broken since: it worked before, and it does not now.`,
	"change-healthy-inconclusive":      `It worked before; the later run could not tell.`,
	"change-inconclusive-healthy":      `It works now; the earlier run could not tell.`,
	"change-inconclusive-fault":        `There is a fault now; the earlier run could not tell.`,
	"change-inconclusive-inconclusive": `Neither run could tell.`,

	"label-before":      `Before`,
	"label-after":       `After`,
	"section-changes":   `What changed`,
	"section-latencies": `Times that changed`,
	"change-fixed":      `fixed`,
	"change-passes":     `passes now`,
	"change-ended":      `nothing passes any more`,
	"change-gone":       `gone`,
	"change-new":        `new`,
	"change-still":      `still there`,
	"change-nothing":    `Nothing else changed.`,
	"change-swapped":    `The run that was named second began before the other one.`,
	"change-redacted":   `Addresses are hidden in a report, so that devices cannot be told to be the same.`,
	"change-listed":     `Times are compared over the connections that the reports list.`,
	"col-change":        `change`,
	"col-before":        `before`,
	"col-after":         `after`,
	"col-leg":           `way`,
	"col-finding":       `finding`,
}
