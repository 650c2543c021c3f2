package correlate

import (
	"context"

	"github.com/wgtrace/wgtrace/capture"
)

// Roles looks at the heads of the inputs and returns their interfaces with the
// roles that Run would give them, in order of input and appearance. The error is
// a *RolesError when the person must say which is which; the interfaces are
// returned beside it.
func Roles(ctx context.Context, inputs []Input, opts Options) ([]Capture, error) {
	e := New(opts)
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		for _, in := range e.inputs {
			in.drain()
		}
	}()
	for i := range inputs {
		in := newInput(ctx, i, inputs[i])
		e.inputs = append(e.inputs, in)
		in.fillHead(nil)
	}
	e.oneSource = len(inputs) == 1
	err := e.assign()
	var out []Capture
	for _, c := range e.captures {
		out = append(out, Capture{Role: c.role, RoleWhy: c.roleWhy, Source: c.source, Interface: c.iface})
	}
	return out, err
}

// RoleOf returns the role of an interface of a source among those that Roles
// returned, and why it has it; no role and "both" where the interface holds both
// sides.
func RoleOf(all []Capture, source string, iface capture.Interface) (role capture.Role, why string) {
	for _, c := range all {
		if c.Source != source || !samePlace(&c.Interface, &iface) || c.Role == capture.RoleUnknown {
			continue
		}
		if role != capture.RoleUnknown {
			return capture.RoleUnknown, BothSides
		}
		role, why = c.Role, c.RoleWhy
	}
	return role, why
}

// BothSides is RoleOf's reason for an interface that watches tunnel and WAN.
const BothSides = "both"
