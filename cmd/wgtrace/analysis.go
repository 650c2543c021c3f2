package main

import (
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// analysisOptions steer how captures are understood.
type analysisOptions struct {
	givenPort   int
	clients     []string
	wan         []string
	window      time.Duration
	clockOffset time.Duration
	maxFlows    int
	maxPending  int
	keys        keyOptions
	expect      bool

	remote      bool // the machine that is watched is reached over SSH
	port        uint16
	offsetGiven bool
	prefixes    []netip.Prefix
	own         []netip.Addr
}

func (o *analysisOptions) register(f *pflag.FlagSet) {
	f.IntVar(&o.givenPort, "wg-port", 0, "WireGuard's UDP port, `N` (default: learned)")
	f.StringArrayVar(&o.clients, "client", nil, "a phone's inner `PREFIX` (repeatable; default: learned)")
	f.StringArrayVar(&o.wan, "wan-address", nil, "an `IP` of the server (repeatable; default: learned)")
	o.keys.register(f)
	f.BoolVar(&o.expect, "expect-traffic", false, "the phone tried: silence is a fault")
	f.DurationVar(&o.window, "window", correlate.DefaultWindow, "longest `TIME` from one side to the other")
	f.IntVar(&o.maxFlows, "max-flows", correlate.DefaultMaxFlows, "conversations followed at a time; evicted ones are counted")
	f.IntVar(&o.maxPending, "max-pending", correlate.DefaultMaxPending, "packets that may wait for their twin at a time")
	for _, name := range []string{"max-flows", "max-pending"} { // for machines that are short of memory
		_ = f.MarkHidden(name)
	}
}

// check parses what was given.
func (o *analysisOptions) check(f *pflag.FlagSet) error {
	for _, c := range o.clients {
		p, err := parsePrefix(c)
		if err != nil {
			return usage("--client 10.8.0.2 or --client 10.8.0.0/24", "--client %s: not an address or prefix", c)
		}
		o.prefixes = append(o.prefixes, p)
	}
	for _, w := range o.wan {
		a, err := netip.ParseAddr(w)
		if err != nil {
			return usage("--wan-address 203.0.113.2", "--wan-address %s: not an address", w)
		}
		o.own = append(o.own, a.Unmap().WithZone(""))
	}
	if p := f.Lookup("wg-port"); p != nil && p.Changed && (o.givenPort < 1 || o.givenPort > 65535) {
		return usage("--wg-port 51820", "--wg-port %d: must lie between 1 and 65535", o.givenPort)
	}
	o.port = uint16(o.givenPort)
	if err := o.keys.check(); err != nil {
		return err
	}
	o.adopt()
	if o.window < 10*time.Millisecond || o.window > time.Minute {
		return usage("--window 2s", "--window %s: must lie between 10ms and 1m", o.window)
	}
	if o.maxFlows < 64 || o.maxPending < 1024 || o.maxFlows > 1<<24 || o.maxPending > 1<<26 {
		return usage("--max-flows 64 to 16777216, --max-pending 1024 to 67108864", "--max-flows or --max-pending is out of range")
	}
	if fl := f.Lookup("clock-offset"); fl != nil {
		o.offsetGiven = fl.Changed
	}
	return nil
}

// adopt takes over what the configuration file says where the person said nothing.
func (o *analysisOptions) adopt() {
	c := o.keys.file
	if c == nil {
		return
	}
	clients := c.Addresses
	if !o.keys.ofPhone() {
		clients = nil
		for _, p := range c.Peers {
			clients = append(clients, p.AllowedIPs...)
		}
		if o.port == 0 {
			o.port = c.ListenPort
		}
	}
	if len(o.prefixes) > 0 {
		return
	}
	for _, p := range clients {
		if o.keys.ofPhone() {
			p = netip.PrefixFrom(p.Addr(), p.Addr().BitLen())
		}
		if p.Bits() > 0 { // a peer that may have any address names none
			o.prefixes = append(o.prefixes, p)
		}
	}
}

func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// engine returns what correlate is told.
func (o *analysisOptions) engine() correlate.Options {
	opts := correlate.Options{
		Window: o.window, WGPort: o.port, Clients: o.prefixes, Own: o.own,
		MaxFlows: o.maxFlows, MaxPending: o.maxPending,
		ServerKeys: o.keys.servers, PeerKeys: o.keys.peers,
	}
	if o.offsetGiven {
		opts.ClockOffset = &o.clockOffset
	}
	return opts
}

// context returns what diagnose is told.
func (o *analysisOptions) context(os string) diagnose.Context {
	ctx := diagnose.Context{OS: os, Prefixes: o.prefixes, Remote: o.remote || remoteSession(), ExpectTraffic: o.expect}
	if c := o.keys.file; c != nil {
		if ctx.ServerConfig = c; o.keys.ofPhone() {
			ctx.PhoneConfig, ctx.ServerConfig = c, nil
			for _, p := range c.Peers {
				ctx.PhoneAllowedIPs = append(ctx.PhoneAllowedIPs, p.AllowedIPs...)
			}
		}
		for _, p := range c.Addresses {
			if p.Bits() < p.Addr().BitLen() {
				ctx.Prefixes = append(ctx.Prefixes, p.Masked())
			}
			if !ctx.Server.IsValid() && !o.keys.ofPhone() {
				ctx.Server = p.Addr()
			}
		}
	}
	return ctx
}

// remoteSession reports whether the person works over SSH, where a fix can cut
// them off.
func remoteSession() bool { return len(ownSession()) > 0 }

// guessOS finds out on which system captures were made: by what they say, by
// link types that only Linux has, and by the names of adapters.
func guessOS(ev *correlate.Evidence) string {
	for _, c := range ev.Captures {
		system := strings.ToLower(c.Interface.OS)
		switch {
		case strings.Contains(system, "windows"):
			return "windows"
		case strings.Contains(system, "linux"):
			return "linux"
		case strings.Contains(system, "darwin"), strings.Contains(system, "macos"), strings.Contains(system, "mac os"):
			return "macos"
		case strings.Contains(system, "freebsd"):
			return "freebsd"
		}
	}
	for _, c := range ev.Captures {
		name := c.Interface.Name
		switch {
		case strings.HasPrefix(name, `\Device\NPF_`):
			return "windows"
		case c.Interface.LinkType == capture.LinkTypeLinuxSLL, c.Interface.LinkType == capture.LinkTypeLinuxSLL2:
			return "linux"
		case strings.HasPrefix(name, "utun"):
			return "macos"
		case strings.HasPrefix(name, "wg"), strings.HasPrefix(name, "ens"), strings.HasPrefix(name, "enp"):
			return "linux"
		}
	}
	return ""
}
