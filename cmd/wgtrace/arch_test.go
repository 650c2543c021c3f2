package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/format"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module   = "github.com/wgtrace/wgtrace"
	root     = "../.." // of the module, seen from this package
	gopacket = "github.com/google/gopacket/..."
	// longest is the length in lines from which on a file is split: it holds
	// more than one subject then.
	longest = 600
)

// layers says what a package may not reach, through any number of others, with
// the reason. Packages of this module are named by their path in it; "/..."
// stands for a package and all below it. The line that must hold: capture <-
// correlate <- diagnose <- report <- cmd/wgtrace, with internal/host beside
// diagnose and capture/live beside cmd/wgtrace.
var layers = map[string]map[string]string{
	"capture": {
		"correlate/...":     "packets know no flows",
		"diagnose/...":      "packets know no opinions",
		"report/...":        "packets know no reports",
		"internal/host/...": "decoding asks nothing of the operating system",
		"internal/text/...": "what a person reads is made at the end of the line",
		"internal/lab/...":  "users do not need the lab",
		gopacket:            "files are read without libpcap and without Npcap",
	},
	"capture/live": {
		"correlate/...":     "a tap knows no flows",
		"diagnose/...":      "a tap knows no opinions",
		"report/...":        "a tap knows no reports",
		"internal/text/...": "what a person reads is made at the end of the line",
		"internal/lab/...":  "users do not need the lab",
	},
	"capture/feed": {
		"capture/live":      "what others capture needs no libpcap here",
		"correlate/...":     "a tap knows no flows",
		"diagnose/...":      "a tap knows no opinions",
		"report/...":        "a tap knows no reports",
		"internal/host/...": "packets come without settings",
		"internal/text/...": "what a person reads is made at the end of the line",
		"internal/lab/...":  "users do not need the lab",
		gopacket:            "what others capture needs no libpcap here",
	},
	"internal/wg": {
		"capture/...":                    "the protocol stands alone",
		"correlate/...":                  "the protocol stands alone",
		"diagnose/...":                   "the protocol stands alone",
		"report/...":                     "the protocol stands alone",
		"internal/host/...":              "the protocol stands alone",
		"internal/lab/...":               "users do not need the lab",
		"golang.zx2c4.com/wireguard/...": "messages are read here, never sent",
	},
	"internal/wgconf": {
		"capture/...":       "a configuration knows no packets",
		"correlate/...":     "a configuration knows no packets",
		"internal/host/...": "a file is read the same on every machine",
		"internal/text/...": "errors name a place, not a sentence",
		"internal/lab/...":  "users do not need the lab",
	},
	"correlate": {
		"capture/live":      "what was proved must not hang on how it was captured",
		"diagnose/...":      "evidence holds no opinions",
		"report/...":        "evidence holds no sentences",
		"internal/host/...": "evidence comes from packets alone",
		"internal/text/...": "evidence holds no sentences",
		"internal/lab/...":  "users do not need the lab",
		gopacket:            "files are read without libpcap and without Npcap",
	},
	"diagnose": {
		"capture/live":      "an opinion captures nothing",
		"report/...":        "an opinion is not a report",
		"internal/text/...": "an opinion is not a sentence: rules name ids",
		"internal/lab/...":  "users do not need the lab",
		gopacket:            "an opinion reads no packets",
	},
	"report": {
		"capture/live":     "a report captures nothing",
		"internal/lab/...": "users do not need the lab",
		gopacket:           "a report is made of evidence and opinion",
	},
	"internal/screen": {
		"capture/live":     "a screen captures nothing",
		"internal/lab/...": "users do not need the lab",
		gopacket:           "a screen captures nothing",
	},
	"internal/host": {
		"capture/live":      "facts come from the system, not from packets",
		"correlate/...":     "a snapshot is taken before there is an opinion on it",
		"diagnose/...":      "a snapshot is taken before there is an opinion on it",
		"report/...":        "a snapshot is taken before there is an opinion on it",
		"internal/text/...": "a snapshot holds no sentences",
		"internal/lab/...":  "users do not need the lab",
		gopacket:            "facts come from the system, not from packets",
	},
	"internal/natsim": {
		"correlate/...": "a simulator that knows the matcher proves nothing about it",
		"diagnose/...":  "a simulator that knows the matcher proves nothing about it",
	},
	"internal/text": {
		"capture/...":       "sentences hold no logic",
		"correlate/...":     "sentences hold no logic",
		"diagnose/...":      "sentences hold no logic",
		"report/...":        "sentences hold no logic",
		"internal/host/...": "sentences hold no logic",
		"internal/wg":       "sentences hold no logic",
		"internal/lab/...":  "users do not need the lab",
	},
	"internal/lab/...": {
		"capture/...":       "its truth must not come from what it tests",
		"correlate/...":     "its truth must not come from what it tests",
		"diagnose/...":      "its truth must not come from what it tests",
		"report/...":        "its truth must not come from what it tests",
		"internal/wg":       "its truth must not come from what it tests",
		"internal/host/...": "its truth must not come from what it tests",
		"internal/text/...": "its truth must not come from what it tests",
	},
}

// imports says what a package may not import itself, of the standard library.
var imports = map[string]map[string]string{
	"capture":   {"os/exec": "decoding runs no commands"},
	"correlate": {"os/exec": "evidence comes from packets alone", "os": "evidence comes from packets alone"},
	"diagnose":  {"os/exec": "an opinion runs no commands", "os": "the same evidence must give the same opinion"},
	"report":    {"os/exec": "a report decides and does nothing"},
}

// seams are packages that one package alone imports, so that another can take
// their place.
var seams = map[string]struct{ user, reason string }{
	gopacket:                            {"capture/live", "the binding to libpcap must stay replaceable"},
	"github.com/spf13/...":              {"cmd/wgtrace", "only the program has a command line"},
	"github.com/olekukonko/...":         {"report", "tables are laid out in one place"},
	"charm.land/...":                    {"internal/screen", "a report needs no terminal"},
	"rsc.io/qr/...":                     {"internal/screen", "a report needs no terminal"},
	"github.com/klauspost/compress/...": {"capture", "only capture files are compressed"},
	"golang.zx2c4.com/wireguard/device": {"internal/lab", "no verdict may depend on an implementation of WireGuard"},
	"github.com/santhosh-tekuri/...":    {"", "the schema is checked by tests alone"},
}

// listed is what these tests need of "go list -json".
type listed struct {
	ImportPath, Name, Dir, Doc string
	Standard                   bool
	Imports, Deps, CgoFiles    []string
}

// name is the path of a package in this module, or its import path.
func (p listed) name() string {
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// goList describes packages as they are compiled for goos, with C code.
func goList(t *testing.T, goos string, args ...string) []listed {
	t.Helper()
	args = append([]string{"list", "-buildvcs=false", "-json=ImportPath,Name,Dir,Doc,Standard,Imports,Deps,CgoFiles"}, args...)
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go %s: %v", strings.Join(args, " "), err)
		}
		packages = append(packages, p)
	}
}

// covers says whether an import path is the one of the pattern, or lies below
// it. Patterns without a dot in their first element are of this module.
func covers(pattern, importPath string) bool {
	base, below := strings.CutSuffix(pattern, "/...")
	first, _, _ := strings.Cut(base, "/")
	if !strings.Contains(first, ".") {
		base = module + "/" + base
	}
	return importPath == base || below && strings.HasPrefix(importPath, base+"/")
}

var systems = []string{"linux", "windows", "darwin"}

func TestDependencies(t *testing.T) {
	for _, goos := range systems {
		packages := goList(t, goos, "./...")
		for from, bad := range layers {
			found := false
			for _, p := range packages {
				if !covers(from, p.ImportPath) {
					continue
				}
				found = true
				for pattern, reason := range bad {
					for _, dep := range p.Deps {
						if covers(pattern, dep) {
							t.Errorf("%s: %s reaches %s: %s", goos, p.name(), dep, reason)
						}
					}
				}
			}
			if !found {
				t.Errorf("%s: there is no package %s, so that nothing was checked", goos, from)
			}
		}
		for _, p := range packages {
			for _, dep := range p.Imports {
				if reason, bad := imports[p.name()][dep]; bad {
					t.Errorf("%s: %s imports %s: %s", goos, p.name(), dep, reason)
				}
				for pattern, seam := range seams {
					if covers(pattern, dep) && p.name() != seam.user {
						t.Errorf("%s: %s imports %s: %s", goos, p.name(), dep, seam.reason)
					}
				}
			}
		}
	}
}

// TestNoCompilerNeeded: what reads and correlates files must build where there
// is no C compiler and no libpcap. The standard library does without by itself.
func TestNoCompilerNeeded(t *testing.T) {
	for _, goos := range systems {
		for _, p := range goList(t, goos, "-deps", "./capture", "./correlate") {
			if !p.Standard && len(p.CgoFiles) > 0 {
				t.Errorf("%s: capture or correlate reaches %s, which is partly in C", goos, p.ImportPath)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range goList(t, "linux", "./...") {
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			dir := path.Base(p.ImportPath)
			want = strings.ToUpper(dir[:1]) + dir[1:] + " "
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s: its comment begins %q, want %q", p.name(), p.Doc, want)
		}
	}
}

func TestSourceFiles(t *testing.T) {
	files := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "testdata", "dist"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		files++
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if n := bytes.Count(text, []byte("\n")); n > longest && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s has %d lines, more than %d: split it by subject", name, n, longest)
		}
		formatted, err := format.Source(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(formatted, text) {
			t.Errorf("%s is not formatted: run gofmt -w", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Errorf("looked at %d files, which cannot be all", files)
	}
}
