package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// refusalKind is what a host says with a refusal.
type refusalKind uint8

const (
	refusalOther  refusalKind = iota
	refusalRoute              // it has no route
	refusalNext               // the next hop does not answer
	refusalPolicy             // a rule forbids it
	refusalKinds  = iota
)

// kindOf reads a refusal by type and code (RFC 792, RFC 1812 section 5.2.7.1,
// RFC 4443 section 3.1).
func kindOf(r *correlate.Refusal) refusalKind {
	if r.Reset {
		return refusalPolicy
	}
	v6 := r.Speaker.Is6()
	switch {
	case !v6 && r.Type == 3 && r.Code == 0, v6 && r.Type == 1 && r.Code == 0:
		return refusalRoute
	case !v6 && r.Type == 3 && r.Code == 1, v6 && r.Type == 1 && r.Code == 3:
		return refusalNext
	case !v6 && r.Type == 3 && r.Code != 4, v6 && r.Type == 1:
		return refusalPolicy
	}
	return refusalOther
}

// refusedAs reports whether the client's requests died inside the host, which
// refused them mostly in one way, and returns the packets that say so. One is
// enough: the kernel sends about one error a second to one address
// (icmp_ratelimit, icmp(7)), while a page asks for dozens.
func (s *subject) refusedAs(kind refusalKind) ([]correlate.Refusal, bool) {
	if !s.deadAt(insideHost...) || s.family.LocalAnswers > 0 || !s.hostCaptured() || s.leftSince() {
		return nil, false
	}
	var counts [refusalKinds]uint64
	var said []correlate.Refusal
	for i := range s.family.Refusals {
		r := &s.family.Refusals[i]
		if r.Beyond || r.Outward || !s.meanwhile(&r.Tally) {
			continue
		}
		k := kindOf(r)
		counts[k] += r.Count
		if k == kind {
			said = append(said, *r)
		}
	}
	for k := refusalRoute; k < refusalKinds; k++ {
		if counts[k] > counts[kind] {
			return nil, false
		}
	}
	return said, len(said) > 0
}

// refused makes a proof of what the host said.
func (s *subject) refused(confidence float64, said []correlate.Refusal) proof {
	p := proof{confidence: s.certainty(confidence, insideHost...), args: map[string]any{"speaker": "", "refused": uint64(0)}}
	n := uint64(0)
	for i := range said {
		n += said[i].Count
		p.evidence = append(p.evidence, said[i].Samples...)
		if said[i].Speaker.IsValid() {
			p.args["speaker"] = said[i].Speaker.String()
		}
	}
	p.args["refused"] = n
	p.evidence = append(p.evidence[:min(len(p.evidence), maxSamples)], s.samples(insideHost...)...)
	return p
}
