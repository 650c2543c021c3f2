//go:build !linux

package capture

import "os"

// adviseSequential does nothing where the system offers no such advice.
func adviseSequential(*os.File) {}
