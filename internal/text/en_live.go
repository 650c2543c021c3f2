package text

// enLive are the words of a run that is watched while it goes on.
var enLive = map[string]string{
	"live-title": `tunnel {{.name}}, WAN {{.why}}`,

	// What to do on the phone, and what is said after 15 s in which nothing came
	// of it.
	"live-step-1":       `Wi-Fi off on the phone (mobile data).`,
	"live-step-2":       `WireGuard app: off, count to three, on.`,
	"live-step-3":       `Point the camera at this square, or type {{.name}} in the browser (a number needs no DNS).`,
	"live-step-3-alone": `Type {{.name}} in the browser (a number needs no DNS).`,
	"live-step-4":       `Open example.com (a name tests DNS). Did it load? y/n`,
	"live-step-4-mute":  `Open example.com (a name tests DNS).`,
	"live-or":           `{{.name}} or {{.why}}`,
	"live-hint-1":       `No phone is calling yet: is the switch green, Wi-Fi off?`,
	"live-hint-1-lan":   `A phone calls from the network of this computer ({{.name}}): is its Wi-Fi off?`,
	"live-hint-2":       `No new greeting yet: is the switch green again?`,
	"live-hint-3":       `Nothing of {{.name}} yet: is the switch still green? Load that page once more.`,
	"live-hint-4":       `Press y if the page came, n if it did not.`,
	"live-beside":       `That page came past the tunnel: nothing of the phone has arrived here. Is the switch green?`,
	"live-silent":       `It did not load. Nothing of the phone has come: is the switch green, Wi-Fi off? Press y when it loads.`,
	"live-failed":       `It did not load. Press y when it does.`,

	"live-fixed":    `FIXED {{.name}}: {{num .left}} of {{num .total}} left, {{num .count}} answered`,
	"live-again":    `Run it in another window, then load a page on the phone: this screen keeps watching.`,
	"live-keys":     `q: end, with the report`,
	"live-keys-ask": `y: it loaded, n: it did not, q: end, with the report`,
	"live-flows":    `Last connections`,

	"live-save":  `s: save ticket.zip for a bug report, addresses hidden; any other key ends.`,
	"live-saved": `Saved {{.name}}.`,
}
