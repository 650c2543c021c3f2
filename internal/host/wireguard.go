//go:build !freebsd || cgo

package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// socketTimeout is how long the process behind a userspace WireGuard device may
// take to answer. A living one takes under a millisecond; the socket of one
// that hangs or is stopped accepts and stays silent for ever.
const socketTimeout = time.Second

var errNoAnswer = errors.New("no answer within 1 s")

// readWireGuard asks about those adapters of s that can be WireGuard, and about
// no others: sockets of userspace devices lie in one directory for all network
// namespaces (wireguard.com/xplatform), so a socket alone proves no device here.
func readWireGuard(ctx context.Context, s *Snapshot) {
	names, sockets := wireGuardNames(s)
	if len(names) == 0 {
		s.WireGuardRead = FactYes
		return
	}
	// The client opens its netlink socket here and now, on the caller's thread:
	// a thread in another network namespace would see other devices.
	client, err := wgctrl.New()
	if err != nil {
		s.WireGuardRead, s.WireGuardWhy = failure("", err)
		return
	}
	defer client.Close()

	answers := probe(ctx, sockets)
	s.WireGuardRead = FactYes
	for _, name := range names {
		err := answers[name]
		var d *wgtypes.Device
		if err == nil {
			d, err = ask(ctx, client, name)
		}
		switch {
		case err == nil:
			s.WireGuard = append(s.WireGuard, deviceOf(d))
		case errors.Is(err, fs.ErrNotExist) && !mute(s.Adapter(name)):
			// Another kind of tunnel.
		default:
			if fact, why := failure(name, err); s.WireGuardRead == FactYes || fact == FactNo {
				s.WireGuardRead, s.WireGuardWhy = fact, why
			}
		}
	}
}

// wireGuardNames returns the adapters to ask about, and those of them that only
// a userspace process can answer for.
func wireGuardNames(s *Snapshot) (names, sockets []string) {
	for i := range s.Adapters {
		switch a := &s.Adapters[i]; a.Kind {
		case KindTun:
			sockets = append(sockets, a.Name)
			names = append(names, a.Name)
		case KindWireGuard:
			names = append(names, a.Name)
		}
	}
	return names, sockets
}

// mute reports whether a may be WireGuard although nothing answers for it: the
// WireGuard app of macOS keeps its devices to itself, in a utun adapter without
// a socket.
func mute(a *Adapter) bool {
	return a != nil && (a.Kind == KindWireGuard || runtime.GOOS == "darwin" && a.Up && a.routable())
}

// ask reads one device. The goroutine of a process that stops answering halfway
// stays behind until that process ends; wgctrl offers no way to interrupt it.
func ask(ctx context.Context, client *wgctrl.Client, name string) (*wgtypes.Device, error) {
	type answer struct {
		d   *wgtypes.Device
		err error
	}
	c := make(chan answer, 1)
	go func() {
		d, err := client.Device(name)
		c <- answer{d, err}
	}()
	timer := time.NewTimer(socketTimeout)
	defer timer.Stop()
	select {
	case a := <-c:
		return a.d, a.err
	case <-timer.C:
		return nil, errNoAnswer
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// probe says for each name whether its userspace socket can be asked: nil if it
// answers, fs.ErrNotExist if there is none.
func probe(ctx context.Context, names []string) map[string]error {
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { errs[i] = probeSocket(ctx, name) })
	}
	wg.Wait()
	out := make(map[string]error, len(names))
	for i, name := range names {
		out[name] = errs[i]
	}
	return out
}

// failure says in a few words why a device could not be read, and whether that
// was refused (no) or failed (unknown).
func failure(name string, err error) (Fact, string) {
	what := "WireGuard devices"
	if name != "" {
		what = list([]string{name})
	}
	switch {
	case errors.Is(err, os.ErrPermission):
		return FactNo, fmt.Sprintf("reading %s needs administrator rights", what)
	case errors.Is(err, fs.ErrNotExist):
		return FactUnknown, fmt.Sprintf("%s answers no questions about its WireGuard settings", what)
	case errors.Is(err, errNoAnswer):
		return FactUnknown, fmt.Sprintf("the process of %s gave %v", what, err)
	}
	return FactUnknown, fmt.Sprintf("cannot read %s: %v", what, err)
}

// deviceOf copies what may be kept. Private and preshared keys stay behind, and
// are wiped where they lie.
func deviceOf(d *wgtypes.Device) Device {
	out := Device{Name: d.Name, PublicKey: Key(d.PublicKey), Peers: []Peer{}}
	if d.ListenPort > 0 && d.ListenPort <= 0xffff {
		out.ListenPort = uint16(d.ListenPort)
	}
	clear(d.PrivateKey[:])
	for i := range d.Peers {
		p := &d.Peers[i]
		peer := Peer{
			PublicKey:     Key(p.PublicKey),
			HasPreshared:  p.PresharedKey != wgtypes.Key{},
			AllowedIPs:    []netip.Prefix{},
			LastHandshake: lastHandshake(p.LastHandshakeTime),
			RxBytes:       uint64(max(p.ReceiveBytes, 0)),
			TxBytes:       uint64(max(p.TransmitBytes, 0)),
		}
		clear(p.PresharedKey[:])
		if p.Endpoint != nil {
			ap := p.Endpoint.AddrPort()
			peer.Endpoint = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
		}
		for j := range p.AllowedIPs {
			if prefix, ok := prefixOf(&p.AllowedIPs[j]); ok {
				peer.AllowedIPs = append(peer.AllowedIPs, prefix)
			}
		}
		out.Peers = append(out.Peers, peer)
	}
	return out
}

// lastHandshake makes the two ways of saying never one: the kernel and the
// userspace protocol send the epoch, Go has its zero time.
func lastHandshake(t time.Time) time.Time {
	if t.IsZero() || t.Unix() <= 0 {
		return time.Time{}
	}
	return t.UTC()
}
