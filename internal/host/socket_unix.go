//go:build !windows && (!freebsd || cgo)

package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
)

// socketDir is where userspace WireGuard listens (wireguard.com/xplatform).
var socketDir = "/var/run/wireguard"

// probeSocket asks the process behind a device for its state and waits for the
// first octet of the answer, so that nothing secret is taken in.
func probeSocket(ctx context.Context, name string) error {
	path := filepath.Join(socketDir, name+".sock")
	if _, err := os.Lstat(path); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, socketTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return noAnswer(err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return fmt.Errorf("ask %s: %w", path, err)
	}
	if _, err := io.WriteString(conn, "get=1\n\n"); err != nil {
		return noAnswer(err)
	}
	var first [1]byte
	_, err = io.ReadFull(conn, first[:])
	return noAnswer(err)
}

func noAnswer(err error) error {
	var ne net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() {
		return errNoAnswer
	}
	return err
}
