package capture

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	frames := []struct {
		name  string
		link  LinkType
		frame []byte
	}{
		{"tcp4", LinkTypeEthernet, eth(0x0800, ip4(6, phone, site, tcp(1, 2, 3, 4, TCPAck, justTS, count(60))))},
		{"tcp6", LinkTypeRaw, ip6(6, phone6, site6, tcp(1, 2, 3, 4, TCPAck, justTS, count(60)))},
		{"udp4", LinkTypeRaw, ip4(17, phone, site, udpOf100)},
		{"udp6", LinkTypeRaw, ip6(17, phone6, site6, udpOf100)},
		{"dns", LinkTypeRaw, ip4(17, phone, site, udp(4000, 53, dns(1, 0x100, 1, 0, dnsQuestion)))},
		{"wg-transport", LinkTypeEthernet, eth(0x0800, ip4(17, phone, site, udp(4000, 51820, wgData)))},
		{"echo", LinkTypeRaw, ip4(1, phone, site, icmp(8, 0, 1, count(56)))},
		{"cooked2", LinkTypeLinuxSLL2, cooked2(2, 1)},
	}
	for _, c := range frames {
		b.Run(c.name, func(b *testing.B) {
			var d Decoder
			var p Packet
			extras := Extras{Quotes: make([]Quote, 0, 1)}
			b.ReportAllocs()
			for b.Loop() {
				extras.Quotes = extras.Quotes[:0]
				d.Decode(&p, c.link, c.frame, 1400, &extras)
			}
		})
	}
}

// writeMillion writes a million packets cut to 128 octets: TCP with timestamps
// and WireGuard data, as on a WAN adapter. WGTRACE_BENCH_DIR keeps the files
// for a comparison with other tools.
func writeMillion(b *testing.B, name string) string {
	b.Helper()
	dir := os.Getenv("WGTRACE_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	path := filepath.Join(dir, name)
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	tcpFrame := eth(0x0800, ip4h(header4{id: 7, length: 1400, ttl: 64}, 6, phone, site, tcp(1, 2, 3, 4, TCPAck, justTS, count(62))))
	wgFrame := eth(0x0800, ip4h(header4{id: 7, length: 1480, ttl: 64}, 17, phone, site, cat(b16(4000, 51820, 1460, 0), wgData, count(100))))[:128]
	var buf []byte
	ng := filepath.Ext(name) == ".pcapng"
	if ng {
		buf = cat(le.shb(), le.idb(LinkTypeEthernet, 128, le.opt(optIfTSResol, []byte{9})))
	} else {
		buf = le.pcapHead(pcapMagicNano, 128, 1)
	}
	for i := range uint32(1_000_000) {
		frame, wireLen := tcpFrame, uint32(1414)
		if i%2 == 1 {
			frame, wireLen = wgFrame, 1494
		}
		n := uint32(len(frame))
		if ng {
			block := le.epb(0, 1_700_000_000_000_000_000+uint64(i)*1000, frame)
			binary.LittleEndian.PutUint32(block[24:], wireLen)
			buf = append(buf, block...)
		} else {
			buf = append(buf, le.w32(1_700_000_000+i/1000, i%1000*1000, n, wireLen)...)
			buf = append(buf, frame...)
		}
		if len(buf) > 1<<20 {
			if _, err := out.Write(buf); err != nil {
				b.Fatal(err)
			}
			buf = buf[:0]
		}
	}
	if _, err := out.Write(buf); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkFile reads and decodes a million packets in one goroutine.
func BenchmarkFile(b *testing.B) {
	for _, name := range []string{"million.pcap", "million.pcapng"} {
		b.Run(name, func(b *testing.B) {
			path := writeMillion(b, name)
			batch := NewBatch()
			b.ReportAllocs()
			packets := 0
			for b.Loop() {
				f, err := Open(path)
				if err != nil {
					b.Fatal(err)
				}
				for {
					err := f.Next(batch)
					packets += len(batch.Packets)
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				f.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
		})
	}
}
