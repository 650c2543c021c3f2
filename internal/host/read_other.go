//go:build !linux && !windows && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package host

import (
	"fmt"
	"runtime"
)

func readAdapters(*Snapshot) error {
	return fmt.Errorf("%w (%s/%s)", ErrUnsupported, runtime.GOOS, runtime.GOARCH)
}
