package report

import "strings"

// words splits a line where it may be broken: before spaces, which stay in front
// of their word, and between Chinese characters, which are written without any.
func words(line string) []string {
	var list []string
	start, last := 0, rune(0)
	for i, r := range line {
		if i > 0 && (r == ' ' || last != ' ' && mayPart(last, r)) {
			list = append(list, line[start:i])
			start = i
		}
		last = r
	}
	return append(list, line[start:])
}

// mayPart reports whether a line may end between two characters. One of them is
// ideographic; a line does not begin with what closes, nor end with what opens
// (Unicode UAX 14, classes ID, CL, NS and OP).
func mayPart(before, after rune) bool {
	if !wide(before) && !wide(after) || before == '\u00a0' || after == '\u00a0' {
		return false
	}
	return !strings.ContainsRune(`，。：；？！、）」』》"',.:;?!)]`, after) && !strings.ContainsRune(`（「『《"'([`, before)
}

// wide reports whether a character takes two columns.
func wide(r rune) bool { return r >= 0x1100 && columns(string(r)) == 2 }
