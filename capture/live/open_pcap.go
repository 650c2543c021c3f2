//go:build (windows && (amd64 || 386)) || (!windows && cgo)

package live

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/gopacket/pcap"

	"github.com/wgtrace/wgtrace/capture"
)

// pcapEngine is libpcap, or Npcap on Windows.
type pcapEngine struct{ h *pcap.Handle }

func (e pcapEngine) read() ([]byte, int64, int, error) {
	data, ci, err := e.h.ZeroCopyReadPacketData()
	switch err {
	case nil:
		return data, ci.Timestamp.UnixNano(), ci.Length, nil
	case pcap.NextErrorTimeoutExpired:
		return nil, 0, 0, errTimeout
	}
	return nil, 0, 0, err
}

func (e pcapEngine) stats() (received, dropped, ifDropped uint32, err error) {
	s, err := e.h.Stats()
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read capture statistics: %w", err)
	}
	return uint32(s.PacketsReceived), uint32(s.PacketsDropped), uint32(s.PacketsIfDropped), nil
}

func (e pcapEngine) reason() string {
	if err := e.h.Error(); err != nil {
		return err.Error()
	}
	return ""
}

func (e pcapEngine) close() { e.h.Close() }

// openEngine activates device. Immediate mode stays off: it wakes the reader for
// every packet, five times the processor time at 300,000 packets a second.
// Promiscuous mode stays off: what does not concern this host proves nothing.
func openEngine(device string, o Options) (engine, capture.LinkType, error) {
	if err := load(); err != nil {
		return nil, 0, err
	}
	stamps := stampSource(device, o.Peers)
	h, err := activate(device, o, stamps)
	if err != nil && stamps != "" && classify(err.Error(), "") == nil {
		// A mode that is offered can still be refused.
		h, err = activate(device, o, "")
	}
	if err != nil {
		return nil, 0, openFailure(device, err)
	}
	// A link type is wider than gopacket's 8 bits only for cooked captures of
	// version 2, which libpcap never chooses by itself.
	return pcapEngine{h}, capture.LinkType(h.LinkType()), nil
}

// activateError keeps what libpcap says besides its status, which gopacket
// drops for the most common ones.
type activateError struct {
	status error
	detail string
}

func (e *activateError) Error() string { return e.status.Error() + ": " + e.detail }
func (e *activateError) Unwrap() error { return e.status }

// isWarning tells by gopacket's texts for the statuses above 0 of
// pcap_activate(3PCAP): it exports none of them.
func isWarning(err error) bool {
	return strings.HasPrefix(err.Error(), "Warning: ") || err.Error() == "Cannot set as promisc"
}

func activate(device string, o Options, stamps string) (*pcap.Handle, error) {
	in, err := pcap.NewInactiveHandle(pcapName(device))
	if err != nil {
		return nil, err
	}
	defer in.CleanUp()
	for _, set := range []struct {
		what string
		err  error
	}{
		{"snap length", in.SetSnapLen(o.SnapLen)},
		{"promiscuous mode", in.SetPromisc(false)},
		{"read timeout", in.SetTimeout(o.Timeout)},
		{"buffer size", in.SetBufferSize(o.Buffer)},
	} {
		if set.err != nil {
			return nil, fmt.Errorf("set %s: %w", set.what, set.err)
		}
	}
	if stamps != "" {
		if src, err := pcap.TimestampSourceFromString(stamps); err == nil {
			if err := in.SetTimestampSource(src); err != nil {
				return nil, fmt.Errorf("set time stamps %s: %w", stamps, err)
			}
		}
	}
	h, err := in.Activate()
	if err != nil && isWarning(err) {
		// The adapter is open, and gopacket gives no handle of it. Opened in
		// the old way a warning is none (pcap_open_live(3PCAP)); the buffer is
		// then the library's default, and so are the time stamps.
		in.CleanUp()
		return pcap.OpenLive(pcapName(device), int32(o.SnapLen), false, o.Timeout)
	}
	if err != nil {
		e := &activateError{status: err}
		if detail := in.Error(); detail != nil {
			e.detail = detail.Error()
		}
		return nil, e
	}
	return h, nil
}

// openFailure puts an error of opening device into words.
func openFailure(device string, err error) error {
	e := &Error{Device: device}
	text := err.Error()
	var ae *activateError
	if errors.As(err, &ae) {
		text, e.Detail = ae.status.Error(), ae.detail
	}
	e.Err = classify(text, e.Detail)
	switch e.Err {
	case nil:
		e.Err = fmt.Errorf("the capture library refused: %s", printable(text))
		e.Hint = refusalHint
	case ErrNoLibrary:
		e.Device = ""
	case ErrNoDevice:
		e.Detail = ""
		if devices, err := Devices(); err == nil {
			for _, d := range devices {
				e.Candidates = append(e.Candidates, d.Name)
			}
		}
	case ErrGone:
		e.Err = ErrNoDevice
	}
	if e.Hint == "" {
		e.Hint = remedy(e.Err)
	}
	return e
}

// Devices lists the adapters that can be captured on. Without the right to
// capture the list can be empty on some systems. The error is an *Error.
func Devices() ([]Device, error) {
	if err := load(); err != nil {
		return nil, err
	}
	all, err := pcap.FindAllDevs()
	if err != nil {
		kind := classify(err.Error(), "")
		if kind == nil {
			kind = fmt.Errorf("list adapters: %w", err)
		}
		return nil, &Error{Err: kind, Hint: remedy(kind)}
	}
	return merge(all), nil
}

// Library returns the name and version of the capture library, "" if there is
// none.
func Library() string {
	if load() != nil {
		return ""
	}
	return pcap.Version()
}
