package main

import (
	"context"
	"os"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// readApart reads a recording that holds its interfaces one after the other
// once for each side of the join, so that both come in the order of time. What
// is no regular file cannot be read again: nil.
func (o *readOptions) readApart(path string, first *correlate.Evidence) (*correlate.Evidence, error) {
	var sides [2][]correlate.Pick
	for i := range first.Captures {
		c := &first.Captures[i]
		n := 0
		if c.Role == capture.RoleWAN {
			n = 1
		}
		sides[n] = append(sides[n], correlate.Pick{Exact: &c.Interface, Role: c.Role, Why: c.RoleWhy})
	}
	return readSides(path, o.analysis.engine(), sides)
}

// readSides reads a recording once for each of two sides; nil if it cannot be
// read again.
func readSides(path string, opts correlate.Options, sides [2][]correlate.Pick) (*correlate.Evidence, error) {
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return nil, nil
	}
	var inputs []correlate.Input
	for _, picks := range sides {
		f, err := capture.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		inputs = append(inputs, correlate.Input{Source: f, Picks: picks})
	}
	opts.OneRecording = true
	return correlate.New(opts).Run(context.Background(), inputs)
}

// readInner reads the join inside the container once more, where one recording
// holds the tunnel and the container's uplink. It returns nil where there is
// none, and what is known of the container: in, or else what the recording says.
func (o *readOptions) readInner(ev *correlate.Evidence, in *inside) (*correlate.Evidence, *inside, error) {
	var tunnel, uplink *correlate.Capture
	for i := range ev.Captures {
		switch c := &ev.Captures[i]; {
		case c.Role == capture.RoleTunnel:
			tunnel = c
		case c.Interface.Uplink:
			uplink = c
		}
	}
	if tunnel == nil || uplink == nil || tunnel.Source != uplink.Source {
		return nil, in, nil
	}
	if in == nil {
		place := uplink.Interface.Namespace
		name, ok := strings.CutPrefix(place, placeContainer)
		if !ok {
			name = ""
		}
		in = toldOf(name, place)
	}
	if in.uplink == "" {
		in.uplink, in.addrs = uplink.Interface.Name, uplink.Interface.Addrs
	}
	opts := o.analysis.engine()
	opts.WGPort = 0 // what the host publishes need not be what the container listens on
	inner, err := readSides(uplink.Source, opts, [2][]correlate.Pick{
		{{Exact: &tunnel.Interface, Role: capture.RoleTunnel, Why: tunnel.RoleWhy}},
		{{Exact: &uplink.Interface, Role: capture.RoleWAN, Why: "option"}},
	})
	if err != nil {
		return nil, nil, err
	}
	return inner, in, nil
}
