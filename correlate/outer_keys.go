package correlate

import (
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// keyCheckEvery bounds how often the handshakes of one endpoint are held against
// the keys, nanoseconds: real clients greet every 5 s, floods as fast as they
// can.
const keyCheckEvery = int64(time.Second)

// maxKeys bounds how many keys a message is held against.
const maxKeys = 4096

// keyring holds the public keys that the person or the host gave.
type keyring struct {
	servers []*wg.Mac1
	peers   []*wg.Mac1
	names   []wg.Key // of peers
}

func newKeyring(servers, peers []wg.Key) *keyring {
	r := &keyring{names: peers[:min(len(peers), maxKeys)]}
	for _, k := range servers[:min(len(servers), maxKeys)] {
		r.servers = append(r.servers, wg.NewMac1(k))
	}
	for _, k := range r.names {
		r.peers = append(r.peers, wg.NewMac1(k))
	}
	return r
}

// checkKey finds out whether an initiation was made for one of the server's
// keys. Who made it is sealed in the message and cannot be told.
func (e *Engine) checkKey(pr *peer, p *capture.Packet, t int64, b *capture.Batch) {
	if len(e.keys.servers) == 0 || p.Ref < 0 || int(p.Ref) >= len(b.Handshakes) ||
		pr.keyChecked != unset && t >= pr.keyChecked && t-pr.keyChecked < keyCheckEvery {
		return
	}
	pr.keyChecked = t
	message := b.Handshakes[p.Ref].Message(p.WG.Type)
	for _, m := range e.keys.servers {
		if m.Made(message) {
			pr.keyRight++
			pr.lastKeyWrong = false
			return
		}
	}
	pr.keyWrong++
	pr.lastKeyWrong = true
}

// namePeer finds out for which of the known clients the server made a message.
func (e *Engine) namePeer(pr *peer, p *capture.Packet, t int64, b *capture.Batch) {
	if len(e.keys.peers) == 0 || p.Ref < 0 || int(p.Ref) >= len(b.Handshakes) ||
		pr.nameChecked != unset && t >= pr.nameChecked && t-pr.nameChecked < keyCheckEvery {
		return
	}
	pr.nameChecked = t
	message := b.Handshakes[p.Ref].Message(p.WG.Type)
	if pr.name >= 0 && e.keys.peers[pr.name].Made(message) {
		return
	}
	pr.name = -1 // another device took over the endpoint, or one that was not named
	for i, m := range e.keys.peers {
		if m.Made(message) {
			pr.name = int32(i)
			return
		}
	}
}
