package host

import "net/netip"

// Row is one adapter as a person sees it in a list, with the role that would be
// chosen for it.
type Row struct {
	// Namespace is where the adapter is, as netns:SPEC, and Place says it to a
	// person; both are "" for those of the caller's own namespace.
	Namespace   string         `json:"namespace"`
	Place       string         `json:"place"`
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Kind        Kind           `json:"kind"`
	Up          bool           `json:"up"`
	Addrs       []netip.Prefix `json:"addrs"`
	Role        string         `json:"role"` // "tunnel", "wan" or ""
	Why         string         `json:"why"`  // why it has that role, or why it could not be given one; "" if there is nothing to say
}

// Rows returns every adapter in the order of its index.
func (s *Snapshot) Rows() []Row {
	role, why := map[string]string{}, map[string]string{}
	explain := func(name string, c Choice, err error) {
		if err == nil {
			role[c.Name], why[c.Name] = name, c.Why
			return
		}
		ce, ok := err.(*ChoiceError)
		if !ok || !ce.concerns {
			return
		}
		for _, n := range ce.Candidates {
			why[n] = ce.Problem
		}
	}
	// The WAN first: an adapter that is chosen for both is the tunnel, because
	// WAN never picks a tunnel.
	c, err := s.WAN()
	explain("wan", c, err)
	c, err = s.Tunnel()
	explain("tunnel", c, err)

	rows := make([]Row, 0, len(s.Adapters))
	for i := range s.Adapters {
		a := &s.Adapters[i]
		rows = append(rows, Row{
			Name: a.Name, Description: a.Description, Kind: a.Kind, Up: a.Up,
			Addrs: a.Addrs, Role: role[a.Name], Why: why[a.Name],
		})
	}
	return rows
}
