package report

import (
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// glue joins two words that belong on one line ("> 1.1.1.1:443"). It is printed
// as a space; it cannot come from a capture, because sanitize escapes it.
const glue = "\u00a0"

// wrap breaks a text into lines of at most width columns, where words may
// part, and inside words that are longer than a line. Line breaks in it are
// kept.
func wrap(s string, width int) []string {
	width = max(width, 1)
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		line := ""
		for i, word := range words(paragraph) {
			bare := strings.TrimPrefix(word, " ")
			switch {
			case i == 0:
				line = bare
			case columns(line)+columns(word) <= width:
				line += word
			default:
				lines = append(lines, line)
				line = bare
			}
			for columns(line) > width {
				head, tail := cut(line, width)
				if tail == "" {
					break
				}
				lines = append(lines, head)
				line = tail
			}
		}
		lines = append(lines, line)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(l, glue, " "), " ")
	}
	return lines
}

// cut splits a word that is too long for a line, behind a character at which
// addresses and paths have joints if there is one in its second half, else
// anywhere.
func cut(word string, width int) (head, tail string) {
	fits, joint := 0, 0
	used := 0
	for i, r := range word {
		next := i + len(string(r))
		used += columns(string(r))
		if used > width {
			break
		}
		fits = next
		if strings.ContainsRune(":./\\-_,;]", r) {
			joint = next
		}
	}
	if fits == 0 { // a wide character in a column of one: print it all the same
		_, n := firstRune(word)
		return word[:n], word[n:]
	}
	if joint > fits/2 && joint < len(word) {
		fits = joint
	}
	return word[:fits], word[fits:]
}

func firstRune(s string) (rune, int) {
	for i, r := range s {
		return r, i + len(string(r))
	}
	return 0, len(s)
}

// columns is the width of a text on a terminal: CJK characters take two.
func columns(s string) int { return twwidth.Width(s) }

// longestWord is the width that a cell needs if no word is to be broken.
func longestWord(s string) int {
	longest := 0
	for _, line := range strings.Split(s, "\n") {
		for _, word := range words(line) {
			longest = max(longest, columns(strings.TrimPrefix(word, " ")))
		}
	}
	return longest
}

// widest is the width of the longest line of a cell.
func widest(s string) int {
	longest := 0
	for _, line := range strings.Split(s, "\n") {
		longest = max(longest, columns(line))
	}
	return longest
}
