//go:build (windows && !amd64 && !386) || (!windows && !cgo)

package live

import "github.com/wgtrace/wgtrace/capture"

func openEngine(string, Options) (engine, capture.LinkType, error) {
	return nil, 0, &Error{Err: ErrNoLibrary, Hint: remedy(ErrNoLibrary)}
}

// Devices returns an *Error that wraps ErrNoLibrary: this program was built
// without a capture library.
func Devices() ([]Device, error) {
	return nil, &Error{Err: ErrNoLibrary, Hint: remedy(ErrNoLibrary)}
}

// Library returns "": this program was built without a capture library.
func Library() string { return "" }
