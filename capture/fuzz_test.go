package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// checkPacket reports what no packet may be, whatever it was decoded from.
func checkPacket(t *testing.T, p *Packet, extras *Extras) {
	t.Helper()
	switch {
	case int(p.Kind) >= numKinds:
		t.Fatalf("kind %d", p.Kind)
	case p.WireLen < p.CapLen:
		t.Fatalf("%d octets captured of %d", p.CapLen, p.WireLen)
	case p.Kind <= KindARP && (p.Src != Addr{} || p.Dst != Addr{} || p.IPLen != 0):
		t.Fatalf("addresses or a length without IP: %+v", p)
	case p.Kind > KindARP && p.Src.Is4() != p.Dst.Is4():
		t.Fatalf("addresses of two families: %+v", p)
	case p.PayloadLen > p.IPLen && !p.Has(FlagFirstFragment):
		t.Fatalf("payload of %d in a packet of %d", p.PayloadLen, p.IPLen)
	case p.Ref < -1 || p.Kind == KindICMPError && int(p.Ref) >= len(extras.Quotes) || p.Kind == KindUDP && int(p.Ref) >= len(extras.Handshakes):
		t.Fatalf("extra %d of %d and %d", p.Ref, len(extras.Quotes), len(extras.Handshakes))
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range decodeCases() {
		f.Add(uint32(c.link), c.frame, max(c.wire, len(c.frame)))
	}
	f.Fuzz(func(t *testing.T, link uint32, frame []byte, wireLen int) {
		var d Decoder
		var p, again Packet
		var extras Extras
		d.Decode(&p, LinkType(link), frame, wireLen, &extras)
		checkPacket(t, &p, &extras)
		d.Decode(&again, LinkType(link), frame, wireLen, nil)
		again.Ref = p.Ref
		if p != again {
			t.Fatalf("decoded twice: %+v and %+v", p, again)
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add(cat(le.pcapHead(pcapMagicMicro, 96, 101), le.record(5, 6, frameA)))
	f.Add(cat(be.pcapHead(pcapMagicNano, 96, 1), be.record(5, 6, frameB), be.record(5, 6, frameB)))
	f.Add(cat(le.pcapHead(pcapMagicMicro, 96, 276), le.record(1, 0, cooked2(2, 1))))
	f.Add(cat(le.shb(), le.idb(LinkTypeRaw, 64, le.opt(optIfName, []byte("wg0"))), le.epb(0, 7, frameA),
		le.block(blockSimple, le.w32(uint32(len(frameA))), frameA), le.block(blockStatistics, le.w32(0, 0, 0), le.opt(optISBIfDrop, le.w64(1)))))
	for _, name := range []string{"gzip/scapy-macos.pcapng.gz", "gzip/scapy-tls_tcp_frag.pcap.gz", "pcapng_suite/output_be/difficult/test202.pcapng"} {
		// Only where the folder of third-party captures is at hand.
		if data, err := os.ReadFile(filepath.Join(corpus, name)); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := NewFile("fuzz", bytes.NewReader(data))
		if err != nil {
			return
		}
		defer file.Close()
		b := NewBatch()
		var frames uint64
		// A compressed bomb may hold gigabytes of packets; they cost time,
		// never memory.
		for range 1000 {
			err := file.Next(b)
			if len(b.Packets) > BatchSize || len(b.Stats) > maxStats+maxCookedRows+1 || len(b.Interfaces) > maxInterfaces+maxCookedRows+1 {
				t.Fatalf("a batch of %d packets, %d statistics, %d interfaces", len(b.Packets), len(b.Stats), len(b.Interfaces))
			}
			for i := range b.Packets {
				p := &b.Packets[i]
				frames++
				checkPacket(t, p, &b.Extras)
				if p.Frame != frames || p.Iface < 0 || int(p.Iface) >= len(b.Interfaces) || p.Time < 0 {
					t.Fatalf("frame %d: %+v", frames, p)
				}
			}
			if err != nil {
				break
			}
		}
		if cap(file.in.buf) > 4*maxRecord {
			t.Fatalf("a window of %d octets", cap(file.in.buf))
		}
	})
}
