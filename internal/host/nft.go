package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Bounds of what is kept of a firewall: rule sets of real servers have tens to
// hundreds of rules, and a list of a million addresses decides nothing here.
const (
	maxRules  = 5000
	maxValues = 256
)

// errTooLarge says that a rule set is beyond the bounds.
var errTooLarge = errors.New("more than " + strconv.Itoa(maxRules) + " rules")

// parseNft reads the output of "nft -j list ruleset" (libnftables-json(5)). What
// it does not understand makes a rule unclear, and a table with statements of
// iptables is named in xt, because nft does not say what they mean.
func parseNft(raw []byte) (*nftReader, error) {
	var doc struct {
		Nftables []map[string]json.RawMessage `json:"nftables"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("parse nft rules: %w", err)
	}
	if doc.Nftables == nil {
		return nil, errors.New("parse nft rules: no list of objects")
	}
	n := &nftReader{sets: map[string][]string{}, xt: map[[2]string]bool{}}
	// Sets and chains first: rules refer to them, and may stand before them.
	for _, pass := range []func(string, json.RawMessage) error{n.declare, n.rule} {
		for _, object := range doc.Nftables {
			for kind, body := range object {
				if err := pass(kind, body); err != nil {
					return nil, err
				}
			}
		}
	}
	return n, nil
}

type nftReader struct {
	chains []Chain
	sets   map[string][]string // values by family, table and name
	xt     map[[2]string]bool  // family and table
	count  int
	// ingress: rules stand where this program does not look, in front of all
	// others.
	ingress bool
}

type nftObject struct {
	Family, Table, Name, Chain string
	Type                       json.RawMessage
	Hook, Policy               string
	Prio                       int
	Elem                       []json.RawMessage
	Expr                       []map[string]json.RawMessage
}

func (o *nftObject) key(name string) string { return o.Family + " " + o.Table + " " + name }

func (n *nftReader) declare(kind string, body json.RawMessage) error {
	if kind != "chain" && kind != "set" {
		return nil
	}
	var o nftObject
	if err := json.Unmarshal(body, &o); err != nil {
		return fmt.Errorf("parse nft %s: %w", kind, err)
	}
	switch {
	case kind == "set":
		values, ok := listOf(o.Elem)
		if ok {
			n.sets[o.key(o.Name)] = values
		}
	case o.Family == "ip", o.Family == "ip6", o.Family == "inet":
		var typ string
		_ = json.Unmarshal(o.Type, &typ) // absent in chains without a hook
		n.chains = append(n.chains, Chain{
			Source: SourceNft, Family: o.Family, Table: o.Table, Name: o.Name,
			Hook: o.Hook, Type: typ, Priority: o.Prio, Policy: Verdict(o.Policy),
		})
	}
	return nil
}

func (n *nftReader) rule(kind string, body json.RawMessage) error {
	if kind != "rule" {
		return nil
	}
	var o nftObject
	if err := json.Unmarshal(body, &o); err != nil {
		return fmt.Errorf("parse nft rule: %w", err)
	}
	if o.Family == "netdev" {
		n.ingress = true
		return nil
	}
	for i := range n.chains {
		c := &n.chains[i]
		if c.Family != o.Family || c.Table != o.Table || c.Name != o.Chain {
			continue
		}
		for _, r := range n.expressions(&o) {
			if n.count++; n.count > maxRules {
				return errTooLarge
			}
			c.Rules = append(c.Rules, r)
		}
	}
	return nil
}

// expressions makes rules of one: a verdict map is a rule for each of its keys.
func (n *nftReader) expressions(o *nftObject) []Rule {
	var r Rule
	for _, e := range o.Expr {
		for kind, body := range e {
			switch kind {
			case "match":
				n.match(o, &r, body)
			case "counter":
				var c struct{ Packets *uint64 }
				if json.Unmarshal(body, &c) == nil { // a named counter is a string
					r.Packets = c.Packets
				}
			case "accept", "drop", "reject", "return", "notrack":
				r.Verdict = Verdict(kind)
			case "jump", "goto":
				var t struct{ Target string }
				_ = json.Unmarshal(body, &t) // without a target no chain is found, which is not known
				r.Verdict, r.Target = Verdict(kind), t.Target
			case "masquerade", "snat", "dnat", "redirect":
				var t struct {
					Addr string
					Port json.RawMessage
				}
				_ = json.Unmarshal(body, &t)         // masquerade names none, and maps are not followed
				if t.Addr != "" && len(t.Port) > 0 { // a number, or a range, which is none for Published
					t.Addr = net.JoinHostPort(t.Addr, string(t.Port))
				}
				r.Verdict, r.Target, r.To, r.Ports = VerdictTranslate, kind, t.Addr, nftPorts(t.Port)
			case "vmap":
				if rules := n.verdictMap(o, r, body); rules != nil {
					return rules
				}
				r.Unclear, r.Verdict = true, VerdictUnclear
			case "log", "mangle", "comment", "ct helper", "ct timeout", "ct expectation", "flow", "set", "meter":
				// They change or note something and the packet goes on; those
				// that can also end a rule early make no verdict likelier.
				if kind == "set" || kind == "meter" {
					r.Unclear = true
				}
			case "xt":
				n.xt[[2]string{o.Family, o.Table}] = true
				r.Unclear = true
				var x struct{ Type string }
				if _ = json.Unmarshal(body, &x); x.Type != "match" && r.Verdict == VerdictNone {
					r.Verdict = VerdictUnclear
				}
			case "queue", "tproxy", "synproxy", "fwd", "dup":
				r.Verdict = VerdictUnclear
			default: // limit, quota, ct count, and what later versions bring
				r.Unclear = true
			}
		}
	}
	return []Rule{r}
}

// match adds a condition, or makes the rule unclear.
func (n *nftReader) match(o *nftObject, r *Rule, body json.RawMessage) {
	var m struct {
		Op          string
		Left, Right json.RawMessage
	}
	if json.Unmarshal(body, &m) != nil || m.Op != "==" && m.Op != "!=" && m.Op != "in" {
		r.Unclear = true
		return
	}
	field, implied := nftField(m.Left)
	r.Matches = append(r.Matches, implied...)
	values, ok := n.values(o, m.Right)
	if field == "" || !ok {
		r.Unclear = true
		return
	}
	r.Matches = append(r.Matches, Match{Field: field, Not: m.Op == "!=", Values: values})
}

// nftField returns what an expression looks at, "" if that is not one of the
// fields, and the conditions that nft implies with it.
func nftField(left json.RawMessage) (Field, []Match) {
	var l struct {
		Meta    *struct{ Key string }
		CT      *struct{ Key, Dir string }
		Payload *struct{ Protocol, Field string }
		FIB     *struct {
			Result string
			Flags  json.RawMessage
		}
	}
	if json.Unmarshal(left, &l) != nil {
		return "", nil
	}
	switch {
	case l.Meta != nil:
		switch l.Meta.Key {
		case "iifname", "iif":
			return FieldIn, nil
		case "oifname", "oif":
			return FieldOut, nil
		case "l4proto":
			return FieldProtocol, nil
		case "nfproto":
			return FieldFamily, nil
		}
	case l.CT != nil && l.CT.Key == "state":
		return FieldState, nil
	case l.FIB != nil && l.FIB.Result == "type" && (string(l.FIB.Flags) == `["daddr"]` || string(l.FIB.Flags) == `"daddr"`):
		return FieldLocal, nil
	case l.Payload != nil:
		return nftPayload(l.Payload.Protocol, l.Payload.Field)
	}
	return "", nil
}

func nftPayload(protocol, field string) (Field, []Match) {
	var implied []Match
	switch protocol {
	case "ip":
		implied = []Match{{Field: FieldFamily, Values: []string{"ipv4"}}}
	case "ip6":
		implied = []Match{{Field: FieldFamily, Values: []string{"ipv6"}}}
	case "tcp", "udp", "icmp", "icmpv6":
		implied = []Match{{Field: FieldProtocol, Values: []string{protocol}}}
	}
	switch protocol + " " + field {
	case "ip saddr", "ip6 saddr":
		return FieldSource, implied
	case "ip daddr", "ip6 daddr":
		return FieldDest, implied
	case "ip protocol", "ip6 nexthdr":
		return FieldProtocol, implied
	case "tcp dport", "udp dport", "th dport":
		return FieldDport, implied
	case "tcp sport", "udp sport", "th sport":
		return FieldSport, implied
	case "icmp type", "icmpv6 type":
		return FieldICMPType, implied
	}
	return "", implied
}

// values returns the right side of a match; ok is false if it could not be read
// in full.
func (n *nftReader) values(o *nftObject, right json.RawMessage) (values []string, ok bool) {
	var s string
	if json.Unmarshal(right, &s) == nil {
		if name, isSet := strings.CutPrefix(s, "@"); isSet {
			values, ok = n.sets[o.key(name)]
			return values, ok
		}
		return []string{s}, true
	}
	var list []json.RawMessage
	if json.Unmarshal(right, &list) == nil {
		return listOf(list)
	}
	var set struct{ Set []json.RawMessage }
	if json.Unmarshal(right, &set) == nil && set.Set != nil {
		return listOf(set.Set)
	}
	v, ok := one(right)
	return []string{v}, ok
}

func listOf(list []json.RawMessage) ([]string, bool) {
	if len(list) > maxValues {
		return nil, false
	}
	values := make([]string, 0, len(list))
	for _, e := range list {
		v, ok := one(e)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// one writes a value as Match.Values have it.
func one(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, !strings.HasPrefix(s, "@")
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String(), true
	}
	var v struct {
		Prefix *struct {
			Addr string
			Len  int
		}
		Range []json.RawMessage
		Elem  *struct{ Val json.RawMessage }
	}
	if json.Unmarshal(raw, &v) != nil {
		return "", false
	}
	switch {
	case v.Prefix != nil:
		return v.Prefix.Addr + "/" + strconv.Itoa(v.Prefix.Len), true
	case len(v.Range) == 2:
		lo, ok1 := one(v.Range[0])
		hi, ok2 := one(v.Range[1])
		return lo + "-" + hi, ok1 && ok2
	case v.Elem != nil: // an element with a timeout, a counter or a comment
		return one(v.Elem.Val)
	}
	return "", false
}

// verdictMap returns a rule for each element, nil if it could not be read.
func (n *nftReader) verdictMap(o *nftObject, before Rule, body json.RawMessage) []Rule {
	var m struct {
		Key  json.RawMessage
		Data struct{ Set [][2]json.RawMessage }
	}
	if json.Unmarshal(body, &m) != nil || len(m.Data.Set) == 0 || len(m.Data.Set) > maxValues {
		return nil
	}
	field, implied := nftField(m.Key)
	if field == "" {
		return nil
	}
	var rules []Rule
	for _, e := range m.Data.Set {
		v, ok := one(e[0])
		var verdict []map[string]json.RawMessage
		var single map[string]json.RawMessage
		if json.Unmarshal(e[1], &single) != nil || !ok {
			return nil
		}
		verdict = append(verdict, single)
		r := n.expressions(&nftObject{Family: o.Family, Table: o.Table, Expr: verdict})[0]
		r.Matches = append(append(append([]Match{}, before.Matches...), implied...), Match{Field: field, Values: []string{v}})
		r.Unclear = r.Unclear || before.Unclear
		rules = append(rules, r)
	}
	return rules
}
