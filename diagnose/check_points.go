package diagnose

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/internal/host"
)

// checkDevice: a WireGuard device exists, is up and listens.
func checkDevice(v *view) (State, map[string]any) {
	a := v.adapter(v.path.Tunnel)
	d := v.facts.Device(v.path.Tunnel)
	switch {
	case a == nil && v.facts.WireGuardRead == host.FactYes:
		return StateWrong, map[string]any{"reason": "no-device"}
	case a == nil:
		return StateUnknown, nil
	case !a.Up:
		return StateWrong, map[string]any{"reason": "device-down"}
	case d == nil:
		return StateUnknown, nil
	case d.ListenPort == 0:
		return StateWrong, map[string]any{"reason": "no-port"}
	}
	return StateOK, nil
}

// What has no device has no settings of one either: one line says so.
func hasDevice(v *view) bool { return v.device() != nil || v.facts.WireGuardRead != host.FactYes }
func hasPeers(v *view) bool {
	d := v.device()
	return d != nil && len(d.Peers) > 0
}
func hasServer(v *view) bool { return v.server.IsValid() }

func inContainer(v *view) bool { return v.around != nil && v.device() != nil }

// published is the port of the machine around the container that leads to
// WireGuard in it; 0 if that is not known.
func (v *view) published() (uint16, host.Fact) {
	d := v.device()
	if d == nil || v.around == nil {
		return 0, host.FactUnknown
	}
	return v.around.Facts.Published("udp", v.around.Inside, d.ListenPort)
}

// checkPublished: calls to the machine are led to the container. Engines can do
// that without a rule, by a program that passes packets on, so that none is no
// fault by itself.
func checkPublished(v *view) (State, map[string]any) {
	port, f := v.published()
	switch f {
	case host.FactYes:
		return StateOK, map[string]any{"called": int(port)}
	case host.FactNo:
		return StateNote, nil
	}
	return StateUnknown, nil
}

func checkPeers(v *view) (State, map[string]any) {
	d := v.device()
	if d == nil {
		return StateUnknown, nil
	}
	args := map[string]any{"flows": len(d.Peers)}
	if len(d.Peers) == 0 {
		return StateWrong, args
	}
	return StateOK, args
}

// checkAllowedIPs: a peer that has no address at all can receive nothing, and
// whatever it sends is thrown away.
func checkAllowedIPs(v *view) (State, map[string]any) {
	d := v.device()
	without := 0
	for i := range d.Peers {
		if len(d.Peers[i].AllowedIPs) == 0 {
			without++
		}
	}
	args := map[string]any{"flows": without}
	if without > 0 {
		return StateWrong, args
	}
	return StateOK, args
}

// checkRouteOut: what a client sends to the internet leaves by the WAN.
func checkRouteOut(v *view) (State, map[string]any) {
	family := versionOf(v.path.Client)
	hop, asked := v.facts.RouteOut(v.path)
	switch {
	case v.facts.HasDefaultRoute(family) == host.FactNo:
		return StateWrong, map[string]any{"reason": "no-route"}
	case !asked && v.facts.OS != "linux":
		return StateOK, map[string]any{"wan": v.path.WAN}
	case !asked:
		return StateUnknown, nil
	case hop.Problem == host.ProblemNoRoute || hop.Problem == host.ProblemProhibited:
		return StateWrong, map[string]any{"reason": "no-route"}
	case hop.Problem != host.ProblemNone:
		// Refused before it came to routes, which another line says.
		for _, r := range v.facts.DefaultRoutes {
			if r.Family == family && r.Chosen && r.Adapter != v.path.Tunnel {
				return StateOK, map[string]any{"wan": r.Adapter}
			}
		}
		return StateUnknown, nil
	case hop.Adapter == v.path.Tunnel:
		return StateWrong, map[string]any{"reason": "into-tunnel"}
	}
	return StateOK, map[string]any{"wan": hop.Adapter}
}

// checkRouteBack: what comes back for a client is sent into the tunnel.
func checkRouteBack(v *view) (State, map[string]any) {
	hop, asked := v.facts.RouteBack(v.path)
	switch {
	case !asked:
		return StateUnknown, nil
	case hop.Problem != host.ProblemNone:
		return StateWrong, map[string]any{"reason": "no-way-back"}
	case hop.Adapter != v.path.Tunnel:
		return StateWrong, map[string]any{"reason": "back-elsewhere", "wan": hop.Adapter}
	}
	return StateOK, nil
}

func checkTracking(v *view) (State, map[string]any) {
	switch v.facts.Untracked(v.path) {
	case host.FactYes:
		return StateWrong, nil
	case host.FactNo:
		return StateOK, nil
	}
	return StateUnknown, nil
}

// hasResolver: a firewall in front of a name service that does not run is
// nobody's trouble.
func hasResolver(v *view) bool {
	for _, k := range v.facts.Listeners.Sockets {
		if k.Port == 53 && !k.Addr.IsLoopback() {
			return true
		}
	}
	return false
}

// checkResolver: a phone may use a name service elsewhere, so that none here is a
// fact and no fault.
func checkResolver(v *view) (State, map[string]any) {
	switch v.facts.Listens("udp", v.server, 53) {
	case host.FactYes:
		return StateOK, nil
	case host.FactNo:
		return StateNote, nil
	}
	return StateUnknown, nil
}

// routed reports whether an address may do without translation, because somebody
// can route it here.
func routed(a netip.Addr) bool { return a.IsGlobalUnicast() && !a.IsPrivate() }
