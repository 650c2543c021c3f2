//go:build !windows && !linux && !cgo

package live

import (
	"errors"
	"testing"
)

func TestWithoutLibrary(t *testing.T) {
	_, err := Open("lo", Options{})
	_, listErr := Devices()
	for _, err := range []error{err, listErr} {
		var e *Error
		if !errors.Is(err, ErrNoLibrary) || !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("got %v", err)
		}
	}
	if v := Library(); v != "" {
		t.Errorf("library %q", v)
	}
}
