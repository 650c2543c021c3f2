//go:build !windows

package host

// commandDirs are searched before PATH: this runs as root, and PATH may lack the
// directories of administrators' programs.
var commandDirs = []string{"/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"}

// executable are the permissions of which a program has one at least.
const executable = 0o111
