package correlate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// file is a source of one interface with a part of a trace.
func file(name string, face capture.Interface, packets []pk) correlate.Input {
	return correlate.Input{Source: &memory{name: name, faces: []capture.Interface{face}, packets: packets}}
}

// TestRoles finds out which capture is which, by each of the criteria alone.
func TestRoles(t *testing.T) {
	calls := &trace{}
	for n := range 4 {
		calls.call(int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
	}
	outer := &trace{}
	outer.session(0, "198.51.100.10:4500")
	ethernet := capture.Interface{Index: -1, LinkType: capture.LinkTypeEthernet}
	raw := capture.Interface{Index: -1, LinkType: capture.LinkTypeRaw}
	cooked := capture.Interface{Index: -1, LinkType: capture.LinkTypeLinuxSLL2}
	named := func(f capture.Interface, name string) capture.Interface { f.Name = name; return f }
	described := func(f capture.Interface, d string) capture.Interface { f.Description = d; return f }
	option := func(f capture.Interface, r capture.Role) capture.Interface { f.Role = r; return f }
	arphrd := func(f capture.Interface, n uint16) capture.Interface { f.ARPHRD = n; return f }
	pick := func(in correlate.Input, r capture.Role) correlate.Input {
		in.Picks = []correlate.Pick{{Role: r}}
		return in
	}
	// The second input is the tunnel in every case.
	cases := []struct {
		name        string
		wan, tunnel correlate.Input
		why         string // of the tunnel
		tied        bool
	}{
		{"flags", pick(file("a", ethernet, calls.out), capture.RoleWAN), pick(file("b", ethernet, calls.in), capture.RoleTunnel), "flag", false},
		{"flags against the link type", pick(file("a", raw, calls.out), capture.RoleWAN), pick(file("b", ethernet, calls.in), capture.RoleTunnel), "flag", false},
		{"our own option", file("a", option(ethernet, capture.RoleWAN), calls.out), file("b", option(ethernet, capture.RoleTunnel), calls.in), "option", false},
		{"WireGuard's own packets on the other one", file("a", ethernet, append(outer.out[:3:3], calls.out...)), file("b", ethernet, calls.in), "the-other", false},
		{"a name, wg", file("a", named(ethernet, "eth0"), calls.out), file("b", named(ethernet, "wg0"), calls.in), "name", false},
		{"a name, utun", file("a", named(ethernet, "en0"), calls.out), file("b", named(capture.Interface{LinkType: capture.LinkTypeNull}, "utun4"), calls.in), "name", false},
		{"a description, Wintun", file("a", ethernet, calls.out), file("b", described(named(raw, `\Device\NPF_{A}`), "Wintun Userspace Tunnel"), calls.in), "name", false},
		{"no link layer in a cooked capture", file("a", arphrd(cooked, 1), calls.out), file("b", arphrd(cooked, 0xfffe), calls.in), "no-link-layer", false},
		{"link types", file("a", ethernet, calls.out), file("b", raw, calls.in), "link-type", false},
		{"matched packets", file("a", ethernet, calls.out), file("b", ethernet, calls.in), "matched-packets", false},
		{"matched packets, both raw", file("a", raw, calls.out), file("b", raw, calls.in), "matched-packets", false},
	}
	for _, c := range cases {
		for _, reversed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", c.name, reversed), func(t *testing.T) {
				rewind(c.wan, c.tunnel)
				inputs := []correlate.Input{c.wan, c.tunnel}
				if reversed {
					inputs = []correlate.Input{c.tunnel, c.wan}
				}
				ev := analyse(t, correlate.Options{}, inputs...)
				for _, cp := range ev.Captures {
					want := capture.RoleTunnel
					if cp.Source == c.wan.Source.Name() {
						want = capture.RoleWAN
					} else if cp.RoleWhy != c.why {
						t.Errorf("%s is the tunnel because of %q, want %q", cp.Source, cp.RoleWhy, c.why)
					}
					if cp.Role != want {
						t.Errorf("%s is %v (%s), want %v", cp.Source, cp.Role, cp.RoleWhy, want)
					}
				}
				if ev.Totals.MatchedPackets != 4*callPackets || ev.Coverage.RolesTied {
					t.Errorf("totals %+v, tied %v", ev.Totals, ev.Coverage.RolesTied)
				}
			})
		}
	}
	t.Run("nothing but the order", func(t *testing.T) {
		other := &trace{}
		other.call(0, tablet+":1", wanIP+":2", "192.0.2.7:9", 5)
		ev := analyse(t, correlate.Options{}, file("a", ethernet, calls.in), file("b", ethernet, other.out))
		if !ev.Coverage.RolesTied || ev.Captures[0].Role != capture.RoleTunnel || ev.Captures[1].Role != capture.RoleWAN {
			t.Errorf("tied %v, captures %+v", ev.Coverage.RolesTied, ev.Captures)
		}
	})
	t.Run("one capture alone", func(t *testing.T) {
		for _, c := range []struct {
			in   correlate.Input
			role capture.Role
		}{{file("a", raw, calls.in), capture.RoleTunnel}, {file("a", ethernet, append(outer.out[:3:3], calls.out...)), capture.RoleWAN}} {
			ev := analyse(t, correlate.Options{}, c.in)
			if ev.Captures[0].Role != c.role || ev.Totals.LostPackets != 0 {
				t.Errorf("%v, lost %d; want %v and 0", ev.Captures[0].Role, ev.Totals.LostPackets, c.role)
			}
		}
	})
	t.Run("two by flag in one file", func(t *testing.T) {
		tr := &trace{}
		tr.call(0, tcpC, tcpW, tcpS, 1)
		tr.idle(9_000_000)
		in := tr.inputs()[0]
		in.Picks = []correlate.Pick{{Interface: "0", Role: capture.RoleTunnel}, {Interface: "eth0", Role: capture.RoleWAN}}
		want{matched: callPackets}.check(t, analyse(t, correlate.Options{}, in))
	})
}

func rewind(inputs ...correlate.Input) {
	for _, in := range inputs {
		m := in.Source.(*memory)
		m.pos, m.stat = 0, 0
	}
}

// TestRolesUndecided has too many candidates.
func TestRolesUndecided(t *testing.T) {
	tr := &trace{}
	tr.call(0, tcpC, tcpW, tcpS, 1)
	e := func(name string) capture.Interface {
		return capture.Interface{Index: -1, Name: name, LinkType: capture.LinkTypeEthernet}
	}
	cases := map[string][]correlate.Input{
		"three alike":       {file("a", e(""), tr.in), file("b", e(""), tr.out), file("c", e(""), tr.out)},
		"two more than one": {file("a", e("wg0"), tr.in), file("b", e("x"), tr.out), file("c", e("y"), tr.out)},
	}
	one := &memory{name: "all", packets: tr.in}
	for i := range 3 {
		f := e(fmt.Sprintf("eth%d", i))
		f.Index = i
		one.faces = append(one.faces, f)
		p := tr.in[i]
		p.Iface = int32(i)
		one.packets = append(one.packets, p)
	}
	cases["three in one file"] = []correlate.Input{{Source: one}}
	for name, inputs := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := correlate.New(correlate.Options{}).Run(context.Background(), inputs)
			var roles *correlate.RolesError
			if !errors.As(err, &roles) || len(roles.Candidates) < 3 {
				t.Fatalf("error %v, want a RolesError that lists three", err)
			}
			for _, c := range roles.Candidates {
				if !strings.Contains(err.Error(), c) {
					t.Errorf("%q does not name %s", err, c)
				}
			}
		})
	}
}
