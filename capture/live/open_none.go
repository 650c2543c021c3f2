//go:build (windows && !amd64 && !386) || (!windows && !linux && !cgo)

package live

import (
	"runtime"

	"github.com/wgtrace/wgtrace/capture"
)

func openEngine(string, Options) (engine, capture.LinkType, error) {
	return nil, 0, noLibrary()
}

func noLibrary() *Error {
	e := &Error{Err: ErrNoLibrary, Hint: remedy(ErrNoLibrary)}
	if runtime.GOOS == "windows" {
		// gopacket's binding knows the x86 layouts alone, and installing Npcap
		// would not help.
		e.Hint = "use the windows/amd64 build of this program, which Windows on ARM runs too; reading capture files works without"
	}
	return e
}

// Devices returns an *Error that wraps ErrNoLibrary: this program was built
// without a capture library.
func Devices() ([]Device, error) {
	return nil, noLibrary()
}

// Library returns "": this program was built without a capture library.
func Library() string { return "" }
