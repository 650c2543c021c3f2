package correlate_test

import (
	"testing"
)

// The cases here give every client the same first sequence number, so that
// nothing but time tells their SYNs apart.

// scan is a trace of two files with calls that fix the clocks, and a client's
// SYN from port p at us.
func scan() *trace {
	tr := &trace{two: true}
	for n := range 3 {
		tr.call(int64(n)*200_000, phone+":4000", wanIP+":4000", site+":443", uint32(9000+n*100_000))
	}
	return tr
}

func probe(client string) pk { return tcp(client, tcpS, syn, 42, 0, 0) }

const scanCall = "tcp 10.8.0.2:4000>203.0.113.2:4000>192.0.2.80:443"

// TestTwinStampedEarly loses one client's SYN; that of another, which left, is
// seen outside a little before it is inside, because clocks are only estimated.
// At that moment the lost one is the only candidate.
func TestTwinStampedEarly(t *testing.T) {
	for _, before := range []int64{1_000, 25_000, 500_000} {
		tr := scan()
		tr.tunnel(1_000_000-before, probe(phone+":5000"))
		tr.wan(1_000_000-50, probe(wanIP+":61000"))
		tr.tunnel(1_000_000, probe(tablet+":5000"))
		tr.idle(9_000_000)
		w := want{matched: 3*callPackets + 1, lost: 1, nat: []string{scanCall, "tcp 10.8.0.3:5000>203.0.113.2:61000>192.0.2.80:443"}}
		if before < 5_000 {
			// Either could have left.
			w.lost, w.unobservable, w.ambiguous, w.nat = 0, 1, 1, []string{scanCall}
		}
		w.check(t, tr.run(t))
	}
}

// TestTiedLater forwards the SYNs of two clients at one moment and loses one of
// them; the next packet of the one that left says which.
func TestTiedLater(t *testing.T) {
	for _, two := range []bool{false, true} {
		tr := scan()
		tr.two = two
		tr.tunnel(1_000_000, probe(phone+":5000"))
		tr.tunnel(1_000_100, probe(tablet+":5000"))
		tr.wan(1_000_300, probe(wanIP+":61000"))
		r := tcp(tcpS, wanIP+":61000", syn|ack, 777, 43, 0).ttl(57)
		tr.back(1_030_000, r, r.to(tablet+":5000"))
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: 3*callPackets + 2, lost: 1, nat: []string{scanCall, "tcp 10.8.0.3:5000>203.0.113.2:61000>192.0.2.80:443"}}.check(t, ev)
		for _, f := range ev.Flows {
			if lost := f.Client.String() == phone+":5000"; f.LostForward > 0 != lost {
				t.Errorf("%v lost %d", f.Client, f.LostForward)
			}
		}
	}
}

// TestTieOfOthers lets two SYNs be equally near to one that left: which of them
// is lost is open, but a third one, further away, is.
func TestTieOfOthers(t *testing.T) {
	tr := scan()
	tr.tunnel(1_000_000, probe(phone+":5001"))
	tr.tunnel(1_016_000, probe(phone+":5002"))
	tr.wan(1_016_200, probe(wanIP+":61000"))
	tr.tunnel(1_017_000, probe(phone+":5003"))
	tr.idle(9_000_000)
	ev := tr.run(t)
	want{matched: 3*callPackets + 1, lost: 1, unobservable: 1, ambiguous: 1, nat: []string{scanCall}}.check(t, ev)
	for _, f := range ev.Flows {
		if f.Client.Port() == 5001 && f.LostForward != 1 {
			t.Errorf("%v lost %d, want 1", f.Client, f.LostForward)
		}
	}
}

// TestTieJudgedAtOnce lets two SYNs of one moment leave together and a third a
// little later, after which nothing comes for long, so that all are judged in one
// go: what the first twin is taken for may not leave another without its own.
func TestTieJudgedAtOnce(t *testing.T) {
	tr := scan()
	tr.two = false
	tr.tunnel(1_000_000, probe(phone+":5001"))
	tr.tunnel(1_000_000, probe(phone+":5002"))
	tr.wan(1_000_020, probe(wanIP+":61000"))
	tr.wan(1_000_020, probe(wanIP+":62000"))
	tr.tunnel(1_001_021, probe(phone+":5003"))
	tr.wan(1_001_041, probe(wanIP+":60000"))
	tr.idle(60_000_000)
	third := "tcp 10.8.0.2:5003>203.0.113.2:60000>192.0.2.80:443"
	want{matched: 3*callPackets + 3, ambiguous: 2, nat: []string{scanCall, third}}.check(t, tr.run(t))
}
