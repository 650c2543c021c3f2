package correlate_test

import (
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestCorpusBothSides reads captures that hold both sides of a router in one
// interface, without a word of which frame is of which.
func TestCorpusBothSides(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       want
	}{
		// The second conversation entered and never left: its first packet is lost,
		// its last one is the last of the capture.
		{"tcpdump's translator", "nat_pairs/tcpdump-tfo-both-sides.pcap", want{matched: 6, lost: 1, unobservable: 1,
			nat: []string{"tcp 192.168.0.100:13047>9.9.9.9:13047>3.3.3.3:13054"}}},
		{"a firewall", "hop_pairs/arkime-http-post-upload-both-sides.pcap", want{matched: 17, nat: none}},
		{"a router, the last packet at the edge", "hop_pairs/nfstream-aimini-http-both-sides.pcap", want{matched: 66, unobservable: 1, nat: none}},
		// One direction of the second side: what went out was not captured there,
		// and 178 replies were under way when the capture ended.
		{"one direction alone", "hop_pairs/ndpi-fix2-both-sides.pcap", want{matched: 887, unobservable: 1094 + 178, nat: none}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := pair(t, correlate.Options{}, c.file, "")
			c.want.check(t, ev)
			if !ev.Coverage.Tunnel || !ev.Coverage.WAN || ev.Coverage.OuterPossible {
				t.Errorf("coverage %+v", ev.Coverage)
			}
		})
	}
	// Copies of some packets, of one direction, or of hosts that are told apart
	// by nothing: no side, or at least no loss and no translation.
	for _, file := range []string{
		"hop_pairs/ndpi-ftp-start-tls-both-sides.pcap", "hop_pairs/ndpi-mongodb-both-sides.pcap",
		"hop_pairs/arkime-oracle-both-sides.pcap", "hop_pairs/ndpi-imaps-both-sides.pcap",
		"nat_pairs/suricata-bug76-both-sides.pcap",
	} {
		ev := pair(t, correlate.Options{}, file, "")
		if ev.Totals.LostPackets != 0 || len(ev.NAT) != 0 || ev.Totals.Duplicates != 0 || ev.Coverage.Apart {
			t.Errorf("%s: totals %+v, translations %q", file, ev.Totals, natRows(ev))
		}
	}
}

// TestCorpusCopies counts what was recorded more than once, and leaves alone what
// was sent more than once.
func TestCorpusCopies(t *testing.T) {
	for _, c := range []struct {
		file   string
		copies uint64
		clones uint64
	}{
		{"hop_pairs/ndpi-rtsp-both-sides.pcap", 142 * 3, 0},
		{"nat_pairs/suricata-ippair-leak-5204.pcap", 0, 560},
		{"multi_iface/suricata-sll2-any.pcap", 0, 0},
		{"multi_iface/ptcpdump-tcp.pcapng", 0, 0}, // of too few packets to say
		{"linktypes/arkime-wireshark-retrans.pcap", 0, 0},
		{"gzip/zeek-echo-connections.pcap.gz", 0, 0},
	} {
		ev := pair(t, correlate.Options{}, c.file, "")
		clones := uint64(0)
		for _, cv := range ev.Caveats {
			if cv.ID == "clones" {
				clones = cv.Args["count"].(uint64)
			}
		}
		if ev.Totals.Duplicates != c.copies || clones != c.clones || len(ev.NAT) != 0 {
			t.Errorf("%s: %d copies, %d clones, translations %q; want %d, %d, none", c.file, ev.Totals.Duplicates, clones, natRows(ev), c.copies, c.clones)
		}
	}
}

// TestCorpusClones reads the replayed session at two points: strangers with the
// same octets are no translation of one another.
func TestCorpusClones(t *testing.T) {
	ev := pair(t, correlate.Options{}, "nat_pairs/suricata-ippair-leak-5204.pcap", "nat_pairs/suricata-ippair-leak-5204.pcap")
	if len(ev.NAT) != 0 || ev.Totals.LostPackets != 0 {
		t.Errorf("totals %+v, translations %q", ev.Totals, natRows(ev))
	}
}

// TestCorpusPathIPv6 follows the ping of a host with IPv6 of its own: the router
// takes one off its hop limit, the translator turns it into IPv4, which is not
// followed, and behind that nothing changes.
func TestCorpusPathIPv6(t *testing.T) {
	offset := -18 * time.Millisecond
	ev := pair(t, correlate.Options{ClockOffset: &offset}, "nat_pairs/jool464-ipv6-n6.pcapng", "nat_pairs/jool464-ipv6-r.pcapng")
	// The second capture is one of all adapters and shows the reply come and go.
	want{matched: 2, unobservable: 1, nat: none}.check(t, ev)
	ev = pair(t, correlate.Options{}, "nat_pairs/jool464-ipv6-plat.pcapng", "nat_pairs/jool464-ipv6-n4.pcapng")
	if ev.Totals.MatchedPackets != 2 || len(ev.NAT) != 0 || ev.Totals.LostPackets != 0 {
		t.Errorf("plat to n4: totals %+v, translations %q", ev.Totals, natRows(ev))
	}
	ev = pair(t, correlate.Options{}, "nat_pairs/jool464-ipv6-n6.pcapng", "nat_pairs/jool464-ipv6-n4.pcapng")
	if ev.Totals.MatchedPackets != 0 || len(ev.NAT) != 0 || ev.Totals.LostPackets != 0 {
		t.Errorf("across the change of protocol: totals %+v, translations %q", ev.Totals, natRows(ev))
	}
}

// TestCorpusInterfaces takes the adapter with the host's own traffic among many.
func TestCorpusInterfaces(t *testing.T) {
	for _, c := range []struct {
		file, wan string
		packets   uint64 // of all interfaces
	}{
		{"many_interfaces-1.pcapng", "en0", 64},
		{"ptcpdump-curl-thread.pcapng", "ens33", 10},
		{"ptcpdump-tcp.pcapng", "", 24}, // loopback alone
	} {
		ev := pair(t, correlate.Options{}, "multi_iface/"+c.file, "")
		var packets uint64
		wan := ""
		for _, cp := range ev.Captures {
			packets += cp.Packets
			if cp.Role == capture.RoleWAN {
				wan += cp.Interface.Name
			}
		}
		if packets != c.packets || wan != c.wan || ev.Totals.LostPackets != 0 {
			t.Errorf("%s: %d packets, WAN %q, totals %+v; want %d, %q", c.file, packets, wan, ev.Totals, c.packets, c.wan)
		}
	}
}
