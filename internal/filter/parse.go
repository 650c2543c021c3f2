package filter

import (
	"errors"
	"fmt"
)

// parser descends through an expression. As in pcap-filter(7), negation binds
// closest, and "and" and "or" are equal and taken from left to right.
type parser struct {
	tokens []string
	last   qualifiers // of the primitive before, for "host a or b"
}

// qualifiers say what the id of a primitive is compared with.
type qualifiers struct {
	side  string // src, dst or ""
	proto string // tcp, udp, ip, ip6 ... or ""
	kind  string // host, net, port, portrange, proto or ""
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

// take consumes the next word if it is one of words.
func (p *parser) take(words ...string) (string, bool) {
	for _, w := range words {
		if p.peek() == w {
			return p.next(), true
		}
	}
	return "", false
}

func (p *parser) either(depth int) (predicate, error) {
	left, err := p.negated(depth)
	for err == nil {
		var right predicate
		a := left
		if _, ok := p.take("and", "&&"); ok {
			right, err = p.negated(depth)
			left = func(c *Conversation) bool { return a(c) && right(c) }
		} else if _, ok := p.take("or", "||"); ok {
			right, err = p.negated(depth)
			left = func(c *Conversation) bool { return a(c) || right(c) }
		} else {
			return left, nil
		}
	}
	return nil, err
}

func (p *parser) negated(depth int) (predicate, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d parentheses within each other", maxDepth)
	}
	if _, ok := p.take("not", "!"); ok {
		test, err := p.negated(depth + 1)
		if err != nil {
			return nil, err
		}
		return func(c *Conversation) bool { return !test(c) }, nil
	}
	if _, ok := p.take("("); ok {
		test, err := p.either(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, ok := p.take(")"); !ok {
			return nil, errors.New("a parenthesis is not closed")
		}
		return test, nil
	}
	return p.primitive()
}

// primitive reads qualifiers and the id behind them.
func (p *parser) primitive() (predicate, error) {
	if p.peek() == "" {
		return nil, errors.New("it ends too early")
	}
	var q qualifiers
	q.proto, _ = p.take("tcp", "udp", "icmp", "icmp6", "ip", "ip6", "sctp")
	if len(p.tokens) > 2 && p.tokens[0] == "src" && p.tokens[1] == "or" && p.tokens[2] == "dst" {
		p.tokens = p.tokens[3:] // the same as neither
	}
	q.side, _ = p.take("src", "dst")
	q.kind, _ = p.take("host", "net", "port", "portrange", "proto")
	switch {
	case q.kind == "proto" && q.side != "":
		return nil, errors.New("a protocol has no side")
	case q.kind != "":
		p.last = q
	case q.side != "":
		q.kind = "host"
		p.last = q
	case q.proto != "":
		return q.protocol()
	case p.last.kind != "":
		q = p.last
	}
	id := p.peek()
	if !isID(id) {
		if id == "" {
			return nil, fmt.Errorf("what comes after %q is missing", q.kind)
		}
		return nil, fmt.Errorf("%q is not understood; known are host, net, port, portrange, proto, tcp, udp, icmp, icmp6, ip, ip6, src, dst, and, or, not", id)
	}
	if q.kind == "" {
		q.kind = "host"
		if _, err := parseNet(id); err != nil {
			return nil, fmt.Errorf("%q is not understood; known are host, net, port, portrange, proto, tcp, udp, icmp, icmp6, ip, ip6, src, dst, and, or, not", id)
		}
	}
	p.next()
	test, err := q.match(id)
	if err != nil || q.proto == "" {
		return test, err
	}
	proto, err := qualifiers{proto: q.proto}.protocol()
	if err != nil {
		return nil, err
	}
	return func(c *Conversation) bool { return proto(c) && test(c) }, nil
}

// isID reports whether a word can be the value of a primitive.
func isID(word string) bool {
	switch word {
	case "", "and", "or", "not", "&&", "||", "!", "(", ")":
		return false
	}
	return true
}
