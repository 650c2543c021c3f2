package diagnose

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// arguments are what every finding's sentences can name: counts and names of
// the client or peer in hand, "" or 0 where it is not known.
func arguments(ev *correlate.Evidence, ctx *Context, c *correlate.Client, p *correlate.Peer, l *correlate.Ledger) map[string]any {
	args := map[string]any{
		"client": "", "arrived": uint64(0), "left": uint64(0), "replied": uint64(0), "returned": uint64(0),
		"requests": uint64(0), "answered": uint64(0), "targets": 0,
		"tunnel": adapter(ev, ctx, capture.RoleTunnel), "wan": adapter(ev, ctx, capture.RoleWAN),
		"prefix": "", "peer": "", "port": int(ev.WireGuard.Port),
		"initiations": uint64(0), "responses": uint64(0), "data_in": uint64(0), "data_out": uint64(0), "key": "",
		"seconds": (ev.Ended - ev.Started) / 1e9, "flows": ev.Expected(), "flows_answered": ev.Totals.Answered,
		"os": ctx.OS, "reason": "", "dropped": ev.Coverage.TunnelDropped + ev.Coverage.WANDropped, "untested": untested(ev),
	}
	if c != nil {
		args["client"] = c.Addrs[0].String()
		args["arrived"] = c.Stages[correlate.TunnelIn].Packets
		args["left"] = c.Stages[correlate.WANOut].Packets
		args["replied"] = c.Stages[correlate.WANIn].Packets
		args["returned"] = c.Stages[correlate.TunnelOut].Packets
		prefix, _ := prefixOf(ctx, c.Addrs[0])
		args["prefix"] = prefix.String()
		if p == nil && c.Peer >= 0 {
			p = &ev.WireGuard.Peers[c.Peer]
		}
	}
	if l != nil {
		requests, targets := uint64(0), 0
		for f := range l.Fates {
			requests += l.Fates[f].Count
			targets = max(targets, l.Fates[f].Targets)
		}
		args["requests"], args["targets"] = requests, targets
		args["answered"] = l.Fates[correlate.FateAnswered].Count
	}
	if p != nil {
		args["peer"], args["port"] = p.Endpoint.String(), int(p.ServerEndpoint.Port()) // that the client calls, whatever the tunnel listens on
		args["initiations"], args["responses"], args["data_in"] = p.Initiations, p.Responses, p.DataIn
		args["data_out"], args["key"] = p.DataOut, p.PublicKey.String()
	}
	return args
}

// adapter returns the name of the adapter with a role.
func adapter(ev *correlate.Evidence, ctx *Context, role capture.Role) string {
	for _, c := range ev.Captures {
		if c.Role == role && c.Interface.Name != "" {
			return c.Interface.Name
		}
	}
	if role == capture.RoleTunnel {
		return ctx.Tunnel
	}
	return ctx.WAN
}

// prefixOf returns the tunnel's subnet that holds an address, or the address
// alone, marked as guessed.
func prefixOf(ctx *Context, a netip.Addr) (prefix netip.Prefix, guessed bool) {
	best := netip.Prefix{}
	for _, p := range ctx.Prefixes {
		// The widest one short of everything: peers have single addresses.
		if p.Contains(a) && p.Bits() > 0 && (!best.IsValid() || p.Bits() < best.Bits()) {
			best = p.Masked()
		}
	}
	if best.IsValid() && best.Bits() < a.BitLen() {
		return best, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// fixValues are what commands are filled in with.
func fixValues(ev *correlate.Evidence, ctx *Context, c *correlate.Client) Values {
	v := Values{
		Tunnel: adapter(ev, ctx, capture.RoleTunnel), WAN: adapter(ev, ctx, capture.RoleWAN),
		Port: ev.WireGuard.Port, Server: ctx.Server, Remote: ctx.Remote,
	}
	if ctx.Facts != nil {
		v.settings(ctx.Facts)
	}
	if c != nil {
		v.Client, v.Hosts = c.Addrs[0], c.Addrs
		v.Prefix, v.PrefixGuessed = prefixOf(ctx, c.Addrs[0])
	} else if len(ctx.Prefixes) > 0 {
		v.Prefix = ctx.Prefixes[0].Masked()
	}
	return v
}

// settings says which fixes fit the machine.
func (v *Values) settings(facts *host.Snapshot) {
	v.UFW, v.Firewalld = facts.Firewall.UFW, facts.Firewall.Firewalld
	if w := facts.Windows; w != nil {
		v.NetNat, v.RRAS = w.NetNatAvailable, w.RRAS
	}
}

// translated replaces what the container with the tunnel hides from this machine.
func (v *Values) translated(ctx *Context) {
	v.Enter = ctx.Enter
	if !ctx.Inside.IsValid() {
		return
	}
	v.Tunnel, v.Client = ctx.Tunnel, ctx.insideAs(v.Client)
	v.Prefix, v.PrefixGuessed = netip.Prefix{}, true
	if v.Client.IsValid() {
		v.Prefix, v.PrefixGuessed = prefixOf(ctx, v.Client)
	}
}

// insideAs returns Inside where it is of the family of a client's own address;
// of the other one the container's address is not known.
func (ctx *Context) insideAs(client netip.Addr) netip.Addr {
	if client.IsValid() && client.Is4() != ctx.Inside.Is4() {
		return netip.Addr{}
	}
	return ctx.Inside
}

// untested names a family that no client used.
func untested(ev *correlate.Evidence) string {
	used := [2]bool{}
	for i := range ev.Flows {
		used[familyIndex(ev.Flows[i].Client.Addr())] = true
	}
	switch {
	case used[0] && !used[1]:
		return "IPv6"
	case used[1] && !used[0]:
		return "IPv4"
	}
	return ""
}

func familyIndex(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}
