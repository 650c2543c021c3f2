package host

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// builtin says where iptables hangs a chain that it made itself (iptables(8),
// TABLES; the priorities are those of linux/netfilter_ipv4.h).
var builtin = map[string]struct {
	hook     string
	priority map[string]int
}{
	"PREROUTING":  {"prerouting", map[string]int{"raw": -300, "mangle": -150, "nat": -100}},
	"INPUT":       {"input", map[string]int{"mangle": -150, "nat": 100}},
	"FORWARD":     {"forward", map[string]int{"mangle": -150, "security": 50}},
	"OUTPUT":      {"output", map[string]int{"raw": -300, "mangle": -150, "nat": -100, "security": 50}},
	"POSTROUTING": {"postrouting", map[string]int{"mangle": -150, "nat": 100}},
}

// iptablesGoesOn are targets after which a packet goes on to the next rule
// (iptables-extensions(8), TARGET EXTENSIONS).
var iptablesGoesOn = map[string]bool{
	"LOG": true, "NFLOG": true, "ULOG": true, "MARK": true, "CONNMARK": true, "TCPMSS": true, "TOS": true,
	"DSCP": true, "CHECKSUM": true, "TRACE": true, "SET": true, "CLASSIFY": true, "TTL": true, "HL": true,
	"AUDIT": true, "SECMARK": true, "CONNSECMARK": true, "TCPOPTSTRIP": true, "ECN": true,
}

// parseIptables reads the output of "iptables-save -c" and its kin for one
// family, "ip" or "ip6".
func parseIptables(source, family, out string) ([]Chain, error) {
	var chains []Chain
	byName := map[string]int{}
	table := ""
	count := 0
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line == "COMMIT":
			if strings.HasPrefix(line, "# Table") && strings.Contains(line, "incompatible") {
				return nil, errors.New("iptables does not understand " + strings.TrimPrefix(line, "# "))
			}
		case line[0] == '*':
			table = line[1:]
			clear(byName)
		case line[0] == ':':
			f := strings.Fields(line[1:])
			if len(f) < 2 || table == "" {
				return nil, fmt.Errorf("parse %s rules: chain line %q", source, cut(line))
			}
			c := Chain{Source: source, Family: family, Table: table, Name: f[0]}
			if b, ok := builtin[f[0]]; ok && f[1] != "-" {
				c.Hook, c.Priority, c.Type = b.hook, b.priority[table], "filter"
				if table == "nat" {
					c.Type = "nat"
				}
				c.Policy = Verdict(strings.ToLower(f[1]))
			}
			byName[c.Name] = len(chains)
			chains = append(chains, c)
		default:
			words, err := shellWords(line)
			if err != nil {
				return nil, fmt.Errorf("parse %s rules: %w", source, err)
			}
			name, r := iptablesRule(words)
			i, ok := byName[name]
			if !ok {
				return nil, fmt.Errorf("parse %s rules: no chain for %q", source, cut(line))
			}
			if count++; count > maxRules {
				return nil, errTooLarge
			}
			chains[i].Rules = append(chains[i].Rules, r)
		}
	}
	return chains, nil
}

// iptablesRule reads "[packets:octets] -A CHAIN conditions -j TARGET options".
func iptablesRule(words []string) (chain string, r Rule) {
	if len(words) > 0 && strings.HasPrefix(words[0], "[") {
		n, _, _ := strings.Cut(strings.Trim(words[0], "[]"), ":")
		if packets, err := strconv.ParseUint(n, 10, 64); err == nil {
			r.Packets = &packets
		}
		words = words[1:]
	}
	not := false
	for i := 0; i < len(words); i++ {
		option := words[i]
		if option == "!" {
			not = true
			continue
		}
		value := ""
		if i+1 < len(words) {
			value = words[i+1]
		}
		add := func(f Field, values ...string) {
			r.Matches = append(r.Matches, Match{Field: f, Not: not, Values: values})
			i++
		}
		switch option {
		case "-A":
			chain = value
			i++
		case "-i":
			add(FieldIn, wildcard(value))
		case "-o":
			add(FieldOut, wildcard(value))
		case "-s":
			add(FieldSource, value)
		case "-d":
			add(FieldDest, value)
		case "--src-range":
			add(FieldSource, value)
		case "--dst-range":
			add(FieldDest, value)
		case "-p":
			add(FieldProtocol, value)
		case "--dport", "--dports", "--destination-ports":
			add(FieldDport, ports(value)...)
		case "--sport", "--sports", "--source-ports":
			add(FieldSport, ports(value)...)
		case "--ctstate", "--state":
			add(FieldState, strings.Split(strings.ToLower(value), ",")...)
		case "--icmp-type", "--icmpv6-type":
			add(FieldICMPType, value)
		case "--dst-type":
			add(FieldLocal, strings.Split(strings.ToLower(value), ",")...)
		case "-m", "--comment":
			i++ // the module's options follow; a comment matches everything
		case "-j", "-g":
			rest := words[min(i+1, len(words)):]
			r.Verdict, r.Target = iptablesTarget(option, rest)
			if len(rest) > 2 && (rest[0] == "SNAT" && rest[1] == "--to-source" || rest[0] == "DNAT" && rest[1] == "--to-destination") {
				r.To = rest[2]
			}
			if len(rest) > 2 && (rest[0] == "MASQUERADE" && rest[1] == "--to-ports" || rest[0] == "SNAT" && rest[1] == "--to-source") {
				r.Ports = iptablesPorts(rest[2])
			}
			return chain, r
		default:
			r.Unclear = true // an option, or the value of one, that is not known
		}
		not = false
	}
	return chain, r
}

func iptablesTarget(option string, words []string) (Verdict, string) {
	if len(words) == 0 {
		return VerdictUnclear, ""
	}
	target := words[0]
	switch target {
	case "ACCEPT":
		return VerdictAccept, ""
	case "DROP":
		return VerdictDrop, ""
	case "REJECT":
		return VerdictReject, ""
	case "RETURN":
		return VerdictReturn, ""
	case "MASQUERADE", "SNAT", "DNAT", "REDIRECT":
		return VerdictTranslate, strings.ToLower(target)
	case "NETMAP":
		return VerdictTranslate, "netmap"
	case "NOTRACK":
		return VerdictNotrack, ""
	case "CT":
		if len(words) > 1 && words[1] == "--notrack" {
			return VerdictNotrack, ""
		}
		return VerdictNone, ""
	case "NFQUEUE", "QUEUE", "TPROXY", "SYNPROXY", "TEE", "TARPIT":
		return VerdictUnclear, target
	}
	switch {
	case iptablesGoesOn[target]:
		return VerdictNone, target
	case option == "-g":
		return VerdictGoto, target
	}
	// A chain of that name, or else a target that is not known: then no chain is
	// found, which is not known either.
	return VerdictJump, target
}

// wildcard writes the adapter pattern of iptables as that of nft.
func wildcard(name string) string {
	if s, ok := strings.CutSuffix(name, "+"); ok {
		return s + "*"
	}
	return name
}

func ports(list string) []string {
	return strings.Split(strings.ReplaceAll(list, ":", "-"), ",")
}

// shellWords splits a line of iptables-save, which quotes with double quotes and
// a backslash.
func shellWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quoted := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == '"':
			quoted = !quoted
			in = true
		case c == ' ' && !quoted:
			if in {
				words = append(words, word.String())
				word.Reset()
			}
			in = false
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("an open quotation mark in %q", cut(line))
	}
	if in {
		words = append(words, word.String())
	}
	return words, nil
}

// cut shortens what is quoted in an error.
func cut(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
