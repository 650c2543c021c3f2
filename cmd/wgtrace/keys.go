package main

import (
	"slices"

	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/internal/wg"
	"github.com/wgtrace/wgtrace/internal/wgconf"
)

// keyOptions are the public keys that a person gives, and the configuration file
// that can give them.
type keyOptions struct {
	server, peer []string
	config       string

	servers, peers []wg.Key
	file           *wgconf.Config
}

func (o *keyOptions) register(f *pflag.FlagSet) {
	f.StringArrayVar(&o.server, "server-key", nil, "the server's public `KEY`: does the phone use it?")
	f.StringArrayVar(&o.peer, "peer-key", nil, "a phone's public `KEY` (repeatable): names it")
	f.StringVar(&o.config, "config", "", "WireGuard's own `FILE`: addresses, port, keys")
}

// check parses what was given. Private keys in the file become public ones.
func (o *keyOptions) check() error {
	for _, list := range []struct {
		flag  string
		given []string
		keys  *[]wg.Key
	}{{"--server-key", o.server, &o.servers}, {"--peer-key", o.peer, &o.peers}} {
		for _, s := range list.given {
			k, err := wg.ParseKey(s)
			if err != nil {
				// What was given may be a private key: it is not repeated.
				return usage(list.flag+` "$(wg show wg0 public-key)"`, "%s: not a public key, which has 32 octets in base64", list.flag)
			}
			*list.keys = append(*list.keys, k)
		}
	}
	if o.config == "" {
		return nil
	}
	c, err := readConfig("--config", o.config, "/etc/wireguard/wg0.conf")
	if err != nil {
		return err
	}
	o.file = c
	mine, theirs := &o.servers, &o.peers
	if o.ofPhone() {
		mine, theirs = theirs, mine
	}
	if !c.PublicKey.IsZero() {
		*mine = append(*mine, c.PublicKey)
	}
	for _, p := range c.Peers {
		*theirs = append(*theirs, p.PublicKey)
	}
	return nil
}

// ofPhone reports whether the file is that of a phone: it listens nowhere and
// calls all of its peers.
func (o *keyOptions) ofPhone() bool {
	c := o.file
	return c.ListenPort == 0 && len(c.Peers) > 0 &&
		!slices.ContainsFunc(c.Peers, func(p wgconf.Peer) bool { return p.Endpoint == "" })
}
