package text

var enCaveats = map[string]string{
	"one-sided":           `{{with point .point}}The {{.}} side{{else}}One of the two sides{{end}} was not captured: what happens to packets there cannot be seen.`,
	"disorder":            `{{with .source}}{{.}}: the{{else}}The{{end}} time stamps jump {{n .count "time" "times"}}; packets around a jump were left out of the verdict.`,
	"damaged":             `{{spell .source "A capture"}}: damaged at offset {{.offset}}, after {{n .packets "packet" "packets"}}{{with .reason}}: {{.}}{{end}}. What stands before was used.`,
	"dropped":             `{{spell .source "A capture"}}: the system lost {{n .count "packet" "packets"}} before wgtrace saw them; the seconds in which that happened prove no loss.`,
	"away":                `{{spell .source "An adapter"}} was away {{n .count "time" "times"}}, {{span .away_us}} in all; what is missing of that time proves no loss.`,
	"truncated":           `{{spell .source "A capture"}}: {{n .count "packet was" "packets were"}} cut short{{if .snaplen}} to {{num .snaplen}} octets{{end}}; where the cut took what would identify a packet on the other side, nothing is concluded from its absence.`,
	"filtered":            `{{spell .source "A capture"}}: recorded with the filter "{{.filter}}", so a packet that is missing may have been filtered out.`,
	"clock-estimated":     `{{if le (size .offset_us) .uncertainty_us}}The clocks of the two captures agree to {{span .uncertainty_us}}.{{else}}The two captures come from different clocks: that of the WAN is {{span .offset_us}} {{if lt .offset_us 0}}behind{{else}}ahead of{{end}} that of the tunnel{{if .uncertainty_us}}, give or take {{span .uncertainty_us}}{{end}}. Times between them are corrected by that.{{end}}`,
	"clock-unknown":       `How far the clocks of the two captures differ is not known: times from one to the other may be wrong.`,
	"no-overlap":          `The two captures do not overlap in time{{if .seconds}}: they are {{time .seconds}} apart{{end}}.`,
	"role-contradiction":  `{{spell .source "A capture"}}: named as {{with point .point}}the {{.}}{{else}}one{{end}} side, but its packets look like the other one.`,
	"relabelled":          `{{spell .source "A capture"}}: {{n .count "packet is" "packets are"}} labelled Ethernet and hold bare IP packets; they were read as that.`,
	"time-unknown":        `{{spell .source "A capture"}}: {{n .count "packet has" "packets have"}} a time outside 1970 to 2262; they were counted and not matched.`,
	"ambiguous":           `{{n .count "packet" "packets"}} could belong to more than one connection and {{if eq .count 1}}was{{else}}were{{end}} not assigned.`,
	"evicted":             `{{n .count "entry" "entries"}} had to be dropped from full tables: some connections may be listed as unknown.`,
	"duplicates":          `{{spell .source "A capture"}}: every packet was recorded {{if .copies}}{{num .copies}} times{{else}}several times{{end}}; {{n .count "copy was" "copies were"}} folded.`,
	"clones":              `{{spell .source "A capture"}}: {{n .count "packet is" "packets are"}} repeated between other addresses at the same moment, as when a recording is played several times at once; these are not taken for translations of one another.`,
	"early-end":           `The captures ended soon after the last attempts: answers to these may have come later.`,
	"flow-offload":        `{{Host ""}} passes packets of known connections on by a short cut (software flow offload) that captures can miss: only the first packets of each connection were judged.`,
	"offload":             `{{n .count "packet is" "packets are"}} larger than the network allows: the network card had glued several into one. They were matched by their octets.`,
	"undecoded":           `{{spell .source "A capture"}}: {{n .count "packet" "packets"}} could not be decoded{{with .link_type}} (link type {{.}}){{end}}.`,
	"roles-tied":          `Nothing in the captures says which one is the tunnel: the order in which they were given was used.`,
	"settings-disagree":   `The settings look right, the packets disagree: every reason that is known for this was looked for in the settings of {{host ""}} and not found there.`,
	"settings-look-wrong": `Packets get through, although {{n .count "setting looks" "settings look"}} wrong: they were read at another moment than the packets, or something beyond {{host ""}} makes up for it.`,
	"pending":             `{{n .count "attempt" "attempts"}} came too late in the capture to say whether an answer would have followed.`,

	"port-contradiction":   `WireGuard's port was given as {{.given}}, but its greetings go to port {{.seen}}.`,
	"client-contradiction": `None of the addresses that were named as the phone's appears in the tunnel.`,
	"wan-contradiction":    `{{spell .address "An address"}} was named as the server's own, but no packet on the WAN has it.`,
	"key-contradiction":    `The server answers greetings that were not made for the key that was given for it: that key belongs to another server.`,
}

// enReasons complete the summary of a verdict that could not be reached.
var enReasons = map[string]string{
	"one-sided":             `Only one side was captured.`,
	"dropped":               `The capture lost packets while the phone tried.`,
	"filtered":              `The capture was recorded with a filter.`,
	"no-overlap":            `The captures do not overlap in time.`,
	"roles-tied":            `Nothing says which capture is the tunnel: name them with --tunnel and --wan.`,
	"role-contradiction":    `The captures look as if tunnel and WAN were exchanged.`,
	"clock-unknown":         `The clocks of the captures could not be compared.`,
	"early-end":             `The capture ended before answers could have come.`,
	"pending":               `The last attempts are too young: let it run for 5 s after them.`,
	"away":                  `An adapter was away while the phone tried: let it try once more.`,
	"unobservable":          `The captures could not have shown the packets that are missing.`,
	"undecoded":             `The capture could not be decoded.`,
	"interfaces-apart":      `The capture holds one adapter after the other: save it to a file, or merge it by time.`,
	"rejected":              `A rule on {{host ""}} answered the attempts with "forbidden" or a reset: look at its firewall's forward chain.`,
	"no-capture":            `No packet could be read.`,
	"no-client":             `Which addresses belong to the phone could not be told: name them with --client.`,
	"few-requests":          `Too few attempts were seen.`,
	"outside-no-answers":    `The phone sent data, and {{host ""}} had nothing to send back but the keepalives that say "I hear you": the keys and the port are right; forwarding, address translation, the line behind it, or an address that the tunnel does not allow is at fault.`,
	"outside-small-answers": `Everything that {{host ""}} sent to the phone is as small as a ping or an error message: a firewall may answer "forbidden".`,
	"outside-both-ways":     `Data went in and out through the tunnel.`,
	"outside-few":           `Too few encrypted packets were seen to say how far the phone came.`,
	"outside-silent":        `Not one encrypted packet of a phone is in it.`,
	"few-handshakes":        `Too few greetings were seen to judge their rhythm.`,
}

var enRoles = map[string]string{
	"flag":            `chosen for this run`,
	"option":          `recorded by wgtrace with this role`,
	"outer-wireguard": `carries WireGuard's encrypted packets`,
	"other-line":      `shows the answers to what left by the other line`,
	"name":            `by the adapter's name`,
	"link-type":       `by the kind of link`,
	"matched-packets": `by which side the same packets reach first`,
	"order":           `by the order in which the captures were given`,
	"host":            `by the settings of this computer`,
	"the-other":       `because the other one was recognised`,
	"no-link-layer":   `has no link layer, as tunnels have none`,
	"fresh-ttl":       `packets there have not been forwarded yet`,
}

var enPorts = map[string]string{
	"flag":       `named on the command line`,
	"config":     `from the configuration file`,
	"host":       `from the WireGuard device of this computer`,
	"option":     `recorded by wgtrace`,
	"default":    `WireGuard's usual port`,
	"given":      `given to this run`,
	"handshakes": `learned from WireGuard's greetings`,
	"data":       `learned from WireGuard's data packets`,
}

var enClocks = map[string]string{
	"one-clock":       `both captures use one clock`,
	"anchors":         `estimated from packets that occur once in both captures`,
	"matched-packets": `estimated from matched packets`,
	"outer-to-inner":  `estimated from encrypted packets and what came out of them`,
	"given":           `given on the command line`,
	"unknown":         `not known`,
}

var enStages = map[string]string{
	"outer_in":   `encrypted, from the phone`,
	"tunnel_in":  `decrypted, out of the tunnel`,
	"wan_out":    `sent on to the internet`,
	"wan_in":     `answer from the internet`,
	"tunnel_out": `answer into the tunnel`,
	"outer_out":  `encrypted, to the phone`,
}
