package live

import "net/netip"

// Device is an adapter that can be captured on.
type Device struct {
	Name        string // as Open takes it and a person knows it
	PcapName    string // as the capture library names it; the same but on Windows
	Description string // of the driver; "" if there is none
	Up          bool
	Loopback    bool
	Addrs       []netip.Prefix
}
