//go:build darwin || freebsd

package host

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func readSettings(ctx context.Context, s *Snapshot, _ []Client) {
	on := func(name string) Fact {
		n, err := unix.SysctlUint32(name)
		if err != nil {
			s.unread("switches", reason(err))
			return FactUnknown
		}
		return FactOf(n != 0)
	}
	s.Settings.Forwarding4, s.Settings.Forwarding6 = on("net.inet.ip.forwarding"), on("net.inet6.ip6.forwarding")
	if boot, err := unix.SysctlTimeval("kern.boottime"); err == nil {
		s.UptimeSeconds = int64(time.Since(time.Unix(boot.Unix())).Seconds())
	}
	if err := readPF(ctx, s); err != nil {
		s.unread("firewall", reason(err))
	}
}

// pfAnchors are where macOS keeps translation rules beside the main ones: those of
// programs, and those of Internet Sharing.
var pfAnchors = []string{"com.apple/*", "com.apple.internet-sharing"}

// readPF reads translation rules alone: in pf the last filter rule that matches
// wins, with exceptions, and they are not taken apart here.
func readPF(ctx context.Context, s *Snapshot) error {
	// FreeBSD has two more firewalls that can translate, which are not read.
	readAll := FactUnknown
	if runtime.GOOS == "darwin" {
		readAll = FactYes
	}
	info, err := query(ctx, "pfctl", "-s", "info")
	if err != nil {
		return err
	}
	if !strings.Contains(string(info), "Status: Enabled") {
		if !strings.Contains(string(info), "Status: Disabled") {
			return errors.New("pfctl does not say whether pf is enabled")
		}
		s.Firewall.TranslationRead = readAll
		return nil
	}
	out, err := query(ctx, "pfctl", "-s", "nat")
	if err != nil {
		return err
	}
	chain := Chain{Source: SourcePF, Family: "inet", Table: "pf", Name: "nat", Hook: "postrouting", Type: "nat", Policy: VerdictAccept}
	rules, others := parsePF(string(out), pfAnchors...)
	chain.Rules = rules
	for _, anchor := range pfAnchors {
		if runtime.GOOS != "darwin" {
			break
		}
		// An anchor that is not there is no error.
		if out, err := query(ctx, "pfctl", "-a", anchor, "-s", "nat"); err == nil {
			rules, more := parsePF(string(out), pfAnchors...)
			chain.Rules = append(chain.Rules, rules...)
			others = others || more
		}
	}
	s.Firewall.Chains = append(s.Firewall.Chains, chain)
	if !others {
		s.Firewall.TranslationRead = readAll
	}
	return nil
}

// readCounters reads none: netstat(1) prints them for people.
func readCounters(*Snapshot) {}
