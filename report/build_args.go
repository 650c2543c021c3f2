package report

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// args are the fields for the sentences of a finding: what diagnosis filled
// in, above what the evidence says. Diagnosis writes "" and 0 for unknown, so
// these do not hide what the evidence knows; but what it knows of the headline
// client says nothing of a finding on somebody else.
func (b *builder) args(f *diagnose.Finding) map[string]any {
	args := maps.Clone(b.base)
	if !b.aboutHeadline(f.Scope) {
		for _, name := range clientArgs {
			delete(args, name)
		}
	}
	for name, value := range sanitizeArgs(f.Args) {
		if _, ok := args[name]; ok && (value == nil || reflect.ValueOf(value).IsZero()) {
			continue
		}
		args[name] = value
	}
	return args
}

// clientArgs are the fields of baseArgs that hold for one client only.
var clientArgs = []string{"client", "prefix", "arrived", "left", "replied", "returned", "requests", "answered", "targets",
	"peer", "initiations", "responses", "data_in"}

// aboutHeadline says whether a finding concerns everybody or the headline
// client.
func (b *builder) aboutHeadline(s diagnose.Scope) bool {
	c := b.headline()
	if !s.Client.IsValid() {
		return !s.Peer.IsValid() || c == nil && len(b.ev.WireGuard.Peers) == 1
	}
	return c != nil && slices.Contains(c.Addrs, s.Client)
}

// baseArgs are the fields that hold for the whole run (text.FindingArgs).
func (b *builder) baseArgs() map[string]any {
	ev := b.ev
	args := map[string]any{
		"port":           ev.WireGuard.Port,
		"flows":          ev.Expected(),
		"flows_answered": ev.Totals.Answered,
		"os":             b.hostOS(),
	}
	if ev.Started > 0 && ev.Ended > ev.Started {
		args["seconds"] = float64(ev.Ended-ev.Started) / float64(time.Second)
	}
	var dropped uint64
	for i := range ev.Captures {
		c := &ev.Captures[i]
		if c.DroppedKnown {
			dropped += c.Dropped
		}
		name := sanitize(c.Interface.Name)
		switch {
		case c.Role == capture.RoleTunnel && args["tunnel"] == nil:
			args["tunnel"] = name
		case c.Role == capture.RoleWAN && args["wan"] == nil:
			args["wan"] = name
		}
	}
	args["dropped"] = dropped
	client := b.headline()
	if client != nil {
		args["client"] = clientName(client)
		if len(client.Addrs) > 0 {
			args["prefix"] = prefixOf(client.Addrs[0])
		}
		args["arrived"] = client.Stages[correlate.TunnelIn].Packets
		args["left"] = client.Stages[correlate.WANOut].Packets
		args["replied"] = client.Stages[correlate.WANIn].Packets
		args["returned"] = client.Stages[correlate.TunnelOut].Packets
		requests, answered, targets := attempts(client)
		args["requests"], args["answered"], args["targets"] = requests, answered, targets
	}
	b.peerArgs(args, client)
	return args
}

// attempts sums up the requests of the present episode, which is the one that the
// verdict speaks of.
func attempts(c *correlate.Client) (requests, answered uint64, targets int) {
	for _, f := range c.Families {
		l := f.Now()
		if l == nil {
			continue
		}
		for fate, n := range l.Fates {
			requests += n.Count
			targets = max(targets, n.Targets)
			if correlate.Fate(fate) == correlate.FateAnswered || correlate.Fate(fate) == correlate.FateLocal {
				answered += n.Count
			}
		}
	}
	return requests, answered, targets
}

// peerArgs count the client's own session; without a client, all of them.
func (b *builder) peerArgs(args map[string]any, client *correlate.Client) {
	peers := b.ev.WireGuard.Peers
	if client != nil && client.Peer >= 0 && client.Peer < len(peers) {
		peers = peers[client.Peer : client.Peer+1]
	}
	var initiations, responses, data uint64
	for i := range peers {
		initiations += peers[i].Initiations
		responses += peers[i].Responses
		data += peers[i].DataIn
	}
	args["initiations"], args["responses"], args["data_in"] = initiations, responses, data
	if len(peers) == 1 {
		args["peer"] = or(endpoint(peers[0].Endpoint), "")
	}
}

// hostOS is the system of the host that was captured: the person's choice, the
// tool's own system when it captured live, else what the captures say.
func (b *builder) hostOS() string {
	if c := b.info.OSChoice; c != "" && c != "auto" {
		return c
	}
	if b.info.Live {
		if b.info.OS == "darwin" {
			return "macos"
		}
		return b.info.OS
	}
	return ""
}
