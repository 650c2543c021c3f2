package main

import (
	"io"
	"net"
	"runtime"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/internal/host"
)

// recordedTap is a tap that the recording holds.
type recordedTap struct {
	tap   tapSource
	index int // of the recorder's interface
}

// taps are the open captures of a run.
type taps struct {
	tunnel   *live.Handle
	wans     []*live.Handle // the chosen one first
	inner    []*live.Handle // the tunnel once more and the uplink of its container; nil without one
	opened   int
	recorder *capture.Recorder
	recorded []recordedTap
	tees     []*liveTee // one for each tap; none if nobody wants packets afterwards
	news     newsBoard
}

// open opens the taps and the recording.
func (o *liveOptions) open(facts *host.Snapshot, stderr io.Writer) (_ *taps, err error) {
	t := &taps{}
	if o.output.proof.keeps() {
		o.output.proof.frames = t.kept
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if o.write != "" {
		t.recorder, err = capture.NewRecorder(o.write, capture.RecorderInfo{
			SnapLen: uint32(o.snapLen), OS: runtime.GOOS, Application: "wgtrace " + toolVersion(), Created: giveBack,
		})
		if err != nil {
			return nil, err
		}
	}
	if t.tunnel, err = o.tap(t, o.home(facts), o.tunnel, capture.RoleTunnel, tapTunnel); err != nil {
		return nil, err
	}
	for i, name := range append([]string{o.wan}, o.lines...) {
		h, err := o.tap(t, facts, name, capture.RoleWAN, tapWAN)
		if err != nil && i > 0 && len(o.wans) == 0 {
			o.note(stderr, "%s is not watched: %s", printable(name), printable(err.Error()))
			continue
		}
		if err != nil {
			return nil, err
		}
		t.wans = append(t.wans, h)
	}
	if o.inside == nil {
		return t, nil
	}
	// The third place tells the container from the host; without it the two
	// ends still say whether there is a fault.
	if err := o.openInner(t); err != nil {
		o.note(stderr, "the container's own uplink is not watched: %s", printable(err.Error()))
	}
	return t, nil
}

// home is what the namespace says in which the tunnel is.
func (o *liveOptions) home(facts *host.Snapshot) *host.Snapshot {
	if o.inside != nil {
		return o.inside.facts
	}
	return facts
}

// What a tap is for.
const (
	tapTunnel = iota
	tapWAN
	tapTunnelAgain // for the join inside the container; in the recording it would be the first one twice
	tapUplink
)

// tap opens one tap.
func (o *liveOptions) tap(t *taps, facts *host.Snapshot, name string, role capture.Role, what int) (*live.Handle, error) {
	opts := live.Options{SnapLen: o.snapLen, Without: o.without, Peers: append([]string{o.tunnel, o.wan}, o.lines...)}
	opts.Interface = capture.Interface{Index: t.opened, Name: name, Role: role, WGPort: o.portOf(facts), Uplink: what == tapUplink}
	t.opened++
	within := o.inside != nil && facts == o.inside.facts
	if within {
		opts.Interface.Namespace = o.inside.place
	}
	if a := facts.Adapter(name); a != nil {
		opts.Interface.Addrs, opts.Interface.Description = a.Addrs, a.Description
		if mac, err := net.ParseMAC(a.MAC); err == nil {
			copy(opts.Interface.MAC[:], mac)
		}
		for _, p := range a.Addrs {
			opts.Own = append(opts.Own, p.Addr())
		}
	}
	record, index := t.recorder != nil && what != tapTunnelAgain, 0
	kept := t.tee(o.output.proof.keeps())
	if record || kept != nil {
		opts.Tee = func(_ int32, timeNS int64, wireLen int, data []byte, dir capture.Direction) {
			if record {
				// A failed write is kept by the recorder and told at the end: the
				// diagnosis goes on.
				_ = t.recorder.WritePacket(index, timeNS, wireLen, data, dir)
			}
			if kept != nil {
				kept.keep(timeNS, wireLen, data, dir)
			}
		}
	}
	if within {
		opts.Enter = o.inside.ns.Do
	}
	news := &tapNews{name: name, taps: t, index: -1, shown: what != tapTunnelAgain}
	opts.Watch = news.take
	h, err := live.Open(name, opts)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		kept.handle = h
	}
	if record {
		if index, err = t.recorder.AddInterface(h.Interface()); err != nil {
			h.Close()
			return nil, usage("", "write %s: %s", o.write, err)
		}
		t.recorded = append(t.recorded, recordedTap{h, index})
		news.index = index
	}
	return h, nil
}

// portOf returns the listen port of the tunnel: the person's word, or the
// device's.
func (o *liveOptions) portOf(facts *host.Snapshot) uint16 {
	if o.analysis.port != 0 {
		return o.analysis.port
	}
	if o.inside != nil && facts != o.inside.facts {
		return o.published
	}
	if d := facts.Device(o.tunnel); d != nil {
		return d.ListenPort
	}
	return 0
}

// save completes the recording.
func (t *taps) save() error {
	t.writeStats()
	err := t.recorder.Close()
	t.recorder = nil
	return err
}

// writeStats records what the kernel says it dropped.
func (t *taps) writeStats() {
	for _, r := range t.recorded {
		// A failed write is kept by the recorder and told at the end.
		_ = t.recorder.WriteStats(r.index, r.tap.Stats())
	}
}

// all returns the taps that are open.
func (t *taps) all() []*live.Handle {
	var list []*live.Handle
	for _, h := range slices.Concat([]*live.Handle{t.tunnel}, t.wans, t.inner) {
		if h != nil {
			list = append(list, h)
		}
	}
	return list
}

func (t *taps) close() {
	for _, h := range t.all() {
		h.Close()
	}
	if t.recorder != nil {
		t.recorder.Abort()
	}
}
