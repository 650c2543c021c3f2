package diagnose

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/wgconf"
)

// phoneView is a phone's configuration beside what is known of its server.
type phoneView struct {
	*view
	conf   *wgconf.Config
	called *wgconf.Peer // the server as the phone has it
	device *host.Device // nil if its settings are not known
	peer   *host.Peer   // the phone as the server has it; nil if it does not
}

// phonePoint declares a check of the phone's configuration; judge returns also
// the reason by which its sentence is found, and the cause that it proves.
type phonePoint struct {
	id    string
	needs func(*phoneView) bool // nil: nothing
	judge func(*phoneView) ruling
}

// ruling is what was found of a point of the phone's configuration.
type ruling struct {
	state  State
	reason string
	cause  string
	args   map[string]any
}

func ofDevice(v *phoneView) bool { return v.device != nil }
func ofPeer(v *phoneView) bool   { return v.peer != nil }

// phonePoints are in the order in which a connection comes about.
var phonePoints = []phonePoint{
	{"phone-endpoint", nil, (*phoneView).endpoint},
	{"phone-server-key", nil, (*phoneView).serverKey},
	{"phone-key", ofDevice, (*phoneView).ownKey},
	{"phone-psk", ofPeer, (*phoneView).presharedKey},
	{"phone-address", ofPeer, (*phoneView).address},
	{"phone-duplicates", ofDevice, (*phoneView).duplicates},
	{"phone-routes", nil, (*phoneView).routes},
	{"phone-ipv6", nil, (*phoneView).ipv6},
	{"phone-dns", nil, (*phoneView).names},
	{"phone-mtu", nil, (*phoneView).mtu},
}

// PhoneChecks compares a phone's configuration with the server that ctx.Facts
// describe, as far as they do. Nothing in it claims that the server lets packets
// through: that is what Checks look at. A phone without a peer has nothing to
// compare; there must be one.
func PhoneChecks(ctx Context, phone *wgconf.Config) []Check {
	v := phoneViewOf(&ctx, phone)
	values := Values{
		Tunnel: ctx.Tunnel, WAN: ctx.WAN, Client: v.path.Client, Server: ctx.Server, Remote: ctx.Remote,
		PublicKey: phone.PublicKey.String(), Hosts: v.addresses(),
	}
	if v.device != nil {
		values.Port = v.device.ListenPort
	}
	var list []Check
	for _, p := range phonePoints {
		if p.needs != nil && !p.needs(v) {
			continue
		}
		r := p.judge(v)
		line := Check{ID: p.id, Layer: "phone", State: r.state, Cause: r.cause, Args: map[string]any{
			"tunnel": ctx.Tunnel, "wan": ctx.WAN, "os": ctx.OS, "port": int(values.Port),
			"client": written(v.path.Client), "server": written(ctx.Server), "reason": r.reason,
		}}
		maps.Copy(line.Args, r.args)
		if r.state == StateUnknown && v.device == nil && ctx.Facts != nil {
			line.Why = ctx.Facts.WireGuardWhy
		}
		if r.cause != "" && r.state == StateWrong {
			line.Fixes = fixesFor(r.cause, values, ctx.OS)
		}
		list = append(list, line)
	}
	return list
}

func phoneViewOf(ctx *Context, phone *wgconf.Config) *phoneView {
	v := &phoneView{view: &view{
		facts: ctx.Facts, server: ctx.Server, around: ctx.Around, path: host.Path{Tunnel: ctx.Tunnel, WAN: ctx.WAN},
	}, conf: phone}
	if list := v.addresses(); len(list) > 0 {
		v.path.Client = list[0]
	}
	if ctx.Facts != nil {
		v.device = ctx.Facts.Device(ctx.Tunnel)
	}
	v.called = &phone.Peers[0]
	if v.device == nil {
		return v
	}
	for i := range phone.Peers {
		if phone.Peers[i].PublicKey == v.device.PublicKey {
			v.called = &phone.Peers[i]
		}
	}
	for i := range v.device.Peers {
		if p := &v.device.Peers[i]; !phone.PublicKey.IsZero() && p.PublicKey == phone.PublicKey {
			v.peer = p
		}
	}
	return v
}

// addresses are the phone's own in the tunnel, IPv4 first.
func (v *phoneView) addresses() []netip.Addr {
	var list []netip.Addr
	for _, p := range v.conf.Addresses {
		list = append(list, p.Addr())
	}
	slices.SortStableFunc(list, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return list
}

// serverKey: the phone calls this server and no other.
func (v *phoneView) serverKey() ruling {
	switch {
	case v.device == nil && v.facts != nil && v.facts.WireGuardWhy != "":
		return ruling{state: StateUnknown} // why, says the snapshot
	case v.device == nil:
		return ruling{state: StateUnknown, reason: "no-device"}
	case v.device.PublicKey.IsZero():
		return ruling{state: StateUnknown, reason: "no-key"}
	case v.called.PublicKey == v.device.PublicKey:
		return ruling{state: StateOK}
	case v.called.PublicKey == v.conf.PublicKey:
		return ruling{StateWrong, "own", "server-key-mismatch", nil}
	}
	return ruling{StateWrong, "other", "server-key-mismatch", nil}
}

// ownKey: the server knows the phone.
func (v *phoneView) ownKey() ruling {
	owner := v.device.Owner(v.path.Client)
	switch {
	case v.conf.PublicKey.IsZero():
		return ruling{state: StateUnknown, reason: "no-key"}
	case v.peer != nil:
		return ruling{state: StateOK}
	case v.conf.PublicKey == v.device.PublicKey:
		return ruling{StateWrong, "server-own", "", nil}
	case owner != nil:
		return ruling{StateWrong, "replaced", "client-key-unknown", map[string]any{"key": v.conf.PublicKey.String()}}
	}
	return ruling{StateWrong, "unknown", "client-key-unknown", map[string]any{"key": v.conf.PublicKey.String()}}
}

// presharedKey: both ends have one, or neither. Whether it is the same is not
// compared: it would have to be kept.
func (v *phoneView) presharedKey() ruling {
	switch phone, server := v.called.HasPreshared, v.peer.HasPreshared; {
	case phone && !server:
		return ruling{StateWrong, "phone", "", nil}
	case server && !phone:
		return ruling{StateWrong, "server", "preshared-key-mismatch", nil}
	case phone:
		return ruling{state: StateOK, reason: "both"}
	}
	return ruling{state: StateOK, reason: "neither"}
}

// address: what the phone sends is taken from it, and answers are sent to it.
func (v *phoneView) address() ruling {
	list := v.addresses()
	if len(list) == 0 {
		return ruling{state: StateWrong, reason: "none"}
	}
	for _, a := range list {
		args := map[string]any{"client": a.String()}
		if v.serverHas(a) {
			return ruling{StateWrong, "server", "", args}
		}
		switch owner := v.device.Owner(a); {
		case owner == nil:
			return ruling{StateWrong, "outside", "server-allowedips-lacks-client", args}
		case owner != v.peer:
			args["other"] = owner.PublicKey.String()
			return ruling{StateWrong, "taken", "peer-allowedips-overlap", args}
		}
	}
	return ruling{state: StateOK, args: map[string]any{"client": joinAddrs(list)}}
}

// serverHas reports whether an address is the server's own inside the tunnel.
func (v *phoneView) serverHas(a netip.Addr) bool {
	if t := v.adapter(v.path.Tunnel); t != nil {
		return slices.ContainsFunc(t.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	}
	return a == v.server
}

// duplicates: each address is on one peer only. A device that runs cannot have
// it otherwise, because an address moves to the peer that it was given to last; a
// file can.
func (v *phoneView) duplicates() ruling {
	owner := map[netip.Prefix]int{}
	for i := range v.device.Peers {
		p := &v.device.Peers[i]
		for _, a := range p.AllowedIPs {
			if first, ok := owner[a]; ok && first != i {
				return ruling{StateWrong, "", "", map[string]any{"prefix": a.String()}}
			}
			owner[a] = i
		}
	}
	return ruling{state: StateOK}
}

func joinAddrs(list []netip.Addr) string {
	s := ""
	for i, a := range list {
		if i > 0 {
			s += ", "
		}
		s += a.String()
	}
	return s
}
