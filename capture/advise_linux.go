package capture

import (
	"os"

	"golang.org/x/sys/unix"
)

// adviseSequential doubles the kernel's read-ahead for an ordinary file
// (posix_fadvise(2)), which matters for cold ones. It is only advice.
func adviseSequential(f *os.File) {
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_SEQUENTIAL)
}
