//go:build !linux && !windows && !darwin && !freebsd

package host

import "context"

func readSettings(_ context.Context, s *Snapshot, _ []Client) {
	s.unread("settings", ErrUnsupported.Error())
}

func readCounters(*Snapshot) {}
