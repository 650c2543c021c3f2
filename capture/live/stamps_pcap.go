//go:build (windows && (amd64 || 386)) || (!windows && cgo)

package live

import "github.com/google/gopacket/pcap"

// Stamps names the kinds of time stamps that an adapter offers, nil if it does not
// say (pcap-tstamp(7)).
func Stamps(device string) (names []string) {
	if load() != nil {
		return nil
	}
	in, err := pcap.NewInactiveHandle(pcapName(device))
	if err != nil {
		return nil
	}
	defer in.CleanUp()
	for _, s := range in.SupportedTimestamps() {
		names = append(names, s.String())
	}
	return names
}
