package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Firewall is what a machine's packet filters say, in one form for nftables and
// both back ends of iptables.
type Firewall struct {
	// Read says whether Chains holds every rule of this machine: no if that was
	// refused. A drop that was read is certain all the same, because a drop in
	// any chain is final; that nothing drops is certain only if all was read.
	Read   Fact    `json:"read"`
	Chains []Chain `json:"chains"`
	// TranslationRead says the same of the rules that translate, where others
	// are not read (pf).
	TranslationRead Fact `json:"translation_read"`

	// Whose rules were recognised by the names of their chains and tables.
	Docker    Fact `json:"docker"`
	UFW       Fact `json:"ufw"`
	Firewalld Fact `json:"firewalld"`
}

// Sources of chains.
const (
	SourceNft            = "nft"
	SourceIptablesNft    = "iptables-nft"
	SourceIptablesLegacy = "iptables-legacy"
)

// Chain is a list of rules.
type Chain struct {
	Source   string  `json:"source"`
	Family   string  `json:"family"` // "ip", "ip6" or "inet" (both)
	Table    string  `json:"table"`
	Name     string  `json:"name"`
	Hook     string  `json:"hook,omitempty"`     // "prerouting", "input", "forward", "output", "postrouting"; "" if only other chains lead here
	Type     string  `json:"type,omitempty"`     // "filter", "nat" or "route"
	Priority int     `json:"priority,omitempty"` // the lower one comes first
	Policy   Verdict `json:"policy,omitempty"`   // at the end of a chain with a hook
	Rules    []Rule  `json:"rules"`
}

// String names the chain as a person would look for it.
func (c *Chain) String() string {
	if c.Source == SourceNft {
		return fmt.Sprintf("%s %s %s", c.Family, c.Table, c.Name)
	}
	return fmt.Sprintf("%s table %s chain %s", c.Source, c.Table, c.Name)
}

// Verdict is what a rule does with a packet that it matches. Empty: nothing that
// ends the packet's way through the chain.
type Verdict string

// Verdicts (nft(8), "VERDICT STATEMENTS" and "NAT STATEMENTS").
const (
	VerdictNone      Verdict = ""
	VerdictAccept    Verdict = "accept"
	VerdictDrop      Verdict = "drop"
	VerdictReject    Verdict = "reject"
	VerdictReturn    Verdict = "return"
	VerdictJump      Verdict = "jump"
	VerdictGoto      Verdict = "goto"
	VerdictTranslate Verdict = "translate" // masquerade, snat, dnat, redirect
	VerdictNotrack   Verdict = "notrack"
	VerdictUnclear   Verdict = "unclear" // anything else that may end it
)

// Rule is one rule: what it asks of a packet, all of which must hold, and what
// it does then.
type Rule struct {
	Matches []Match `json:"matches"`
	// Unclear: it asks something more that this program does not understand, so
	// that it may match less than Matches say.
	Unclear bool    `json:"unclear,omitempty"`
	Verdict Verdict `json:"verdict,omitempty"`
	Target  string  `json:"target,omitempty"`  // the chain of jump and goto; the statement of translate
	To      string  `json:"to,omitempty"`      // the address that translate puts on, where it names one, with the port if it names that too
	Ports   int     `json:"ports,omitempty"`   // how many source ports translate may use for each remote, where it names them; 0: as many as there are
	Packets *uint64 `json:"packets,omitempty"` // that it has counted; nil if it does not count
}

// Field is what a match looks at.
type Field string

// Fields.
const (
	FieldIn       Field = "iif"   // adapter that a packet came in by; values may end in *
	FieldOut      Field = "oif"   //
	FieldSource   Field = "saddr" // values are addresses, prefixes, or ranges a-b
	FieldDest     Field = "daddr" //
	FieldFamily   Field = "family"
	FieldProtocol Field = "protocol" // "tcp", "udp", "icmp", "icmpv6", or a number
	FieldSport    Field = "sport"    // values are ports or ranges a-b
	FieldDport    Field = "dport"    //
	FieldState    Field = "state"    // of the connection: "new", "established", ...
	FieldICMPType Field = "icmp-type"
	FieldLocal    Field = "dst-type" // type of the destination: "local", "unicast", ...
)

// Match is one condition of a rule: the field is one of the values, or with Not
// none of them.
type Match struct {
	Field  Field    `json:"field"`
	Not    bool     `json:"not,omitempty"`
	Values []string `json:"values"`
}

// madeByIptables reports whether a table of nft's list is one that iptables-nft
// keeps: all of its base chains have the names that iptables gives them. Rules
// that nft adds there can make iptables refuse the whole table.
func madeByIptables(chains []Chain) bool {
	made := map[[2]string]bool{}
	for i := range chains {
		c := &chains[i]
		if c.Hook == "" || c.Family != "ip" && c.Family != "ip6" {
			continue
		}
		table := [2]string{c.Family, c.Table}
		before, seen := made[table]
		made[table] = (before || !seen) && c.Name == strings.ToUpper(c.Hook)
	}
	return slices.Contains(slices.Collect(maps.Values(made)), true)
}

// replace puts chains in the place of those that nft listed of the same tables.
func (fw *Firewall) replace(chains []Chain) {
	fw.Chains = slices.DeleteFunc(fw.Chains, func(old Chain) bool {
		return old.Source == SourceNft && slices.ContainsFunc(chains, func(c Chain) bool {
			return c.Family == old.Family && c.Table == old.Table
		})
	})
	fw.Chains = append(fw.Chains, chains...)
}

// recognise sets whose rules these are, by the names that Docker, ufw
// (ufw-framework(8)) and firewalld give to their chains and tables.
func (fw *Firewall) recognise() {
	has := func(is func(c *Chain) bool) Fact {
		for i := range fw.Chains {
			if is(&fw.Chains[i]) {
				return FactYes
			}
		}
		return fw.Read.no()
	}
	fw.Docker = has(func(c *Chain) bool { return c.Name == "DOCKER-USER" || c.Name == "DOCKER-FORWARD" })
	fw.UFW = has(func(c *Chain) bool { return strings.HasPrefix(c.Name, "ufw-") || strings.HasPrefix(c.Name, "ufw6-") })
	fw.Firewalld = has(func(c *Chain) bool {
		return c.Table == "firewalld" || c.Name == "FWDI_public" || c.Name == "FORWARD_direct"
	})
}
