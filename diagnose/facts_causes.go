package diagnose

import (
	"github.com/wgtrace/wgtrace/internal/host"
)

// factTests say of each cause whether the facts of the host prove or refute it.
// A cause without a test, or a test that says nothing, stays as likely as the
// packets make it. A test asks about its own cause alone.
var factTests = map[string]func(*view) answer{
	// Tunnel.
	"wg-not-listening":               wgNotListening,
	"host-firewall-blocks-wg-port":   firewallBlocksPort,
	"client-key-unknown":             clientKeyUnknown,
	"peer-allowedips-overlap":        allowedIPsTaken,
	"server-allowedips-lacks-client": allowedIPsLackClient,
	"wrong-capture-adapter":          wrongTunnelAdapter,
	presharedKeyID:                   presharedKeyDiffers,

	// Forwarding.
	"ip-forwarding-off":           forwardingOff,
	"windows-forwarding-off":      forwardingOff,
	"forward-policy-drop":         dropBy(firewallPlain),
	"docker-forward-drop":         dropBy(firewallDocker),
	"ufw-deny-routed":             dropBy(firewallUFW),
	"firewalld-no-policy":         dropBy(firewallFirewalld),
	"two-firewalls":               dropBy(firewallTwo),
	"forward-return-path-blocked": returnBlocked,
	"rp-filter-drop":              reversePath,
	"forward-reject-rule":         rejected,

	// Routes.
	"no-default-route":             noDefaultRoute,
	"gateway-address-wrong":        gatewayAddressWrong,
	"tunnel-route-missing":         tunnelRouteMissing,
	"tunnel-subnet-overlaps":       overlapping,
	"server-allowedips-everything": outInto(intoTunnel),
	"second-vpn-default-route":     outInto(intoOther),

	// Translation.
	"nat-missing":             natMissingFact,
	"nat-wrong-out-interface": natWrongAdapter,
	"nat-wrong-subnet":        natWrongSubnet,
	"nat-gone-after-reboot":   natGone,
	"netnat-conflict":         netNatConflict,
	"nat-table-full":          natTableFull,
	"nat-ports-exhausted":     natPortsExhausted,
	"connection-limit":        connectionLimit,
	"notrack-rule":            notracked,
	asymmetricReturnID:        returnsElsewhere,
	"snat-address-not-ours":   foreignSNAT,

	"windows-netnat-unavailable": netNatUnavailable,

	// IPv6 beside an IPv4 that works.
	"ipv6-forwarding-off": forwardingOff,
	"ipv6-forward-drop":   forwardDropped,
	"ipv6-nat-missing":    notTranslated,

	// Name service.
	"dns-no-listener":   dnsNoListener,
	"dns-host-firewall": dnsFirewall,
}

// not turns an answer around.
func not(f host.Fact) host.Fact {
	switch f {
	case host.FactYes:
		return host.FactNo
	case host.FactNo:
		return host.FactYes
	}
	return host.FactUnknown
}

func forwardingOff(v *view) answer {
	back := v.finding == "return-not-forwarded"
	if f := v.facts.Forwards(v.path, back); f != host.FactUnknown {
		return settings(not(f))
	}
	// The kernel's own refusal, if the switch could not be read.
	if hop, ok := v.facts.RouteOut(v.path); ok && !back && hop.Problem == host.ProblemNotForwarded {
		return settings(host.FactYes)
	}
	return silent
}

// firewall says whose rules drop a client's packets: one name for each set of
// commands that cures it.
type firewall uint8

const (
	firewallUnknown firewall = iota
	firewallNone             // nothing drops
	firewallPlain
	firewallDocker
	firewallUFW
	firewallFirewalld
	firewallTwo // another one accepts what this one drops, or drops it too
)

// dropBy tests for a drop by one kind of firewall.
func dropBy(kind firewall) func(*view) answer {
	return func(v *view) answer {
		switch got := v.dropper(); got {
		case firewallUnknown:
			return silent
		default:
			return settings(host.FactOf(got == kind))
		}
	}
}

// dropper returns the firewall that drops what the client sends. A person repairs
// the one that they know: ufw and firewalld keep their rules over a restart, and
// ufw comes first where Docker set the same policy too.
func (v *view) dropper() firewall {
	if v.facts == nil || !v.path.Client.IsValid() {
		return firewallUnknown
	}
	dropped, place := v.facts.Filtered(v.path, false)
	switch {
	case dropped == host.FactNo:
		return firewallNone
	case dropped == host.FactUnknown:
		return firewallUnknown
	}
	fw := &v.facts.Firewall
	iptables := place.Chain.Source != host.SourceNft || place.Chain.Table == "filter"
	switch {
	case place.Chain.Table == "firewalld":
		return firewallFirewalld
	case fw.UFW == host.FactYes && iptables && place.Chain.Source != host.SourceIptablesLegacy:
		return firewallUFW
	case v.facts.DroppedBoth(v.path) == host.FactYes, v.facts.AcceptedElsewhere(v.path, place) == host.FactYes:
		return firewallTwo
	case fw.Docker == host.FactYes && iptables:
		return firewallDocker
	}
	return firewallPlain
}

// forwardDropped tests for a drop by any firewall.
func forwardDropped(v *view) answer {
	if v.facts == nil || !v.path.Client.IsValid() {
		return silent
	}
	f, _ := v.facts.Filtered(v.path, false)
	return settings(f)
}

func returnBlocked(v *view) answer {
	f, _ := v.facts.Filtered(v.wayBack(), true)
	return settings(f)
}

// minGrowth is how much an error counter must have grown to speak of the
// client's packets: as many as a dead path needs.
const minGrowth = minRequests

func reversePath(v *view) answer {
	a := v.adapter(v.wayBack().WAN)
	switch {
	case v.finding == asymmetricReturnID:
		// A strict filter lets in what would be answered by the same adapter, and
		// these senders are called by another one.
		if a != nil && a.RPFilter != nil && v.path.Client.Is4() {
			return settings(host.FactOf(*a.RPFilter == 1))
		}
	case v.finding != "return-not-forwarded":
		if f := v.facts.ReversePathDrops(v.path); f != host.FactUnknown {
			return settings(f)
		}
	case a != nil && a.RPFilter != nil && *a.RPFilter == 0:
		return settings(host.FactNo)
	}
	if n, ok := v.facts.Grew("TcpExt.IPReversePathFilter"); ok && v.path.Client.Is4() {
		return counters(host.FactOf(n >= minGrowth))
	}
	return silent
}

func (v *view) adapter(name string) *host.Adapter {
	if v.facts == nil {
		return nil
	}
	return v.facts.Adapter(name)
}

// natMissingFact: no rule at all; one that names another adapter or subnet is
// another cause, and is cured by the same rule.
func natMissingFact(v *view) answer {
	if f := v.facts.Translates(v.path); f != host.FactNo {
		return settings(not(f))
	}
	elsewhere, others := v.facts.TranslatesElsewhere(v.path), v.facts.TranslatesOthers(v.path)
	if v.facts.OS == "windows" {
		return settings(host.FactOf(netNatConflict(v).fact != host.FactYes && netNatUnavailable(v).fact != host.FactYes))
	}
	return settings(host.FactOf(elsewhere != host.FactYes && others != host.FactYes))
}

// notTranslated is for causes that stand for every reason why no rule applies.
func notTranslated(v *view) answer { return settings(not(v.facts.Translates(v.path))) }

func natWrongAdapter(v *view) answer { return natBut(v, v.facts.TranslatesElsewhere(v.path)) }
func natWrongSubnet(v *view) answer  { return natBut(v, v.facts.TranslatesOthers(v.path)) }

// natBut judges a rule that would translate if it were not for one condition.
func natBut(v *view, without host.Fact) answer {
	switch f := v.facts.Translates(v.path); {
	case f == host.FactYes, without == host.FactNo:
		return settings(host.FactNo)
	case f == host.FactNo:
		return settings(without)
	}
	return silent
}

// natGone can only be refuted: a rule that was there once leaves no trace.
func natGone(v *view) answer {
	if v.facts.Translates(v.path) == host.FactYes || v.facts.TranslatesElsewhere(v.path) == host.FactYes ||
		v.facts.TranslatesOthers(v.path) == host.FactYes {
		return settings(host.FactNo)
	}
	return silent
}

// netNatConflict: NAT objects exist, and none of them is for the client.
func netNatConflict(v *view) answer {
	if v.facts.Translates(v.path) == host.FactYes {
		return settings(host.FactNo)
	}
	switch {
	case v.facts == nil || v.facts.Windows == nil:
		return silent
	case v.facts.Windows.NetNatAvailable == host.FactNo:
		return settings(host.FactNo)
	case len(v.facts.Windows.NetNat) == 0:
		return silent
	}
	return settings(not(v.facts.Translates(v.path)))
}

// netNatUnavailable: this Windows has no NetNat at all, and nothing else
// translates.
func netNatUnavailable(v *view) answer {
	if v.facts == nil || v.facts.Windows == nil {
		return silent
	}
	switch v.facts.Windows.NetNatAvailable {
	case host.FactYes:
		return settings(host.FactNo)
	case host.FactNo:
		return settings(not(v.facts.Translates(v.path)))
	}
	return silent
}

func natTableFull(v *view) answer {
	// A connection for which no port is left is counted as both (nf_conntrack_core.c,
	// nf_ct_resolve_clash).
	dropped, ok := v.facts.Grew("conntrack.drop")
	if clashed, _ := v.facts.Grew("conntrack.insert_failed"); ok && dropped > clashed {
		return counters(host.FactYes)
	}
	return settings(v.facts.TableFull())
}

// allPorts is how many source ports Linux draws from where no rule says: those
// from 1024 on (nf_nat_core.c, nf_nat_l4proto_unique_tuple).
const allPorts = 65536 - 1024

// natPortsExhausted: the rule that translates has fewer ports than there are
// connections. With more it can refuse none.
func natPortsExhausted(v *view) answer {
	ports, known := v.facts.TranslationPorts(v.path)
	if !known || v.facts.Conntrack.Count == nil {
		return silent
	}
	count := *v.facts.Conntrack.Count
	if ports == 0 {
		if count < allPorts {
			return settings(host.FactNo)
		}
		return silent
	}
	return settings(host.FactOf(count >= uint64(ports)))
}

// connectionLimit can only be refuted: where every rule in the way of the client's
// packets is understood, none of them counts.
func connectionLimit(v *view) answer {
	if dropped, _ := v.facts.Filtered(v.path, false); dropped == host.FactNo {
		return settings(host.FactNo)
	}
	return silent
}
