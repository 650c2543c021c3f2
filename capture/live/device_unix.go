//go:build !windows && cgo

package live

import "net"

const refusalHint = ""

// pcapName: the library uses the names of the operating system.
func pcapName(device string) string { return device }

func canonical(pcapName string) string { return pcapName }

// adapterNames maps the library's names to those that a person knows.
func adapterNames() map[string]string {
	names := map[string]string{}
	// A system that cannot list its adapters gives an empty list, and the
	// error of opening says why.
	ifs, _ := net.Interfaces()
	for _, ifi := range ifs {
		names[ifi.Name] = ifi.Name
	}
	return names
}

// stampSource: the host's clock is the default, with nanoseconds where the
// kernel has them. Stamps of the adapter are avoided: their receive and
// transmit clocks can differ by the 37 s between TAI and UTC (libpcap issue
// 1701).
func stampSource(string, []string) string { return "" }

// load: the library is linked into the program.
func load() error { return nil }
