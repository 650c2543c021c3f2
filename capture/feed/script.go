package feed

import (
	"strconv"
	"strings"
)

// Scripts run in the Bourne shell of the far machine, whatever shell its user
// has: they are handed to it as one word in single quotes, which all of them
// take, as long as it holds no quote, no line break and no exclamation mark.
// Nothing but checked adapter names and numbers is added to them.

// shellPath finds the programs of administrators, which a command that ssh runs
// does not find on every machine, and makes all of them speak English.
const shellPath = `PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin; LC_ALL=C; export PATH LC_ALL; `

// launch runs script $1 with the other arguments, as root where that takes no
// password, and hands it the connection that carries this session, which sudo
// would take away.
const launch = shellPath +
	`s=$1; shift; ` +
	`if [ "$(id -u)" -gt 0 ] && sudo -n true 2>/dev/null; then exec sudo -n sh -c "$s" wgtrace "$SSH_CONNECTION" "$@"; fi; ` +
	`exec sh -c "$s" wgtrace "$SSH_CONNECTION" "$@"`

// Exit statuses of the tap script, chosen among those that tcpdump and dumpcap do
// not use.
const (
	exitNoConnection = 91
	exitNoProgram    = 92
)

// tapScript captures on adapter $2 with $3 octets of each packet, until its
// standard input ends or breaks: without a terminal nothing else would end it.
// It leaves out the connection $1 that carries the packets away, and no other:
// each packet of it would make another one. It tells its time every second, by
// which the reader knows that silence means that there was nothing. The shell
// becomes the capturing program, so that $$ is both.
const tapScript = shellPath +
	`exec 3<&0 </dev/null; c=$1; a=$2; n=$3; set -- $c; ` +
	`if [ $# -ne 4 ]; then exit 91; fi; ` +
	`x=${1%%%*}; y=${3%%%*}; ` +
	`f="not (tcp and ((src host $x and src port $2 and dst host $y and dst port $4) or (src host $y and src port $4 and dst host $x and dst port $2)))"; ` +
	`(while kill -0 $$; do date +wgtrace:beat:%s >&4; sleep 1; done) 4>&2 >/dev/null 2>&1 & ` +
	`(while read -r x; do :; done; kill $$) <&3 >/dev/null 2>&1 & ` +
	`exec 3<&-; ` +
	`if command -v tcpdump >/dev/null; then exec tcpdump -i "$a" -n -p -U -B 4096 -s "$n" -w - "$f"; fi; ` +
	`if command -v dumpcap >/dev/null; then exec dumpcap -q -p -P -i "$a" -s "$n" -f "$f" -w -; fi; ` +
	`if [ -r /etc/os-release ]; then . /etc/os-release; fi; echo "wgtrace:system:${ID:-$(uname -s)}:$(command -v apk)" >&2; exit 92`

// Marks that tapScript writes to its standard error.
const (
	beatMark   = "wgtrace:beat:"
	systemMark = "wgtrace:system:"
)

// holdScript says that the session stands and keeps it.
const holdScript = `echo wgtrace:ready; exec cat >/dev/null`

const readyMark = "wgtrace:ready\n"

// command is what the far login shell runs for a script: words that need no
// quotes and scripts that are quoted.
func command(script string, args ...string) string {
	var b strings.Builder
	b.WriteString("sh -c '" + launch + "' wgtrace '" + script + "'")
	for _, a := range args {
		b.WriteString(" '" + a + "'")
	}
	return b.String()
}

// count reads the number before words in a line of tcpdump's ("12 packets
// dropped by kernel"; tcpdump.c, info), false if they are not there.
func count(line, words string) (n uint64, ok bool) {
	number, rest, _ := strings.Cut(line, " ")
	// One packet is told in the singular.
	if rest = strings.Replace(rest, "packet ", "packets ", 1); rest != words {
		return 0, false
	}
	n, err := strconv.ParseUint(number, 10, 64)
	return n, err == nil
}

// dumpcapCounts reads dumpcap's last line: "Packets received/dropped on interface
// 'eth0': 12/0 (...)" (dumpcap.c, report_packet_drops).
func dumpcapCounts(line string) (received, dropped uint64, ok bool) {
	if !strings.HasPrefix(line, "Packets received/dropped on interface ") {
		return 0, 0, false
	}
	_, counts, _ := strings.Cut(line, "': ")
	counts, _, _ = strings.Cut(counts, " ")
	a, b, _ := strings.Cut(counts, "/")
	received, errA := strconv.ParseUint(a, 10, 64)
	dropped, errB := strconv.ParseUint(b, 10, 64)
	return received, dropped, errA == nil && errB == nil
}
