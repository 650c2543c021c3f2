package report

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// markdown writes a text so that it reads the same on GitHub and GitLab and can
// be nothing but text there. Escaping with backslashes would not do: @mentions,
// #numbers and hashes of commits are looked for in the finished page, after the
// backslashes are gone, but never in code. So every word that is not plainly
// harmless becomes a code span (CommonMark 6.1), which also suits addresses,
// adapters and paths. A pipe, which no code span hides from a table (GFM 4.10),
// stands as an entity between two of them.
func markdown(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch r, n := utf8.DecodeRuneInString(s[i:]); {
		case r == ' ':
			b.WriteByte(' ')
			i++
		case strings.HasPrefix(s[i:], glue):
			b.WriteString("&nbsp;")
			i += len(glue)
		case r >= utf8.RuneSelf:
			b.WriteString(s[i : i+n]) // no character beyond ASCII means anything to Markdown
			i += n
		default:
			end := i
			for end < len(s) && s[end] != ' ' && s[end] < utf8.RuneSelf {
				end++
			}
			b.WriteString(markdownWord(s[i:end], i == 0))
			i = end
		}
	}
	return b.String()
}

var (
	// harmless words: letters and digits, what joins them, and the punctuation
	// around them.
	harmless = regexp.MustCompile(`^[("']*[A-Za-z0-9](?:[A-Za-z0-9'.,:/+=-]*[A-Za-z0-9])?[)"'.,;:?!%]*$`)
	// linkable are harmless words that GitHub and GitLab make links of: addresses
	// (GFM 6.9), hashes of commits, GH-12 and numbers of other trackers, and
	// :names: of pictures.
	linkable = regexp.MustCompile(`(?i)//|^[("']*www\.|^[("']*[0-9a-f]{7,}[)"'.,;:?!]*$|[a-z]-[0-9]|:.*:`)
	// moment is a time of day, whose colons name no picture.
	moment = regexp.MustCompile(`^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?$`)
	// numbered begins a list where it begins a line.
	numbered = regexp.MustCompile(`^[0-9]+[.)]$`)
)

// markdownWord writes a word of ASCII characters.
func markdownWord(w string, first bool) string {
	switch {
	case w == ">":
		return "&gt;"
	case !first && (w == "-" || w == "/" || w == "?:" || moment.MatchString(w)):
		return w
	case harmless.MatchString(w) && !linkable.MatchString(w) && !(first && numbered.MatchString(w)):
		return w
	}
	parts := strings.Split(w, "|")
	for i, p := range parts {
		if p != "" {
			parts[i] = codeSpan(p)
		}
	}
	return strings.Join(parts, "&#124;")
}

// codeSpan quotes a word with more backticks than it has in a row.
func codeSpan(s string) string {
	fence := strings.Repeat("`", backticks(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// backticks returns the length of the longest row of backticks.
func backticks(s string) int {
	longest, row := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			row = 0
			continue
		}
		row++
		longest = max(longest, row)
	}
	return longest
}

// markdownWithin is markdown with at most limit octets; what is too long ends
// with dots.
func markdownWithin(s string, limit int) string {
	m := markdown(s)
	for n := limit; len(m) > limit; n = n * 3 / 4 {
		m = markdown(cutText(s, n) + "...")
	}
	return m
}

// cutText returns the first octets of s, whole characters only.
func cutText(s string, octets int) string {
	if len(s) <= octets {
		return s
	}
	for octets > 0 && !utf8.RuneStart(s[octets]) {
		octets--
	}
	return s[:octets]
}
