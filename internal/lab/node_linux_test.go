package lab

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl"
)

// TestServerIsVisible looks at the server as tools do: its adapters from inside
// its namespace, its WireGuard device over the control socket.
func TestServerIsVisible(t *testing.T) {
	l := newLab(t, Config{SecondClient: true})
	out, err := l.Server().Command(t.Context(), "cat", "/proc/net/dev").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{l.Plan().Tunnel, l.Plan().WAN} {
		if !strings.Contains(string(out), name+":") {
			t.Errorf("no adapter %s in the server's namespace:\n%s", name, out)
		}
	}
	c, err := wgctrl.New()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d, err := c.Device(l.Plan().Tunnel)
	if err != nil {
		t.Fatal(err)
	}
	if d.ListenPort != int(l.Plan().Port) || len(d.Peers) != 2 || d.PublicKey.String() != l.Plan().ServerKey {
		t.Errorf("device on port %d with %d peers and key %s; want %d, 2, %s",
			d.ListenPort, len(d.Peers), d.PublicKey, l.Plan().Port, l.Plan().ServerKey)
	}
}

// TestReconnect wants a new handshake, as a capture that starts late needs it.
func TestReconnect(t *testing.T) {
	l := newLab(t, Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var last time.Time
	for range 3 {
		if err := l.Reconnect(ctx, First); err != nil {
			t.Fatal(err)
		}
		run(t, l, First, Run{Workload: Probe})
		err := Wait(ctx, "a new handshake", func() (bool, error) {
			at, err := l.Handshake(ctx, First)
			fresh := at.After(last)
			if fresh {
				last = at
			}
			return fresh, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCancel wants a workload on a dead path to end with its context, and the
// node to be usable after that.
func TestCancel(t *testing.T) {
	l := newLab(t, Config{})
	if err := l.Apply(t.Context(), Fault{Name: "nat-missing"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := l.Run(ctx, First, Run{Workload: Phone}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("a cancelled workload took %v", d)
	}
	if err := l.Clear(t.Context(), "nat-missing"); err != nil {
		t.Fatal(err)
	}
	if res := run(t, l, First, Run{Workload: Probe}); !answeredAll(res) {
		t.Errorf("%+v", res.Tries)
	}
}

func answeredAll(res Result) bool {
	ok, all := res.Answered()
	return all > 0 && ok == all
}

// TestUnknownScenario wants a name, not a panic.
func TestUnknownScenario(t *testing.T) {
	l := newLab(t, Config{})
	if err := l.Apply(t.Context(), Fault{Name: "gremlins"}); err == nil || !strings.Contains(err.Error(), "gremlins") {
		t.Errorf("got %v", err)
	}
	if err := l.Clear(t.Context(), "gremlins"); err == nil {
		t.Error("an unknown fault was cleared")
	}
}
