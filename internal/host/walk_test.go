package host

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// One rule is one line: conditions, then the verdict.
func on(verdict Verdict, target string, matches ...Match) Rule {
	return Rule{Matches: matches, Verdict: verdict, Target: target}
}

func is(f Field, values ...string) Match  { return Match{Field: f, Values: values} }
func not(f Field, values ...string) Match { return Match{Field: f, Not: true, Values: values} }
func unclear(r Rule) Rule                 { r.Unclear = true; return r }

func filterChain(policy Verdict, rules ...Rule) Chain {
	return Chain{Source: SourceNft, Family: "inet", Table: "filter", Name: "forward", Hook: "forward", Type: "filter", Policy: policy, Rules: rules}
}

func sub(name string, rules ...Rule) Chain {
	return Chain{Source: SourceNft, Family: "inet", Table: "filter", Name: name, Rules: rules}
}

func natChain(rules ...Rule) Chain {
	return Chain{Source: SourceNft, Family: "ip", Table: "nat", Name: "postrouting", Hook: "postrouting", Type: "nat", Priority: 100, Policy: VerdictAccept, Rules: rules}
}

func withRules(chains ...Chain) *Snapshot {
	s := &Snapshot{OS: "linux"}
	s.Firewall = Firewall{Read: FactYes, Chains: chains}
	s.Firewall.recognise()
	s.Adapters = []Adapter{up("docker0", KindBridge, "172.17.0.1/16"), up("wg0", KindWireGuard, "10.8.0.1/24")}
	s.normalise()
	return s
}

var phonePath = Path{Client: netip.MustParseAddr("10.8.0.2"), Tunnel: "wg0", WAN: "eth0"}

func TestFiltered(t *testing.T) {
	for _, tt := range []struct {
		name      string
		s         *Snapshot
		out, back Fact
	}{
		{"nobody looked", nil, FactUnknown, FactUnknown},
		{"no rules", withRules(), FactNo, FactNo},
		{"policy accept", withRules(filterChain(VerdictAccept)), FactNo, FactNo},
		{"policy drop", withRules(filterChain(VerdictDrop)), FactYes, FactYes},
		{"out alone", withRules(filterChain(VerdictDrop, on(VerdictAccept, "", is(FieldIn, "wg0")))), FactNo, FactYes},
		{"both ways", withRules(filterChain(VerdictDrop, on(VerdictAccept, "", is(FieldIn, "wg0")), on(VerdictAccept, "", is(FieldState, "established", "related")))), FactNo, FactNo},
		{"another adapter", withRules(filterChain(VerdictDrop, on(VerdictAccept, "", is(FieldIn, "wg1")))), FactYes, FactYes},
		{"adapters by pattern", withRules(filterChain(VerdictDrop, on(VerdictAccept, "", is(FieldIn, "wg*")))), FactNo, FactYes},
		{"subnet", withRules(filterChain(VerdictAccept, on(VerdictDrop, "", is(FieldSource, "10.8.0.0/24")))), FactYes, FactNo},
		{"all but a subnet", withRules(filterChain(VerdictAccept, on(VerdictReject, "", not(FieldSource, "10.8.0.0/24")))), FactNo, FactYes},
		{"a range", withRules(filterChain(VerdictAccept, on(VerdictDrop, "", is(FieldSource, "10.8.0.1-10.8.0.9")))), FactYes, FactNo},
		{"accept in one table, drop in the next", withRules(filterChain(VerdictAccept, on(VerdictAccept, "")), Chain{Source: SourceIptablesLegacy, Family: "ip", Table: "filter", Name: "FORWARD", Hook: "forward", Type: "filter", Policy: VerdictDrop}), FactYes, FactYes},
		{"the other family's table", withRules(Chain{Source: SourceIptablesNft, Family: "ip6", Table: "filter", Name: "FORWARD", Hook: "forward", Type: "filter", Policy: VerdictDrop}), FactNo, FactNo},
		{"jump", withRules(filterChain(VerdictDrop, on(VerdictJump, "vpn", is(FieldIn, "wg0"))), sub("vpn", on(VerdictAccept, ""))), FactNo, FactYes},
		{"jump and come back", withRules(filterChain(VerdictDrop, on(VerdictJump, "vpn"), on(VerdictAccept, "")), sub("vpn", on(VerdictReturn, ""), on(VerdictDrop, ""))), FactNo, FactNo},
		{"goto does not come back", withRules(filterChain(VerdictDrop, on(VerdictGoto, "vpn"), on(VerdictAccept, "")), sub("vpn")), FactYes, FactYes},
		{"jump in a circle", withRules(filterChain(VerdictAccept, on(VerdictJump, "a")), sub("a", on(VerdictJump, "b")), sub("b", on(VerdictJump, "a"))), FactUnknown, FactUnknown},
		{"a chain that is not there", withRules(filterChain(VerdictDrop, on(VerdictJump, "gone"))), FactUnknown, FactUnknown},
		{"an accept that is not understood", withRules(filterChain(VerdictDrop, unclear(on(VerdictAccept, "")))), FactUnknown, FactUnknown},
		{"a drop that is not understood", withRules(filterChain(VerdictAccept, unclear(on(VerdictDrop, "")))), FactUnknown, FactUnknown},
		{"not understood, but for somebody else", withRules(filterChain(VerdictDrop, unclear(on(VerdictAccept, "", is(FieldIn, "docker0"))))), FactYes, FactYes},
		{"not understood, and it changes nothing", withRules(filterChain(VerdictDrop, unclear(on(VerdictJump, "x"))), sub("x", on(VerdictDrop, "", is(FieldOut, "docker0")))), FactYes, FactYes},
		{"a statement that is not understood", withRules(filterChain(VerdictDrop, on(VerdictUnclear, ""))), FactUnknown, FactUnknown},
		{"only ping", withRules(filterChain(VerdictDrop, on(VerdictAccept, "", is(FieldProtocol, "icmp")))), FactYes, FactYes},
		{"only pages", withRules(filterChain(VerdictDrop, on(VerdictAccept, "", is(FieldProtocol, "tcp"), is(FieldDport, "80", "440-450")))), FactNo, FactYes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, _ := tt.s.Filtered(phonePath, false)
			back, _ := tt.s.Filtered(phonePath, true)
			if out != tt.out || back != tt.back {
				t.Errorf("out %v, back %v; want %v, %v", out, back, tt.out, tt.back)
			}
		})
	}
	t.Run("not all was read", func(t *testing.T) {
		open, shut := withRules(filterChain(VerdictAccept)), withRules(filterChain(VerdictDrop))
		open.Firewall.Read, shut.Firewall.Read = FactNo, FactUnknown
		if f, _ := open.Filtered(phonePath, false); f != FactUnknown {
			t.Errorf("nothing drops in what was read: %v", f)
		}
		if f, _ := shut.Filtered(phonePath, false); f != FactYes {
			t.Errorf("a drop is final: %v", f)
		}
	})
}

func TestFilteredNamesThePlace(t *testing.T) {
	s := withRules(filterChain(VerdictAccept, on(VerdictJump, "vpn")), sub("vpn", on(VerdictAccept, "", is(FieldIn, "x")), on(VerdictDrop, "")))
	f, at := s.Filtered(phonePath, false)
	if f != FactYes || at.Chain == nil || at.Chain.Name != "vpn" || at.Rule != 1 {
		t.Errorf("got %v at %+v", f, at)
	}
}

func TestTranslates(t *testing.T) {
	masquerade := func(m ...Match) Rule { return on(VerdictTranslate, "masquerade", m...) }
	for _, tt := range []struct {
		name                     string
		s                        *Snapshot
		as, butForOut, butForSrc Fact
	}{
		{"nobody looked", nil, FactUnknown, FactUnknown, FactUnknown},
		{"none", withRules(natChain()), FactNo, FactNo, FactNo},
		{"right", withRules(natChain(masquerade(is(FieldOut, "eth0"), is(FieldSource, "10.8.0.0/24")))), FactYes, FactYes, FactYes},
		{"another adapter", withRules(natChain(masquerade(is(FieldOut, "ens3"), is(FieldSource, "10.8.0.0/24")))), FactNo, FactYes, FactNo},
		{"another subnet", withRules(natChain(masquerade(is(FieldOut, "eth0"), is(FieldSource, "10.9.0.0/24")))), FactNo, FactNo, FactYes},
		{"Docker's own", withRules(natChain(masquerade(not(FieldOut, "docker0"), is(FieldSource, "172.17.0.0/16")))), FactNo, FactNo, FactNo},
		{"not understood", withRules(natChain(unclear(masquerade(is(FieldOut, "eth0"))))), FactUnknown, FactUnknown, FactUnknown},
		{"accepted before", withRules(natChain(on(VerdictAccept, "", is(FieldSource, "10.0.0.0/8")), masquerade())), FactNo, FactNo, FactNo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if as, out, src := tt.s.Translates(phonePath), tt.s.TranslatesElsewhere(phonePath), tt.s.TranslatesOthers(phonePath); as != tt.as || out != tt.butForOut || src != tt.butForSrc {
				t.Errorf("got %v, without the adapter %v, without the subnet %v; want %v, %v, %v", as, out, src, tt.as, tt.butForOut, tt.butForSrc)
			}
		})
	}
}

// Rules come from the machine, but a snapshot may come from anybody: chains that
// jump to each other must not multiply.
func TestWalkIsBounded(t *testing.T) {
	const n = 200
	chains := []Chain{filterChain(VerdictAccept, on(VerdictJump, "c0"))}
	for i := range n {
		c := sub(fmt.Sprintf("c%d", i))
		for range 20 {
			c.Rules = append(c.Rules, unclear(on(VerdictJump, fmt.Sprintf("c%d", i+1))))
		}
		chains = append(chains, c)
	}
	chains = append(chains, sub(fmt.Sprintf("c%d", n), unclear(on(VerdictDrop, ""))))
	begun := time.Now()
	if f, _ := withRules(chains...).Filtered(phonePath, false); f != FactUnknown {
		t.Errorf("got %v", f)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
