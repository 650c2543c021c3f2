package main

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// fixOutcome is what came of a fix in a scenario, as a line of the file that
// WGTRACE_FIX_OUTCOMES names.
type fixOutcome struct {
	Scenario string `json:"scenario"`
	Cause    string `json:"cause"`
	Fix      string `json:"fix"`
	OS       string `json:"os"`
	Executed bool   `json:"executed"`
	Cured    bool   `json:"cured"`  // the same traffic was answered after it
	Undone   bool   `json:"undone"` // and no more after the undo
	Kept     bool   `json:"kept"`   // it wrote a file that is to keep it over a reboot, which was not seen
	Why      string `json:"why"`    // it was not executed, or could not cure; "" otherwise
}

// TestFixesCure brings every fault of the lab about, takes the fixes for its true
// cause out of the report, runs the commands of each on the server, and wants the
// same traffic answered; then those of the undo, and wants the fault back.
func TestFixesCure(t *testing.T) {
	var mu sync.Mutex
	var all []fixOutcome
	t.Cleanup(func() { writeOutcomes(t, all) })
	cases := slices.Clone(variants)
	for _, sc := range lab.Scenarios() {
		sc.Cause = cmp.Or(sc.Cause, trueCauses[sc.Name])
		if sc.Cause != "" && (sc.Expect.Status == "fault" || sc.Warning != "") {
			cases = append(cases, variant{Scenario: sc, base: sc.Name})
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			list := tryFixes(t, c)
			mu.Lock()
			all = append(all, list...)
			mu.Unlock()
		})
	}
}

// writeOutcomes writes them where they were asked for, in the same order always.
func writeOutcomes(t *testing.T, all []fixOutcome) {
	path := os.Getenv("WGTRACE_FIX_OUTCOMES")
	if path == "" {
		return
	}
	slices.SortStableFunc(all, func(a, b fixOutcome) int { return strings.Compare(a.Scenario, b.Scenario) })
	var b strings.Builder
	for _, o := range all {
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}

// trial is a lab with a fault in it and a person at its server.
type trial struct {
	t     *testing.T
	ctx   context.Context
	lab   *lab.Lab
	sc    lab.Scenario
	shell *shell
	round int64
}

func tryFixes(t *testing.T, c variant) []fixOutcome {
	sc := c.Scenario
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// One family where both are dead: a report repairs the one that it speaks of.
	l := newLab(t, lab.Config{NoIPv6: sc.Breaks == lab.BreaksAll, SecondClient: sc.Neighbours, SecondUplink: sc.SecondUplink})
	tr := &trial{t: t, ctx: ctx, lab: l, sc: sc, shell: newShell(t, l.Server())}
	if err := l.Apply(ctx, lab.Fault{Name: c.base}); err != nil {
		t.Fatal(err)
	}
	tr.shell.run(tr.words(), c.setup)
	tr.forget()
	tr.shell.write("/etc/wireguard/"+l.Plan().Tunnel+".conf", l.ServerProfile())
	least := 9 * time.Second
	if sc.Handshake {
		least = 14 * time.Second
	}
	sick, _ := tr.watch(max(least, sc.Takes))
	if sick.verdict.Finding != sc.Expect.Finding || sc.Warning != "" && !sick.found(sc.Warning) {
		t.Fatalf("before the fix: %+v\n%s", sick.verdict, sick.text(t))
	}
	var list []fixOutcome
	for _, f := range sick.report.Findings {
		for _, x := range f.Fixes {
			if x.OS != "linux" || x.Cause != sc.Cause {
				continue
			}
			o := fixOutcome{Scenario: sc.Name, Cause: sc.Cause, Fix: x.ID, OS: x.OS}
			tr.try(x, &o)
			t.Logf("%+v", o)
			list = append(list, o)
		}
	}
	return list
}

// try runs one fix and its undo.
func (tr *trial) try(x reportFix, o *fixOutcome) {
	if why := untriable(tr.sc.Name, x); why != "" {
		o.Why = why
		return
	}
	words, before := tr.words(), tr.shell.files()
	tr.shell.run(words, x.Commands)
	o.Executed = true
	o.Kept = tr.shell.files() != before
	if len(x.Undo) == 0 {
		o.Why = "it only looks"
		return
	}
	tr.reconnect()
	got, answered := tr.watch(0)
	o.Cured = answered && got.verdict.Status == "healthy" && (tr.sc.Warning == "" || !got.found(tr.sc.Warning))
	if !o.Cured {
		tr.t.Errorf("%s: not cured: %+v\n%q\n%s", x.ID, got.verdict, x.Commands, got.text(tr.t))
	}
	if why := undoElsewhere[x.ID]; why != "" {
		o.Why = why
		return
	}
	tr.shell.run(words, x.Undo)
	tr.forget()
	tr.reconnect()
	if _, answered := tr.work(); answered {
		tr.t.Errorf("%s: the fault is not back after the undo\n%q", x.ID, x.Undo)
	} else {
		o.Undone = true
	}
	if after := tr.shell.files(); after != before {
		tr.t.Errorf("%s: the undo leaves other files:\n%s\nbefore:\n%s", x.ID, after, before)
	}
}

// reconnect is the person who switches the phone's tunnel off and on again.
func (tr *trial) reconnect() {
	if !tr.sc.Handshake {
		return
	}
	if err := tr.lab.Reconnect(tr.ctx, lab.First); err != nil {
		tr.t.Fatal(err)
	}
}

// forget ends what outlives a change by design: the connections that the server
// knows, which firewalls let pass, and the sizes of packets that both ends have
// learned (RFC 8201 section 5.2).
func (tr *trial) forget() {
	tr.shell.say("conntrack -F")
	for _, n := range []*lab.Node{tr.lab.Site(), tr.lab.Phone(lab.First)} {
		for _, family := range []string{"-4", "-6"} {
			if out, err := n.Command(tr.ctx, "ip", family, "route", "flush", "cache").CombinedOutput(); err != nil {
				tr.t.Fatalf("forget sizes: %v: %s", err, out)
			}
		}
	}
}

// work makes the traffic that shows the fault and reports whether all of it was
// answered. Each round has identifiers of its own: the server remembers what it
// did not translate (nf_conntrack) for as long as it is repeated.
func (tr *trial) work() (res lab.Result, answered bool) {
	tr.t.Helper()
	tr.round++
	run := lab.Run{Workload: lab.Probe, Seed: tr.lab.Plan().Seed + tr.round}
	if tr.sc.Breaks != lab.BreaksAll && tr.sc.Breaks != lab.BreaksNames || tr.sc.Partial && !tr.sc.Beside {
		run.Workload, run.Bulk = lab.Laptop, 200_000
	}
	res, err := tr.lab.Run(tr.ctx, lab.First, run)
	if err != nil {
		tr.t.Fatal(err)
	}
	if tr.sc.Neighbours {
		// The other phone is what counts; that one has to be there.
		if _, err := tr.lab.Run(tr.ctx, lab.Second, lab.Run{Workload: lab.Probe}); err != nil {
			tr.t.Fatal(err)
		}
	}
	if tr.sc.Neighbours || tr.sc.Beside {
		return res, !slices.ContainsFunc(res.Tries, func(try lab.Try) bool { return try.Kind == "aside" && !try.OK })
	}
	ok, all := res.Answered()
	return res, ok == all
}

// watch runs wgtrace live over that traffic, for a span at least.
func (tr *trial) watch(least time.Duration) (o outcome, answered bool) {
	tr.t.Helper()
	args := []string{"--server-key", tr.lab.Plan().ServerKey}
	if tr.sc.Prompted {
		args = append(args, "--expect-traffic")
	}
	live := startLive(tr.t, tr.lab, args...)
	begun := time.Now()
	if least > 0 {
		tr.reconnect()
	}
	_, answered = tr.work()
	for least > 20*time.Second && time.Since(begun) < least {
		tr.work()
	}
	time.Sleep(time.Until(begun.Add(least)))
	settle(tr.t, tr.ctx, tr.lab)
	return live.stop(tr.t), answered
}

// words are what only the person at the server knows.
func (tr *trial) words() *strings.Replacer {
	p := tr.lab.Plan()
	c := p.Clients[lab.First]
	return strings.NewReplacer(
		"{TUN}", p.Tunnel, "{WAN}", p.WAN, "{PORT}", strconv.Itoa(int(p.Port)),
		"GATEWAY-ADDRESS", p.Server.Gateway4.String(),
		"PHONE-PUBLIC-KEY", c.PublicKey, "PHONE-ADDRESS", c.Inner4.String(),
		"OLD-MTU", tr.shell.say("ip link show dev "+p.Tunnel+" | sed -n 's/.* mtu \\([0-9]*\\).*/\\1/p'"),
	)
}
