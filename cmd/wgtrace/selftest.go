package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/internal/host"
)

func selftestCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "selftest",
		Short: "Print what this machine lets wgtrace see, to paste into a ticket",
		Long: `Print what this machine lets wgtrace see: the capture library, the adapters, which
of them can be opened, and which settings can be read. It changes nothing and names
no address and no key.`,
		Example: "  wgtrace selftest",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if ctx == nil {
				ctx = context.Background()
			}
			return selftest(ctx, s.out)
		},
	}
}

// selftestWait is how long one adapter is listened to.
const selftestWait = 500 * time.Millisecond

// selftest writes one line for each thing that can go wrong, in the order in which
// a run needs them.
func selftest(ctx context.Context, w io.Writer) error {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", what, printable(fmt.Sprintf(format, args...)))
	}
	line("wgtrace", "%s %s/%s %s", toolVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	devices, err := live.Devices()
	if lib := live.Library(); lib != "" {
		line("library", "%s", lib)
	}
	if err != nil {
		line("library", "%s", err)
	}
	line("listed", "%d adapters that can be captured on", len(devices))

	facts := readFacts(ctx, nil)
	if facts == nil {
		facts = &host.Snapshot{}
	}
	for _, r := range facts.Rows() {
		state := "down"
		if r.Up {
			state = "up"
		}
		role := ""
		if r.Role != "" {
			role = ", taken for the " + r.Role
		}
		line("adapter", "%s: %s, %s%s: %s", r.Name, r.Kind, state, role, listened(r.Name))
		if stamps := live.Stamps(r.Name); len(stamps) > 0 {
			line("", "time stamps: %s", strings.Join(stamps, ", "))
		}
	}
	if win := facts.Windows; win != nil {
		line("windows", "administrator %s, NetNat %s, sharing %s, routing service %s", win.Elevated, win.NetNatAvailable, win.ICS, win.RRAS)
	}
	for _, u := range facts.Unread {
		line("not read", "%s: %s", u.What, u.Why)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// listened opens an adapter for a moment and says what came of it.
func listened(name string) string {
	h, err := live.Open(name, live.Options{Buffer: probeBuffer})
	if err != nil {
		return "cannot be opened: " + err.Error()
	}
	defer h.Close()
	packets := 0
	var batch capture.Batch
	for end := time.Now().Add(selftestWait); time.Now().Before(end); {
		if err := h.Next(&batch); err != nil {
			break
		}
		packets += len(batch.Packets)
	}
	return fmt.Sprintf("%s, %d packets in %s", h.Interface().LinkType, packets, selftestWait)
}
