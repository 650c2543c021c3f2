package report

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

func render(t *testing.T, s sample, opts TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, Build(s.ev, s.d, s.info), opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWidth holds the promise on columns with every sample, the longest
// addresses and hostile names.
func TestWidth(t *testing.T) {
	for _, width := range []int{0, 80, 120} {
		all := append(samples(), hostileSample())
		for _, s := range all {
			s.name, s.info.Lang = s.name+" in Chinese", "zh"
			all = append(all, s)
		}
		for _, s := range all {
			limit := max(width, 80)
			out := render(t, s, TextOptions{Width: width, Verbose: true})
			for i, line := range strings.Split(out, "\n") {
				if n := columns(line); n > limit {
					t.Errorf("%s at %d: line %d has %d columns: %s", s.name, width, i+1, n, line)
				}
			}
			if strings.Contains(out, " \n") || strings.Contains(out, "\n\n\n") {
				t.Errorf("%s at %d: trailing spaces or two blank lines", s.name, width)
			}
		}
	}
}

// plainly is what a person must not meet at the top: words of the trade, and
// probabilities as bare decimals.
var plainly = regexp.MustCompile(`ingress|egress|conntrack|SNAT|P[012]\b|[^.\d]0\.\d+[^.\d]`)

// TestFirstLines reads the top of each report for what must and must not
// stand there.
func TestFirstLines(t *testing.T) {
	for _, tt := range []struct {
		s    sample
		want []string
		not  []string
	}{
		{natMissingSample(), []string{"private address 10.8.0.2", "<--X--", "14 left, 0 answered", "The place: proved", "(likely)", "nft delete table ip wgtrace", "Run wgtrace again"}, []string{"PC"}},
		{notForwardedLinux(), []string{"does not pass its packets on", "--X--> internet", "14 arrived, 0 left", "(possible)", "ip_forward=1", "next cause", "iptables -I FORWARD"}, []string{"this PC"}},
		{notForwardedWindows(), []string{"this PC does not pass", "New-NetNat", "Remove-NetNat", "Set-NetIPInterface"}, []string{"this computer", "iptables"}},
		{unknownOS(), []string{"Windows: Create", "Linux: Switch", "New-NetNat", "ip_forward=1"}, nil},
		{unansweredSample(), []string{"does not answer", "7 calls, 0 answered", "wg show wg0 public-key"}, nil},
		{healthySample(), []string{"All 37 connections were answered", "Not tested: IPv6", "<==>"}, []string{"X", "Why"}},
		{noTrafficSample(), []string{"the phone sent nothing in 30 s", "open a website"}, []string{"X", "fault found"}},
		{unknownSample(), []string{"No verdict yet", "No packet of the phone", "two different websites"}, []string{"0 packets"}},
	} {
		top, _, ok := strings.Cut(render(t, tt.s, TextOptions{}), "The path of the packets")
		if !ok {
			t.Errorf("%s: no picture", tt.s.name)
		}
		for _, want := range tt.want {
			if !strings.Contains(strings.Join(strings.Fields(top), " "), want) {
				t.Errorf("%s: no %q in\n%s", tt.s.name, want, top)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(top, not) {
				t.Errorf("%s: %q in\n%s", tt.s.name, not, top)
			}
		}
		plain, _, _ := strings.Cut(top, "\n        ") // up to the first command
		if jargon := plainly.FindString(plain); jargon != "" {
			t.Errorf("%s: %q in\n%s", tt.s.name, jargon, plain)
		}
	}
}

// TestPictureBreaks draws every break once.
func TestPictureBreaks(t *testing.T) {
	for _, tt := range []struct {
		after, before correlate.Stage
		want          string
	}{
		{correlate.StageNone, correlate.OuterIn, "phone =X |"},
		{correlate.OuterIn, correlate.OuterOut, "         +-----X------+       +------------+"},
		{correlate.OuterOut, correlate.OuterIn, "phone <X |"},
		{correlate.OuterOut, correlate.StageNone, "phone <X |"},
		{correlate.OuterIn, correlate.TunnelIn, "| ==X=> |"},
		{correlate.TunnelIn, correlate.WANOut, "| --X-> |"},
		{correlate.WANOut, correlate.WANIn, "| <X- internet"},
		{correlate.WANIn, correlate.TunnelOut, "| <-X-- |"},
		{correlate.TunnelOut, correlate.OuterOut, "| <=X== |"},
		{correlate.TunnelIn, correlate.TunnelOut, "+------------+       +-----X------+"},
	} {
		s := notForwardedLinux()
		s.d.Findings[0].After, s.d.Findings[0].Before = tt.after, tt.before
		out := render(t, s, TextOptions{})
		if !strings.Contains(out, tt.want) {
			t.Errorf("%v to %v: no %q in\n%s", tt.after, tt.before, tt.want, out)
		}
		// One in the short picture, one in the long one, one in the legend.
		top, _, _ := strings.Cut(out, "What can be the reason")
		if n := strings.Count(top, "X") - strings.Count(top, "with the X"); n != 3 {
			t.Errorf("%v to %v: %d crosses in\n%s", tt.after, tt.before, n, top)
		}
	}
}

// TestPictureWords: every language's words must fit their boxes.
func TestPictureWords(t *testing.T) {
	for _, lang := range text.Languages() {
		s := healthySample()
		s.info.Lang = lang
		r := Build(s.ev, s.d, s.info)
		lines := r.picture()
		edge := lines[1]
		for _, l := range lines[1:] {
			if strings.Count(l, "|")+strings.Count(l, "+") != 6 {
				t.Errorf("%s: a box is broken: %s", lang, l)
			}
			// The third box ends in the same column on every line.
			if i := strings.LastIndexAny(l, "|+"); columns(l[:i]) != columns(edge)-1 {
				t.Errorf("%s: a box bulges: %s", lang, l)
			}
			if columns(l) > 80 {
				t.Errorf("%s: %d columns: %s", lang, columns(l), l)
			}
		}
	}
}

func TestColor(t *testing.T) {
	plain, coloured := render(t, natMissingSample(), TextOptions{}), render(t, natMissingSample(), TextOptions{Color: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("escape codes without colour")
	}
	stripped := coloured
	for _, code := range []string{bold, red, green, yellow, "0"} {
		stripped = strings.ReplaceAll(stripped, "\x1b["+code+"m", "")
	}
	if stripped != plain {
		t.Error("colour changes more than colour")
	}
	if strings.Count(coloured, "\x1b[")%2 != 0 || !strings.Contains(coloured, "\x1b["+red+"mPackets leave") {
		t.Errorf("headline is not red, or a code is not closed:\n%s", coloured)
	}
}

// TestDeterministic shuffles what has no order of its own, and builds twice.
func TestDeterministic(t *testing.T) {
	for _, s := range samples() {
		first := encode(t, s)
		before := fmt.Sprintf("%+v", s.ev.Flows)
		if again := encode(t, s); !bytes.Equal(first, again) {
			t.Errorf("%s: two reports differ", s.name)
		}
		if fmt.Sprintf("%+v", s.ev.Flows) != before {
			t.Errorf("%s: building changed the evidence", s.name)
		}
		slices.Reverse(s.ev.Flows)
		slices.Reverse(s.ev.NAT)
		if again := encode(t, s); !bytes.Equal(first, again) {
			t.Errorf("%s: the order of the evidence shows", s.name)
		}
	}
}

func TestExitCode(t *testing.T) {
	for status, want := range map[diagnose.Status]int{diagnose.StatusHealthy: 0, diagnose.StatusFault: 1, diagnose.StatusInconclusive: 3} {
		r := Build(&correlate.Evidence{}, &diagnose.Diagnosis{Status: status}, Info{})
		if got := ExitCode(r); got != want {
			t.Errorf("%v: %d, want %d", status, got, want)
		}
	}
}

// TestOSChoice: the fixes of the chosen system come first, none is lost.
func TestOSChoice(t *testing.T) {
	s := unknownOS()
	s.info.OSChoice = "linux"
	r := Build(s.ev, s.d, s.info)
	var order []string
	for _, f := range r.Findings[0].Fixes {
		order = append(order, f.OS)
	}
	if want := []string{"linux", "linux", "windows"}; !reflect.DeepEqual(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

// TestArgs: what diagnosis leaves unknown is filled in from the evidence, but
// never with the counts of another client.
func TestArgs(t *testing.T) {
	s := natMissingSample()
	f := s.d.Findings[0]
	f.Args = map[string]any{"os": "", "arrived": uint64(0), "left": uint64(0), "client": "", "wan": ""}
	other := f
	other.ID, other.Severity = "upstream-silent", diagnose.SeverityWarning
	other.Scope.Client = s.ev.Clients[1].Addrs[0]
	other.Args = map[string]any{"client": "10.9.0.7", "left": 3}
	s.d.Findings = []diagnose.Finding{f, other}
	r := Build(s.ev, s.d, s.info)
	for i, want := range []string{
		"14 packets of 10.8.0.2 came out of the tunnel and 14 left through eth0, still",
		"3 packets of 10.9.0.7 left through eth0 with an address that can be answered, but nothing came back.",
	} {
		if got := r.Findings[i].Summary; !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", r.Findings[i].ID, got, want)
		}
	}
}

var errFull = errors.New("disk full")

// full fails after n octets.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestWriteError: a report that could not be written is an error, wherever the
// writer fails.
func TestWriteError(t *testing.T) {
	s := natMissingSample()
	r := Build(s.ev, s.d, s.info)
	for _, n := range []int{0, 100, 1500, 3000, 4500} {
		if err := Text(&full{n}, r, TextOptions{}); !errors.Is(err, errFull) {
			t.Errorf("text after %d octets: %v", n, err)
		}
		if err := JSON(&full{n}, r); !errors.Is(err, errFull) {
			t.Errorf("json after %d octets: %v", n, err)
		}
	}
}
