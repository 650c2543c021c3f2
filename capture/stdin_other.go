//go:build !unix

package capture

import "os"

// openStdin returns standard input. Where the system does not poll pipes, a
// read ends only with the writer.
func openStdin() (*os.File, func() error) { return os.Stdin, nil }
