package diagnose

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/wgconf"
)

// Context is what is known of the machine beyond the packets. Zero fields are
// not known.
type Context struct {
	OS          string         // as Fix.OS has it; "" if not known
	Tunnel, WAN string         // adapters, where the captures do not name them
	Prefixes    []netip.Prefix // subnets of the tunnel, from its settings or the person
	Server      netip.Addr     // the host's own address inside the tunnel
	Remote      bool           // the person works over the network (SSH)

	// Inside is the address by which this machine knows the clients where a
	// container with the tunnel translates theirs before; invalid: their own.
	// Tunnel is then the adapter that leads to the container, whatever the
	// captures say.
	Inside netip.Addr
	// Enter is the beginning of a command that runs in the container with the
	// tunnel, nil on the machine itself.
	Enter []string
	// Around is the machine around that container, with Inside; nil if there is
	// none, or it is not known.
	Around *Context

	// Facts are the settings of the machine that was captured, nil if not known.
	Facts *host.Snapshot

	// PhoneAllowedIPs are what the phone's own configuration sends into the
	// tunnel; empty if it is not at hand.
	PhoneAllowedIPs []netip.Prefix

	// PhoneConfig and ServerConfig are the files of either end, nil if they are
	// not at hand.
	PhoneConfig, ServerConfig *wgconf.Config

	// ExpectTraffic is the person's word that the phone tried while the
	// captures ran; Attempts are the tries that were marked.
	ExpectTraffic bool
	Attempts      []Attempt
}

// Attempt is a try of the person on the phone.
type Attempt struct {
	Time   int64 // nanoseconds since 1970
	Loaded bool  // the page came
}

// maxSecondary is how many findings are reported beside the primary one: one
// fault at a time is what a person can act on.
const maxSecondary = 2

// judgement is what was found of one client.
type judgement struct {
	client   int
	status   Status
	findings []Finding
	episodes []EpisodeVerdict
	open     bool // a family is neither dead nor alive yet
	now      int  // index in episodes of the one that the verdict is about; -1: none
}

// Run judges the evidence. It is pure and cheap: live calls it several times a
// second on what has been seen so far.
func Run(ev *correlate.Evidence, ctx Context) *Diagnosis { return judge(ev, ctx, Checks(ctx)) }

// judge is Run with what the settings say, which are not those of ctx where the
// tunnel is in a container.
func judge(ev *correlate.Evidence, ctx Context, settings []Check) *Diagnosis {
	d := &Diagnosis{Status: StatusInconclusive, Basis: "packets", Headline: -1}
	if len(ev.Clients) > 0 {
		d.Headline = 0
	}
	blocked := ""
	if !ev.Relation.Proved && ev.Coverage.Tunnel && ev.Coverage.WAN {
		blocked = "captures-unrelated"
	} else if ev.Coverage.Filtered || ev.Coverage.RolesTied || ev.Coverage.Exchanged || ev.Coverage.Apart {
		blocked = "too-little-evidence"
	}

	answered := false
	var faults, warnings []Finding
	for i := range ev.Clients {
		j := judgeClient(ev, &ctx, i, blocked == "")
		d.Clients = append(d.Clients, ClientVerdict{Client: i, Status: j.status, Finding: firstID(j.findings)})
		answered = answered || j.status == StatusHealthy
		faults = append(faults, j.findings...)
		if len(j.findings) == 0 && blocked == "" {
			warnings = append(warnings, proved(clientWarnings, ev, &ctx, &ev.Clients[i])...)
		}
		if i == d.Headline {
			d.Episodes = j.episodes
		}
	}
	outer := judgePeers(ev, &ctx, d, len(faults) > 0)
	if strangeKey(ev) {
		d.Caveats = append(d.Caveats, correlate.Caveat{ID: "key-contradiction"})
	}
	d.Findings = rank(slices.Concat(outer, faults, warnings))
	settle(ev, &ctx, d, answered, blocked)
	d.Settings = settings
	d.Caveats = append(d.Caveats, disagreement(d)...)
	if len(d.Episodes) == 0 && ev.Ended > ev.Started {
		d.Episodes = []EpisodeVerdict{{Started: ev.Started, Ended: ev.Ended, Trigger: correlate.TriggerStart, Status: d.Status, Finding: d.Finding}}
		for i := range ev.Stages {
			d.Episodes[0].Stages[i] = ev.Stages[i].Count
		}
	}
	return d
}

func firstID(f []Finding) string {
	if len(f) == 0 {
		return ""
	}
	return f[0].ID
}

// judgeClient walks the ladder for one client: the older family first, since
// what stops both is one fault.
func judgeClient(ev *correlate.Evidence, ctx *Context, i int, absence bool) judgement {
	c := &ev.Clients[i]
	j := judgement{client: i, now: -1}
	for k := range c.Families {
		f := &c.Families[k]
		for n := range f.Ledgers {
			s := &subject{ev: ev, ctx: ctx, client: c, family: f, ledger: &f.Ledgers[n]}
			if c.Peer >= 0 {
				s.peer = &ev.WireGuard.Peers[c.Peer]
			}
			status, finding := s.judge(absence)
			if k == 1 && finding != nil && s.answeredInFour() {
				status, finding = StatusInconclusive, nil // what is wrong with IPv6 alone has a rule of its own
			}
			if s.ledger == f.Now() {
				j.add(status, finding)
				if s.open() {
					j.open = true
				}
			}
			if k > 0 && len(c.Families[0].Ledgers) > 0 {
				continue
			}
			verdict := EpisodeVerdict{
				Started: s.ledger.Started, Ended: ev.Ended, Trigger: s.ledger.Trigger, Changed: s.ledger.Changed,
				Stages: s.ledger.Stages, Status: status,
			}
			if finding != nil {
				verdict.Finding = finding.ID
			}
			if n == 0 {
				verdict.Started = ev.Started
			}
			if n+1 < len(f.Ledgers) {
				verdict.Ended = f.Ledgers[n+1].Started
			}
			if s.ledger == f.Now() {
				j.now = n
			}
			j.episodes = append(j.episodes, verdict)
		}
	}
	// Conversations that were under way when the capture began made no request
	// but are proof enough when they are answered.
	if j.status == StatusInconclusive && len(j.findings) == 0 && (&subject{ev: ev, client: c}).beyondAnswered(0) {
		j.status = StatusHealthy
	}
	if len(j.findings) == 0 && absence {
		if j.findings = proved(upperRules, ev, ctx, c); len(j.findings) > 0 {
			j.status = StatusFault
		}
	}
	if j.status == StatusHealthy && (j.open || (&subject{ev: ev, ctx: ctx, client: c}).namesOpen()) {
		j.status = StatusInconclusive
	}
	if j.now >= 0 && j.episodes[j.now].Status != StatusFault {
		j.episodes[j.now].Status, j.episodes[j.now].Finding = j.status, firstID(j.findings)
	}
	return j
}

// add takes over the verdict on one family, IPv4 first. A fault of IPv4 stands
// even where IPv6 works: most of the internet is behind it. An IPv6 that is dead
// in the same way is the same fault.
func (j *judgement) add(status Status, finding *Finding) {
	switch {
	case finding != nil && j.status == StatusInconclusive:
		j.status, j.findings = StatusFault, []Finding{*finding}
	case status == StatusHealthy && j.status == StatusInconclusive:
		j.status = StatusHealthy
	}
}

// judge decides one family of one client over one span.
func (s *subject) judge(absence bool) (Status, *Finding) {
	answered := s.ledger.Fates[correlate.FateAnswered].Count > 0
	rules := clientRules
	if answered {
		rules = partialRules
	}
	if !absence || !s.ev.Coverage.Tunnel || !s.ev.Coverage.WAN {
		rules = nil
	}
	for _, r := range rules {
		if p, ok := r.prove(s); ok {
			f := s.finding(r, p)
			return StatusFault, &f
		}
	}
	if answered {
		return StatusHealthy, nil
	}
	return StatusInconclusive, nil
}

// proved applies rules to one client, over both families and all of its time.
func proved(rules []*rule, ev *correlate.Evidence, ctx *Context, c *correlate.Client) []Finding {
	var out []Finding
	s := &subject{ev: ev, ctx: ctx, client: c, family: &correlate.FamilyEvidence{}}
	if c.Peer >= 0 {
		s.peer = &ev.WireGuard.Peers[c.Peer]
	}
	for _, r := range rules {
		if p, ok := r.prove(s); ok {
			out = append(out, s.finding(r, p))
		}
	}
	return out
}

// finding makes a finding of a proof.
func (s *subject) finding(r *rule, p proof) Finding {
	if p.family != correlate.FamilyAny {
		s = s.inFamily(p.family)
	}
	f := Finding{
		ID: r.id, Layer: r.layer, Severity: r.severity, Confidence: p.confidence,
		After: r.after, Before: r.before, Evidence: p.evidence,
		Args: arguments(s.ev, s.ctx, s.client, s.peer, s.ledger),
	}
	if p.after != correlate.StageNone {
		f.After, f.Before = p.after, p.before
	}
	maps.Copy(f.Args, p.args)
	values := fixValues(s.ev, s.ctx, s.client)
	if p.server.IsValid() {
		values.Server = p.server
	}
	if s.client != nil {
		f.Scope.Client = s.client.Addrs[0]
		f.Scope.Family = s.family.Family
		values.Family = s.family.Family
		for _, a := range s.client.Addrs {
			if s.family.Family != correlate.FamilyAny && a.Is4() == (s.family.Family == correlate.IPv4) {
				f.Scope.Client, values.Client, f.Args["client"] = a, a, a.String()
				values.Prefix, values.PrefixGuessed = prefixOf(s.ctx, a)
			}
		}
	} else if s.peer != nil {
		f.Scope.Peer = s.peer.Endpoint
	} else if s.odd != nil {
		f.Scope.Peer = s.odd.Endpoint
	}
	values.PublicKey = s.publicKey()
	v := s.view(f.ID)
	v.server, v.back = values.Server, p.back
	if p.wan != "" {
		values.WAN = p.wan
		if v.adapter(p.wan) != nil {
			v.path.WAN = p.wan
		}
	}
	values.Port = v.port // the one that this device calls
	values.ListensOn, _ = v.serverEnd()
	_, values.ServerPSK = v.presharedKeys()
	if values.ServerPSK != host.FactUnknown {
		f.Args["psk"] = values.ServerPSK.String()
	}
	values.translated(s.ctx)
	wan := values.WAN
	if r.causes != nil {
		f.Causes = v.weigh(r.causes(s, s.ctx.OS))
	}
	for _, c := range f.Causes {
		if c.Probability == 0 {
			continue // the settings rule it out
		}
		values.Drop = v.dropPlace(c.ID)
		v.lines(&values, wan, c.ID)
		f.Fixes = addFixes(f.Fixes, fixesFor(c.ID, values, s.ctx.OS))
	}
	return f
}

// publicKey returns the key of the peer in hand, "" if not known: the one that its
// handshake proves, else that of the peer which the settings know by its endpoint.
func (s *subject) publicKey() string {
	switch {
	case s.peer == nil:
		return ""
	case !s.peer.PublicKey.IsZero():
		return s.peer.PublicKey.String()
	case s.ctx.Facts == nil:
		return ""
	}
	for i := range s.ctx.Facts.WireGuard {
		if p := s.ctx.Facts.WireGuard[i].PeerAt(s.peer.Endpoint); p != nil {
			return p.PublicKey.String()
		}
	}
	return ""
}

// addFixes appends fixes that are not there yet: several causes share one.
func addFixes(list, more []Fix) []Fix {
	for _, m := range more {
		if !slices.ContainsFunc(list, func(f Fix) bool { return f.ID == m.ID && f.OS == m.OS }) {
			list = append(list, m)
		}
	}
	return list
}

// rank sorts findings by severity and layer, drops consequences and repeats,
// and keeps as many as a person can act on.
func rank(all []Finding) []Finding {
	muted := make(map[string]bool)
	for _, r := range slices.Concat(peerRules, oddRules, wayRules, clientRules, partialRules, upperRules) {
		for i := range all {
			if all[i].ID == r.id && all[i].Severity == SeverityFault {
				for _, m := range r.mutes {
					muted[m] = true
				}
			}
		}
	}
	var out []Finding
	seen := make(map[string]bool)
	take := func(severity Severity) {
		for layer := 0; layer <= 5; layer++ {
			for i := range all {
				f := all[i]
				if f.Severity == severity && f.Layer == layer && !seen[f.ID] && !muted[f.ID] && len(out) <= maxSecondary {
					seen[f.ID] = true
					out = append(out, f)
				}
			}
		}
	}
	take(SeverityFault)
	take(SeverityWarning)
	take(SeverityInfo)
	return out
}
