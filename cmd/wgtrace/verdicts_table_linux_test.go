package main

const verdictsHead = "# Verdicts" + `

What wgtrace says of each fault, and on what that was seen. ` + "`make verdicts`" + ` measures it
in the lab and writes this page (about ten minutes, as root on Linux); a test keeps
its rows equal to the scenarios, findings, causes and fixes that there are.

- Each scenario of the lab ran under a laptop's and a phone's traffic where both can
  show it, alone and beside a healthy second phone, in ` + "`wgtrace live`" + `; its recording
  was judged again by ` + "`wgtrace read`" + `, with the server's settings and without. A run
  is right if every verdict is the expected one, the settings lead to the true
  cause, and the counts are those of the kernel.
- "Place" is how sure it is that the packets disappear there, 0 to 1: the least of
  the runs. The numbers beside causes are how sure it is of the first cause; where
  packets alone cannot tell look-alikes apart they stay low.
- Seen on: *userspace* is wireguard-go on the lab's server, *kernel* the WireGuard of
  Debian's kernel in an emulated machine (` + "`make lab-vm`" + `), *made packets* the rule
  judged on evidence that a test made, *made settings* a snapshot written after the
  documented output, *documented only* that nothing was run.

## Scenarios of the lab

| scenario | verdict | place | first cause, packets alone | first cause, with settings | runs right | seen on |
|---|---|---|---|---|---|---|
`

const verdictsContainer = `
## WireGuard in a container

The server's node is a container behind a bridge of its host, with the rules that
Docker makes, and wgtrace runs on the host. A run is right if the side of the
container's uplink is too, also in what ` + "`wgtrace read`" + ` says of the recording, of the
bundle and of its packets alone, if ` + "`wgtrace check`" + ` finds the cause without packets,
and if the first fix cures it.

| scenario | verdict | lost in | place | first cause, packets alone | first cause, with settings | runs right | seen on |
|---|---|---|---|---|---|---|---|
`

const verdictsRest = `
Healthy variants are used in eleven ways each (idle, names alone, one
ping, big download, roaming, a new session, ...), of which a run of the tests takes
one per variant, by the day.

## Findings and causes that no scenario brings about

| finding | finding or cause | seen on | why not in the lab's table |
|---|---|---|---|
`

const verdictsUntold = `
Not told at all: a server whose own local address does not answer the phone (Windows'
strong host model) is no loss of internet; a phone whose own network has the same
addresses as the one behind the server shows nothing at the server; a driver that
spoils checksums leaves captures perfect.

## Fixes

Each fix that can run in the lab was run as the report prints it on a server with
the fault, the same traffic had to be answered after it, and to die again after
its undo. What writes a setting for the next start was run where it could be; a
start of the machine itself was not.

| fix | system | causes | seen |
|---|---|---|---|
`

// elseSeen says where the findings and causes were seen that are no scenario's.
var elseSeen = map[string]struct{ seen, why string }{
	"too-little-evidence":   {"userspace, made packets", "it says that there is no verdict; damaged recordings end in it"},
	"capture-lossy":         {"made packets", "it says that there is no verdict; a tap that drops at will needs a machine that cannot follow"},
	"capture-one-sided":     {"userspace", "every scenario's WAN alone ends in it or in a verdict on the tunnel"},
	"captures-unrelated":    {"userspace", "recordings of two runs, given as one, end in it"},
	"wrong-capture-adapter": {"made packets", "a server whose tunnel uses another line than the one that was captured"},
	"phone-side":            {"made packets", "it is about the phone, after everything was answered"},
	"private-relay":         {"documented only", "needs an iPhone"},
	"phone-filter":          {"documented only", "needs a phone"},
	"other-vpn":             {"documented only", "needs a phone"},
	"phone-date":            {"documented only", "needs a phone"},

	"port-forward-missing":    {"userspace", "`port-forward-missing`: the server cannot tell why nothing arrives"},
	"wrong-endpoint":          {"userspace", "`wrong-endpoint`: the server cannot tell why nothing arrives"},
	"cgnat":                   {"documented only", "a provider's translation that lets nothing in looks as the two above"},
	"tested-from-own-lan":     {"documented only", "needs a home router that does not turn packets around"},
	"handshake-replay-clock":  {"made packets", "needs a phone whose clock goes back; the lab's phones share the machine's"},
	"handshake-response-lost": {"userspace", "`path-out-blocked`: the same packets as a preshared key on one side"},

	"same-config-on-two-devices": {"userspace", "two phones with one profile are a test of their own"},
	"not-plain-wireguard":        {"made packets", "needs a client that obfuscates"},
	"obfuscated-client":          {"made packets", "needs a client that obfuscates"},
	"warp-reserved":              {"made packets", "needs a provider's client"},
	"under-load-cookie":          {"made packets", "needs a flood of greetings, which no test shall make"},
	"handshake-flood":            {"made packets", "the same"},
	"idle-session-unreachable":   {"userspace", "a phone that its provider forgets is a test of its own"},
	"no-keepalive":               {"userspace", "the same"},

	"firewalld-no-policy":        {"userspace", "`forward-reject-admin-firewalld`: a stand-in rule, without firewalld"},
	"forward-reject-rule":        {"userspace", "`forward-reject-admin-firewalld`: what the settings show there is a plain rule"},
	"gateway-address-wrong":      {"made settings", "looks as `wan-gateway-dead`, unless the address lies outside the subnet of the adapter"},
	"second-vpn-default-route":   {"documented only", "looks as `server-default-hijack`, and needs another VPN on the server"},
	"windows-forwarding-off":     {"documented only", "needs Windows; reading its settings is tested on output made after the documentation"},
	"windows-netnat-unavailable": {"made settings", "needs a Windows without NetNat"},
	"netnat-conflict":            {"made settings", "needs Windows; reading its settings is tested on output made after the documentation"},
	"tunnel-subnet-overlaps":     {"documented only", "looks as `no-return-route-leak`"},
	"packets-lost-in-host":       {"userspace, kernel", "counted drops under load are tests of their own"},

	"nat-table-full":        {"made settings", "the limit is the whole machine's; `ct-full-emul` makes the same packets"},
	"nat-gone-after-reboot": {"documented only", "needs a start of the machine; the packets are those of `nat-missing`"},
	"upstream-offline":      {"userspace", "`upstream-blocks-all`: outside, neither packets nor settings can tell it"},
	"upstream-filtered":     {"userspace", "`upstream-blocks-all`: outside, neither packets nor settings can tell it"},
	"prefix-not-routed":     {"made packets", "the lab's phones have private addresses"},
	"second-nat":            {"documented only", "looks as `nat-reply-dropped-notrack`"},
	"nat-state-lost":        {"documented only", "Linux makes the state anew with the next packet"},
	"upstream-rejects":      {"made packets", "a remark on single addresses"},
	"upstream-refuses":      {"made packets", "the same"},

	"dns-resolver-upstream": {"made packets", "the lab's resolver always knows its answer"},
	"ipv6-forward-drop":     {"userspace", "`v6-blackhole-no-forward` beside a healthy phone"},
	"ipv6-upstream-dead":    {"made packets", "the lab's line carries IPv6"},
}
