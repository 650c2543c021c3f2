package main

import (
	"path/filepath"

	"github.com/wgtrace/wgtrace/internal/privilege"
)

// needs says for what a run will need more than to capture, once its taps are open.
func (o *liveOptions) needs() privilege.Needs {
	folders := []string{"."} // where the person may save a ticket
	for _, name := range append([]string{o.write, o.readyFile, o.output.proof.evidence, o.output.proof.bundle}, o.output.files...) {
		if name != "" && name != stdinName {
			folders = append(folders, filepath.Dir(name))
		}
	}
	n := privilege.Needs{Enter: o.inside != nil}
	for _, folder := range folders {
		n.Files = n.Files || !ownFolder(folder)
	}
	return n
}
