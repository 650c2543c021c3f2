package main

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/wgconf"
)

// readConfig reads a WireGuard configuration that a flag names.
func readConfig(flag, path, example string) (*wgconf.Config, error) {
	c, err := wgconf.Read(path)
	var wrong *wgconf.Error
	switch {
	case errors.As(err, &wrong):
		return nil, usage(flag+" "+filepath.Base(example)+": the file that wg-quick reads", "%s %s", flag, err)
	case errors.Is(err, os.ErrNotExist):
		return nil, usage(flag+" "+example, "%s %s: no such file", flag, path)
	case err != nil:
		return nil, usage("", "%s %s: %s", flag, path, err)
	}
	return c, nil
}

// phoneOptions are the configuration of a phone and, where it is not the device
// of this host that it is to be compared with, that of its server.
type phoneOptions struct {
	file, server string

	phone  *wgconf.Config
	config *wgconf.Config // of the server; nil: the host's device
}

// read reads the files.
func (o *phoneOptions) read() (err error) {
	if o.file == "" {
		if o.server != "" {
			return usage("wgtrace check --phone phone.conf --config wg0.conf", "--config: compared with a phone's configuration alone")
		}
		return nil
	}
	if o.phone, err = readConfig("--phone", o.file, "phone.conf"); err != nil {
		return err
	}
	if len(o.phone.Peers) == 0 {
		return usage("--phone phone.conf: the file behind the QR code", "--phone %s: no [Peer] section, so that it calls no server", o.file)
	}
	if o.server != "" {
		o.config, err = readConfig("--config", o.server, "/etc/wireguard/wg0.conf")
	}
	return err
}

// device returns the tunnel that the phone was made for, "" if none has the key
// that it calls.
func (o *phoneOptions) device(facts *host.Snapshot) string {
	if facts == nil || o.phone == nil {
		return ""
	}
	for i := range facts.WireGuard {
		for _, p := range o.phone.Peers {
			if d := &facts.WireGuard[i]; d.PublicKey == p.PublicKey {
				return d.Name
			}
		}
	}
	return ""
}

// checks compares the phone with its server. What the server's file says takes
// the place of the device in the context's facts, which may be missing.
func (o *phoneOptions) checks(ctx diagnose.Context) []diagnose.Check {
	if o.phone == nil {
		return nil
	}
	if o.config != nil {
		ctx.Tunnel = strings.TrimSuffix(filepath.Base(o.server), ".conf") // wg-quick(8)
		ctx.Facts = withConfig(ctx.Facts, ctx.Tunnel, o.config)
		ctx.Server = netip.Addr{}
		if len(o.config.Addresses) > 0 {
			ctx.Server = o.config.Addresses[0].Addr()
		}
	}
	return diagnose.PhoneChecks(ctx, o.phone)
}

// withConfig returns facts in which a device is what a file says.
func withConfig(facts *host.Snapshot, name string, c *wgconf.Config) *host.Snapshot {
	s := host.Snapshot{}
	if facts != nil {
		s = *facts
	}
	d := host.Device{Name: name, PublicKey: c.PublicKey, ListenPort: c.ListenPort}
	for _, p := range c.Peers {
		d.Peers = append(d.Peers, host.Peer{PublicKey: p.PublicKey, HasPreshared: p.HasPreshared, AllowedIPs: p.AllowedIPs})
	}
	s.WireGuardRead, s.WireGuardWhy, s.WireGuard = host.FactYes, "", []host.Device{d}
	s.Adapters = append([]host.Adapter{{Name: name, Addrs: c.Addresses, MTU: c.MTU}}, s.Adapters...)
	return &s
}
