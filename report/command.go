package report

import "strings"

// wrapCommand breaks a command line so that it fits width columns and can
// still be pasted as it stands: at spaces outside of quotes with the shell's
// own line continuation (POSIX.1-2024, Shell Command Language 2.2.1;
// PowerShell about_Special_Characters). A quoted word that is longer than a
// line is broken inside its quotes where a POSIX shell joins the parts again,
// which needs the rest to begin in the first column; PowerShell cannot, and
// there it stays whole.
func wrapCommand(command, os, indent string, width int) []string {
	if len(indent)+columns(command) <= width || strings.HasPrefix(command, "#") || strings.Contains(command, "<<") {
		return []string{indent + command}
	}
	continuation := " \\"
	if os == "windows" {
		continuation = " `"
	}
	room := width - columns(continuation)
	var lines []string
	line := indent
	for i, word := range shellWords(command, os) {
		switch {
		case i == 0:
			line += word
		case columns(line)+1+columns(word) <= room, breakable(word, os) && columns(word) > room-len(indent)-2:
			line += " " + word
		default:
			lines = append(lines, line+continuation)
			line = indent + "  " + word
		}
		if os == "windows" {
			continue
		}
		for inside := byte(0); columns(line) > width; {
			head, tail, quote := cutQuoted(line, inside, width)
			if quote == 0 {
				break
			}
			lines = append(lines, head)
			line, inside = tail, 0
			if quote == '"' {
				inside = quote
			}
		}
	}
	return append(lines, line)
}

// breakable says whether cutQuoted can break the word.
func breakable(word, os string) bool {
	return os != "windows" && strings.ContainsAny(word, `'"`) && strings.Contains(word, " ")
}

// shellWords splits a command at the spaces outside of quotes and keeps the
// words as they are written.
func shellWords(command, os string) []string {
	var words []string
	var quote rune
	escaped := false
	start := 0
	for i, r := range command {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quote != '\'' && os != "windows", r == '`' && quote != '\'' && os == "windows":
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == ' ':
			if i > start {
				words = append(words, command[start:i])
			}
			start = i + 1
		}
	}
	if start < len(command) {
		words = append(words, command[start:])
	}
	return words
}

// cutQuoted breaks a line behind a space that stands in quotes. In single
// quotes the quote is closed, continued and opened again; in double quotes the
// shell itself drops a backslash before a line break, and the tail still
// stands in them. The quote in which the line begins is given, the one in which
// it was cut is returned; 0 is none.
func cutQuoted(line string, quote byte, width int) (head, tail string, in byte) {
	escaped := false
	at := 0
	for i := 0; i < len(line) && i < width-2; i++ {
		c := line[i]
		switch {
		case escaped:
			escaped = false
		case c == '\\' && quote != '\'':
			escaped = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == ' ':
			at, in = i+1, quote
		}
	}
	switch in {
	case '\'':
		return line[:at] + `'\`, `'` + line[at:], in
	case '"':
		return line[:at] + `\`, line[at:], in
	}
	return "", "", 0
}
