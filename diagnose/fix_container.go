package diagnose

import "strings"

// composeNotes tell what keeps a fix for good where the tunnel is in a container:
// lines of the file that makes it, because what is changed inside is gone with it.
var composeNotes = map[string]string{
	"fwd-linux":          "compose-forwarding",
	"nat-linux-nft":      "compose-nat",
	"nat-linux-iptables": "compose-nat",
}

// enter makes a fix one for the inside of a container. Settings that are kept in
// files of the host mean nothing there.
func (f *Fix) enter(words []string) {
	if len(words) == 0 || f.OS != osLinux {
		return
	}
	f.Commands, f.Undo = entered(words, f.Commands), entered(words, f.Undo)
	var notes []string
	for _, n := range f.Notes {
		if n == "needs-root" {
			notes = append(notes, n)
		}
	}
	compose := composeNotes[f.ID]
	if compose == "" {
		compose = "compose-lost"
	}
	f.Notes = append(notes, compose)
}

func entered(words, commands []string) []string {
	var out []string
	for _, c := range commands {
		if !strings.Contains(c, "/etc/sysctl.d/") {
			out = append(out, strings.Join(words, " ")+" "+c)
		}
	}
	return out
}
