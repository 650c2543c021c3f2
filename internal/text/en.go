package text

// english is the catalog that every other language is measured against.
//
// Rules for all sentences: everyday words ("encrypted packets", "this
// computer", "the phone"); no "ingress", "conntrack", "SNAT" in a title,
// headline or advice; never blame the phone or DNS first; never advise to
// switch a firewall off or to install anything anew; say what is proved fine.
var english = language{
	tag:      "en",
	findings: join(enFindings, enFindingsOuter, enFindingsUpper, enFindingsForward),
	explain:  enExplain,
	causes:   join(enCauses, enCausesOuter, enCausesUpper, enCausesForward),
	fixes:    join(enFixes, enFixesOuter, enFixesUpper, enFixesForward),
	notes:    enNotes,
	caveats:  enCaveats,
	reasons:  enReasons,
	roles:    enRoles,
	ports:    enPorts,
	clocks:   enClocks,
	stages:   enStages,
	words:    join(enWords, enPages, enLive, enCommands),
	checks:   join(enChecks, enPhoneChecks),
}
