package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/report"
)

// containerScenario is a fault of a server in a container, or of the host around it.
type containerScenario struct {
	scenario string
	summary  string // for docs/verdicts.md
	want     verdict
	segment  string
	cause    string
}

var containerScenarios = []containerScenario{
	{"none", "nothing is wrong", verdict{Status: "healthy"}, "", ""},
	{"nat-wrong-out-interface", "the container's rule translates what leaves another adapter",
		verdict{"fault", "nat-missing", "wan_out", "wan_in"}, "container", "nat-wrong-out-interface"},
	{"forwarding-off", "the container does not forward (net.ipv4.ip_forward=0)",
		verdict{"fault", "not-forwarded", "tunnel_in", "wan_out"}, "container", "ip-forwarding-off"},
	{"container-host-forward-drop", "the host's firewall drops what the container sends",
		verdict{"fault", "not-forwarded", "tunnel_in", "wan_out"}, "host", "forward-policy-drop"},
}

// TestContainer runs wgtrace live without a flag on a host whose WireGuard is in
// a container, and wants to be told on which side of the container's uplink the
// packets are lost.
func TestContainer(t *testing.T) {
	for _, c := range containerScenarios {
		for _, w := range []lab.Workload{lab.Laptop, lab.Phone} {
			t.Run(c.scenario+"/"+string(w), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
				defer cancel()
				l := newLab(t, lab.Config{Container: true, Offload: w == lab.Laptop})
				if err := l.Apply(ctx, lab.Fault{Name: c.scenario}); err != nil {
					t.Fatal(err)
				}
				checkContainer(t, ctx, l, c.segment, c.cause)
				got, again, alone := watchContainer(t, ctx, l, w, c.want.Status != "healthy")
				noteResult(t, labResult{Scenario: c.scenario, Workload: w, Alone: alone.sight(alone.verdict.Finding), Segment: segmentOf(got)}, c.want, got, again)
				if got.verdict != c.want {
					t.Errorf("%+v, want %+v\n%s", got.verdict, c.want, got.text(t))
				}
				checkPlaces(t, l, got)
				if c.segment == "" {
					return
				}
				f := got.report.Findings[0]
				if f.Segment == nil || *f.Segment != c.segment {
					t.Errorf("lost in segment %v, want %s\n%s", f.Segment, c.segment, got.text(t))
				}
				if len(f.Causes) == 0 || f.Causes[0].ID != c.cause {
					t.Errorf("causes %+v, want %s first", f.Causes, c.cause)
				}
				if len(f.Fixes) == 0 {
					t.Fatal("no fix")
				}
				enter := fmt.Sprintf("nsenter -t %d -n ", l.Server().PID())
				for _, command := range f.Fixes[0].Commands {
					if strings.HasPrefix(command, enter) != (c.segment == "container") {
						t.Errorf("command %q of a fix for the %s", command, c.segment)
					}
					if out, err := l.Host().Command(ctx, "bash", "-c", command).CombinedOutput(); err != nil {
						t.Fatalf("%s: %v: %s", command, err, out)
					}
				}
				if cured, _, _ := watchContainer(t, ctx, l, w, false); cured.verdict.Status != "healthy" {
					t.Errorf("after the fix %q: %+v\n%s", f.Fixes[0].Commands, cured.verdict, cured.text(t))
				}
			})
		}
	}
}

// segmentOf is on which side of the container's uplink packets are lost, "" if
// that is not said.
func segmentOf(o outcome) string {
	if len(o.report.Findings) == 0 {
		return ""
	}
	return deref(o.report.Findings[0].Segment)
}

// watchContainer runs wgtrace live on the lab's host while the phone tries, and
// wants the same of what it recorded: again is read of the recording, alone the
// same without settings.
func watchContainer(t *testing.T, ctx context.Context, l *lab.Lab, w lab.Workload, dead bool) (got, again, alone outcome) {
	t.Helper()
	ticket := filepath.Join(t.TempDir(), "ticket.zip")
	watch := startLive(t, l, "--with-host-facts", "--bundle", ticket, "--redact=none")
	begun := time.Now()
	if _, err := l.Run(ctx, lab.First, lab.Run{Workload: w, Bulk: 200_000, Seed: time.Now().UnixNano()}); err != nil {
		t.Fatal(err)
	}
	if dead {
		time.Sleep(time.Until(begun.Add(9 * time.Second))) // a missing answer says something after 5 s
	}
	settle(t, ctx, l)
	got = watch.stop(t)
	checkPublished(t, l, watch.pcap)
	dir := t.TempDir()
	unzip(t, ticket, dir)
	evidence, facts, nothing := filepath.Join(dir, "evidence.pcapng"), filepath.Join(dir, "host.json"), filepath.Join(dir, "nothing.json")
	if err := os.WriteFile(nothing, []byte(`{"os":"linux"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	replay := func(name string, settings bool, files ...string) outcome {
		read := readBack(t, files...)
		if read.verdict != got.verdict || segmentOf(read) != segmentOf(got) {
			t.Errorf("read of the %s: %+v in %q, live said %+v in %q\n%s", name, read.verdict, segmentOf(read), got.verdict, segmentOf(got), read.text(t))
		}
		if len(got.report.Findings) == 0 || len(read.report.Findings) == 0 {
			return read
		}
		live, then := got.report.Findings[0], read.report.Findings[0]
		if settings && (len(then.Causes) == 0 || then.Causes[0] != live.Causes[0]) {
			t.Errorf("read of the %s: causes %+v, live said %+v", name, then.Causes, live.Causes)
		}
		for _, command := range then.Fixes[0].Commands {
			if strings.HasPrefix(command, "nsenter -t "+placePID+" -n ") != (segmentOf(read) == "container") {
				t.Errorf("read of the %s: command %q for %q", name, command, segmentOf(read))
			}
		}
		return read
	}
	replay("bundle", true, evidence, "--host-facts", facts)
	replay("evidence alone", false, evidence)
	return got, replay("recording", true, watch.pcap), replay("recording without settings", false, watch.pcap, "--host-facts", nothing)
}

// checkPublished wants the recording to say on which port the host is called,
// which only its rules could tell.
func checkPublished(t *testing.T, l *lab.Lab, recording string) {
	t.Helper()
	f, err := capture.Open(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := capture.NewBatch()
	for f.Next(b) == nil { // its interfaces are known when they were met
	}
	var ports []string
	for _, i := range f.Interfaces() {
		ports = append(ports, fmt.Sprintf("%s %v %d", i.Role, i.Uplink, i.WGPort))
	}
	want := []string{fmt.Sprintf("tunnel false %d", l.Plan().Port), fmt.Sprintf("wan false %d", l.Plan().Port), fmt.Sprintf(" true %d", l.Plan().Port)}
	if !slices.Equal(ports, want) {
		t.Errorf("interfaces of the recording %q, want %q", ports, want)
	}
}

// checkContainer wants wgtrace check to find what is wrong, and where, in the
// settings of the container and of the host around it, and the same again in what
// it stored.
func checkContainer(t *testing.T, ctx context.Context, l *lab.Lab, place, cause string) {
	t.Helper()
	cmd := selfOn(t, ctx, l.Host(), nil, "check", "--format", "json")
	raw, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	var c report.Check
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	var wrong, want []string
	if cause != "" {
		want = append(want, place+" "+cause)
	}
	published := false
	for _, s := range c.Settings {
		if s.State == "unknown" || s.Place == nil {
			t.Errorf("%s: %s, place %v: %s", s.ID, s.State, s.Place, s.Found)
		}
		published = published || s.ID == "published" && s.State == "ok"
		if s.State != "wrong" {
			continue
		}
		wrong = append(wrong, deref(s.Place)+" "+deref(s.Cause))
		enter := fmt.Sprintf("nsenter -t %d -n ", l.Server().PID())
		if len(s.Fixes) == 0 || strings.HasPrefix(s.Fixes[0].Commands[0], enter) != (place == "container") {
			t.Errorf("%s: fixes %+v for the %s", s.ID, s.Fixes, place)
		}
	}
	if fmt.Sprint(wrong) != fmt.Sprint(want) || !published || c.Container == nil || cmd.ProcessState.ExitCode() != report.StatusExit(c.Verdict.Status) {
		t.Errorf("wrong %q, want %q; published %v, container %v, exit status %d\n%s", wrong, want, published, c.Container, cmd.ProcessState.ExitCode(), raw)
	}
	file := filepath.Join(t.TempDir(), "facts.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	var again report.Check
	if out := wgtrace(nil, "check", "--json", "--host-facts", file); json.Unmarshal([]byte(out.stdout), &again) != nil || out.stderr != "" {
		t.Fatalf("judged elsewhere: %s%s", out.stdout, out.stderr)
	}
	for i := range c.Settings {
		if i >= len(again.Settings) || again.Settings[i].State != c.Settings[i].State || deref(again.Settings[i].Place) != deref(c.Settings[i].Place) {
			t.Errorf("judged elsewhere: %+v, there %+v", again.Settings, c.Settings)
			break
		}
	}
	if out := wgtrace(nil, "check", "--host-facts", file); !strings.Contains(out.stdout, "in the container") {
		t.Errorf("no word of the container:\n%s", out.stdout)
	}
}

// checkPlaces wants the three taps, each with its place.
func checkPlaces(t *testing.T, l *lab.Lab, got outcome) {
	t.Helper()
	place := fmt.Sprintf("the network namespace of process %d", l.Server().PID())
	var seen []string
	for _, c := range got.report.Captures {
		point, within := "", "here"
		if c.Point != nil {
			point = *c.Point
		}
		if c.Namespace != nil && strings.HasPrefix(*c.Namespace, place) {
			within = "inside"
		}
		seen = append(seen, point+" "+*c.Interface+" "+within)
	}
	want := []string{
		"tunnel " + l.Plan().Tunnel + " inside", "wan " + l.Plan().HostWAN + " here", " " + l.Plan().WAN + " inside",
	}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("captures %q, want %q", seen, want)
	}
	if !strings.Contains(got.stderr, "watched from here") {
		t.Errorf("nothing said of the container: %q", got.stderr)
	}
}

// TestContainerByName: the adapter is listed with its place, can be named by it,
// and what may not be entered is told with the command that may.
func TestContainerByName(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{Container: true})
	program := func(prefix []string, args ...string) (stdout, stderr string, code int) {
		cmd := selfOn(t, ctx, l.Host(), prefix, args...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		_ = cmd.Run() // its exit status is looked at
		return out.String(), errs.String(), cmd.ProcessState.ExitCode()
	}
	name := fmt.Sprintf("netns:%d/%s", l.Server().PID(), l.Plan().Tunnel)
	if out, errs, _ := program(nil, "interfaces"); !strings.Contains(out, name) {
		t.Errorf("%s is not listed:\n%s%s", name, out, errs)
	}
	var rows []struct{ Name, Namespace, Role string }
	out, _, _ := program(nil, "interfaces", "--json")
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range rows {
		found = found || r.Name == l.Plan().Tunnel && r.Namespace == fmt.Sprintf("netns:%d", l.Server().PID()) && r.Role == "tunnel"
	}
	if !found {
		t.Errorf("the container's tunnel is not in %+v", rows)
	}

	var counted report.Check
	out, errs, code := program(nil, "check", "-d", "1s", "--json")
	if err := json.Unmarshal([]byte(out), &counted); err != nil || code != exitInconclusive {
		t.Errorf("counted: status %d, %v\n%s%s", code, err, out, errs)
	} else if n := counted.Counters; n == nil || n.TunnelIn == nil || n.WANOut == nil || n.Forwarded == nil {
		t.Errorf("what the container counts is not known: %s", out)
	}
	out, errs, code = program(nil, "live", "-d", "1s", "--tunnel", name)
	if code != exitInconclusive || !strings.Contains(errs, "watched from here") {
		t.Errorf("named: status %d\n%s%s", code, out, errs)
	}
	_, errs, code = program(nil, "live", "-d", "1s", "--tunnel", fmt.Sprintf("netns:%d/none0", l.Server().PID()))
	if code != exitUsage || !strings.Contains(errs, "no adapter none0") {
		t.Errorf("an adapter that is not there: status %d\n%s", code, errs)
	}
	// Root in a container of its own may capture, but not enter another one.
	weak := []string{"setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"}
	if _, err := exec.LookPath(weak[0]); err != nil {
		t.Skip("without setpriv nothing can be done without CAP_SYS_ADMIN:", err)
	}
	_, errs, code = program(weak, "live", "-d", "1s", "--tunnel", name)
	want := fmt.Sprintf("sudo nsenter -t %d -n wgtrace live --tunnel %s", l.Server().PID(), l.Plan().Tunnel)
	if code != exitNoCapture || !strings.Contains(errs, want) {
		t.Errorf("without the right to enter: status %d, want the hint %q\n%s", code, want, errs)
	}
	_, errs, code = program(weak, "live", "-d", "1s")
	if code != exitNoCapture || !strings.Contains(errs, "nsenter -t ") {
		t.Errorf("without the right to look: status %d\n%s", code, errs)
	}
}
