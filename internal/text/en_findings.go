package text

const enAgain = `Run wgtrace again and reload a page on the phone`

// enFindings speak of "the phone" for any device behind the tunnel: that is
// what the people who ask this question hold in their hand.
var enFindings = map[string]FindingText{
	"healthy": {
		Title: `Everything works`,
		Headline: `{{if .was}}It works now{{if .requests}}: {{num .answered}} of {{n .requests "try" "tries"}} were answered{{end}}` +
			`{{if .seconds}} in the last {{time .seconds}}{{end}}. Before that: {{.was}}.` +
			`{{else}}{{if eq .flows 0}}The phone's packets go out to the internet and the answers come back to it` +
			`{{else if eq .flows 1}}The one connection that was seen was answered, and no fault was seen` +
			`{{else if eq .flows .flows_answered}}All {{num .flows}} connections were answered, and no fault was seen` +
			`{{else}}{{num .flows_answered}} of {{num .flows}} connections were answered, and no fault was seen{{end}}` +
			`{{if .seconds}} in {{time .seconds}}{{end}}.{{end}}{{if .untested}} Not tested: {{.untested}}.{{end}}`,
		Summary: `The packets of {{spell .client "the phone"}} pass through {{host .os}} to the internet, and the answers reach the phone's tunnel: ` +
			`{{n .arrived "packet" "packets"}} from the phone, {{num .returned}} back to it.` +
			`{{if .untested}} Nothing was seen of {{.untested}}, so it was not tested.{{end}}`,
		Advice: `Nothing needs to be changed on {{host .os}}.`,
		Worked: `If something still does not load, run wgtrace while it fails{{if not .was}}: this run saw no failure{{end}}.`,
		Fine:   `{{if or .data_in .responses}}Keys, port, encryption, forwarding{{else}}Forwarding{{end}} and the way back all work.`,
	},
	"no-traffic": {
		Title: `The phone sent nothing`,
		Headline: `{{if or .data_in .responses}}The tunnel is up, but{{else}}No verdict yet:{{end}} the phone sent nothing` +
			`{{if .seconds}} in {{time .seconds}}{{end}}.`,
		Summary: `No packet of the phone's own came out of the tunnel{{with .tunnel}} at {{.}}{{end}}` +
			`{{if .seconds}} in {{time .seconds}}{{end}}` +
			`{{if .data_in}}, while {{n .data_in "encrypted data packet" "encrypted data packets"}} arrived{{end}}. ` +
			`"Nothing arrived" and "nobody has tried yet" look the same, so this is no fault yet.`,
		Advice: `Capture again, and open a website on the phone meanwhile. The green switch in the app only means that the tunnel is switched on.`,
		Worked: `The picture must show packets that arrive from the phone. If it stays at 0 while the page loads or fails, check that the phone's Wi-Fi is off and its tunnel is on.`,
		Fine:   `{{if .responses}}The keys are right and the port is open: {{host .os}} and the phone have greeted each other.{{end}}`,
	},
	"too-little-evidence": {
		Title: `Too little was seen for a verdict`,
		Headline: `{{if eq .reason "roles-tied"}}No verdict: nothing says which capture is the tunnel and which one the internet side.` +
			`{{else if eq .reason "role-contradiction"}}No verdict: the captures look as if tunnel and WAN were exchanged.` +
			`{{else if eq .reason "filtered"}}No verdict: the capture was recorded with a filter, so a packet that is missing proves nothing.` +
			`{{else if eq .reason "no-capture"}}No verdict: there is no packet to judge.` +
			`{{else}}No verdict yet: too little was seen to say where packets disappear.{{end}}`,
		Summary: `{{if .arrived}}{{n .arrived "packet" "packets"}}{{else}}No packet{{end}} of the phone came out of the tunnel` +
			`{{if .requests}}, with {{n .requests "attempt" "attempts"}} to reach {{n .targets "address" "addresses"}} on the internet, {{num .answered}} answered{{end}}.` +
			`{{if lt .requests 3}} A verdict needs three attempts at two addresses, or three at one.{{end}}{{with reason .reason}} {{.}}{{end}}`,
		Advice: `{{if eq .reason "roles-tied"}}Name them: wgtrace read --tunnel FILE --wan FILE.` +
			`{{else if eq .reason "role-contradiction"}}Exchange --tunnel and --wan, or leave both out.` +
			`{{else if eq .reason "filtered"}}Capture again without a filter, while the phone opens two different websites.` +
			`{{else if eq .reason "no-client"}}Name the phone's address inside the tunnel with --client, or capture again while the phone opens two different websites.` +
			`{{else if eq .reason "pending"}}Capture again, and go on for 10 s after the phone's last try.` +
			`{{else}}Capture again while the phone opens two different websites.{{end}}`,
		Worked: `{{if eq .reason "roles-tied"}}The table of captures then says "chosen for this run".` +
			`{{else}}The verdict then names a place, or says that everything was answered. If it does not, let it run for a minute with -d 60s.{{end}}`,
		Fine: `{{if .arrived}}The tunnel itself works: the phone's packets come out of it.{{end}}`,
	},
	"capture-lossy": {
		Title:    `The capture lost packets`,
		Headline: `No verdict: the capture itself lost {{if .dropped}}{{n .dropped "packet" "packets"}}{{else}}packets{{end}}, so a missing packet proves nothing.`,
		Summary: `The system could not hand over every packet{{if .dropped}} ({{num .dropped}} lost){{end}}. ` +
			`A packet that is missing in the capture may well have been sent.{{with reason .reason}} {{.}}{{end}}`,
		Advice: `Capture again while the computer has less to do. Use no capture filter: it would hide translated packets.`,
		Worked: `The table of captures must show 0 lost packets.`,
	},
	"capture-one-sided": {
		Title: `Only one of the two places was captured`,
		Headline: `{{if eq .reason "outside-no-answers"}}The phone reaches {{host .os}} and its packets are decrypted there; what is missing gets lost after that.` +
			`{{else if eq .reason "outside-both-ways"}}No verdict: encrypted packets go both ways, but whether they are answers cannot be seen from outside.` +
			`{{else if eq .reason "outside-small-answers"}}No verdict: {{host .os}} sends something back to the phone, but nothing larger than a ping or an error message.` +
			`{{else}}No verdict: the capture shows only one of the two places, so it cannot say where packets disappear.{{end}}`,
		Summary: `wgtrace compares the tunnel adapter{{with .tunnel}} {{.}}{{end}} with the adapter towards the internet{{with .wan}} {{.}}{{end}}. ` +
			`One of them is missing or empty here.{{with reason .reason}} {{.}}{{end}}`,
		Advice: `{{if eq .reason "outside-no-answers" "outside-both-ways" "outside-small-answers" "outside-few"}}Capture the tunnel adapter as well, at the same time: it shows the phone's packets decrypted. Run wgtrace live on the server, or tcpdump on both adapters.` +
			`{{else}}Capture both adapters at the same time: run wgtrace live on the server, or give read both files.{{end}}`,
		Worked: `The table of captures must show one line for the tunnel and one for the WAN, both with packets.`,
		Fine:   `{{if eq .reason "outside-no-answers" "outside-both-ways" "outside-small-answers"}}Keys, port and encryption are right: {{host .os}} and the phone speak with each other.{{end}}`,
	},
	"captures-unrelated": {
		Title:    `The two captures do not belong together`,
		Headline: `No verdict: the two captures do not show the same packets at the same time.`,
		Summary: `Not one packet of the tunnel was found again on the WAN, and nothing else ties the two captures to one path and one time. ` +
			`They may come from different moments or computers.{{with reason .reason}} {{.}}{{end}}`,
		Advice: `Capture both adapters of the same computer in the same minute, while a page is opened on the phone.`,
		Worked: `The table of captures must show two spans of time that overlap.`,
	},
	"wrong-capture-adapter": {
		Title: `The capture looked at the wrong adapter`,
		Headline: `No verdict: the capture looked at the wrong adapter, so the phone's packets could not be seen` +
			`{{with .wan}} on {{.}}{{end}}.`,
		Summary: `Traffic that must pass the captured adapter did not show up there.{{with reason .reason}} {{.}}{{end}}`,
		Advice:  `Run "wgtrace interfaces": it says which adapter is the tunnel and which one leads to the internet, and why.`,
		Worked:  `With the right adapters the picture shows packets in the first two boxes.`,
	},
	"handshake-unanswered": {
		Title:    `The phone calls, and nobody answers`,
		Headline: `The phone's call reaches {{host .os}}, but {{host .os}} does not answer it.`,
		Summary: `{{n .initiations "greeting" "greetings"}} (WireGuard handshake initiations){{with .peer}} from {{.}}{{end}} arrived` +
			`{{with .wan}} on {{.}}{{end}}{{if .port}}, UDP port {{.port}}{{end}}; {{num .responses}} were answered. ` +
			`Without an answer there is no tunnel, whatever the app shows.`,
		Advice: `Check first that {{host .os}} knows this phone: its public key must stand in the list of peers.`,
		Worked: enAgain + `: the picture must show packets that go back to the phone.`,
		Fine:   `The address and port in the phone are right, and the router lets its packets through: they arrive.`,
	},
	"handshake-not-completed": {
		Title:    `The phone does not take the answer`,
		Headline: `{{Host .os}} answers the phone's call, but the phone does not accept the answer or does not get it.`,
		Summary: `{{n .initiations "greeting" "greetings"}}{{with .peer}} from {{.}}{{end}}, {{n .responses "answer" "answers"}}, ` +
			`and then the phone starts over every few seconds instead of sending data.`,
		Advice: `Try the phone in another network first, mobile data against Wi-Fi. If that changes nothing, compare the preshared key: both ends must have the same one, or none.`,
		Worked: enAgain + `: the app must show a handshake time, and the second box of the picture must count packets.`,
		Fine:   `The port is open, the phone has the right server key, and {{host .os}} knows the phone's key: it answers nobody else.`,
	},
	"decrypted-then-dropped": {
		Title:    `Decrypted, then thrown away`,
		Headline: `The phone's packets arrive and are then thrown away inside the tunnel: {{host .os}} expects another address for this phone.`,
		Summary: `{{n .data_in "encrypted data packet" "encrypted data packets"}}{{with .peer}} from {{.}}{{end}} arrived, ` +
			`and {{if .arrived}}only {{num .arrived}} came{{else}}none came{{end}} out at {{spell .tunnel "the tunnel adapter"}}.`,
		Advice: `Make the address in the phone and the AllowedIPs of its peer on {{host .os}} the same.`,
		Worked: enAgain + `: the second box of the picture must count packets.`,
		Fine:   `Keys and port are right, and the encryption works in both directions.`,
	},
	"not-forwarded": {
		Title:    `Not passed on to the internet`,
		Headline: `Your phone reaches {{host .os}}, but {{host .os}} does not pass its packets on to the internet.`,
		Summary: `{{n .arrived "packet" "packets"}} of {{spell .client "the phone"}} came out of the tunnel{{with .tunnel}} at {{.}}{{end}}, ` +
			`{{if .left}}but only {{num .left}}{{else}}and none of them{{end}} left{{with .wan}} through {{.}}{{end}}. ` +
			`They end inside {{host .os}}.`,
		Advice: `{{if eq .os "windows"}}Give the tunnel's addresses a NAT on {{host .os}}: on Windows that one step also passes the packets on.` +
			`{{else if eq .os ""}}Let {{host .os}} pass packets on between the tunnel and the internet: either forwarding or address translation (NAT) is missing.` +
			`{{else}}Let {{host .os}} pass packets on between the tunnel and the internet.{{end}}`,
		Worked: enAgain + `: the arrow with the X must be open, and the third box must show as many packets as the second.`,
		Fine:   `Keys, port and encryption are right: leave the phone's app as it is.`,
	},
	"packets-lost-in-host": {
		Title:    `Some packets are lost inside {{host .os}}`,
		Headline: `{{Host .os}} passes packets on, but loses some of them on the way.`,
		Summary: `{{if .lost_back}}{{n .lost_back "packet" "packets"}}{{else}}{{n .lost "packet" "packets"}}{{end}} of {{num .lost_of}}` +
			`{{if .flows}} in {{n .flows "connection" "connections"}}{{end}} of {{spell .client "the phone"}} ` +
			`{{if .lost_back}}came back{{with .wan}} to {{.}}{{end}} and did not go on into the tunnel{{with .tunnel}} at {{.}}{{end}}` +
			`{{else}}came out of the tunnel{{with .tunnel}} at {{.}}{{end}} and did not leave{{with .wan}} through {{.}}{{end}}{{end}}, ` +
			`and the captures report no loss of their own. ` +
			`It makes pages slow rather than dead: lost packets are sent again. ` +
			`To be sure where: a drop counter that grows while the phone loads a page, ` +
			`{{if eq .os "windows"}}with "pktmon counters" or "Get-NetAdapterStatistics"` +
			`{{else if eq .os "macos"}}with "netstat -s" or "pfctl -s info"` +
			`{{else}}with "nft list ruleset" or "iptables-save -c" for the firewall, "tc -s qdisc" for the send queue, "ip -s link" for the adapters{{end}}.`,
		Advice: `Look for a firewall rule that limits a rate or drops what it takes for invalid, and for a line that is full.`,
		Worked: enAgain + `: this remark must be gone.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are right: most packets pass.`,
	},
	"nat-missing": {
		Title:    `Packets leave with the phone's private address`,
		Headline: `Packets leave with the phone's private address{{with .client}} {{.}}{{end}}. The internet cannot reply to that address.`,
		Summary: `{{n .arrived "packet" "packets"}} of {{spell .client "the phone"}} came out of the tunnel and {{num .left}} left` +
			`{{with .wan}} through {{.}}{{end}}, still with the phone's own address instead of that of {{host .os}}. ` +
			`{{if .replied}}{{n .replied "answer" "answers"}} came back.{{else}}Not one answer came back.{{end}}`,
		Advice: `Let {{host .os}} put its own address on the phone's packets{{with .prefix}} (those from {{.}}){{end}} before they go out.`,
		Worked: enAgain + `: the fourth box must show answers, and the table of translations must list the phone.`,
		Fine:   `Keys, port and encryption are right, and {{host .os}} passes packets on. Only the address on them is wrong.`,
	},
	"upstream-silent": {
		Title:    `Nothing comes back from the network outside`,
		Headline: `{{Host .os}} did everything right; nothing comes back from the network behind it.`,
		Summary: `{{n .left "packet" "packets"}} of {{spell .client "the phone"}} left{{with .wan}} through {{.}}{{end}} with an address that can be answered` +
			`{{if .targets}}, to {{n .targets "address" "addresses"}}; {{else}}, but {{end}}{{if .replied}}{{num .replied}} came{{else}}nothing came{{end}} back.`,
		Advice: `Test the internet connection of {{host .os}} itself, then ask the provider or look at the router.`,
		Worked: enAgain + `: the fourth box of the picture must show answers.`,
		Fine:   `Keys, port, encryption, forwarding and the address on the packets are all right: nothing is to be changed in the tunnel.`,
	},
	"return-not-forwarded": {
		Title:    `The answer is not let back into the tunnel`,
		Headline: `The website answers, but {{host .os}} does not let the answer back into the tunnel.`,
		Summary: `{{n .left "packet" "packets"}} of {{spell .client "the phone"}} went out and {{n .replied "answer" "answers"}} came back` +
			`{{with .wan}} to {{.}}{{end}}, but {{if .returned}}only {{num .returned}}{{else}}none{{end}} went on into the tunnel{{with .tunnel}} at {{.}}{{end}}.`,
		Advice: `Allow answers from the internet adapter to the tunnel adapter on {{host .os}}.`,
		Worked: enAgain + `: the fifth box must show as many answers as the fourth.`,
		Fine:   `Keys, port, encryption, the way out and the address on the packets are right, and the internet answers.`,
	},
}
