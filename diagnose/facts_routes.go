package diagnose

import "github.com/wgtrace/wgtrace/internal/host"

// noDefaultRoute goes by the kernel's answer for this very client where it was
// asked: rules can send one subnet elsewhere.
func noDefaultRoute(v *view) answer {
	if !v.path.Client.IsValid() {
		return silent
	}
	if hop, ok := v.facts.RouteOut(v.path); ok {
		switch hop.Problem {
		case host.ProblemNone:
			return settings(host.FactNo)
		case host.ProblemNoRoute:
			return settings(host.FactYes)
		}
	}
	return settings(not(v.facts.HasDefaultRoute(versionOf(v.path.Client))))
}

// outInto tests whether the client's packets are sent into an adapter of a kind
// instead of to the internet.
func outInto(is func(v *view, adapter string) bool) func(*view) answer {
	return func(v *view) answer {
		hop, ok := v.facts.RouteOut(v.path)
		if !ok || hop.Problem != host.ProblemNone {
			return silent
		}
		return settings(host.FactOf(is(v, hop.Adapter)))
	}
}

func intoTunnel(v *view, adapter string) bool { return adapter == v.path.Tunnel }

// intoOther: another tunnel, such as that of a VPN program.
func intoOther(v *view, adapter string) bool {
	a := v.adapter(adapter)
	return a != nil && adapter != v.path.Tunnel && (a.Kind == host.KindTun || a.Kind == host.KindWireGuard)
}

// overlapping: another adapter has the client's subnet as its own, and answers are
// sent there.
func overlapping(v *view) answer {
	hop, ok := v.facts.RouteBack(v.path)
	if !ok || hop.Problem != host.ProblemNone {
		return silent
	}
	a := v.adapter(hop.Adapter)
	if a == nil || hop.Adapter == v.path.Tunnel {
		return settings(host.FactNo)
	}
	for _, p := range a.Addrs {
		if p.Contains(v.path.Client) {
			return settings(host.FactYes)
		}
	}
	return settings(host.FactNo)
}

// tunnelRouteMissing: answers are sent elsewhere, and not because of a subnet that
// overlaps.
func tunnelRouteMissing(v *view) answer {
	hop, ok := v.facts.RouteBack(v.path)
	if !ok {
		return silent
	}
	return settings(host.FactOf(hop.Adapter != v.path.Tunnel && overlapping(v).fact != host.FactYes))
}

func notracked(v *view) answer { return settings(v.facts.Untracked(v.path)) }

// foreignSNAT: the rule that translates names an address, and it is none of this
// host's.
func foreignSNAT(v *view) answer {
	addrs := v.facts.TranslatesTo(v.path)
	if len(addrs) == 0 {
		return silent
	}
	own := func(f host.Fact) bool {
		for _, a := range addrs {
			if v.facts.IsOwn(a) == f {
				return true
			}
		}
		return false
	}
	switch {
	case own(host.FactUnknown):
		return silent
	case own(host.FactNo):
		return settings(host.FactYes)
	}
	return settings(host.FactNo)
}

// rejected can only be refuted: whose rule it is that refuses, the words of the
// refusal say.
func rejected(v *view) answer {
	switch v.dropper() {
	case firewallNone, firewallFirewalld:
		return settings(host.FactNo)
	}
	return silent
}
