//go:build wine

package wine

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// portable are the packages whose tests need nothing of the system under them.
var portable = []string{
	"capture", "capture/live", "correlate", "diagnose", "report",
	"internal/host", "internal/natsim", "internal/text", "internal/wg", "internal/wgconf",
}

// Wine before 10 does not have the call by which Go removes a folder
// (FileDispositionInformationEx), so that every test with a temporary folder
// fails after it has passed. A test that failed of anything else says so too.
var (
	failed  = regexp.MustCompile(`(?m)^ *--- FAIL: .*\n((?: +\S.*\n)*)`)
	cleanup = regexp.MustCompile(`^ +testing\.go:\d+: TempDir RemoveAll cleanup: .*: Invalid function\.\n$`)
)

// TestUnits runs the tests of the portable packages as a Windows program.
func TestUnits(t *testing.T) {
	for _, p := range portable {
		t.Run(p, func(t *testing.T) {
			exe := filepath.Join(work, strings.ReplaceAll(p, "/", "-")+".exe")
			if err := build("windows", "test", "-c", "-o", exe, "./"+p); err != nil {
				t.Fatal(err)
			}
			o, code, err := commandIn(filepath.Join(root, p), asIs, nil, "wine", exe, "-test.short")
			if err != nil {
				t.Fatal(err)
			}
			if code == 0 && strings.Contains(o.out, "PASS") {
				return
			}
			broken := failed.FindAllStringSubmatch(o.out, -1)
			for _, f := range broken {
				if !cleanup.MatchString(f[1]) {
					t.Error(f[0])
				}
			}
			if len(broken) == 0 || strings.Contains(o.all(), "panic:") {
				t.Errorf("status %d: %s", code, o.all())
			}
		})
	}
}
