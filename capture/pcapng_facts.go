package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Host facts stand in a Custom Block of ours (draft, section 4.7): the settings
// of a host do not fit into an option, which holds 64 KiB.

// factsPrefix begins the block's data, so that other borrowers of the number are
// told from us. JSON follows, padded with spaces.
const factsPrefix = wgtracePrefix + "host-facts="

// maxFacts bounds host facts in octets: a firewall of a few thousand rules has
// one MiB.
const maxFacts = 8 << 20

// custom reads a Custom Block: ours, or one to step over.
func (r *pcapngFile) custom(offset int64) error {
	c := r.f.in
	length := r.order.u32(c.buf[c.pos+4:])
	if length > maxFacts || length < 16+uint32(len(factsPrefix)) {
		return r.skipBlock(offset)
	}
	total, err := r.block(offset)
	if err != nil {
		return err
	}
	body := c.buf[c.pos+8 : c.pos+total-4]
	if r.order.u32(body) == wgtracePEN {
		if facts, ok := bytes.CutPrefix(body[4:], []byte(factsPrefix)); ok {
			r.f.facts = bytes.Clone(bytes.TrimRight(facts, " "))
		}
	}
	c.pos += total
	return nil
}

// WriteHostFacts writes what is known of the settings of the host, as JSON. A
// reader takes the last one.
func (r *Recorder) WriteHostFacts(json []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	if len(json) > maxFacts-64 {
		return fmt.Errorf("record to %s: host facts of %d octets are too large", r.path, len(json))
	}
	r.begin(blockCustom)
	r.block = binary.LittleEndian.AppendUint32(r.block, wgtracePEN)
	r.block = append(r.block, factsPrefix...)
	r.block = append(r.block, json...)
	for len(r.block)%4 != 0 {
		r.block = append(r.block, ' ')
	}
	r.end()
	return r.err
}
