//go:build amd64 || 386

package latch

import _ "unsafe" // for go:linkname

//go:linkname loaded github.com/google/gopacket/pcap.pcapLoaded
var loaded bool

// Packages whose imports are done are initialised in the order of their paths
// (Go specification, "Program initialization"). This one imports nothing that
// has to be initialised, and gopacket does, so that this one comes first.
func init() { loaded = true }

// Open lets gopacket load the library. It must be called before any function of
// gopacket/pcap, once, from an init function.
func Open() { loaded = false }
