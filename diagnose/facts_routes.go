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

// gatewayAddressWrong: the router's address lies in none of the subnets of the
// adapter that leads to it, or is the host's own. An adapter with a single address
// has no subnet: providers put the router beside it on purpose. Those of IPv6 are
// of the link, whatever the subnet.
func gatewayAddressWrong(v *view) answer {
	hop, ok := v.facts.RouteOut(v.path)
	a := v.adapter(hop.Adapter)
	if !ok || a == nil || !hop.Gateway.Is4() || hop.Gateway.IsLinkLocalUnicast() {
		return silent
	}
	subnets := 0
	for _, p := range a.Addrs {
		switch {
		case p.Addr() == hop.Gateway:
			return settings(host.FactYes)
		case !p.Addr().Is4() || p.IsSingleIP():
		case p.Contains(hop.Gateway):
			return silent
		default:
			subnets++
		}
	}
	if subnets == 0 {
		return silent
	}
	return settings(host.FactYes)
}
