package screen

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/wgtrace/wgtrace/report"
)

// picture is the path as a report draws it, with a break.
var picture = strings.Split(strings.Trim(`
         WAN, encrypted           tunnel             WAN, open
         +------------+       +------------+       +------------+
         | 1 arrives  |       | 2 decrypted|       | 3 sent on  |
phone => |         62 | ====> |         61 | ----> |         61 | --> internet
         +------------+       +------------+       +------------+
         | 6 encrypted|       | 5 answer   |       | 4 answer   |
phone <= |          1 | <.... |          0 | <.... |          0 | <X- internet
         +------------+       +------------+       +------------+`, "\n"), "\n")

// begun is a run in which nothing has come yet, broken one with a fault.
func begun() State {
	return State{
		Title: "tunnel wg0, WAN eth0", Elapsed: "00:04", Link: "http://1.1.1.1",
		Steps: []Step{
			{Text: "Wi-Fi off on the phone (mobile data).", Alone: "Wi-Fi off on the phone (mobile data).", Done: true},
			{Text: "WireGuard app: off, count to three, on.", Alone: "WireGuard app: off, count to three, on.", Now: true, Hint: "No new greeting yet."},
			{Text: "Point the camera at this square, or type 1.1.1.1 in the browser.", Alone: "Type 1.1.1.1 in the browser."},
			{Text: "Open example.com. Did it load? y/n", Alone: "Open example.com. Did it load? y/n"},
		},
		Brief:  report.Brief{Status: "inconclusive", Headline: "No verdict yet: the phone sent nothing in 3 s.", Short: "phone ==?== tunnel", Path: picture},
		Labels: Labels{Why: "Why", Do: "Do", Undo: "Undo:", Then: "Then", Again: "Load a page on the phone.", Flows: "Last connections", FlowCounts: "2 > 3 > 4 > 5", Keys: "q: end, with the report"},
	}
}

func broken() State {
	s := begun()
	s.Brief = report.Brief{
		Status: "fault", Grade: "proved", Headline: "Packets leave with the phone's private address 10.8.0.2.",
		Short: "phone ==> tunnel ==> [this computer] <--X-- internet   61 left, 0 answered", Path: picture,
		Why:     "The place: proved. The reason (read from the settings): no rule puts the address of this computer on the phone's packets.",
		Do:      "Put this computer's address on packets that leave the tunnel (nftables).",
		Command: []string{"nft add table ip wgtrace", "nft add chain ip wgtrace postrouting '{ type nat hook postrouting priority 100; policy accept; }'", "nft add rule ip wgtrace postrouting ip saddr 10.8.0.0/24 oifname '\"eth0\"' masquerade"},
		Undo:    []string{"nft delete table ip wgtrace"}, System: "linux",
	}
	for i := range 30 {
		s.Brief.Flows = append(s.Brief.Flows, report.FlowLine{Name: fmt.Sprintf("tcp 10.8.0.2:%d > [2001:db8:1234:5678:9abc:def0:1234:5678]:443", 50000+i), Counts: "4 > 4 > 0 > 0", Outcome: "untranslated-no-reply", Result: "left with private address, no answer"})
	}
	return s
}

// plain is what is drawn, without its colours.
func plain(s State, width, height int) []string {
	return strings.Split(ansi.Strip(Render(s, width, height)), "\n")
}

// TestFits draws every state into terminals of many sizes: nothing is wider or
// higher than the terminal, and the keys are always told.
func TestFits(t *testing.T) {
	fixed := broken()
	fixed.Brief.Status, fixed.Fixed = "healthy", "FIXED 10:02:41: 14 of 14 left, 14 answered"
	lone := State{Title: "tunnel wg0, WAN eth0", Labels: begun().Labels}
	for name, s := range map[string]State{"begun": begun(), "broken": broken(), "fixed": fixed, "lone": lone} {
		for width := 1; width <= 220; width += 7 {
			for height := 1; height <= 60; height += 5 {
				lines := plain(s, width, height)
				if len(lines) > height {
					t.Fatalf("%s: %d lines in %dx%d", name, len(lines), width, height)
				}
				for _, l := range lines {
					if n := report.Columns(l); n > width {
						t.Fatalf("%s: %d columns in %dx%d: %q", name, n, width, height, l)
					}
				}
				if all := strings.Join(lines, "\n"); width >= 40 && height >= 6 && !strings.Contains(all, "q: end") {
					t.Fatalf("%s: no keys in %dx%d:\n%s", name, width, height, all)
				}
			}
		}
	}
}

// TestSmallest holds what an old terminal of 80 by 24 must show: the steps, the
// square and the path; then the verdict and every line of the commands.
func TestSmallest(t *testing.T) {
	lines := plain(begun(), 80, 24)
	all := strings.Join(lines, "\n")
	for _, want := range []string{"✓ 1 Wi-Fi off", "> 2 WireGuard app", "    No new greeting yet.", "  4 Open example.com", "▄▄▄▄▄ █", "phone => |         62", "No verdict yet"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
	s := broken()
	all = strings.Join(plain(s, 80, 24), "\n")
	for _, want := range []string{"private address 10.8.0.2.", "<X- internet", "Undo:  nft delete table", "Why    The place: proved.", "Load a page on the phone.", "✓ 1 > 2 No new greeting yet."} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
	for _, c := range s.Brief.Command {
		for _, l := range report.WrapCommand(c, "linux", strings.Repeat(" ", 7), 80) {
			if !strings.Contains(all, l) {
				t.Errorf("the command %q is missing in\n%s", l, all)
			}
		}
	}
	if strings.Contains(all, "▄▄▄▄▄ █") {
		t.Errorf("the square is still there:\n%s", all)
	}
}

// TestSmaller: where it gets narrow, the picture goes before the undo and before the
// square, which whoever is stuck needs.
func TestSmaller(t *testing.T) {
	s := broken()
	s.Brief.Do += " It adds a table of its own with one rule for packets from 10.8.0.0/24; no other rule is touched."
	all := strings.Join(plain(s, 80, 23), "\n")
	for _, want := range []string{s.Brief.Short, "Why    The place: proved.", "Undo:  nft delete table", "Load a page on the phone."} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
	s = begun()
	s.Steps[1].Hint = "No new greeting yet: is the switch green again, and is it that of the tunnel that leads here?"
	all = strings.Join(plain(s, 60, 20), "\n")
	for _, want := range []string{"▄▄▄▄▄ █", "No verdict yet", "No new greeting yet"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
}

// TestRoom: a larger terminal shows the whole picture and the last connections.
func TestRoom(t *testing.T) {
	all := strings.Join(plain(broken(), 120, 50), "\n")
	for _, want := range []string{picture[0], picture[4], "Undo:", "Last connections", "2 > 3 > 4 > 5", "4 > 4 > 0 > 0  left with private address, no answer"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
}

// TestFixed: the line that says so stands instead of the verdict, and without the
// commands.
func TestFixed(t *testing.T) {
	s := broken()
	s.Brief.Status, s.Fixed = "healthy", "FIXED 10:02:41: 14 of 14 left, 14 answered"
	all := strings.Join(plain(s, 80, 24), "\n")
	if !strings.Contains(all, s.Fixed) || strings.Contains(all, "nft add") || strings.Contains(all, "▄▄▄▄▄ █") {
		t.Errorf("it shows\n%s", all)
	}
}

// TestKeep: a command that takes itself back comes with the one that keeps it, also
// on a small screen, and once more when it has worked.
func TestKeep(t *testing.T) {
	s := broken()
	s.Brief.Keep = "If all is well, keep the change with: kill 1"
	for _, size := range [][2]int{{80, 24}, {60, 20}} {
		all := strings.Join(plain(s, size[0], size[1]), "\n")
		if !strings.Contains(all, s.Brief.Keep) || !strings.Contains(all, "nft add table") || !strings.Contains(all, "masquerade") {
			t.Errorf("%v: it shows\n%s", size, all)
		}
	}
	s.Brief.Status, s.Fixed, s.Keep = "healthy", "FIXED 10:02:41: 14 of 14 left, 14 answered", s.Brief.Keep
	if all := strings.Join(plain(s, 80, 24), "\n"); !strings.Contains(all, s.Fixed+"\n"+s.Keep) {
		t.Errorf("it shows\n%s", all)
	}
}

// TestSquare holds a code against one of the three patterns in its corners
// (ISO/IEC 18004, finder pattern).
func TestSquare(t *testing.T) {
	lines, width := square("http://1.1.1.1")
	if len(lines) != 13 || width != 25 {
		t.Fatalf("%d lines of %d columns", len(lines), width)
	}
	for i, want := range []string{"█████████", "██ ▄▄▄▄▄ ", "██ █   █ ", "██ █▄▄▄█ ", "██▄▄▄▄▄▄▄"} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d begins with %q, want %q", i, lines[i], want)
		}
		if report.Columns(lines[i]) != width {
			t.Errorf("line %d is %d columns wide", i, report.Columns(lines[i]))
		}
	}
	if lines, _ := square(strings.Repeat("x", 5000)); lines != nil {
		t.Error("a text that fits into no code has one")
	}
}
