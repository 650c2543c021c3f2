package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// corpus is a folder of captures that others recorded. Their licences do not
// allow copying them into this repository, so it lies beside it.
const corpus = "../../../shared/captures"

// corpusTable reads a table of the corpus by its column names.
func corpusTable(t *testing.T, name string, comma rune) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the folder of third-party captures is absent: %s", corpus)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = comma, true
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range all[1:] {
		row := make(map[string]string)
		for i, key := range all[0] {
			row[key] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// TestCorpusCounts: over all rows of a file there are as many packets as capinfos
// counts, whatever can be decoded, between the same times. A file that capinfos
// does not read to its end keeps its rows and is exit status 2.
func TestCorpusCounts(t *testing.T) {
	damaged := make(map[string]bool)
	for _, row := range corpusTable(t, "rejected.tsv", '\t') {
		damaged[row["path"]] = true
	}
	files := 0
	for _, want := range corpusTable(t, "truth.csv", ',') {
		name := want["path"]
		rows, got := interfaceRows(t, filepath.Join(corpus, name))
		if want["type"] == "erf" || want["type"] == "snoop" {
			if got.status != exitUsage || !strings.Contains(got.stderr, "unsupported format") || rows[0].Error == nil {
				t.Errorf("%s: status %d, %s", name, got.status, got.stderr)
			}
			continue
		}
		files++
		var packets uint64
		var first, last string
		for _, r := range rows {
			packets += r.Packets
			if r.First != nil && (first == "" || *r.First < first) {
				first = *r.First
			}
			last = max(last, deref(r.Last))
			if damaged[name] != (r.Error != nil) {
				t.Errorf("%s: error %q", name, deref(r.Error))
			}
		}
		if strconv.FormatUint(packets, 10) != want["packets"] {
			t.Errorf("%s: %d packets, capinfos has %s", name, packets, want["packets"])
		}
		if damaged[name] != (got.status == exitUsage) || damaged[name] == (got.stderr == "") {
			t.Errorf("%s: status %d, %s", name, got.status, got.stderr)
		}
		if strings.HasPrefix(first, "1970-01-01") {
			continue // capinfos takes such a time for none
		}
		if capinfosTime.MatchString(want["first"]) && capinfosTime.MatchString(want["last"]) && want["first"] <= want["last"] &&
			want["last"] < "2262" && !(asCapinfos(first, want["first"]) && asCapinfos(last, want["last"])) {
			t.Errorf("%s: from %s to %s, capinfos has %s to %s", name, first, last, want["first"], want["last"])
		}
	}
	if files < 500 {
		t.Errorf("only %d files were looked at", files)
	}
}

// capinfosTime is a time that capinfos gives for records with a sound fraction of
// a second, in a year of four digits.
var capinfosTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.([0-9]{1,6}|[0-9]{9})$`)

// asCapinfos reports whether a time is the one that capinfos has, which cuts it
// to the precision of the file.
func asCapinfos(rfc3339, want string) bool {
	return strings.HasPrefix(strings.Replace(rfc3339, "T", " ", 1), want)
}

// TestCorpusRejected: what capinfos refuses for its link type alone is whole;
// everything else gives one line that names it.
func TestCorpusRejected(t *testing.T) {
	for _, want := range corpusTable(t, "rejected.tsv", '\t') {
		path := filepath.Join(corpus, want["path"])
		rows, got := interfaceRows(t, path)
		if strings.Contains(want["message"], "unknown or unsupported") {
			if got.status != exitHealthy || len(rows) != 1 || rows[0].Packets == 0 || rows[0].Undecoded != rows[0].Packets {
				t.Errorf("%s: status %d, %+v %s", path, got.status, rows, got.stderr)
			}
			continue
		}
		if got.status != exitUsage || len(rows) == 0 || rows[0].Error == nil || !strings.HasPrefix(got.stderr, "wgtrace: "+path) || len(lines(got.stderr)) != 2 {
			t.Errorf("%s: status %d, %d rows, said %q", path, got.status, len(rows), got.stderr)
		}
	}
}

// reportSchema is the published schema of the JSON report.
func reportSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkRead judges captures as JSON and as text, and checks what must hold for
// any input at all.
func checkRead(t *testing.T, schema *jsonschema.Schema, files ...string) {
	t.Helper()
	got := wgtrace(nil, append([]string{"read", "--format", "json"}, files...)...)
	checkTerminal(t, got.stderr)
	if got.status == exitUsage {
		if said := lines(got.stderr); got.stdout != "" || len(said) == 0 || !strings.HasPrefix(said[0], "wgtrace: ") {
			t.Errorf("%q: status 2, %d octets of report, said %q", files, len(got.stdout), got.stderr)
		}
		return
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(got.stdout))
	if err != nil {
		t.Errorf("%q: %v", files, err)
		return
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%q: %v", files, err)
	}
	var r struct{ Verdict struct{ Status string } }
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Error(err)
	}
	want := map[string]int{"healthy": exitHealthy, "fault": exitFault, "inconclusive": exitInconclusive}[r.Verdict.Status]
	if got.status != want {
		t.Errorf("%q: exit status %d for the verdict %s", files, got.status, r.Verdict.Status)
	}
	text := wgtrace(nil, append([]string{"read"}, files...)...)
	checkTerminal(t, text.stdout)
	if text.status != got.status {
		t.Errorf("%q: exit status %d for text, %d for JSON", files, text.status, got.status)
	}
}

// corpusFiles lists every file of the corpus but its tables, in an order that is
// random and always the same.
func corpusFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	root, err := filepath.EvalSymlinks(corpus)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the folder of third-party captures is absent: %s", corpus)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !slices.Contains([]string{".csv", ".tsv", ".md"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rank := func(s string) uint64 {
		h := fnv.New64a()
		h.Write([]byte(s))
		return h.Sum64()
	}
	slices.SortFunc(files, func(a, b string) int {
		if c := bytes.Compare(strconv.AppendUint(nil, rank(a), 36), strconv.AppendUint(nil, rank(b), 36)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return files
}

// TestCorpusReports judges every file alone and beside another: no crash, a
// report that its schema allows, and the exit status of its verdict.
func TestCorpusReports(t *testing.T) {
	files := corpusFiles(t)
	if len(files) < 400 {
		t.Fatalf("only %d files", len(files))
	}
	schema := reportSchema(t)
	end := time.Now().Add(40 * time.Second) // many seconds where the machine is busy
	if d, ok := t.Deadline(); ok && d.Before(end) {
		end = d
	}
	judged := 0
	for i, f := range files {
		if time.Now().After(end) {
			t.Logf("%d of %d files in the time given", judged, len(files))
			break
		}
		checkRead(t, schema, f)
		checkRead(t, schema, f, files[(i+1)%len(files)])
		judged++
	}
	if judged < 40 {
		t.Errorf("only %d files were judged in the time given", judged)
	}
}

// TestCorpusSaid: what was recorded more than once, and a capture of both sides,
// is said to be so.
func TestCorpusSaid(t *testing.T) {
	corpusTable(t, "truth.csv", ',') // skips where the folder is absent
	copies := filepath.Join(corpus, "hop_pairs/ndpi-rtsp-both-sides.pcap")
	if o := readBack(t, copies); o.report.Totals.Duplicates != 426 || !strings.Contains(string(o.raw), "every packet was recorded 4 times; 426 copies were folded") {
		t.Errorf("%s: %d copies\n%s", copies, o.report.Totals.Duplicates, o.raw)
	}
	both := filepath.Join(corpus, "nat_pairs/tcpdump-tfo-both-sides.pcap")
	o := readBack(t, both)
	if tot := o.report.Totals; tot.MatchedPackets != 6 || tot.LostPackets != 1 || len(o.report.NAT) != 1 || o.report.NAT[0].Outside != "9.9.9.9:13047" {
		t.Errorf("%s: totals %+v, translations %+v", both, tot, o.report.NAT)
	}
	if rows, _ := interfaceRows(t, both); len(rows) != 1 || rows[0].Role != nil || rows[0].Packets != 14 || !strings.Contains(rows[0].Why, "both sides") {
		t.Errorf("%s: %+v", both, rows)
	}
}
