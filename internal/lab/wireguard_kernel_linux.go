package lab

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// moduleDir exists where the kernel has WireGuard, loaded or built in.
const moduleDir = "/sys/module/wireguard"

// kernelTunnel is an adapter of the kernel's own WireGuard.
type kernelTunnel struct {
	name   string
	client *wgctrl.Client
}

func startKernelTunnel(spec tunnelSpec) (tunnel, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = spec.Name, spec.MTU
	if err := netlink.LinkAdd(&netlink.Wireguard{LinkAttrs: attrs}); err != nil {
		return nil, fmt.Errorf("add adapter: %w", err)
	}
	client, err := wgctrl.New()
	if err != nil {
		return nil, err
	}
	t := &kernelTunnel{spec.Name, client}
	return t, t.set(spec.Config)
}

func (t *kernelTunnel) set(config string) error {
	c, err := parseConfig(config)
	if err != nil {
		return err
	}
	return t.client.ConfigureDevice(t.name, c)
}

func (t *kernelTunnel) peers() ([]peerStatus, error) {
	d, err := t.client.Device(t.name)
	if err != nil {
		return nil, err
	}
	list := make([]peerStatus, 0, len(d.Peers))
	for _, p := range d.Peers {
		s := peerStatus{Key: p.PublicKey, Handshake: p.LastHandshakeTime}
		for _, n := range p.AllowedIPs {
			a, _ := netip.AddrFromSlice(n.IP)
			bits, _ := n.Mask.Size()
			s.AllowedIPs = append(s.AllowedIPs, netip.PrefixFrom(a.Unmap(), bits))
		}
		list = append(list, s)
	}
	return list, nil
}

func (t *kernelTunnel) close() {
	t.client.Close()
	if link, err := netlink.LinkByName(t.name); err == nil {
		_ = netlink.LinkDel(link)
	}
}

// parseConfig reads a "set" operation without its first line, as far as the lab
// writes it.
func parseConfig(text string) (wgtypes.Config, error) {
	var c wgtypes.Config
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		var err error
		switch {
		case name == "public_key":
			c.Peers = append(c.Peers, wgtypes.PeerConfig{})
			c.Peers[len(c.Peers)-1].PublicKey, err = parseKey(value)
		case len(c.Peers) > 0:
			err = parsePeer(&c.Peers[len(c.Peers)-1], name, value)
		case name == "private_key":
			var k wgtypes.Key
			k, err = parseKey(value)
			c.PrivateKey = &k
		case name == "listen_port":
			var port int
			port, err = strconv.Atoi(value)
			c.ListenPort = &port
		case name == "replace_peers":
			c.ReplacePeers = true
		default:
			err = fmt.Errorf("not a setting of a device")
		}
		if err != nil {
			return c, fmt.Errorf("configure %s: %w", name, err)
		}
	}
	return c, lines.Err()
}

func parsePeer(p *wgtypes.PeerConfig, name, value string) error {
	switch name {
	case "preshared_key":
		k, err := parseKey(value)
		p.PresharedKey = &k
		return err
	case "remove":
		p.Remove = true
	case "replace_allowed_ips":
		p.ReplaceAllowedIPs = true
	case "endpoint":
		a, err := netip.ParseAddrPort(value)
		p.Endpoint = net.UDPAddrFromAddrPort(a)
		return err
	case "persistent_keepalive_interval":
		n, err := strconv.Atoi(value)
		every := time.Duration(n) * time.Second
		p.PersistentKeepaliveInterval = &every
		return err
	case "allowed_ip":
		a, err := netip.ParsePrefix(value)
		if err != nil {
			return err
		}
		p.AllowedIPs = append(p.AllowedIPs, net.IPNet{IP: a.Addr().AsSlice(), Mask: net.CIDRMask(a.Bits(), a.Addr().BitLen())})
	default:
		return fmt.Errorf("not a setting of a peer")
	}
	return nil
}

func parseKey(s string) (wgtypes.Key, error) {
	raw, err := hex.DecodeString(s)
	if err != nil {
		return wgtypes.Key{}, err
	}
	return wgtypes.NewKey(raw)
}
