package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// stdinName is how standard input is named on the command line.
const stdinName = "-"

// named is a source as it was given.
type named struct {
	path, selector string
	role           capture.Role
}

// arg is the source as it stood on the command line.
func (n named) arg() string {
	if n.selector == "" {
		return n.path
	}
	return n.path + "#" + n.selector
}

// splitSelector takes FILE#NAME apart. A file that is really called so wins.
func splitSelector(arg string) (path, selector string) {
	if _, err := os.Stat(arg); err == nil {
		return arg, ""
	}
	if i := strings.LastIndexByte(arg, '#'); i > 0 {
		return arg[:i], arg[i+1:]
	}
	return arg, ""
}

// redactWords are values of a flag that people write without its equals sign.
var redactWords = []string{"standard", "strict"}

// sources are the files of a run, each opened once.
type sources struct {
	inputs []correlate.Input
	files  []*capture.File
}

// openSources opens each file once. A file that is named twice is used twice
// only for different interfaces of it.
func openSources(list []named, stdin io.Reader) (_ *sources, err error) {
	s := &sources{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for i, n := range list {
		if j := sameSource(list[:i], n); j >= 0 {
			if err := mayShare(list[j], n); err != nil {
				return nil, err
			}
		}
	}
	picks := make(map[int]int)
	for i, n := range list {
		if j := sameSource(list[:i], n); j >= 0 {
			picks[i] = picks[j]
			in := &s.inputs[picks[j]]
			in.Picks = append(in.Picks, correlate.Pick{Interface: n.selector, Role: n.role})
			continue
		}
		f, err := openSource(n, stdin)
		if err != nil {
			return nil, err
		}
		picks[i] = len(s.inputs)
		s.files = append(s.files, f)
		s.inputs = append(s.inputs, correlate.Input{Source: f, Picks: []correlate.Pick{{Interface: n.selector, Role: n.role}}})
	}
	return s, nil
}

func openSource(n named, stdin io.Reader) (*capture.File, error) {
	if n.path != stdinName {
		f, err := capture.Open(n.path)
		var missing *capture.OpenError
		if errors.As(err, &missing) && errors.Is(err, os.ErrNotExist) && slices.Contains(redactWords, n.path) {
			missing.Hint = "a mode of redaction goes behind an equals sign: --redact=" + n.path
		}
		return f, err
	}
	if isTerminalIn(stdin) {
		return nil, usage("tcpdump -i any -U -w - | wgtrace read -", "standard input is a terminal, not a capture")
	}
	f, err := openStdin(stdin)
	var unusable *capture.OpenError
	if errors.As(err, &unusable) {
		unusable.Source = "standard input"
	}
	return f, err
}

// openStdin reads a capture from standard input. Only a descriptor of the system
// can be woken while it waits for data.
func openStdin(stdin io.Reader) (*capture.File, error) {
	if stdin == os.Stdin {
		return capture.Open(stdinName)
	}
	return capture.NewFile(stdinName, stdin)
}

// mayShare refuses a file that is named twice, unless for two interfaces of it.
func mayShare(first, again named) error {
	switch {
	case again.path == stdinName:
		return usage("name a file for the other one", "standard input was given twice, and can be read only once")
	case first.selector == "" || again.selector == "" || first.selector == again.selector:
		return usage("name the capture of the tunnel and that of the WAN; FILE#NAME picks an interface of one file",
			"the same file was given twice: %s", again.arg())
	}
	return nil
}

// sameSource returns the index of an earlier name of the same file, or -1.
func sameSource(list []named, n named) int {
	for j, o := range list {
		if o.path == n.path || sameFile(o.path, n.path) {
			return j
		}
	}
	return -1
}

// sameFile reports whether two paths lead to one file, by whatever links.
func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// interrupt makes reading end where it stands.
func (s *sources) interrupt() {
	for _, f := range s.files {
		f.Interrupt()
	}
}

func (s *sources) close() {
	for _, f := range s.files {
		f.Close()
	}
}

// checkPicks refuses a selector that chose nothing: the report would blame the
// missing side on the capture.
func (s *sources) checkPicks() error {
	for i, in := range s.inputs {
		taken := make(map[int]bool)
		for _, iface := range s.files[i].Interfaces() {
			for n, p := range in.Picks {
				if chosen(p.Interface, iface) {
					taken[n] = true
					break
				}
			}
		}
		for n, p := range in.Picks {
			if taken[n] || p.Interface == "" {
				continue
			}
			return missingPick(s.files[i], in.Picks[:n], p)
		}
	}
	return nil
}

// chosen reports whether a selector means an interface, as correlate takes it.
func chosen(selector string, iface capture.Interface) bool {
	return selector == "" || selector == iface.Name || correlate.Number(iface) >= 0 && selector == strconv.Itoa(correlate.Number(iface))
}

// missingPick says why a selector chose nothing, and what there is to choose.
func missingPick(f *capture.File, earlier []correlate.Pick, p correlate.Pick) error {
	var there []string
	for _, iface := range f.Interfaces() {
		if chosen(p.Interface, iface) {
			for _, e := range earlier {
				if chosen(e.Interface, iface) {
					return usage("name two different interfaces", "%s: %q and %q are the same interface", f.Name(), e.Interface, p.Interface)
				}
			}
		}
		if correlate.Number(iface) < 0 {
			continue
		}
		name := strconv.Itoa(correlate.Number(iface))
		if iface.Name != "" {
			name += " (" + iface.Name + ")"
		}
		there = append(there, name)
	}
	if len(there) == 0 {
		return usage("leave out #"+p.Interface+"; only pcapng files describe interfaces", "%s: has no interface %q, it describes none", f.Name(), p.Interface)
	}
	return usage("wgtrace interfaces "+f.Name(), "%s: has no interface %q; there are: %s", f.Name(), p.Interface, listNames(there))
}

// shownNames bounds a list in an error: a file can describe thousands of
// interfaces.
const shownNames = 12

func listNames(names []string) string {
	if more := len(names) - shownNames; more > 0 {
		return strings.Join(names[:shownNames], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
