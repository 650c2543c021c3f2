package host

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Decode reads a snapshot that was stored: as one by itself, or as the field
// "host" of a report or of the answer of "wgtrace check". It may come from
// anybody; nothing in it is more than data.
func Decode(raw []byte) (*Snapshot, error) {
	var outer struct {
		Host json.RawMessage `json:"host"`
	}
	if err := json.Unmarshal(raw, &outer); err != nil {
		return nil, fmt.Errorf("parse host facts: %w", err)
	}
	if outer.Host != nil {
		raw = outer.Host
	}
	var s *Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("parse host facts: %w", err)
	}
	if s == nil || s.OS == "" {
		return nil, errors.New("parse host facts: no snapshot of a host")
	}
	s.normalise()
	return s, nil
}
