package host

import (
	"net/netip"
	"slices"
)

// OtherLines names the adapters, besides that of a WAN, by which the answers to
// what leaves there can come in: those that lead to the internet too.
func (s *Snapshot) OtherLines(wan string) []string {
	if s == nil {
		return nil
	}
	var names []string
	for i := range s.Adapters {
		a := &s.Adapters[i]
		if a.Name == wan || !a.Up || a.Kind == KindLoopback || s.isTunnel(a) || !a.routable() {
			continue
		}
		leads := a.Line
		for _, r := range s.DefaultRoutes {
			leads = leads || r.Adapter == a.Name
		}
		if leads {
			names = append(names, a.Name)
		}
	}
	return names
}

// Beside names the adapters that packets could come in by, besides a WAN and the
// tunnels.
func (s *Snapshot) Beside(wan string) []string {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(s.beside(), func(name string) bool { return name == wan })
}

// Apart reports whether two adapters are known to show no packet twice: neither
// lies on another one. A VLAN shows what its adapter shows too.
func (s *Snapshot) Apart(a, b string) bool {
	if s == nil || s.OS != "linux" {
		return false // the others do not say what lies on what
	}
	for _, name := range []string{a, b} {
		at := s.Adapter(name)
		if at == nil || at.Stacked {
			return false
		}
		switch at.Kind {
		case KindEthernet, KindWiFi, KindVeth:
		default:
			return false
		}
	}
	return a != b
}

// Holder names the adapter that has an address, "" if none has.
func (s *Snapshot) Holder(a netip.Addr) string {
	if s == nil {
		return ""
	}
	for i := range s.Adapters {
		for _, p := range s.Adapters[i].Addrs {
			if p.Addr() == a {
				return s.Adapters[i].Name
			}
		}
	}
	return ""
}
