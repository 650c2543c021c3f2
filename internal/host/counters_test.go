package host

import (
	"net"
	"runtime"
	"testing"
)

// TestCountersNow: this machine counts what it passes on, and what its adapters
// carry, and no counter runs backwards.
func TestCountersNow(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		t.Skip("no counters are read on " + runtime.GOOS)
	}
	list, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	s := &Snapshot{}
	for _, l := range list {
		s.Adapters = append(s.Adapters, Adapter{Name: l.Name, Index: l.Index, Up: l.Flags&net.FlagUp != 0})
	}
	s.CountersBefore = s.CountersNow()
	s.Counters = s.CountersNow()
	if _, ok := s.Forwarded(); !ok {
		t.Errorf("what is passed on is not known: %v", s.Counters)
	}
	if _, ok := s.Refused(); !ok {
		t.Errorf("what is thrown away is not known: %v", s.Counters)
	}
	up := 0
	for i := range s.Adapters {
		a := &s.Adapters[i]
		if !a.Up || up == maxCounted {
			continue
		}
		up++
		_, in := s.Received(a.Name)
		if _, out := s.Sent(a.Name); !in || !out {
			t.Errorf("%s: received %t, sent %t", a.Name, in, out)
		}
	}
	if up == 0 {
		t.Error("no adapter is up")
	}
}
