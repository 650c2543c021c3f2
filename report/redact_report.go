package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/netip"
	"reflect"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// wordFields are fields of the report whose values are words of the contract:
// an adapter of the same name must not change them.
var wordFields = map[string]bool{
	"Schema": true, "Tool": true, "Redaction": true, "Point": true, "LinkType": true, "Status": true, "Finding": true,
	"StoppedAfter": true, "StoppedBefore": true, "Basis": true, "ID": true, "Severity": true, "Family": true, "OS": true,
	"Protocol": true, "NAT": true, "Outcome": true, "State": true, "Trigger": true, "Layer": true, "Cause": true, "Segment": true,
}

// learnCaptures learns the names that captures bring along.
func (x *Redactor) learnCaptures(ev *correlate.Evidence) {
	for i := range ev.Captures {
		c := &ev.Captures[i]
		x.hide(nameAdapter, c.Interface.Name)
		if c.Source != c.Interface.Name { // live, an adapter is the source
			x.hide(nameFile, c.Source)
		}
		if c.Interface.Description != c.Interface.Name {
			x.hide(nameDescription, c.Interface.Description)
		}
		x.hide(nameFilter, c.Interface.Filter)
	}
}

// report redacts a finished report, so that no renderer has to.
func (x *Redactor) report(r *Report) {
	r.Redaction = x.Mode()
	for i := range r.Captures {
		if n := r.Captures[i].Namespace; n != nil {
			x.hide(nameSpace, *n)
		}
	}
	x.walk(reflect.ValueOf(r).Elem())
	r.Host = x.HostJSON(r.Host)
	if c := r.Container; c != nil {
		c.Facts = x.HostJSON(c.Facts)
	}
	// What serves renderers only cannot be reached by reflection.
	for _, s := range []*string{&r.subject.name, &r.subject.summary, &r.subject.worked, &r.subject.fine, &r.WireGuard.portWhy} {
		*s = x.String(*s)
	}
	for i := range r.Findings {
		x.fixes(r.Findings[i].Fixes)
	}
	x.settings(r.settings)
	r.hidden = x.sentence(r.words)
}

// learnContainer learns the names that the place of the tunnel brings along; c
// may be nil.
func (x *Redactor) learnContainer(c *Container) {
	if c != nil {
		x.learnHost(c.Facts)
		x.hide(nameSpace, c.Place)
		x.hide(nameSpace, c.Name)
	}
}

// learnChecks learns the names that a phone's configuration and that of its
// server bring along, which no host facts hold.
func (x *Redactor) learnChecks(checks []diagnose.Check) {
	text := func(c *diagnose.Check, key string) string { s, _ := c.Args[key].(string); return s }
	for i := range checks {
		c := &checks[i]
		x.hide(nameAdapter, text(c, "tunnel"))
		x.hide(nameAdapter, text(c, "wan"))
		if name := text(c, "endpoint"); name != "" && x.names[name] == "" {
			if _, err := netip.ParseAddr(name); err != nil {
				x.learn(name, x.next(nameServer))
			}
		}
	}
}

// check redacts the answer of wgtrace check.
func (x *Redactor) check(c *Check) {
	x.learnHost(c.Host)
	x.learnContainer(c.Container)
	x.settings(c.Settings)
	if p := c.Container; p != nil {
		x.walk(reflect.ValueOf(p).Elem())
		p.Facts = x.HostJSON(p.Facts)
	}
	c.Verdict.Headline = x.String(c.Verdict.Headline)
	c.Host = x.HostJSON(c.Host)
	c.hidden = x.sentence(c.words)
}

// sentence says what is hidden.
func (x *Redactor) sentence(words *text.Catalog) string { return words.Word("redacted-"+x.Mode(), nil) }

func (x *Redactor) settings(rows []Setting) {
	for i := range rows {
		x.walk(reflect.ValueOf(&rows[i]).Elem())
		x.fixes(rows[i].Fixes)
	}
}

func (x *Redactor) fixes(rows []Fix) {
	for i := range rows {
		rows[i].changes = x.String(rows[i].changes)
		rows[i].keep = x.String(rows[i].keep)
	}
}

// walk redacts every text in v that is not a word of the contract.
func (x *Redactor) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(x.String(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			x.walk(v.Elem())
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			return
		}
		for i := range v.Len() {
			x.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && !(wordFields[f.Name] && isText(f.Type)) && f.Name != "Tool" {
				x.walk(v.Field(i))
			}
		}
	}
}

func isText(t reflect.Type) bool {
	return t.Kind() == reflect.String || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.String
}

// hostNames are the fields of host facts that hold names, by what stands for
// these (internal/host: Snapshot, Settings, Firewall).
var hostNames = map[string]nameKind{
	"name": nameAdapter, "adapter": nameAdapter, "tunnel": nameAdapter, "in": nameAdapter, "out": nameAdapter,
	"ics_public": nameAdapter, "ics_private": nameAdapter, "rras_interfaces": nameAdapter, "public_profile": nameAdapter,
	"description": nameDescription,
	"table":       nameRule, "target": nameRule, "chains/name": nameRule, "net_nat/name": nameRule,
}

// hostWords are fields of host facts that hold words.
var hostWords = map[string]bool{"os": true, "kind": true, "taken": true, "policy": true, "verdict": true, "family": true,
	"hook": true, "type": true, "source": true, "protocol": true, "field": true, "what": true, "problem": true}

// learnHost learns the names that facts of a host bring along.
func (x *Redactor) learnHost(raw json.RawMessage) {
	var v any
	if decodeHost(raw, &v) {
		x.host(v, "", "", true)
	}
}

// HostJSON redacts facts of a host, of which Report has learned the names. What
// is no JSON comes back as nothing.
func (x *Redactor) HostJSON(raw json.RawMessage) json.RawMessage {
	var v any
	if !decodeHost(raw, &v) {
		return nil
	}
	out, err := json.Marshal(x.host(v, "", "", false))
	if err != nil {
		return nil // what was decoded can be encoded
	}
	return out
}

func decodeHost(raw json.RawMessage, v *any) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // counters of 64 bits
	return d.Decode(v) == nil
}

// host walks the facts of a host, of which v stands in the field key of an
// element of the list above; it learns names, or returns what stands for v.
func (x *Redactor) host(v any, above, key string, learn bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			name := k
			if k == "values" && (v["field"] == "iif" || v["field"] == "oif") {
				name = "adapter"
			}
			got := x.host(v[k], key, name, learn)
			out[x.String(k)] = got // counters are named after adapters
		}
		return out
	case []any:
		for i := range v {
			v[i] = x.host(v[i], above, key, learn)
		}
		return v
	case string:
		if !learn {
			if hostWords[key] {
				return v
			}
			return x.String(v)
		}
		kind := hostNames[above+"/"+key]
		if kind == "" {
			kind = hostNames[key]
		}
		if kind != "" {
			x.hide(kind, v)
		}
	}
	return v
}
