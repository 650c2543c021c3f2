package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// labProtocol marks routes that a fault added, so that they can be found again
// (rtm_protocol, rtnetlink(7); numbers above 4 are the administrator's).
const labProtocol = 199

// linkSpec is the wanted state of an adapter.
type linkSpec struct {
	Name    string
	Addrs   []netip.Prefix
	MTU     int  // 0: as it is
	Offload bool // false: segmentation and checksum offload off
}

// routeSpec is a route. Table 0 means main.
type routeSpec struct {
	Dst   netip.Prefix
	Via   netip.Addr // invalid: on link
	Link  string
	Table int
	MTU   int // that nothing learns its way around; 0: the adapter's
	// Metric: among routes to the same place the one with the lowest counts.
	Metric int
}

// ruleSpec sends packets that carry a firewall mark (IPv4), or that come from a
// prefix, to a routing table. Without a table they are unreachable.
type ruleSpec struct {
	Mark  uint32
	From  netip.Prefix
	Table int
}

// frUnreachable answers "network unreachable" (FR_ACT_UNREACHABLE,
// linux/fib_rules.h).
const frUnreachable = 7

type netSpec struct {
	Links  []linkSpec
	Routes []routeSpec
}

// vethSpec is a cable from this node to the namespace of another process.
type vethSpec struct {
	Name, Peer string
	PID        int
}

// extras are what a fault adds to a node's network and Clear takes away.
type extras struct {
	Addrs  []linkAddr
	Gone   []routeSpec // routes of the healthy state that are taken away
	Routes []routeSpec
	Rules  []ruleSpec
}

// linkAddr is a further address that is never chosen as a source by itself.
type linkAddr struct {
	Link string
	Addr netip.Prefix
}

type none struct{}

func (a *agent) opVeth(_ context.Context, spec vethSpec) (none, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = spec.Name
	v := netlink.NewVeth(attrs)
	v.PeerName, v.PeerNamespace = spec.Peer, netlink.NsPid(spec.PID)
	if err := netlink.LinkAdd(v); err != nil {
		return none{}, fmt.Errorf("add veth %s: %w", spec.Name, err)
	}
	return none{}, nil
}

// bridgeSpec turns an adapter into the port of a bridge that takes its name.
type bridgeSpec struct{ Name, Port string }

func (a *agent) opBridge(_ context.Context, spec bridgeSpec) (none, error) {
	port, err := netlink.LinkByName(spec.Name)
	if err != nil {
		return none{}, fmt.Errorf("find adapter %s: %w", spec.Name, err)
	}
	if err := netlink.LinkSetName(port, spec.Port); err != nil {
		return none{}, fmt.Errorf("rename %s to %s: %w", spec.Name, spec.Port, err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = spec.Name
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(bridge); err != nil {
		return none{}, fmt.Errorf("add bridge %s: %w", spec.Name, err)
	}
	if err := netlink.LinkSetMaster(port, bridge); err != nil {
		return none{}, fmt.Errorf("make %s a port of %s: %w", spec.Port, spec.Name, err)
	}
	return none{}, nil
}

func (a *agent) opNet(_ context.Context, spec netSpec) (none, error) {
	for _, l := range spec.Links {
		if err := setLink(l); err != nil {
			return none{}, err
		}
	}
	for _, r := range spec.Routes {
		if err := changeRoute(r, netlink.RouteReplace, unix.RTPROT_STATIC); err != nil {
			return none{}, err
		}
	}
	return none{}, nil
}

// opCarriers returns when every adapter that is switched on works. The kernel
// says so up to a second after both ends of a cable are up (linkwatch_schedule_work,
// net/core/link_watch.c), and until then programs take the adapter for unplugged.
func (a *agent) opCarriers(ctx context.Context, _ none) (none, error) {
	return none{}, Wait(ctx, "the adapters' carriers", func() (bool, error) {
		links, err := netlink.LinkList()
		for _, l := range links {
			if f := l.Attrs().RawFlags; f&unix.IFF_UP != 0 && f&unix.IFF_RUNNING == 0 {
				return false, nil
			}
		}
		return true, err
	})
}

func setLink(l linkSpec) error {
	link, err := netlink.LinkByName(l.Name)
	if err != nil {
		return fmt.Errorf("find adapter %s: %w", l.Name, err)
	}
	if l.MTU != 0 {
		if err := netlink.LinkSetMTU(link, l.MTU); err != nil {
			return fmt.Errorf("set mtu %d on %s: %w", l.MTU, l.Name, err)
		}
	}
	if !l.Offload && l.Name != "lo" {
		if err := disableOffload(l.Name); err != nil {
			return err
		}
	}
	for _, p := range l.Addrs {
		if err := netlink.AddrReplace(link, address(p)); err != nil {
			return fmt.Errorf("add address %s to %s: %w", p, l.Name, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring up %s: %w", l.Name, err)
	}
	return nil
}

// address leaves out duplicate address detection, which would keep an IPv6
// address unusable for a second; nobody else can hold it here.
func address(p netip.Prefix) *netlink.Addr {
	a := &netlink.Addr{IPNet: ipNet(p, false)}
	if p.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD
	}
	return a
}

func ipNet(p netip.Prefix, masked bool) *net.IPNet {
	if masked {
		p = p.Masked()
	}
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func changeRoute(r routeSpec, change func(*netlink.Route) error, protocol int) error {
	link, err := netlink.LinkByName(r.Link)
	if err != nil {
		return fmt.Errorf("route to %s: find adapter %s: %w", r.Dst, r.Link, err)
	}
	nr := &netlink.Route{
		LinkIndex: link.Attrs().Index, Dst: ipNet(r.Dst, true), Table: r.Table,
		Protocol: netlink.RouteProtocol(protocol), MTU: r.MTU, MTULock: r.MTU != 0, Priority: r.Metric,
	}
	if r.Via.IsValid() {
		nr.Gw = r.Via.AsSlice()
	} else if r.Dst.Addr().Is4() {
		nr.Scope = netlink.SCOPE_LINK
	}
	if err := change(nr); err != nil {
		return fmt.Errorf("route to %s by %s: %w", r.Dst, r.Link, err)
	}
	return nil
}

// opExtras replaces what the last call added by want.
func (a *agent) opExtras(_ context.Context, want extras) (none, error) {
	a.state.Lock()
	defer a.state.Unlock()
	have := a.extras
	a.extras = extras{}
	for _, r := range have.Rules {
		if err := netlink.RuleDel(rule(r)); err != nil {
			return none{}, fmt.Errorf("remove rule for mark %d: %w", r.Mark, err)
		}
	}
	for _, r := range have.Routes {
		if err := changeRoute(r, netlink.RouteDel, labProtocol); err != nil {
			return none{}, fmt.Errorf("remove %w", err)
		}
	}
	for _, r := range have.Gone {
		if err := changeRoute(r, netlink.RouteReplace, unix.RTPROT_STATIC); err != nil {
			return none{}, fmt.Errorf("restore %w", err)
		}
	}
	for _, la := range have.Addrs {
		if err := changeAddr(la, netlink.AddrDel); err != nil {
			return none{}, fmt.Errorf("remove %w", err)
		}
	}
	for _, la := range want.Addrs {
		if err := changeAddr(la, netlink.AddrReplace); err != nil {
			return none{}, err
		}
		a.extras.Addrs = append(a.extras.Addrs, la)
	}
	for _, r := range want.Gone {
		if err := changeRoute(r, netlink.RouteDel, unix.RTPROT_STATIC); err != nil {
			return none{}, fmt.Errorf("take away %w", err)
		}
		a.extras.Gone = append(a.extras.Gone, r)
	}
	for _, r := range want.Routes {
		if err := changeRoute(r, netlink.RouteReplace, labProtocol); err != nil {
			return none{}, err
		}
		a.extras.Routes = append(a.extras.Routes, r)
	}
	for _, r := range want.Rules {
		if err := netlink.RuleAdd(rule(r)); err != nil {
			return none{}, fmt.Errorf("add rule for mark %d: %w", r.Mark, err)
		}
		a.extras.Rules = append(a.extras.Rules, r)
	}
	return none{}, nil
}

func changeAddr(la linkAddr, change func(netlink.Link, *netlink.Addr) error) error {
	link, err := netlink.LinkByName(la.Link)
	if err != nil {
		return fmt.Errorf("address %s: find adapter %s: %w", la.Addr, la.Link, err)
	}
	a := address(la.Addr)
	if la.Addr.Addr().Is6() {
		a.ValidLft = 1 << 30 // seconds; with a preferred lifetime of 0 it is deprecated (RFC 4862 section 5.5.4)
	}
	if err := change(link, a); err != nil {
		return fmt.Errorf("address %s on %s: %w", la.Addr, la.Link, err)
	}
	return nil
}

func rule(r ruleSpec) *netlink.Rule {
	nr := netlink.NewRule()
	nr.Family, nr.Mark, nr.Table = unix.AF_INET, r.Mark, r.Table
	if r.From.IsValid() {
		nr.Src = ipNet(r.From, true)
		if r.From.Addr().Is6() {
			nr.Family = unix.AF_INET6
		}
	}
	if r.Table == 0 {
		nr.Table, nr.Type = -1, frUnreachable
	}
	return nr
}

// sysctl is one setting, its key written as sysctl(8) does.
type sysctl struct{ Key, Value string }

func (a *agent) opSysctl(_ context.Context, list []sysctl) (none, error) {
	for _, s := range list {
		if err := s.set(); err != nil {
			return none{}, err
		}
	}
	return none{}, nil
}

// set writes the setting and reads it back: some are clamped or ignored.
// Everything under /proc/sys/net belongs to the namespace of the process that
// opens it, which is why a node can write there safely.
func (s sysctl) set() error {
	if !strings.HasPrefix(s.Key, "net.") {
		return fmt.Errorf("sysctl %s: not a setting of the network namespace", s.Key)
	}
	path := filepath.Join("/proc/sys", strings.ReplaceAll(s.Key, ".", "/"))
	if err := os.WriteFile(path, []byte(s.Value), 0o644); err != nil {
		return fmt.Errorf("set sysctl %s: %w", s.Key, err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read sysctl %s back: %w", s.Key, err)
	}
	if strings.TrimSpace(string(got)) != s.Value {
		return fmt.Errorf("sysctl %s: %w", s.Key, errors.New("the kernel kept "+strings.TrimSpace(string(got))))
	}
	return nil
}
