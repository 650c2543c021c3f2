//go:build wine

package wine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestReadAlike reads every recorded case on Linux and on Windows and wants the
// same report, but for the names of the two programs.
func TestReadAlike(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(root, "testdata/pcaps/*/want.json"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recorded cases: %v", err)
	}
	for _, d := range dirs {
		dir := filepath.Dir(d)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			args := []string{"read", "--format", "json", "--lang", "en", "-q", "--os", "linux"}
			files, _ := filepath.Glob(filepath.Join(dir, "*.pcap*"))
			for _, f := range files {
				args = append(args, filepath.Base(f))
			}
			if _, err := os.Stat(filepath.Join(dir, "host.json")); err == nil {
				args = append(args, "--host-facts", "host.json")
			}
			linux, code, err := commandIn(dir, asIs, []string{"TZ=UTC"}, filepath.Join(work, "wgtrace"), args...)
			if err != nil {
				t.Fatal(err)
			}
			windows, wcode := wgtrace(t, dir, asIs, args...)
			if code != wcode {
				t.Errorf("status %d, on Linux %d: %s", wcode, code, windows.err)
			}
			if got, want := withoutTool(t, windows.out), withoutTool(t, linux.out); got != want {
				t.Errorf("another report than on Linux:\n%s\non Linux:\n%s", got, want)
			}
		})
	}
}

func withoutTool(t *testing.T, report string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(report), &fields); err != nil {
		t.Fatalf("%v: %s", err, report)
	}
	delete(fields, "tool")
	out, err := json.MarshalIndent(fields, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
