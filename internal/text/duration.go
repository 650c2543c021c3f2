package text

import (
	"strconv"
	"strings"
)

// span writes a number of microseconds, without its sign, in the unit that fits.
func (c *Catalog) span(us int64) string {
	us = max(us, -us)
	switch {
	case us < 1000:
		return c.quantity(us, "us")
	case us < 1_000_000:
		return strconv.FormatFloat(float64(us)/1000, 'f', 1, 64) + " " + c.lang.words["unit-ms"]
	case us < 60_000_000:
		return strconv.FormatFloat(float64(us)/1_000_000, 'f', 1, 64) + " " + c.lang.words["unit-s"]
	}
	return c.time(us / 1_000_000)
}

// time writes seconds in the two largest units that say something: 45 s,
// 3 min 20 s, 2 h 5 min, 4 d 3 h.
func (c *Catalog) time(seconds int64) string {
	seconds = max(seconds, -seconds)
	units := []struct {
		name   string
		length int64 // in seconds
	}{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}
	var parts []string
	for i, u := range units {
		if seconds < u.length && u.length > 1 {
			continue
		}
		parts = append(parts, c.quantity(seconds/u.length, u.name))
		if rest := seconds % u.length; i+1 < len(units) && rest >= units[i+1].length {
			parts = append(parts, c.quantity(rest/units[i+1].length, units[i+1].name))
		}
		break
	}
	return strings.Join(parts, " ")
}

// quantity writes a number with its unit.
func (c *Catalog) quantity(n int64, unit string) string {
	if name, ok := c.lang.words["unit-"+unit+"-one"]; ok && n == 1 {
		return "1 " + name
	}
	return Grouped(n) + " " + c.lang.words["unit-"+unit]
}
