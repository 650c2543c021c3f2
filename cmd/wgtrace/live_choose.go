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
	named := o.wan != ""
	if !named {
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
	why := fmt.Sprintf("tunnel %s (%s), WAN %s (%s)", printable(o.tunnel), tunnelWhy, printable(o.wan), wanWhy)
	if !named {
		why += o.addLines(facts)
	}
	return why, nil
}

// addLines has the other lines to the internet watched too, because answers may
// come in there, and says so. One that could show the packets of the WAN a second
// time is named alone: both would be counted.
func (o *liveOptions) addLines(facts *host.Snapshot) (why string) {
	for _, name := range facts.OtherLines(o.wan) {
		switch {
		case name == o.tunnel && o.inside == nil:
		case facts.Apart(o.wan, name):
			o.lines = append(o.lines, name)
			why += fmt.Sprintf(", and %s (another line to the internet)", printable(name))
		default:
			why += fmt.Sprintf("; %s is another line to the internet and not watched: --wan %s --wan %s watches both", printable(name), printable(o.wan), printable(name))
		}
	}
	return why
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
