package text

// chinese is for the readers in simplified Chinese. The rules of english hold
// here too. Quotation marks are ASCII: the Chinese ones take one column in some
// terminals and two in others (Unicode UAX 11, "ambiguous").
var chinese = language{
	tag:      "zh",
	findings: join(zhFindings, zhFindingsOuter, zhFindingsUpper, zhFindingsForward),
	explain:  zhExplain,
	causes:   join(zhCauses, zhCausesOuter, zhCausesUpper, zhCausesForward),
	fixes:    join(zhFixes, zhFixesOuter, zhFixesUpper, zhFixesForward),
	notes:    zhNotes,
	caveats:  zhCaveats,
	reasons:  zhReasons,
	roles:    zhRoles,
	ports:    zhPorts,
	clocks:   zhClocks,
	stages:   zhStages,
	words:    join(zhWords, zhPages, zhLive, zhCommands),
	checks:   join(zhChecks, zhPhoneChecks),
}
