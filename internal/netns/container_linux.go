package netns

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxFile bounds what is read of a file that another program keeps, in octets.
const maxFile = 1 << 20

// shortID is how much of a container's id its engine shows, in digits.
const shortID = 12

var (
	// containerID is what container engines end a control group's path with:
	// docker-ID.scope, libpod-ID.scope, cri-containerd-ID.scope or plain ID.
	containerID = regexp.MustCompile(`(?:^|[/-])([0-9a-f]{64})(?:\.scope)?(?:/|$)`)
	// machineName is that of systemd-nspawn (systemd-nspawn(1)) and LXC
	// (lxc.container.conf(5), lxc.cgroup.dir).
	machineName = regexp.MustCompile(`(?:/machine-|/lxc\.payload\.|/lxc/)([A-Za-z0-9_.\\-]+?)(?:\.scope)?(?:/|$)`)
)

// roots are where things are read; tests have their own.
type roots struct {
	proc, named, docker, podman string
}

var system = roots{
	proc:   "/proc",
	named:  "/run/netns", // ip-netns(8)
	docker: "/var/lib/docker/containers",
	podman: "/var/lib/containers/storage/overlay-containers/containers.json",
}

// container returns the name of the container that a process runs in: the one
// that a person gave, else the short id; "" where the control group names none.
func (r roots) container(pid string) string {
	group := string(readFile(filepath.Join(r.proc, pid, "cgroup")))
	for line := range strings.Lines(group) {
		// hierarchy:controllers:path (cgroups(7))
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if m := containerID.FindStringSubmatch(parts[2]); m != nil {
			if name := r.given(m[1]); name != "" {
				return name
			}
			return m[1][:shortID]
		}
		if m := machineName.FindStringSubmatch(parts[2]); m != nil {
			return strings.ReplaceAll(m[1], `\x2d`, "-") // systemd.unit(5), string escaping
		}
	}
	return ""
}

// given asks Docker's and Podman's own files for the name of a container.
func (r roots) given(id string) string {
	var docker struct{ Name string }
	if json.Unmarshal(readFile(filepath.Join(r.docker, id, "config.v2.json")), &docker) == nil && docker.Name != "" {
		return strings.TrimPrefix(docker.Name, "/")
	}
	var podman []struct {
		ID    string   `json:"id"`
		Names []string `json:"names"`
	}
	if json.Unmarshal(readFile(r.podman), &podman) == nil {
		for _, c := range podman {
			if c.ID == id && len(c.Names) > 0 {
				return c.Names[0]
			}
		}
	}
	return ""
}

// readFile returns what a file begins with, nothing if it cannot be read:
// processes vanish, and not every engine is installed.
func readFile(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil
	}
	return b
}
