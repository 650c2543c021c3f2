package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestRecorded keeps the recordings in step with the cases and the scenarios:
// a verdict that changes in the catalogue must be recorded again.
func TestRecorded(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		if seen[c.name] {
			t.Errorf("two cases are called %s", c.name)
		}
		seen[c.name] = true
		s, err := lab.FindScenario(c.fault.Name)
		if err != nil {
			t.Errorf("case %s: %v", c.name, err)
			continue
		}
		dir := filepath.Join("..", "..", "..", "testdata", "pcaps", c.name)
		b, err := os.ReadFile(filepath.Join(dir, "want.json"))
		if err != nil {
			t.Error(err)
			continue
		}
		var w want
		if err := json.Unmarshal(b, &w); err != nil {
			t.Errorf("case %s: %v", c.name, err)
			continue
		}
		got := []any{w.Case, w.Fault, w.Workload, w.Status, w.Finding, w.After, w.Before}
		expect := []any{c.name, c.fault, c.workload, s.Expect.Status, orNull(s.Expect.Finding), orNull(s.Expect.After), orNull(s.Expect.Before)}
		if !reflect.DeepEqual(got, expect) {
			t.Errorf("case %s was recorded as %v", c.name, got)
		}
		files := []string{"tunnel.pcap", "wan.pcap"}
		if c.any {
			files = []string{"any.pcap"}
		}
		for _, f := range append(files, "README.md") {
			if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Size() == 0 {
				t.Errorf("case %s lacks %s: %v", c.name, f, err)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	all := cases()
	user, err1 := choose(nil, false)
	kernel, err2 := choose(nil, true)
	if err1 != nil || err2 != nil || len(user)+len(kernel) != len(all) || len(kernel) == 0 {
		t.Errorf("choosing nothing gives %d and %d cases of %d, %v %v", len(user), len(kernel), len(all), err1, err2)
	}
	one, err := choose([]string{"psk-mismatch"}, false)
	if err != nil || len(one) != 1 || one[0].name != "psk-mismatch" || all[one[0].index].name != "psk-mismatch" {
		t.Errorf("choosing psk-mismatch gives %+v, %v", one, err)
	}
	if _, err := choose([]string{"psk"}, false); err == nil {
		t.Error("a case that does not exist was chosen")
	}
}
