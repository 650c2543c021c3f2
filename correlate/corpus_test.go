package correlate_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// corpus returns the path of a capture that others made; it skips where the
// collection is not at hand, for its licences forbid to keep it here.
func corpus(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("WGTRACE_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no third-party captures at %s; WGTRACE_CAPTURES names a folder of them", dir)
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// pair reads an inside and an outside file, or one file alone.
func pair(t *testing.T, opts correlate.Options, tunnel, wan string) *correlate.Evidence {
	t.Helper()
	var inputs []correlate.Input
	for i, name := range []string{tunnel, wan} {
		if name == "" {
			continue
		}
		f, err := capture.Open(corpus(t, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		in := correlate.Input{Source: f}
		if wan != "" {
			in.Picks = []correlate.Pick{{Role: []capture.Role{capture.RoleTunnel, capture.RoleWAN}[i]}}
		}
		inputs = append(inputs, in)
	}
	return analyse(t, opts, inputs...)
}

// TestCorpusPairs reads pairs of captures of which others say what they hold.
func TestCorpusPairs(t *testing.T) {
	cases := []struct {
		name        string
		tunnel, wan string
		want        want
		offset      time.Duration // within 1 ms
	}{
		// tcpdump's tests: a router under test, one conversation translated; two
		// packets entered after the outer capture ended.
		{"tfo", "nat_pairs/split/tfo-inside.pcap", "nat_pairs/split/tfo-outside.pcap", want{matched: 6, unobservable: 2,
			nat: []string{"tcp 192.168.0.100:13047>9.9.9.9:13047>3.3.3.3:13054"}}, 0},
		// Arkime's: both sides of a firewall, no translation.
		{"hpu", "hop_pairs/split/hpu-lan.pcap", "hop_pairs/split/hpu-dmz.pcap", want{matched: 17, nat: none}, 0},
		// nfstream's: both sides of a router; the last packet outside is at the
		// edge of the capture.
		{"aimini", "hop_pairs/split/aimini-sideA.pcap", "hop_pairs/split/aimini-sideB.pcap", want{matched: 66, unobservable: 1, nat: none}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ev := pair(t, correlate.Options{}, c.tunnel, c.wan)
			c.want.check(t, ev)
			if d := time.Duration(ev.Clock.Offset) - c.offset; d.Abs() > time.Millisecond {
				t.Errorf("offset %v", time.Duration(ev.Clock.Offset))
			}
		})
	}
}

// TestCorpusDecoys reads what looks like translation and is none.
func TestCorpusDecoys(t *testing.T) {
	for _, c := range []struct{ name, tunnel, wan string }{
		{"one session ten times with other addresses", "nat_pairs/suricata-ippair-leak-5204.pcap", ""},
		{"both legs in one file, damaged by a fuzzer", "nat_pairs/suricata-bug76-both-sides.pcap", ""},
		{"unrelated captures", "nat_pairs/split/tfo-inside.pcap", "hop_pairs/split/hpu-dmz.pcap"},
		{"unrelated captures of HTTP", "hop_pairs/split/aimini-sideA.pcap", "hop_pairs/split/hpu-dmz.pcap"},
		{"years apart", "gzip/zeek-1000-requests-one-dropped-response.pcap.gz", "hop_pairs/split/hpu-dmz.pcap"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := pair(t, correlate.Options{}, c.tunnel, c.wan)
			if len(ev.NAT) != 0 {
				t.Errorf("translations %q", natRows(ev))
			}
			if c.wan != "" && (ev.Totals.MatchedPackets != 0 || ev.Relation.Proved) {
				t.Errorf("matched %d, relation %+v", ev.Totals.MatchedPackets, ev.Relation)
			}
		})
	}
}

// TestCorpusPath follows one ping along four points: n6, r, plat, n4. The
// protocol changes between r and plat; before and behind that nothing does.
func TestCorpusPath(t *testing.T) {
	ev := pair(t, correlate.Options{}, "nat_pairs/jool464-ipv4-n6.pcapng", "nat_pairs/jool464-ipv4-r.pcapng")
	want{matched: 1, unobservable: 1, nat: none}.check(t, ev) // one ping cannot set clocks that differ by 18 ms: one way fits
	offset := -18450 * time.Microsecond
	ev = pair(t, correlate.Options{ClockOffset: &offset}, "nat_pairs/jool464-ipv4-n6.pcapng", "nat_pairs/jool464-ipv4-r.pcapng")
	want{matched: 2, nat: none}.check(t, ev)
	ev = pair(t, correlate.Options{}, "nat_pairs/jool464-ipv4-plat.pcapng", "nat_pairs/jool464-ipv4-n4.pcapng")
	if ev.Totals.MatchedPackets != 2 || len(ev.NAT) != 0 {
		t.Errorf("plat to n4: totals %+v, translations %q", ev.Totals, natRows(ev))
	}
	// From end to end the two translators are one.
	ev = pair(t, correlate.Options{}, "nat_pairs/jool464-ipv4-n6.pcapng", "nat_pairs/jool464-ipv4-n4.pcapng")
	want{matched: 2, nat: []string{"icmp 192.168.0.8:12235>203.0.113.2:36273>203.0.113.24:0"}}.check(t, ev)
}

// TestCorpusWireGuard reads sessions.
func TestCorpusWireGuard(t *testing.T) {
	for _, c := range []struct {
		name  string
		state correlate.PeerState
		in    uint64 // data and keepalives, both directions
	}{
		{"wireguard/wireguard-ping-tcp.pcap", correlate.PeerEstablished, 18},
		{"wireguard/corelight-wireguard.pcap", correlate.PeerEstablished, 170},
	} {
		ev := pair(t, correlate.Options{}, c.name, "")
		if len(ev.WireGuard.Peers) != 1 {
			t.Errorf("%s: %d peers", c.name, len(ev.WireGuard.Peers))
			continue
		}
		p := ev.WireGuard.Peers[0]
		if n := p.DataIn + p.DataOut + p.KeepalivesIn + p.KeepalivesOut; p.State != c.state || n != c.in {
			t.Errorf("%s: state %v, %d messages; want %v, %d", c.name, p.State, n, c.state, c.in)
		}
	}
	for _, name := range []string{"wireguard/ndpi-cloudflare-warp.pcap"} {
		if ev := pair(t, correlate.Options{}, name, ""); len(ev.WireGuard.Peers) != 0 || ev.WireGuard.Port != 0 {
			t.Errorf("%s: port %d, %d peers", name, ev.WireGuard.Port, len(ev.WireGuard.Peers))
		}
	}
}

// TestCorpusSurvives reads every capture alone and as a pair with itself: no
// panic, and every sum holds.
func TestCorpusSurvives(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the whole collection: not in -short")
	}
	root := corpus(t, ".")
	files := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		a, err := capture.Open(path)
		if err != nil {
			return nil // not a capture, or one that is refused: the readers' own tests judge that
		}
		defer a.Close()
		b, err := capture.Open(path)
		if err != nil {
			return err
		}
		defer b.Close()
		files++
		ev := analyse(t, correlate.Options{MaxRows: 1 << 20}, correlate.Input{Source: a, Picks: []correlate.Pick{{Role: capture.RoleTunnel}}},
			correlate.Input{Source: b, Picks: []correlate.Pick{{Role: capture.RoleWAN}}})
		if len(ev.NAT) != 0 && ev.Totals.Ambiguous == 0 && len(ev.NAT) > 50 {
			t.Errorf("%s against itself: %d translations", path, len(ev.NAT))
		}
		checkSums(t, ev, 1<<40)
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestCorpusFragments reads captures of fragments as both sides of a path that
// changes nothing, and with the fragments other than the first left out on one
// side, as behind a host that puts datagrams together: none of it is lost.
func TestCorpusFragments(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(corpus(t, "frag"), "*"))
	if err != nil || len(names) < 10 {
		t.Fatalf("%d captures, %v", len(names), err)
	}
	for _, name := range names {
		for _, bare := range []int{-1, 0, 1} {
			var inputs []correlate.Input
			for side, role := range []capture.Role{capture.RoleTunnel, capture.RoleWAN} {
				f, err := capture.Open(name)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				var src capture.Source = f
				if side == bare {
					src = headless{f}
				}
				inputs = append(inputs, correlate.Input{Source: src, Picks: []correlate.Pick{{Role: role}}})
			}
			offset := time.Duration(0)
			if ev := analyse(t, correlate.Options{ClockOffset: &offset}, inputs...); ev.Totals.LostPackets != 0 {
				t.Errorf("%s, bare side %d: %+v", filepath.Base(name), bare, ev.Totals)
			}
		}
	}
}

// headless leaves out the fragments without ports.
type headless struct{ capture.Source }

func (h headless) Next(b *capture.Batch) error {
	err := h.Source.Next(b)
	b.Packets = slices.DeleteFunc(b.Packets, func(p capture.Packet) bool { return p.Kind == capture.KindFragment })
	return err
}
