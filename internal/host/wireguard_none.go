//go:build freebsd && !cgo

package host

import "context"

// readWireGuard: FreeBSD describes its WireGuard devices through nvlists, which
// the client library reads with cgo alone (wgctrl internal/wgfreebsd).
func readWireGuard(_ context.Context, s *Snapshot) {
	s.WireGuardWhy = "this program was built without cgo, which FreeBSD's WireGuard needs"
}
