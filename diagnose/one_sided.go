package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// fromOutside names what the encrypted side alone says of the way behind the
// tunnel: a server that decrypts and never has anything to send back answers
// with keepalives, KeepaliveTimeout after what it heard (white paper, section
// 6.5); one that it sends to confirm a handshake of its own says nothing. The ids
// are reasons of internal/text.
func fromOutside(ev *correlate.Evidence) string {
	reason := "outside-silent"
	for i := range ev.WireGuard.Peers {
		p := &ev.WireGuard.Peers[i]
		switch {
		case p.DataIn >= minRequests && p.DataOut >= minRequests && p.SmallOut < p.DataOut:
			return "outside-both-ways"
		case p.DataIn >= minRequests && p.DataOut == 0 && p.KeepalivesOut > p.ServerInitiations:
			reason = "outside-no-answers"
		case reason == "outside-no-answers":
		case p.DataIn >= minRequests && p.DataOut >= minRequests:
			reason = "outside-small-answers"
		case reason == "outside-small-answers":
		case p.LastIn != 0:
			reason = "outside-few"
		}
	}
	return reason
}
