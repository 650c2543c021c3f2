package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
)

// choose fills in the adapters that were not named, and says why it took them.
func (o *liveOptions) choose(ctx context.Context, facts *host.Snapshot) (_ string, err error) {
	tunnelWhy, wanWhy := "as named", "as named"
	if spec, adapter, ok := netns.Split(o.tunnel); ok {
		if o.inside, err = namedInside(ctx, spec, adapter); err != nil {
			return "", err
		}
		o.tunnel, tunnelWhy = adapter, o.inside.why()
	}
	if o.tunnel == "" {
		c, err := facts.Tunnel()
		if err != nil && len(facts.Tunnels()) == 0 {
			o.inside, c, err = findInside(ctx, err)
		}
		if err != nil {
			return "", err
		}
		o.tunnel, tunnelWhy = c.Name, c.Why
	}
	if o.wan == "" {
		c, err := facts.WAN()
		if err != nil {
			return "", err
		}
		o.wan, wanWhy = c.Name, c.Why
	}
	if o.tunnel == o.wan && o.inside == nil {
		return "", sameAdapter(o.tunnel)
	}
	if o.inside != nil {
		if d := o.inside.facts.Device(o.tunnel); d != nil {
			o.published, _ = readFacts(ctx, nil).Published("udp", o.inside.addr(), d.ListenPort)
		}
	}
	return fmt.Sprintf("tunnel %s (%s), WAN %s (%s)", printable(o.tunnel), tunnelWhy, printable(o.wan), wanWhy), nil
}

func sameAdapter(name string) error {
	return usage("wgtrace interfaces lists the adapters of this host", "tunnel and WAN are the same adapter: %s", name)
}

// mayCapture returns the error that stands in the way first: whoever may not
// capture cannot see a userspace tunnel's socket either, and would look for a
// tunnel that is there.
func mayCapture(facts *host.Snapshot, found error) error {
	var choice *host.ChoiceError
	if !errors.As(found, &choice) {
		return found
	}
	for i := range facts.Adapters {
		a := &facts.Adapters[i]
		if !a.Up {
			continue
		}
		h, err := live.Open(a.Name, live.Options{Buffer: probeBuffer})
		var tap *live.Error
		if errors.Is(err, live.ErrPermission) && errors.As(err, &tap) {
			tap.Device = "" // it holds for all of them
			return tap
		}
		if err == nil {
			h.Close()
		}
		break
	}
	return found
}

// probeBuffer is enough for a tap that is closed at once, in octets.
const probeBuffer = 1 << 20
