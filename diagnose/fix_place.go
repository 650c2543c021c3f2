package diagnose

import "github.com/wgtrace/wgtrace/internal/host"

// A drop in any base chain is final, so an accept helps only in the chain that
// drops. Which one that is, the settings say; without them a placeholder stands
// there, and a command that shows the rules before it.
const (
	placeTable = "inet DROPPING-TABLE"
	placeChain = "DROPPING-CHAIN"
)

// dropping is where a firewall drops the client's packets. The zero value is not
// known.
type dropping struct {
	source       string // host.Source...
	family       string // "ip", "ip6" or "inet"
	table, chain string
}

// dropPlace returns the chain that a cause is about: the one that keeps phones'
// calls out, or their questions for names, or one phone from the other; else the
// one that drops what the client sends, or else what comes back to it.
func (v *view) dropPlace(cause string) dropping {
	if v.facts == nil {
		return dropping{}
	}
	switch cause {
	case "host-firewall-blocks-wg-port":
		return placeOf(v.portFiltered())
	case "dns-host-firewall":
		return placeOf(v.dnsFiltered())
	}
	if !v.path.Client.IsValid() {
		return dropping{}
	}
	if cause == "client-forward-missing" {
		within := v.path
		within.WAN = within.Tunnel
		return placeOf(v.facts.Filtered(within, false))
	}
	if cause == "connection-limit" {
		dropped, place := v.facts.Filtered(v.path, false)
		if dropped == host.FactUnknown { // it drops some
			dropped = host.FactYes
		}
		return placeOf(dropped, place)
	}
	if d := placeOf(v.facts.Filtered(v.path, false)); d != (dropping{}) {
		return d
	}
	return placeOf(v.facts.Filtered(v.path, true))
}

// placeOf takes over the place of a drop, if there is one.
func placeOf(dropped host.Fact, place host.Place) dropping {
	if dropped != host.FactYes || place.Chain == nil {
		return dropping{}
	}
	c := place.Chain
	return dropping{source: c.Source, family: c.Family, table: c.Table, chain: c.Name}
}

// words returns what stands for the table and the chain in commands of nft.
func (d dropping) words() (table, chain string, known bool) {
	ok := d.family == "ip" || d.family == "ip6" || d.family == "inet"
	if d.source != host.SourceNft || !ok || !safeName(d.table) || !safeName(d.chain) {
		return placeTable, placeChain, false
	}
	return d.family + " " + d.table, d.chain, true
}

// fits reports whether a recipe for one kind of firewall is for the one that
// drops: rules of iptables are no use against a chain that is not its own.
func (d dropping) fits(r *recipe) bool {
	_, _, known := d.words()
	switch {
	case r.known && !known:
		return false
	case d.source == "" || r.filter == "":
		return true
	case d.source == host.SourceNft:
		return r.filter == host.SourceNft
	}
	return r.filter != host.SourceNft
}

// iptables names the program whose back end holds the chain that drops.
func (d dropping) iptables(name string) string {
	if d.source == host.SourceIptablesLegacy {
		return name + "-legacy"
	}
	return name
}

// safeName says whether s may stand bare in a command of nft as the name of a
// table or chain: letters, digits, underscores and dashes, beginning with a
// letter, and no word that nft keeps for itself (a chain called "fwd" is a syntax
// error).
func safeName(s string) bool {
	if len(s) == 0 || len(s) > 64 || s == "fwd" || s == "dup" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}
