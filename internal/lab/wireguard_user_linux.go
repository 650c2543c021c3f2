package lab

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/ipc"
	"golang.zx2c4.com/wireguard/tun"
)

// socketDir is where userspace WireGuard listens for its configuration
// (wg(8)); every network namespace shares it.
const socketDir = "/var/run/wireguard"

// tunnelPrefix starts the names of the lab's own server adapters, and so of
// their sockets.
const tunnelPrefix = "wgt"

// userTunnel is WireGuard in this process.
type userTunnel struct {
	dev    *device.Device
	socket string // path to remove; "" if none
}

func startUserTunnel(spec tunnelSpec) (tunnel, error) {
	dev, err := tun.CreateTUN(spec.Name, spec.MTU)
	if err != nil {
		return nil, fmt.Errorf("create tun: %w", err)
	}
	if !spec.Offload {
		dev = singly{dev}
	}
	t := &userTunnel{}
	t.dev = device.NewDevice(dev, conn.NewDefaultBind(), &device.Logger{
		Verbosef: device.DiscardLogf,
		Errorf:   func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	})
	if spec.Socket {
		if err := t.listen(spec.Name); err != nil {
			t.close()
			return nil, err
		}
	}
	if err := t.dev.IpcSet(spec.Config); err != nil {
		t.close()
		return nil, err
	}
	if err := t.dev.Up(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *userTunnel) listen(name string) error {
	file, err := ipc.UAPIOpen(name)
	if err != nil {
		return fmt.Errorf("open control socket: %w", err)
	}
	t.socket = filepath.Join(socketDir, name+".sock")
	l, err := ipc.UAPIListen(name, file)
	if err != nil {
		return fmt.Errorf("listen on control socket: %w", err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the socket is gone, and with it whoever could ask
			}
			go t.dev.IpcHandle(c)
		}
	}()
	return nil
}

// close removes the socket first: the adapter goes with the process anyway.
func (t *userTunnel) close() {
	if t.socket != "" {
		os.Remove(t.socket)
	}
	t.dev.Close()
}

func (t *userTunnel) set(config string) error { return t.dev.IpcSet(config) }

func (t *userTunnel) peers() ([]peerStatus, error) {
	text, err := t.dev.IpcGet()
	if err != nil {
		return nil, err
	}
	return parseStatus(text)
}

// parseStatus reads the configuration protocol's "get" answer
// (wireguard.com/xplatform).
func parseStatus(text string) ([]peerStatus, error) {
	var peers []peerStatus
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if key == "public_key" {
			k, err := parseKey(value)
			if err != nil {
				return nil, fmt.Errorf("peer key %q: %w", value, err)
			}
			peers = append(peers, peerStatus{Key: k})
			continue
		}
		if len(peers) == 0 {
			continue
		}
		p := &peers[len(peers)-1]
		switch key {
		case "last_handshake_time_sec":
			if n, _ := strconv.ParseInt(value, 10, 64); n > 0 {
				p.Handshake = time.Unix(n, 0)
			}
		case "last_handshake_time_nsec":
			if n, _ := strconv.ParseInt(value, 10, 64); n > 0 {
				p.Handshake = p.Handshake.Add(time.Duration(n))
			}
		case "allowed_ip":
			prefix, err := netip.ParsePrefix(value)
			if err != nil {
				return nil, fmt.Errorf("allowed ip: %w", err)
			}
			p.AllowedIPs = append(p.AllowedIPs, prefix)
		}
	}
	return peers, lines.Err()
}

// singly writes packets to the adapter one by one, so that they are not merged
// into larger ones on the way (the write side of virtio offload, tun_linux.go
// of wireguard-go).
type singly struct{ tun.Device }

func (s singly) Write(bufs [][]byte, offset int) (int, error) {
	for i := range bufs {
		if _, err := s.Device.Write(bufs[i:i+1], offset); err != nil {
			return i, err
		}
	}
	return len(bufs), nil
}

// sweepSockets removes control sockets that labs killed together with all of
// their nodes left behind: those of our names on which nobody listens. One that
// another lab has just bound does not listen yet, and stays.
func sweepSockets() {
	paths, _ := filepath.Glob(filepath.Join(socketDir, tunnelPrefix+"*.sock"))
	for _, path := range paths {
		if info, err := os.Lstat(path); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		c, err := net.DialTimeout("unix", path, time.Second)
		if err == nil {
			c.Close()
			continue
		}
		if errors.Is(err, unix.ECONNREFUSED) {
			os.Remove(path)
		}
	}
}
