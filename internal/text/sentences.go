package text

import "strings"

// Sentences puts sentences one behind the other, in any language: Chinese full
// stops bring their own room.
func Sentences(list ...string) string {
	var b strings.Builder
	for _, s := range list {
		if s == "" {
			continue
		}
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "。") && !strings.HasSuffix(b.String(), "：") {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}
