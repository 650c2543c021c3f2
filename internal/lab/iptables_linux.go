package lab

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// backEnds is what the filter tables of iptables held and shall hold, in the
// form that iptables-restore reads; "" is a table that nobody has touched.
type backEnds struct{ HaveNFT, WantNFT, HaveLegacy, WantLegacy string }

// emptyFilter is a filter table without rules. Restoring a table removes what it
// held before (iptables-restore(8)).
const emptyFilter = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"

func (a *agent) opIPTables(ctx context.Context, b backEnds) (none, error) {
	for _, e := range []struct{ name, have, want string }{
		{"nft", b.HaveNFT, b.WantNFT}, {"legacy", b.HaveLegacy, b.WantLegacy},
	} {
		if e.want == e.have {
			continue
		}
		if e.want == "" {
			e.want = emptyFilter
		}
		for _, family := range []string{"iptables", "ip6tables"} {
			cmd := exec.CommandContext(ctx, family+"-"+e.name+"-restore")
			rules := e.want
			if family == "ip6tables" {
				// The nearest that ICMPv6 has (ip6tables-extensions(8)).
				rules = strings.ReplaceAll(rules, "icmp-host-prohibited", "icmp6-adm-prohibited")
			}
			cmd.Stdin = strings.NewReader(rules)
			if out, err := cmd.CombinedOutput(); err != nil {
				return none{}, fmt.Errorf("load %s rules of the %s back end: %w: %s", family, e.name, err, bytes.TrimSpace(out))
			}
		}
	}
	return none{}, nil
}
