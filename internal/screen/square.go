package screen

import (
	"strings"

	"rsc.io/qr"
)

// quiet is the light margin of a square in modules. The standard asks for four
// (ISO/IEC 18004); cameras of phones do with two, and each costs a line.
const quiet = 2

// square returns the lines of a QR code, two modules in each character, and
// how wide they are; nil if the text does not fit into one. It is drawn as dark
// on light where the terminal has light text on dark ground; cameras read it
// the other way round as well.
func square(link string) (lines []string, width int) {
	code, err := qr.Encode(link, qr.L)
	if err != nil {
		return nil, 0
	}
	light := func(x, y int) bool { return y < code.Size+quiet && !code.Black(x, y) }
	for y := -quiet; y < code.Size+quiet; y += 2 {
		var b strings.Builder
		for x := -quiet; x < code.Size+quiet; x++ {
			switch up, down := light(x, y), light(x, y+1); {
			case up && down:
				b.WriteRune('█')
			case up:
				b.WriteRune('▀')
			case down:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		lines = append(lines, b.String())
	}
	return lines, code.Size + 2*quiet
}
