// Package filter selects conversations by an expression in the language of
// pcap-filter(7), as far as it speaks of addresses, ports and protocols.
//
// An expression is asked of a conversation, not of a packet: src is the side that
// called, the phone, and dst is the one that was called.
package filter

import (
	"fmt"
	"net/netip"
	"strings"
)

// Conversation is what an expression is asked of.
type Conversation struct {
	Protocol uint8 // number of the IP protocol
	Client   netip.AddrPort
	Remote   netip.AddrPort
}

// Expression selects conversations. Its zero value selects all of them.
type Expression struct {
	text string
	test predicate
}

type predicate func(*Conversation) bool

// Limits of an expression: it is typed by a person.
const (
	maxText  = 4096 // octets
	maxDepth = 100  // parentheses and negations within each other
)

// Parse reads an expression; "" selects everything. The error says what was not
// understood, and what is.
func Parse(text string) (Expression, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Expression{}, nil
	}
	if len(text) > maxText {
		return Expression{}, fmt.Errorf("the filter is longer than %d octets", maxText)
	}
	p := &parser{tokens: split(text)}
	test, err := p.either(0)
	if err == nil && p.peek() != "" {
		err = fmt.Errorf("%q is not expected there", p.peek())
	}
	if err != nil {
		return Expression{}, fmt.Errorf("filter %q: %w", text, err)
	}
	return Expression{text: text, test: test}, nil
}

// All reports whether e selects everything.
func (e Expression) All() bool { return e.test == nil }

// String returns the expression as it was given.
func (e Expression) String() string { return e.text }

// Match reports whether e selects c.
func (e Expression) Match(c Conversation) bool {
	return e.test == nil || e.test(&c)
}

// split cuts a text into words, with parentheses and exclamation marks as words
// of their own.
func split(text string) []string {
	for _, mark := range []string{"(", ")", "!", "&&", "||"} {
		text = strings.ReplaceAll(text, mark, " "+mark+" ")
	}
	return strings.Fields(text)
}
