package diagnose

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/wgconf"
)

// view is what the test of a cause looks at: the snapshot of the machine and the
// way of the client or device in hand. The questions of package host may be asked
// of facts also where it is nil.
type view struct {
	facts   *host.Snapshot
	path    host.Path      // Client is invalid for findings on a WireGuard endpoint
	peer    netip.AddrPort // the endpoint in hand; invalid if not known
	server  netip.Addr     // the host's own address inside the tunnel
	port    uint16         // WireGuard's
	finding string         // id
	key     string         // of the peer in hand; "" if not known
	around  *Context       // the machine around the container of the tunnel; nil: none
	back    string         // the adapter that answers come in by; "": that of path

	phoneConfig, serverConfig *wgconf.Config // nil if not at hand
}

// wayBack is the way of the answers.
func (v *view) wayBack() host.Path {
	p := v.path
	if v.back != "" {
		p.WAN = v.back
	}
	return p
}

// answer is what facts say of a cause: proved, refuted or nothing, and by what.
type answer struct {
	fact  host.Fact
	basis string
}

func settings(f host.Fact) answer { return answer{f, "settings"} }
func counters(f host.Fact) answer { return answer{f, "counters"} }

var silent answer

// provedProbability is that of a cause which the settings prove. They were read
// at another moment than the packets, so that a little doubt stays.
const provedProbability = 0.99

// presharedKeyID is the cause that configurations of both ends settle.
const presharedKeyID = "preshared-key-mismatch"

// mostLikely is as sure as a cause can be for which nothing speaks but that the
// settings rule out the others.
const mostLikely = 0.9

// view returns the facts from where a subject stands.
func (s *subject) view(finding string) *view {
	v := &view{
		facts: s.ctx.Facts, finding: finding,
		port: s.ev.WireGuard.Port, path: s.path(), key: s.publicKey(),
		phoneConfig: s.ctx.PhoneConfig, serverConfig: s.ctx.ServerConfig,
	}
	if s.peer != nil {
		v.peer, v.port = s.peer.Endpoint, s.peer.ServerEndpoint.Port()
	}
	return v
}

// versionOf returns the IP version of an address as package host counts it: 6, or
// 4 also where the address is not known.
func versionOf(a netip.Addr) int {
	if a.Is6() {
		return 6
	}
	return 4
}

// path returns the way of the client in hand through the host, its adapters named
// as the settings name them. Client is invalid where there is none.
func (s *subject) path() host.Path {
	p := host.Path{Tunnel: s.adapterOf(capture.RoleTunnel), WAN: s.adapterOf(capture.RoleWAN)}
	if s.client == nil {
		return p
	}
	p.Client = s.client.Addrs[0]
	for _, a := range s.client.Addrs {
		if s.family != nil && s.family.Family != correlate.FamilyAny && a.Is4() == (s.family.Family == correlate.IPv4) {
			p.Client = a
		}
	}
	if s.ctx.Inside.IsValid() {
		p.Client, p.Tunnel = s.ctx.insideAs(p.Client), s.ctx.Tunnel
	}
	return p
}

// adapterOf returns the adapter with a role by the name that the settings know it
// by: captures can have another (Windows), or none.
func (s *subject) adapterOf(role capture.Role) string {
	known := s.ctx.Tunnel
	if role == capture.RoleWAN {
		known = s.ctx.WAN
	}
	if s.ctx.Facts == nil {
		return adapter(s.ev, s.ctx, role)
	}
	for _, name := range []string{known, adapter(s.ev, s.ctx, role)} {
		if s.ctx.Facts.Adapter(name) != nil {
			return name
		}
	}
	choose := s.ctx.Facts.Tunnel
	if role == capture.RoleWAN {
		choose = s.ctx.Facts.WAN
	}
	// A snapshot that names no such adapter decides nothing about it.
	c, _ := choose()
	return c.Name
}

// weigh lets the facts of the host speak on each cause: what they prove comes
// first, what they refute falls to zero and leaves its share to the rest. Without
// facts the causes stay as the rule ranked them.
func (v *view) weigh(causes []Cause) []Cause {
	if v.facts == nil && v.phoneConfig == nil {
		return causes
	}
	causes = slices.Clone(causes)
	var proved, refuted, open []Cause
	ruledOut, left := 0.0, 0.0
	for _, c := range causes {
		a := silent
		// Two files are no settings of a machine, and say one thing of a session.
		if test := factTests[c.ID]; test != nil && (v.facts != nil || c.ID == presharedKeyID) {
			a = test(v)
		}
		switch a.fact {
		case host.FactYes:
			c.Basis = a.basis
			proved = append(proved, c)
		case host.FactNo:
			c.Basis = a.basis
			ruledOut += c.Probability
			c.Probability = 0
			refuted = append(refuted, c)
		default:
			left += c.Probability
			open = append(open, c)
		}
	}
	if len(proved) > 0 {
		// Whatever else is possible shares what is left of 1, in its old order.
		rest := (1 - provedProbability) / float64(len(proved)+len(open))
		for i := range proved {
			proved[i].Probability = rest
		}
		proved[0].Probability = provedProbability
		for i := range open {
			open[i].Probability = min(open[i].Probability, rest)
		}
	} else if left > 0 {
		for i := range open {
			share := open[i].Probability * (left + ruledOut) / left
			open[i].Probability = max(open[i].Probability, min(share, mostLikely))
		}
	}
	return slices.Concat(proved, open, refuted)
}

// disagreement is the caveat that packets and settings contradict each other.
// Packets win: they were seen.
func disagreement(d *Diagnosis) []correlate.Caveat {
	if d.Status == StatusHealthy {
		wrong := 0
		for i := range d.Settings {
			// What is wrong there stops everybody, and somebody gets through. A
			// wrong setting of the tunnel can be that of another device.
			if c := &d.Settings[i]; c.State == StateWrong && (c.Layer == "forwarding" || c.Layer == "nat") {
				c.State, c.Fixes = StateNote, nil
				wrong++
			}
		}
		if wrong == 0 {
			return nil
		}
		return []correlate.Caveat{{ID: "settings-look-wrong", Args: map[string]any{"count": wrong}}}
	}
	f := d.Primary()
	if f == nil || f.Severity != SeverityFault || len(f.Causes) == 0 {
		return nil
	}
	for _, c := range f.Causes {
		if c.Probability > 0 {
			return nil
		}
	}
	return []correlate.Caveat{{ID: "settings-disagree"}}
}
