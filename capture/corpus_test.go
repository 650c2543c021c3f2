package capture

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// corpus is a folder of real captures that others recorded. Their licences do
// not allow copying them into this repository, so it lies beside it.
const corpus = "../../shared/captures"

func readTable(t *testing.T, name string, comma rune) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the folder of third-party captures is absent: %s", corpus)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = comma
	r.LazyQuotes = true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := make(map[string]string)
		for i, key := range lines[0] {
			row[key] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// summarize returns the totals over all rows of a file.
func summarize(path string) (total Summary, records uint64, err error) {
	f, err := Open(path)
	if err != nil {
		return total, 0, err
	}
	defer f.Close()
	rows, err := Summarize(f)
	for _, r := range rows {
		total.Packets += r.Packets
		total.Bytes += r.Bytes
		total.Undecoded += r.Undecoded
		if !r.HasTimes {
			continue
		}
		if !total.HasTimes || r.First < total.First {
			total.First = r.First
		}
		if !total.HasTimes || r.Last > total.Last {
			total.Last = r.Last
		}
		total.HasTimes = true
	}
	return total, f.frame, err
}

// disordered holds first and last time, in microseconds, of files with stamps
// near 1970, for which capinfos prints an end before the start. These are the
// extremes of tshark's frame.time_epoch.
var disordered = map[string][2]int64{
	"malformed/tcpdump-bgp_vpn_rt-oobr.pcap":   {0, 4294901760000128},
	"malformed/tcpdump-olsr-oobr-2.pcap":       {999999, 4294934285999999},
	"malformed/tcpdump-pim_header_asan-2.pcap": {4999999, 2521431551000004},
}

// TestCorpus compares every file with what capinfos says of it.
func TestCorpus(t *testing.T) {
	rejected := make(map[string]bool)
	for _, row := range readTable(t, "rejected.tsv", '\t') {
		rejected[row["path"]] = true
	}
	files := 0
	for _, row := range readTable(t, "truth.csv", ',') {
		total, records, err := summarize(filepath.Join(corpus, row["path"]))
		if row["type"] == "erf" || row["type"] == "snoop" {
			var open *OpenError
			if !errors.As(err, &open) || !strings.Contains(open.Reason, "unsupported format") {
				t.Errorf("%s: error %v, want unsupported format", row["path"], err)
			}
			continue
		}
		files++
		want, _ := strconv.ParseUint(row["packets"], 10, 64)
		if rejected[row["path"]] {
			var damage *DamageError
			if !errors.As(err, &damage) {
				t.Errorf("%s: error %v, want damage", row["path"], err)
			}
			err = nil
		}
		if err != nil || total.Packets != want || records != want {
			t.Errorf("%s: %d packets in rows, %d records, error %v; want %d", row["path"], total.Packets, records, err, want)
			continue
		}
		first, errFirst := time.Parse("2006-01-02 15:04:05.000000", row["first"])
		last, errLast := time.Parse("2006-01-02 15:04:05.000000", row["last"])
		if errFirst != nil || errLast != nil || last.Year() > 2261 {
			continue // no packets, no times, or years that int64 does not reach
		}
		wantTimes := [2]int64{first.UnixMicro(), last.UnixMicro()}
		if d, ok := disordered[row["path"]]; ok {
			wantTimes = d
		}
		if !total.HasTimes || total.First/1000 != wantTimes[0] || total.Last/1000 != wantTimes[1] {
			t.Errorf("%s: %v to %v, want %v to %v", row["path"],
				time.Unix(0, total.First).UTC(), time.Unix(0, total.Last).UTC(), first, last)
		}
	}
	if files < 500 {
		t.Errorf("%d files read: the folder is incomplete", files)
	}
}

// whole lists files that capinfos refuses for their link type alone.
var whole = map[string]uint64{
	"malformed/tcpdump-frf16_magic_ie-oobr.pcap":                   1,
	"malformed/tcpdump-hoobr_juniper3.pcap":                        1,
	"malformed/tcpdump-juniper_es_oobr.pcap":                       1,
	"malformed/tcpdump-juniper_monitor_invalid_cookie_length.pcap": 1,
	"malformed/tcpdump-vtp_asan-2.pcap":                            1,
	"malformed/tcpdump-vtp_asan-3.pcap":                            1,
	"malformed/tcpdump-vtp_asan.pcap":                              5,
}

// TestCorpusRejected checks that every other file that capinfos cannot read to
// its end gives one clear error, after what stands before the damage.
func TestCorpusRejected(t *testing.T) {
	readBefore := map[string]uint64{
		"malformed/ndpi-fuzz-2021-10-13.pcap":    1,
		"pcapng_misc/gopacket-be-test901.pcapng": 1,
		"pcapng_misc/gopacket-le-test901.pcapng": 1,
	}
	inWhole := uint64(0)
	for _, row := range readTable(t, "rejected.tsv", '\t') {
		path := filepath.Join(corpus, row["path"])
		total, _, err := summarize(path)
		if want, ok := whole[row["path"]]; ok {
			if err != nil || total.Packets != want || total.Undecoded != want {
				t.Errorf("%s: %d packets, %d undecoded, error %v; want %d undecoded", row["path"], total.Packets, total.Undecoded, err, want)
			}
			inWhole += total.Packets
			continue
		}
		if total.Packets != readBefore[row["path"]] {
			t.Errorf("%s: %d packets before the damage, want %d", row["path"], total.Packets, readBefore[row["path"]])
		}
		var open *OpenError
		var damage *DamageError
		if !errors.As(err, &open) && !errors.As(err, &damage) || errors.Is(err, io.EOF) {
			t.Errorf("%s: error %v, want one of opening or of damage", row["path"], err)
			continue
		}
		if !strings.HasPrefix(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is not one line that begins with the file: %q", row["path"], err)
		}
		t.Log(err)
	}
	if inWhole != 11 {
		t.Errorf("%d records in the whole files, want 11", inWhole)
	}
}
