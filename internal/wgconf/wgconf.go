// Package wgconf reads WireGuard configuration files (wg(8), wg-quick(8)) for
// what is public in them: addresses, port, peers and public keys. A private key
// is read only to derive its public one and then forgotten; a preshared key is
// known to be there, or not.
package wgconf

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// maxSize bounds a file in octets: one with thousands of peers has some hundred
// kB, and whatever else is named by mistake need not be read whole.
const maxSize = 4 << 20

// Config is what a configuration file says in public.
type Config struct {
	PublicKey  wg.Key         // of the interface; zero: the file has no private key
	Addresses  []netip.Prefix // as written, host bits kept
	ListenPort uint16         // 0: not said
	DNS        []netip.Addr   // without search domains
	MTU        int            // octets; 0: not said
	Table      string         // of wg-quick(8): "", "auto", "off" or a table
	Peers      []Peer
}

// Peer is a [Peer] section.
type Peer struct {
	Line         int // of its heading
	PublicKey    wg.Key
	HasPreshared bool
	AllowedIPs   []netip.Prefix // masked
	Endpoint     string         // host:port as written; "" if none
	Keepalive    int            // seconds; 0: off
}

// Error says where a file cannot be read as a configuration.
type Error struct {
	File   string
	Line   int // from 1; 0: the file as a whole
	Reason string
}

// Error names file, line and reason.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}

// Read reads a configuration file. An error is an *Error or that of the system.
func Read(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	defer clear(b) // the private key stands in it
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, b)
}

// Parse reads a configuration of which name stands for the file in errors. Keys
// that it does not know (PostUp, SaveConfig, those of other programs) are passed
// over; it keeps nothing of b.
func Parse(name string, b []byte) (*Config, error) {
	p := &parser{file: name, config: &Config{}}
	if len(b) > maxSize {
		return nil, p.fail(0, "too large for a configuration")
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) // editors on Windows begin UTF-8 so
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		return nil, p.fail(0, "written in UTF-16; save it as UTF-8")
	}
	line := 0
	for raw := range bytes.Lines(b) {
		line++
		if err := p.line(line, string(raw)); err != nil {
			return nil, err
		}
	}
	if p.section == sectionNone {
		return nil, p.fail(0, "no [Interface] and no [Peer] section: not a WireGuard configuration")
	}
	for i := range p.config.Peers {
		if peer := &p.config.Peers[i]; peer.PublicKey.IsZero() {
			return nil, p.fail(peer.Line, "a peer without a PublicKey")
		}
	}
	return p.config, nil
}

type section int

const (
	sectionNone section = iota
	sectionInterface
	sectionPeer
	sectionOther
)

type parser struct {
	file    string
	config  *Config
	section section
}

func (p *parser) fail(line int, format string, args ...any) error {
	return &Error{p.file, line, fmt.Sprintf(format, args...)}
}

// line takes one line: a heading, a setting, a comment or nothing.
func (p *parser) line(n int, raw string) error {
	text, _, _ := strings.Cut(raw, "#")
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text[0] == ';':
		return nil
	case text[0] == '[':
		switch strings.ToLower(text) {
		case "[interface]":
			p.section = sectionInterface
		case "[peer]":
			p.section = sectionPeer
			p.config.Peers = append(p.config.Peers, Peer{Line: n})
		default:
			p.section = sectionOther
		}
		return nil
	}
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return p.fail(n, "neither a [Section] nor a setting with an equals sign")
	}
	key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
	var err error
	switch p.section {
	case sectionNone:
		return p.fail(n, "a setting before the first [Section]")
	case sectionInterface:
		err = p.config.set(key, value)
	case sectionPeer:
		err = p.config.Peers[len(p.config.Peers)-1].set(key, value)
	}
	if err != nil {
		return p.fail(n, "%s", err)
	}
	return nil
}

// set takes a setting of the interface. Errors never repeat a key.
func (c *Config) set(key, value string) (err error) {
	switch key {
	case "privatekey":
		c.PublicKey, err = publicOf(value)
	case "address":
		err = each(value, func(s string) error {
			a, err := prefix(s)
			c.Addresses = append(c.Addresses, a)
			return err
		})
	case "listenport":
		var n uint64
		if n, err = strconv.ParseUint(value, 10, 16); err != nil {
			return fmt.Errorf("ListenPort is no port")
		}
		c.ListenPort = uint16(n)
	case "mtu":
		if c.MTU, err = strconv.Atoi(value); err != nil || c.MTU < 0 {
			return fmt.Errorf("MTU is no number")
		}
	case "dns":
		for s := range strings.SplitSeq(value, ",") {
			if a, err := netip.ParseAddr(strings.TrimSpace(s)); err == nil {
				c.DNS = append(c.DNS, a)
			}
		}
	case "table":
		c.Table = strings.ToLower(value)
	}
	return err
}

// set takes a setting of a peer.
func (p *Peer) set(key, value string) (err error) {
	switch key {
	case "publickey":
		if p.PublicKey, err = wg.ParseKey(value); err != nil {
			return fmt.Errorf("PublicKey: %w", err)
		}
	case "presharedkey":
		p.HasPreshared = value != "" && strings.Trim(value, "A=") != "" // all zero means none
	case "allowedips":
		return each(value, func(s string) error {
			a, err := prefix(s)
			p.AllowedIPs = append(p.AllowedIPs, a.Masked())
			return err
		})
	case "endpoint":
		p.Endpoint = value
	case "persistentkeepalive":
		if strings.EqualFold(value, "off") {
			return nil
		}
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return fmt.Errorf("PersistentKeepalive is neither seconds nor off")
		}
		p.Keepalive = int(n)
	}
	return err
}

// each calls f for the parts of a list; empty parts are passed over.
func each(list string, f func(string) error) error {
	for s := range strings.SplitSeq(list, ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

// prefix reads an address with or without the length of its prefix.
func prefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a prefix", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// publicOf derives the public key from a private one.
func publicOf(value string) (wg.Key, error) {
	raw, err := base64.StdEncoding.DecodeString(value)
	defer clear(raw)
	if err != nil || len(raw) != 32 {
		return wg.Key{}, fmt.Errorf("PrivateKey is not 32 octets in base64")
	}
	return wg.PublicOf((*[32]byte)(raw))
}
