package host

import (
	"context"
	"errors"
	"os"
	"strings"
)

// readFirewall reads nftables and both back ends of iptables. None of the
// commands names a table: "iptables -t", -L and -S create the tables that they
// ask for.
func (m linux) readFirewall(ctx context.Context, s *Snapshot) {
	fw := &s.Firewall
	fw.Read = FactYes
	fail := func(err error) {
		if fw.Read = FactUnknown; errors.Is(err, os.ErrPermission) {
			fw.Read = FactNo
		}
		s.unread("firewall", reason(err))
	}
	n := &nftReader{}
	out, err := m.query(ctx, "nft", "-j", "list", "ruleset")
	noNft := errors.Is(err, errNotInstalled)
	if err == nil {
		n, err = parseNft(out)
	}
	if err != nil && !noNft {
		fail(err)
	}
	if n != nil {
		fw.Chains = n.chains
		if n.ingress {
			fail(errors.New("it holds rules at the ingress hook, which are not looked at"))
		}
	}
	// Rules that iptables made are in nft's list, but only iptables says what
	// they mean.
	unclear := n != nil && len(n.xt) > 0
	if unclear || noNft || madeByIptables(fw.Chains) {
		for _, family := range []string{"ip", "ip6"} {
			chains, err := m.readIptables(ctx, SourceIptablesNft, family)
			switch {
			case errors.Is(err, errNotInstalled) && !noNft, err != nil && !unclear && !noNft:
				// The rules stay as nft lists them.
			case errors.Is(err, errNotInstalled):
				if m.legacyTables(family) == "" {
					fail(errors.New("neither nft nor iptables is installed"))
				}
			case err != nil:
				fail(err)
			default:
				fw.replace(chains)
			}
		}
		if noNft && fw.Read == FactYes && len(fw.Chains) > 0 {
			fail(errors.New("nft is not installed: rules that iptables did not make are not seen"))
		}
	}
	// The old tables exist in this network namespace only if the kernel names
	// them; asking without that would load modules.
	for _, family := range []string{"ip", "ip6"} {
		if m.legacyTables(family) == "" {
			continue
		}
		chains, err := m.readIptables(ctx, SourceIptablesLegacy, family)
		if err != nil {
			fail(err)
			continue
		}
		fw.Chains = append(fw.Chains, chains...)
	}
	fw.recognise()
}

// legacyTables names the tables of the old back end that are in use.
func (m linux) legacyTables(family string) string {
	raw, err := m.proc(family + "_tables_names")
	if err != nil {
		return "" // the modules are not loaded
	}
	return strings.TrimSpace(raw)
}

func (m linux) readIptables(ctx context.Context, source, family string) ([]Chain, error) {
	name := strings.TrimPrefix(source, "iptables-") + "-save"
	if family == "ip6" {
		name = "ip6tables-" + name
	} else {
		name = "iptables-" + name
	}
	out, err := m.query(ctx, name, "-c")
	if err != nil {
		return nil, err
	}
	return parseIptables(source, family, string(out))
}
