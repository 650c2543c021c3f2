// Record makes the captures of testdata/pcaps: for each case it builds
// a lab, brings the fault about, captures on the server's tunnel and WAN
// adapters with tcpdump while a client makes traffic, and writes beside the
// captures what the kernel and the scenario say that a verdict must be.
//
//	go run ./internal/lab/record [-out testdata/pcaps] [-seed N] [-j N] [-kernel] [case...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/wgtrace/wgtrace/internal/lab"
)

func main() {
	lab.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	out := flag.String("out", filepath.Join("testdata", "pcaps"), "folder that gets one folder per case")
	seed := flag.Int64("seed", 0, "seed of the labs; 0 draws one. Case number n of the list gets seed+n")
	jobs := flag.Int("j", 3, "cases recorded at a time")
	kernel := flag.Bool("kernel", false, "without names: the cases with WireGuard in the kernel instead of the others")
	flag.Usage = usage
	flag.Parse()
	if *jobs < 1 {
		return errors.New("-j must be at least 1")
	}
	if _, err := exec.LookPath("tcpdump"); err != nil {
		return errors.New("tcpdump is missing; install the package tcpdump (Debian: apt-get install tcpdump)")
	}
	wanted, err := choose(flag.Args(), *kernel)
	if err != nil {
		return err
	}
	if *seed == 0 {
		*seed = 1 + rand.Int64N(1<<30)
	}
	fmt.Fprintf(os.Stderr, "record: seed %d, %d cases\n", *seed, len(wanted))
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}

	slots := make(chan struct{}, *jobs)
	errs := make([]error, len(wanted))
	var wg sync.WaitGroup
	for i, c := range wanted {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			// The seed belongs to the place in the full list, so that a case
			// recorded alone is the same as recorded with the others.
			if errs[i] = record(ctx, c, *seed+int64(c.index), *seed, *out); errs[i] != nil {
				errs[i] = fmt.Errorf("case %s: %w", c.name, errs[i])
				return
			}
			fmt.Fprintf(os.Stderr, "record: %s done\n", c.name)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func usage() {
	fmt.Fprint(os.Stderr, `usage: record [-out FOLDER] [-seed N] [-j N] [-kernel] [case...]

Records the lab's cases; needs Linux, root, nft, nsenter and tcpdump. Where the
kernel has no WireGuard, scripts/lab-vm.sh record makes the cases that need it.

`)
	flag.PrintDefaults()
	fmt.Fprint(os.Stderr, "\ncases:\n")
	for _, c := range cases() {
		fmt.Fprintf(os.Stderr, "  %s\n", c.name)
	}
}
