//go:build unix

package capture

import (
	"os"

	"golang.org/x/sys/unix"
)

// openStdin returns standard input such that a read from a pipe can be
// interrupted: the runtime polls only descriptors that do not block. The
// returned function undoes that for whoever shares the pipe.
func openStdin() (*os.File, func() error) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return os.Stdin, nil
	}
	// A descriptor of our own, so that closing it leaves descriptor 0 open.
	fd, err := unix.Dup(int(os.Stdin.Fd()))
	if err != nil {
		return os.Stdin, nil
	}
	unix.CloseOnExec(fd)
	if unix.SetNonblock(fd, true) != nil {
		unix.Close(fd)
		return os.Stdin, nil
	}
	file := os.NewFile(uintptr(fd), "standard input")
	return file, func() error {
		// The mode belongs to the pipe's end, not to our descriptor.
		err := unix.SetNonblock(int(os.Stdin.Fd()), false)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		return err
	}
}
