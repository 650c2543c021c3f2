// Package latch keeps gopacket from loading the capture library while the
// program starts. gopacket v1.1.19 does so in an init function and panics where
// the library lacks one of its functions (an old WinPcap, a foreign wpcap.dll),
// before anything could catch it: then not even files could be read, which need
// no library. While the latch is closed gopacket believes that it has done its
// loading; opened, it loads at the first call, where a panic is caught and told.
// Elsewhere than on Windows the package is empty.
package latch
