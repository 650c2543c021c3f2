package live

import (
	"errors"
	"net"
)

// engine is what Handle needs of a capture library.
type engine interface {
	// read returns the next frame in memory that is valid until the next call,
	// errTimeout if none came within the read timeout, and any other error if
	// no more will come.
	read() (data []byte, timeNS int64, wireLen int, err error)
	// stats returns pcap_stats(3PCAP): received, dropped by the kernel, dropped
	// by the adapter or its driver.
	stats() (received, dropped, ifDropped uint32, err error)
	// reason returns what the library last said of itself.
	reason() string
	close()
}

var errTimeout = errors.New("read timeout")

// exists reports whether the operating system knows an adapter by one of names.
func exists(names ...string) bool {
	for _, n := range names {
		if _, err := net.InterfaceByName(n); err == nil {
			return true
		}
	}
	return false
}
