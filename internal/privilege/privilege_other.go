//go:build !linux

package privilege

// Drop does nothing: other systems give a program's privileges to its user.
func Drop(Needs) error { return nil }

// Entering runs f.
func Entering(f func() error) error { return f() }

// Writing runs f.
func Writing(f func() error) error { return f() }
