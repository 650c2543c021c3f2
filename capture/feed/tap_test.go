package feed

import (
	"strings"
	"testing"
)

// TestTapOutput: counts, beats and failures are told apart in what tcpdump and
// dumpcap write beside packets, however it is cut into pieces.
func TestTapOutput(t *testing.T) {
	for _, c := range []struct {
		said              string
		received, dropped uint64
		has               bool
	}{
		{"tcpdump: listening on wg0, link-type RAW (Raw IP), snapshot length 256 bytes\n12 packets captured\n13 packets received by filter\n4 packets dropped by kernel\n1 packet dropped by interface\n", 13, 5, true},
		{"1 packet captured\n1 packet received by filter\n0 packets dropped by kernel\n", 1, 0, true},
		{"Capturing on 'eth0'\nPackets captured: 12\nPackets received/dropped on interface 'eth0': 12/3 (pcap:3/dumpcap:0/flushed:0/ps_ifdrop:0) (80.0%)\n", 12, 3, true},
		{"x packets dropped by kernel\n-1 packets dropped by kernel\n", 0, 0, false},
	} {
		for _, size := range []int{1, 7, len(c.said)} {
			o := &tap{}
			for s := c.said; s != ""; {
				n := min(size, len(s))
				o.Write([]byte(s[:n]))
				s = s[n:]
			}
			if o.stats.Received != c.received || o.stats.Dropped != c.dropped || o.stats.HasDropped != c.has {
				t.Errorf("%q: %+v", c.said, o.stats)
			}
		}
	}
	o := &tap{}
	o.Write([]byte("wgtrace:beat:1790000000\nwgtrace:beat:x\nwgtrace:beat:99999999999999\n"))
	if ns, ok := o.beat.at(); !ok || ns != 1790000000e9 {
		t.Errorf("beat %d, %v", ns, ok)
	}
	o.Write([]byte(strings.Repeat("x", 10*maxSaid)))
	for range 100 {
		o.Write([]byte("noise\n"))
	}
	if n := len(o.String()); n > keptLines*10+maxSaid {
		t.Errorf("%d octets are kept", n)
	}
}

// TestFailures: what ssh and tcpdump write becomes one line and a remedy, and no
// escape sequence gets through.
func TestFailures(t *testing.T) {
	target := Target{User: "pi", Host: "router", Port: 2222, Adapter: "wg0"}
	for said, want := range map[string][2]string{
		"pi@router: Permission denied (publickey,password).":                                        {"no key or password was accepted", "ssh -p 2222 pi@router must work first"},
		"@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.": {"another one", "ssh-keygen -R router"},
		"ssh: connect to host router port 2222: Connection timed out":                               {"does not answer", "firewall"},
		"kex_exchange_identification: \x1b]0;evil\x07banner":                                        {"ssh failed (kex_exchange_identification: ?]0;evil?banner)", "must work first"},
	} {
		e := reasonFor(sshFailures, target, said, "ssh failed")
		if !strings.Contains(e.Reason, want[0]) || !strings.Contains(e.Hint, want[1]) {
			t.Errorf("%q: %q, %q", said, e.Reason, e.Hint)
		}
	}
	for said, want := range map[string]string{
		"tcpdump: wg0: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)": "may not capture",
		"tcpdump: wg0: SIOCETHTOOL(ETHTOOL_GET_TS_INFO) ioctl failed: No such device":                                       "no such adapter",
	} {
		if e := reasonFor(tapFailures, target, said, "the capture there failed"); !strings.Contains(e.Reason, want) {
			t.Errorf("%q: %q", said, e.Reason)
		}
	}
	for system, want := range map[string]string{
		"openwrt:": "opkg install tcpdump-mini", "openwrt:/usr/bin/apk": "apk add tcpdump-mini", "debian:": "apt-get install tcpdump",
		"alpine:/sbin/apk": "apk add tcpdump", "\x1b[2J": "install the package tcpdump there", "": "install the package tcpdump there",
	} {
		if e := noProgram(target, system); !strings.Contains(e.Hint, want) {
			t.Errorf("%q: %q", system, e.Hint)
		}
	}
}
