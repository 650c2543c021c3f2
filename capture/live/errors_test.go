package live

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// The texts are those of libpcap 1.10, Npcap and gopacket 1.1.19.
func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		text, detail string
		want         error
	}{
		{"Permission Denied", "socket: Operation not permitted", ErrPermission},
		{"Permission Denied", "Attempt to create packet socket failed - CAP_NET_RAW may be required", ErrPermission},
		{"Error: x", "Attempt to open /dev/bpf0 failed - root privileges may be required", ErrPermission},
		{"Permission Denied", `The helper program for "Admin-only Mode" must be allowed to make changes to your device`, ErrPermission},
		{"No Such Device", "SIOCGIFINDEX: No such device", ErrNoDevice},
		{"Error: x", "eth9: Device not configured", ErrNoDevice},
		{"Interface Not Up", "", ErrNotUp},
		{"couldn't load wpcap.dll", "", ErrNoLibrary},
		{"Couldn't load function pcap_setdirection from C:\\windows\\system32\\wpcap.dll", "", ErrNoLibrary},
		{"Read Error", "The interface disappeared", ErrGone},
		{"Read Error", "The interface went down", ErrGone},
		{"Warning: Unknown NdisMedium value 19, defaulting to DLT_EN10MB", "", nil},
	} {
		if got := classify(tt.text, tt.detail); got != tt.want {
			t.Errorf("%q, %q: got %v, want %v", tt.text, tt.detail, got, tt.want)
		}
	}
}

func TestHint(t *testing.T) {
	for _, tt := range []struct {
		err  error
		s    system
		want string
	}{
		{ErrPermission, system{os: "linux", path: "/usr/local/bin/wgtrace"}, "sudo setcap cap_net_raw,cap_net_admin+eip /usr/local/bin/wgtrace"},
		{ErrPermission, system{os: "linux", path: "/home/a b/it's/wgtrace"}, `+eip '/home/a b/it'\''s/wgtrace'`},
		{ErrPermission, system{os: "linux", path: "/tmp/go-build1/b001/exe/wgtrace"}, "go build"},
		{ErrPermission, system{os: "linux"}, "run it with sudo"},
		{ErrPermission, system{os: "linux", path: "/usr/bin/wgtrace", root: true}, "--cap-add NET_RAW"},
		{ErrPermission, system{os: "darwin"}, "ChmodBPF"},
		{ErrPermission, system{os: "windows"}, "administrator"},
		{ErrPermission, system{os: "freebsd"}, "root"},
		{ErrNoLibrary, system{os: "windows"}, "https://npcap.com"},
		{ErrNoLibrary, system{os: "linux"}, "libpcap-dev"},
		{ErrNoDevice, system{os: "linux"}, "adapters that exist"},
		{ErrNotUp, system{os: "linux"}, "up"},
		{ErrGone, system{os: "linux"}, "run this again"},
	} {
		if got := hint(tt.err, tt.s); !strings.Contains(got, tt.want) || strings.ContainsAny(got, "\n") {
			t.Errorf("%v on %+v: %q lacks %q", tt.err, tt.s, got, tt.want)
		}
	}
	if s := hint(ErrPermission, system{os: "linux", path: "/w", root: true}); strings.Contains(s, "sudo") {
		t.Errorf("sudo is no help to root: %q", s)
	}
}

func TestErrorIsOnePrintableLine(t *testing.T) {
	e := &Error{Device: "eth\x1b[2J0", Err: ErrNoDevice, Detail: "a\nb \"c\"", Candidates: []string{"wg0", "e\x07"}}
	want := `capture on "eth\x1b[2J0": no such adapter (a\nb "c"); there are: wg0, e\a`
	if e.Error() != want || !errors.Is(e, ErrNoDevice) {
		t.Errorf("got  %s\nwant %s", e, want)
	}
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string // part of the error; "" if it is fine
	}{
		{Options{}, ""},
		{Options{Timeout: MaxTimeout, SnapLen: 262144, Buffer: 1 << 20}, ""},
		{Options{Timeout: 101 * time.Millisecond}, "timeout"},
		{Options{Timeout: -1}, "timeout"},
		{Options{Timeout: time.Microsecond}, "timeout"},
		{Options{SnapLen: -1}, "snap length"},
		{Options{SnapLen: 262145}, "snap length"},
		{Options{Buffer: 1}, "buffer"},
	} {
		_, err := tt.o.withDefaults()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want %q", tt.o, err, tt.want)
		}
	}
	if o, _ := (Options{}).withDefaults(); o.SnapLen != 256 || o.Timeout != 50*time.Millisecond || o.Buffer != 32<<20 {
		t.Errorf("defaults %+v", o)
	}
}
