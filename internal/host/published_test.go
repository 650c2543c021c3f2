package host

import (
	"net/netip"
	"testing"
)

// TestPublished: rules of engines on nft and both back ends of iptables, as Docker
// and Podman's netavark make them.
func TestPublished(t *testing.T) {
	inside := netip.MustParseAddr("172.17.0.2")
	save := func(rule string) func(t *testing.T) []Chain {
		return func(t *testing.T) []Chain {
			chains, err := parseIptables(SourceIptablesNft, "ip", "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n"+rule+"\nCOMMIT\n")
			if err != nil {
				t.Fatal(err)
			}
			return chains
		}
	}
	nft := func(dnat string) func(t *testing.T) []Chain {
		return func(t *testing.T) []Chain {
			r, err := parseNft([]byte(`{"nftables":[{"table":{"family":"ip","name":"nat"}},{"chain":{"family":"ip","table":"nat","name":"pre","type":"nat","hook":"prerouting","prio":-100,"policy":"accept"}},
				{"rule":{"family":"ip","table":"nat","chain":"pre","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":443}},{"dnat":` + dnat + `}]}}]}`))
			if err != nil {
				t.Fatal(err)
			}
			return r.chains
		}
	}
	for _, c := range []struct {
		name   string
		chains func(t *testing.T) []Chain
		port   uint16
		want   Fact
	}{
		{"Docker", save("-A DOCKER ! -i docker0 -p udp -m udp --dport 443 -j DNAT --to-destination 172.17.0.2:51820"), 443, FactYes},
		{"the port is kept", save("-A DOCKER -p udp -m udp --dport 51820 -j DNAT --to-destination 172.17.0.2"), 51820, FactYes},
		{"another port inside", save("-A DOCKER -p udp -m udp --dport 443 -j DNAT --to-destination 172.17.0.2:80"), 0, FactNo},
		{"another container", save("-A DOCKER -p udp -m udp --dport 51820 -j DNAT --to-destination 172.17.0.3:51820"), 0, FactNo},
		{"TCP", save("-A DOCKER -p tcp -m tcp --dport 51820 -j DNAT --to-destination 172.17.0.2:51820"), 0, FactNo},
		{"all ports", save("-A PREROUTING -j DNAT --to-destination 172.17.0.2"), 0, FactNo},
		{"nft", nft(`{"family":"ip","addr":"172.17.0.2","port":51820}`), 443, FactYes},
		{"nft, a range of ports", nft(`{"family":"ip","addr":"172.17.0.2","port":{"range":[51820,51830]}}`), 0, FactNo},
		{"nft, a map", nft(`{"map":{"key":{"payload":{"protocol":"udp","field":"dport"}},"data":"@x"}}`), 0, FactNo},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Snapshot{}
			s.Firewall.Read, s.Firewall.Chains = FactYes, c.chains(t)
			if port, f := s.Published("udp", inside, 51820); port != c.port || f != c.want {
				t.Errorf("%d %s, want %d %s", port, f, c.port, c.want)
			}
		})
	}
	if _, f := (&Snapshot{}).Published("udp", inside, 51820); f != FactUnknown {
		t.Errorf("nothing was read: %s", f)
	}
}
