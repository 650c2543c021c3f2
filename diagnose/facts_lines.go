package diagnose

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/internal/host"
)

// returnsElsewhere: the rule that translates names the address of another adapter,
// so that answers are sent there. Where no other adapter leads anywhere, none can
// come in by it.
func returnsElsewhere(v *view) answer {
	if v.facts == nil || v.path.WAN == "" || v.facts.Adapter(v.path.WAN) == nil {
		return silent
	}
	if v.otherHolder() != "" {
		return settings(host.FactYes)
	}
	if v.back == "" && len(v.facts.Beside(v.path.WAN)) == 0 {
		return settings(host.FactNo)
	}
	return silent
}

// otherHolder names the adapter whose address the client's packets get though
// they leave by another one, "" if there is none such.
func (v *view) otherHolder() string {
	named := func(list []netip.Addr) (name string) {
		for _, a := range list {
			switch name = v.facts.Holder(a); name {
			case "", v.path.WAN, v.path.Tunnel:
				return ""
			}
		}
		return name
	}
	if v.facts == nil {
		return ""
	}
	return named(v.facts.TranslatesTo(v.path))
}

// lines fills in by which adapters packets leave and come back, for the commands
// against a cause; wan is where they leave. Answers that come in elsewhere are let
// in there.
func (v *view) lines(values *Values, wan, cause string) {
	values.WAN, values.Lines, values.OtherSource = wan, nil, false
	switch {
	case v.back != "" && cause != asymmetricReturnID:
		values.WAN = v.back
	case v.back != "":
		values.OtherSource = v.facts == nil || v.otherHolder() != ""
	case cause == asymmetricReturnID:
		values.Lines = []string{wan}
		if other := v.otherHolder(); other != "" {
			values.Lines, values.OtherSource = append(values.Lines, other), true
		} else if v.facts != nil {
			values.Lines = append(values.Lines, v.facts.OtherLines(wan)...)
		}
	}
}
