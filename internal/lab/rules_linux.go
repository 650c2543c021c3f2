package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
)

// bogons are what an internet provider drops, as source and as destination:
// private and unique local addresses (RFC 1918, RFC 4193).
const (
	bogons4 = "{ 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 }"
	bogons6 = "fc00::/7"
)

// runNft loads a ruleset in one transaction.
func runNft(ctx context.Context, text string) error {
	cmd := exec.CommandContext(ctx, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("load nft rules: %w: %s\n%s", err, bytes.TrimSpace(out), text)
	}
	return nil
}

type nftText struct{ Text string }

func (a *agent) opNft(ctx context.Context, t nftText) (none, error) {
	return none{}, runNft(ctx, t.Text)
}

// opCounters returns the packet counts of a table's named counters.
func (a *agent) opCounters(ctx context.Context, table nftText) (map[string]uint64, error) {
	out, err := exec.CommandContext(ctx, "nft", "-j", "list", "counters", "table", "inet", table.Text).Output()
	if err != nil {
		return nil, fmt.Errorf("list nft counters: %w", withStderr(err))
	}
	var list struct {
		Nftables []struct {
			Counter *struct {
				Name    string
				Packets uint64
			}
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("list nft counters: %w", err)
	}
	counts := map[string]uint64{}
	for _, e := range list.Nftables {
		if e.Counter != nil {
			counts[e.Counter.Name] = e.Counter.Packets
		}
	}
	return counts, nil
}

func withStderr(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

// table writes a table that replaces the one of that name.
func table(name string, chains ...string) string {
	return fmt.Sprintf("table inet %s\ndelete table inet %s\ntable inet %s {\n%s}\n", name, name, name, strings.Join(chains, ""))
}

// chain writes a base chain.
func chain(name, typ, hook, priority, policy string, rules []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\tchain %s {\n\t\ttype %s hook %s priority %s; policy %s;\n", name, typ, hook, priority, policy)
	for _, r := range rules {
		fmt.Fprintf(&b, "\t\t%s\n", r)
	}
	b.WriteString("\t}\n")
	return b.String()
}

// filterTable is the server's firewall, and counterDropped its counter of what
// drop-n dropped.
const (
	filterTable    = "filter"
	counterDropped = "dropped"
)

// serverRules is the server's firewall and translation.
func (s *setup) serverRules(wan string) string {
	var nat []string
	steer := ""
	if s.MarkWAN {
		steer = chain("steer", "filter", "prerouting", "mangle", "accept",
			[]string{fmt.Sprintf("iifname %q meta mark set %d", wan, markReturn)})
	}
	for _, n := range s.NAT {
		nat = append(nat, fmt.Sprintf("%s oifname %q %s", matchSource(n.From), n.Out, n.Action))
	}
	lossy := fmt.Sprintf("\tcounter %s { }\n\tchain lossy {\n\t\t%s\n\t}\n", counterDropped, strings.Join(s.Lossy, "\n\t\t"))
	raw := chain("raw", "filter", "prerouting", "raw", "accept", s.RawRules)
	var second []string
	if s.SecondAccepts {
		second = []string{"counter accept"}
	}
	return table(filterTable,
		lossy,
		steer,
		raw,
		chain("input", "filter", "input", "filter", "accept", s.InputRules),
		chain("forward", "filter", "forward", "filter", s.ForwardPolicy, s.ForwardRules)) +
		table("nat", chain("postrouting", "nat", "postrouting", "srcnat", "accept", nat)) +
		table("second", chain("forward", "filter", "forward", "10", "accept", second))
}

// routerRules is the internet's: what is private dies at once and silently,
// before a route is looked up that could bring an ICMP error.
func (s *setup) routerRules() string {
	pre := append([]string{}, s.RouterPass...)
	pre = append(pre,
		"ip saddr "+bogons4+" drop", "ip daddr "+bogons4+" drop",
		"ip6 saddr "+bogons6+" drop", "ip6 daddr "+bogons6+" drop")
	return table("internet",
		fragmentChain(s.RouterFragments),
		chain("output", "filter", "output", "filter", "accept", s.RouterOutput),
		chain("ingress", "filter", "prerouting", "raw", "accept", pre),
		chain("forward", "filter", "forward", "filter", "accept", s.RouterDrop),
		chain("postrouting", "nat", "postrouting", "srcnat", "accept", s.RouterNAT))
}

// phoneRules stand for the last stretch of the line to the first phone.
func (s *setup) phoneRules() string { return table("line", fragmentChain(s.PhoneFragments)) }

// fragmentChain sees packets before connection tracking puts fragments together,
// at -400 (NF_IP_PRI_CONNTRACK_DEFRAG).
func fragmentChain(rules []string) string {
	return chain("fragments", "filter", "prerouting", "-450", "accept", rules)
}

func matchSource(p netip.Prefix) string { return family(p) + " saddr " + p.String() }
func matchDest(p netip.Prefix) string   { return family(p) + " daddr " + p.String() }

func family(p netip.Prefix) string {
	if p.Addr().Is6() {
		return "ip6"
	}
	return "ip"
}
