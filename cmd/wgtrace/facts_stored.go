package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/report"
)

// maxFacts bounds a file of host facts in octets; a snapshot has thousands.
const maxFacts = 64 << 20

// stored are the settings of a host and of the container with its tunnel as a
// file holds them: under the names that reports have for them.
type stored struct {
	Host      json.RawMessage   `json:"host"`
	Container *report.Container `json:"container,omitempty"`
}

// storedFacts are settings as a recording holds them; in may be nil.
func storedFacts(facts *host.Snapshot, in *inside) []byte {
	if in == nil {
		return factsJSON(facts)
	}
	b, err := json.Marshal(stored{factsJSON(facts), in.row()})
	if err != nil {
		return nil // both were encoded before
	}
	return b
}

// placePID stands where a command enters a container that was only told of: the
// process of then need not be that of now, and its number may be another's.
const placePID = "CONTAINER-PID"

// toldOf is a container that a file tells of.
func toldOf(name, place string) *inside {
	return &inside{container: name, place: place, enter: []string{"nsenter", "-t", placePID, "-n"}}
}

// decodeFacts reads what was stored: a snapshot by itself, or beside that of the
// container with the tunnel, which is nil if there is none.
func decodeFacts(raw []byte) (*host.Snapshot, *inside, error) {
	facts, err := host.Decode(raw)
	if err != nil {
		return nil, nil, err
	}
	var s stored
	if json.Unmarshal(raw, &s) != nil || s.Container == nil {
		return facts, nil, nil
	}
	in := toldOf(s.Container.Name, s.Container.Place)
	if len(s.Container.Facts) > 0 && string(s.Container.Facts) != "null" {
		within, err := host.Decode(s.Container.Facts)
		if err != nil {
			return nil, nil, fmt.Errorf("container: %w", err)
		}
		in.know(within)
	}
	return facts, in, nil
}

// loadFacts reads settings from a file: a snapshot, a report, or the answer of
// wgtrace check.
func loadFacts(path string) (*host.Snapshot, *inside, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, usage("wgtrace check --format json on the server makes such a file", "--host-facts %s: %s", path, cause(err))
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFacts+1))
	if err != nil {
		return nil, nil, usage("", "--host-facts %s: %s", path, cause(err))
	}
	if len(raw) > maxFacts {
		return nil, nil, usage("", "--host-facts %s: longer than %d octets", path, maxFacts)
	}
	facts, in, err := decodeFacts(raw)
	if err != nil {
		return nil, nil, usage("wgtrace check --format json on the server makes such a file", "--host-facts %s: %s", path, printable(err.Error()))
	}
	return facts, in, nil
}
