package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// Times of a demo run. A missing answer says something only after 5 s; a
// handshake is tried again every 5 s.
const (
	demoFault     = 8500 * time.Millisecond
	demoHandshake = 13 * time.Second
	demoHealthy   = 1500 * time.Millisecond
	demoLimit     = 2 * time.Minute
)

// runLive builds the lab and lets wgtrace live watch its server.
func (o *demoOptions) runLive(ctx context.Context, s streams) error {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()

	name, story := "nat-missing", true
	if o.scenario != "" {
		name, story = o.scenario, false
	}
	sc, err := lab.FindScenario(name)
	if err != nil {
		return usage("wgtrace demo --list", "%s", err)
	}
	o.heading(s, "demo-lab", nil)
	begun := time.Now()
	l, err := lab.New(ctx, lab.Config{NoIPv6: sc.Breaks != lab.BreaksIPv6, SecondUplink: sc.SecondUplink, Seed: o.seed})
	if errors.Is(err, lab.ErrUnavailable) {
		return &failure{exitNoCapture, err.Error(), "wgtrace demo shows the same from captures that come with it"}
	}
	if err != nil {
		return &failure{exitNoCapture, err.Error(), "wgtrace demo shows the same from captures that come with it"}
	}
	defer l.Close()
	fmt.Fprintf(s.out, "%s\n", l.Plan())

	o.heading(s, "demo-watch", map[string]any{"name": sc.Name, "why": sc.Summary})
	if err := l.Apply(ctx, lab.Fault{Name: sc.Name}); err != nil {
		return &failure{exitNoCapture, err.Error(), ""}
	}
	first, err := o.watchLab(ctx, s, l, sc)
	if err != nil {
		return err
	}
	if err := agree(sc.Name, first.String(), scenarioVerdict(sc)); err != nil || !story {
		return err
	}

	commands := first.fix()
	if len(commands) == 0 {
		return &failure{exitFault, "demo: the report names no command that repairs it", ""}
	}
	o.heading(s, "demo-run", nil)
	for _, c := range commands {
		fmt.Fprintf(s.out, "  # %s\n", c)
		if out, err := l.Server().Command(ctx, "bash", "-c", c).CombinedOutput(); err != nil {
			return &failure{exitFault, fmt.Sprintf("demo: %s: %s: %s", c, err, bytes.TrimSpace(out)), ""}
		}
	}
	o.heading(s, "demo-again", nil)
	none, err := lab.FindScenario("none")
	if err != nil {
		return err
	}
	second, err := o.watchLab(ctx, s, l, none)
	if err != nil {
		return err
	}
	if err := agree("after the fix", second.String(), "healthy"); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s\n", o.words.Word("demo-done", map[string]any{"count": int(time.Since(begun).Seconds() + 0.5)}))
	return nil
}

// scenarioVerdict is the verdict that a scenario must end in.
func scenarioVerdict(sc lab.Scenario) string {
	if sc.Expect.Finding == "" {
		return sc.Expect.Status
	}
	return sc.Expect.Status + ": " + sc.Expect.Finding
}

// labVerdict is as much of a JSON report as the demo needs.
type labVerdict struct {
	Verdict struct {
		Status  string  `json:"status"`
		Finding *string `json:"finding"`
	} `json:"verdict"`
	Findings []struct {
		Fixes []struct {
			Commands []string `json:"commands"`
		} `json:"fixes"`
	} `json:"findings"`
}

func (v labVerdict) String() string {
	if v.Verdict.Finding == nil {
		return v.Verdict.Status
	}
	return v.Verdict.Status + ": " + *v.Verdict.Finding
}

// fix returns the commands of the first fix of the first finding.
func (v labVerdict) fix() []string {
	for _, f := range v.Findings {
		for _, x := range f.Fixes {
			if len(x.Commands) > 0 {
				return x.Commands
			}
		}
	}
	return nil
}

// watchLab runs wgtrace live on the server while the phone works, prints its
// report and returns the verdict.
func (o *demoOptions) watchLab(ctx context.Context, s streams, l *lab.Lab, sc lab.Scenario) (labVerdict, error) {
	var v labVerdict
	dir, err := os.MkdirTemp("", "wgtrace-demo-")
	if err != nil {
		return v, &failure{exitNoCapture, err.Error(), ""}
	}
	defer os.RemoveAll(dir)
	ready, result := filepath.Join(dir, "ready"), filepath.Join(dir, "report.json")
	self, err := os.Executable()
	if err != nil {
		return v, &failure{exitNoCapture, err.Error(), ""}
	}
	args := []string{"live", "-o", "-", "-o", result, "--ready-file", ready, "--lang", o.output.lang}
	if o.output.noColor {
		args = append(args, "--no-color")
	}
	if sc.Prompted {
		args = append(args, "--expect-traffic")
	}
	cmd := l.Server().Command(ctx, self, args...)
	var notes bytes.Buffer
	cmd.Stdout, cmd.Stderr = s.out, &notes
	if err := cmd.Start(); err != nil {
		return v, &failure{exitNoCapture, err.Error(), ""}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	fail := func(err error) (labVerdict, error) {
		_ = cmd.Process.Kill()
		return v, &failure{exitNoCapture, fmt.Sprintf("demo: %s: %s", err, bytes.TrimSpace(notes.Bytes())), ""}
	}
	err = lab.Wait(ctx, "both taps", func() (bool, error) {
		select {
		case err := <-ended:
			return false, fmt.Errorf("wgtrace live ended early: %w", err)
		default:
		}
		_, err := os.Stat(ready)
		return err == nil, nil
	})
	if err != nil {
		return fail(err)
	}
	begun := time.Now()
	if sc.Handshake {
		if err := l.Reconnect(ctx, lab.First); err != nil {
			return fail(err)
		}
	}
	workload, enough := lab.Phone, demoFault
	switch {
	case sc.Name == "idle":
		workload, enough = lab.Idle, demoHealthy
	case sc.Handshake:
		enough = demoHandshake
	case sc.Healthy:
		enough = demoHealthy
	}
	if sc.Workload != "" {
		workload = sc.Workload
	}
	if _, err := l.Keep(ctx, lab.First, lab.Run{Workload: workload, Bulk: 200_000}, sc.Takes); err != nil {
		return fail(err)
	}
	select {
	case <-time.After(time.Until(begun.Add(enough))):
	case <-ctx.Done():
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return fail(err)
	}
	var exit *exec.ExitError
	if err := <-ended; err != nil && !errors.As(err, &exit) {
		return fail(err)
	}
	raw, err := os.ReadFile(result)
	if err != nil {
		return fail(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return fail(err)
	}
	return v, nil
}
