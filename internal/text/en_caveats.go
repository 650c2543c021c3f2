package text

var enCaveats = map[string]string{
	"one-sided":          `{{with point .point}}The {{.}} side{{else}}One of the two sides{{end}} was not captured: what happens to packets there cannot be seen.`,
	"disorder":           `{{with .source}}{{.}}: the{{else}}The{{end}} time stamps jump {{n .count "time" "times"}}; packets around a jump were left out of the verdict.`,
	"damaged":            `{{spell .source "A capture"}}: damaged at offset {{.offset}}, after {{n .packets "packet" "packets"}}{{with .reason}}: {{.}}{{end}}. What stands before was used.`,
	"dropped":            `{{spell .source "A capture"}}: the system lost {{n .count "packet" "packets"}} before wgtrace saw them; the seconds in which that happened prove no loss.`,
	"truncated":          `{{spell .source "A capture"}}: {{n .count "packet was" "packets were"}} cut short{{if .snaplen}} to {{num .snaplen}} octets{{end}}; they were matched by what is left of them.`,
	"filtered":           `{{spell .source "A capture"}}: recorded with the filter "{{.filter}}", so a packet that is missing may have been filtered out.`,
	"clock-estimated":    `{{if le (size .offset_us) .uncertainty_us}}The clocks of the two captures agree to {{span .uncertainty_us}}.{{else}}The two captures come from different clocks: that of the WAN is {{span .offset_us}} {{if lt .offset_us 0}}behind{{else}}ahead of{{end}} that of the tunnel{{if .uncertainty_us}}, give or take {{span .uncertainty_us}}{{end}}. Times between them are corrected by that.{{end}}`,
	"clock-unknown":      `How far the clocks of the two captures differ is not known: times from one to the other may be wrong.`,
	"no-overlap":         `The two captures do not overlap in time{{if .seconds}}: {{n .seconds "second lies" "seconds lie"}} between them{{end}}.`,
	"role-contradiction": `{{spell .source "A capture"}}: named as {{with point .point}}the {{.}}{{else}}one{{end}} side, but its packets look like the other one.`,
	"relabelled":         `{{spell .source "A capture"}}: {{n .count "packet is" "packets are"}} labelled Ethernet and hold bare IP packets; they were read as that.`,
	"time-unknown":       `{{spell .source "A capture"}}: {{n .count "packet has" "packets have"}} a time outside 1970 to 2262; they were counted and not matched.`,
	"ambiguous":          `{{n .count "packet" "packets"}} could belong to more than one connection and {{if eq .count 1}}was{{else}}were{{end}} not assigned.`,
	"evicted":            `{{n .count "entry" "entries"}} had to be dropped from full tables: some connections may be listed as unknown.`,
	"duplicates":         `{{spell .source "A capture"}}: every packet was recorded {{if .copies}}{{num .copies}} times{{else}}several times{{end}}; {{n .count "copy was" "copies were"}} folded.`,
	"late-start":         `The captures started while connections were open: their beginning was not seen.`,
	"early-end":          `The captures ended soon after the last attempts: answers to these may have come later.`,
	"offload":            `{{n .count "packet is" "packets are"}} larger than the network allows: the network card had glued several into one. They were matched by their octets.`,
	"redated":            `The captures were recorded at different times by their clocks but show the same packets: their times were moved together.`,
	"undecoded":          `{{spell .source "A capture"}}: {{n .count "packet" "packets"}} could not be decoded{{with .link_type}} (link type {{.}}){{end}}.`,
	"roles-tied":         `Nothing in the captures says which one is the tunnel: the order in which they were given was used.`,
	"no-wg-port":         `WireGuard's own packets were not recognised on the WAN, so the encrypted part was not examined. --wg-port names the port.`,
	"settings-disagree":  `The settings look right, the packets disagree: every reason that is known for this was looked for in the settings of {{host ""}} and not found there.`,
	"pending":            `{{n .count "attempt" "attempts"}} came too late in the capture to say whether an answer would have followed.`,
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
	"late-start":            `The capture started after the attempts.`,
	"early-end":             `The capture ended before answers could have come.`,
	"pending":               `The last attempts are too young: let it run for 5 s after them.`,
	"unobservable":          `The captures could not have shown the packets that are missing.`,
	"no-wg-port":            `WireGuard's own packets were not recognised: --wg-port names the port.`,
	"undecoded":             `The capture could not be decoded.`,
	"unroutable":            `The phone tried only private addresses, and nothing shows that {{host ""}} can reach them.`,
	"interfaces-apart":      `The capture holds one adapter after the other: save it to a file, or merge it by time.`,
	"rejected":              `A rule on {{host ""}} answered the attempts with "forbidden" or a reset: look at its firewall's forward chain.`,
	"no-capture":            `No packet could be read.`,
	"no-client":             `Which addresses belong to the phone could not be told: name them with --client.`,
	"few-requests":          `Too few attempts were seen.`,
	"few-handshakes":        `Too few greetings were seen to judge their rhythm.`,
	"tunnel-not-proved":     `Nothing proves that the captured tunnel adapter is the one in use.`,
	"untrusted-session":     `Nothing proves that the encrypted packets belong to a session with this server.`,
	"inside-is-no-tunnel":   `The inner adapter is no tunnel.`,
	"untied-to-one-another": `Nothing ties the two captures together.`,
}

var enRoles = map[string]string{
	"flag":            `named on the command line`,
	"option":          `recorded by wgtrace with this role`,
	"outer-wireguard": `carries WireGuard's encrypted packets`,
	"name":            `by the adapter's name`,
	"link-type":       `by the kind of link`,
	"matched-packets": `by which side the same packets reach first`,
	"local-addresses": `by the addresses on its own side`,
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
