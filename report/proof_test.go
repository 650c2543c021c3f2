package report

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/diagnose"
)

// seenOf decodes a frame of a capture.
func seenOf(iface *capture.Interface, frame []byte, at int64) capture.Seen {
	var d capture.Decoder
	var p capture.Packet
	d.Decode(&p, iface.LinkType, frame, len(frame), nil)
	p.Time, p.Frame = at, uint64(at-sampleStart)+1
	return capture.Seen{Packet: &p, Interface: iface, Frame: frame}
}

// TestProofHostile: nothing that a capture calls itself reaches a terminal by way
// of the proof, redacted or not.
func TestProofHostile(t *testing.T) {
	for _, x := range []*Redactor{nil, testRedactor(RedactStandard), testRedactor(RedactStrict)} {
		s := hostileSample()
		s.info.Redact = x
		for i := range s.ev.Captures {
			s.ev.Captures[i].Interface.Index = i
		}
		p := NewProof(Build(s.ev, s.d, s.info), s.ev, s.d, s.info)
		for i := range s.ev.Captures {
			c := &s.ev.Captures[i]
			p.Add(c.Source, seenOf(&c.Interface, bytesOf(t, frameARP), sampleStart+3))
		}
		var out bytes.Buffer
		if err := p.Write(&out); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\x1b[2J", "\x07", "\u202e", "\x9b31m"} {
			if bytes.Contains(out.Bytes(), []byte(bad)) {
				t.Errorf("%s: %q stands in the proof", x.Mode(), bad)
			}
		}
		f, err := capture.NewFile("proof", &out)
		if err != nil {
			t.Fatal(err)
		}
		b := capture.NewBatch()
		if err := f.Next(b); err != nil || len(f.Interfaces()) != len(s.ev.Captures) {
			t.Errorf("%s: %d interfaces, %v", x.Mode(), len(f.Interfaces()), err)
		}
	}
}

// TestProofBounded: however long a run is, proof and ring stay small, and a ring
// keeps the latest conversations.
func TestProofBounded(t *testing.T) {
	s := natMissingSample()
	p := NewProof(Build(s.ev, s.d, s.info), s.ev, s.d, s.info)
	c := &s.ev.Captures[0]
	c.Interface.LinkType = capture.LinkTypeRaw
	syn := ipFrame(t, 6, bytesOf(t, "c822 01bb 00000001 00000000 5002 ffff 0000 0000")) // 51234 > 443
	copy(syn[12:], []byte{10, 8, 0, 2, 192, 0, 2, 80})
	var ring Ring
	for i := range 3 * ringPackets {
		seen := seenOf(&c.Interface, syn, sampleStart+int64(i))
		p.Add(c.Source, seen)
		binary.BigEndian.PutUint16(syn[20:], uint16(i)) // another conversation
		ring.Keep(c.Source, seenOf(&c.Interface, syn, sampleStart+int64(i)))
		binary.BigEndian.PutUint16(syn[20:], 51234)
	}
	if len(p.kept) != proofPackets {
		t.Errorf("%d packets are kept, want %d", len(p.kept), proofPackets)
	}
	n, last := 0, int64(0)
	ring.Each(func(_ string, s capture.Seen) {
		if n++; s.Packet.Time < last {
			t.Fatalf("packet %d is earlier than the one before", n)
		}
		last = s.Packet.Time
	})
	if n != ringPackets || last != sampleStart+3*ringPackets-1 {
		t.Errorf("the ring holds %d packets up to %d", n, last-sampleStart)
	}
	var one Ring
	for i := range 1000 {
		one.Keep(c.Source, seenOf(&c.Interface, syn, sampleStart+int64(i)))
	}
	if len(one.kept) != ringOfOne {
		t.Errorf("of one conversation %d packets are kept, want %d", len(one.kept), ringOfOne)
	}
}

// TestRedactCheck: the answer of wgtrace check hides as much as a report.
func TestRedactCheck(t *testing.T) {
	s := markedSample()
	checks := []diagnose.Check{{ID: "wg-port", Layer: "tunnel", Why: "acmetunnel at 203.0.113.2",
		Fixes: []diagnose.Fix{{ID: "fwd-linux", OS: "linux", Commands: []string{"ip link set acmewan up"}}}}}
	for _, mode := range []string{RedactStandard, RedactStrict} {
		s.info.Redact = testRedactor(mode)
		c := BuildCheck(checks, nil, time.Unix(0, sampleStart), s.info)
		var out bytes.Buffer
		if err := CheckText(&out, c, TextOptions{Width: 4000}); err != nil {
			t.Fatal(err)
		}
		out.Write(c.Host)
		out.Write(c.Container.Facts)
		out.WriteString(c.Container.Name + c.Container.Place)
		for i := range c.Settings {
			out.WriteString(c.Settings[i].Found + strings.Join(c.Settings[i].Fixes[0].Commands, ""))
		}
		for _, secret := range secrets {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%s: %s is still there", mode, secret)
			}
		}
		if !strings.HasPrefix(out.String(), "Redacted: ") {
			t.Errorf("%s: does not say so", mode)
		}
	}
}
