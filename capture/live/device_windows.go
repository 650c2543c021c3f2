//go:build amd64 || 386

package live

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/google/gopacket/pcap"
	"golang.org/x/sys/windows"

	"github.com/wgtrace/wgtrace/capture/live/latch"
)

func init() { latch.Open() }

// load loads the capture library. Everything that calls a function of gopacket
// comes here first: where the library lacks a function that gopacket needs, it
// panics, and goes on to call what it has not found.
func load() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{
				Err: fmt.Errorf("%w that works", ErrNoLibrary), Detail: fmt.Sprint(r),
				Hint: "uninstall WinPcap, or move away the wpcap.dll that is named here; then " + remedy(ErrNoLibrary),
			}
		}
	}()
	if pcap.LoadWinPCAP() != nil {
		return &Error{Err: ErrNoLibrary, Hint: remedy(ErrNoLibrary)}
	}
	return nil
}

// refusalHint: Npcap before 1.55 takes WireGuard adapters for Ethernet and
// warns, which the binding treats as a failure (Npcap changelog, issue 173).
const refusalHint = "install the current Npcap from https://npcap.com; versions before 1.60 do not know WireGuard adapters"

const (
	pcapPrefix   = `\Device\NPF_`
	pcapLoopback = `\Device\NPF_Loopback` // not named after an adapter (Npcap developer's guide)
)

// pcapName finds the library's name of an adapter that is named as Windows
// shows it ("Wi-Fi"). Any other name is passed on as it is.
func pcapName(device string) string {
	for pcapName, name := range adapterNames() {
		if strings.EqualFold(name, device) {
			return pcapName
		}
	}
	return device
}

// canonical makes names comparable: the letters of a GUID come in either case.
func canonical(pcapName string) string {
	if strings.EqualFold(pcapName, pcapLoopback) {
		return pcapLoopback
	}
	if len(pcapName) > len(pcapPrefix) && strings.EqualFold(pcapName[:len(pcapPrefix)], pcapPrefix) {
		return pcapPrefix + strings.ToUpper(pcapName[len(pcapPrefix):])
	}
	return pcapName
}

// adapterNames maps the library's names to those that Windows shows; both stand
// in the answer of GetAdaptersAddresses.
func adapterNames() map[string]string {
	names := map[string]string{}
	size := uint32(15000)
	for range 5 {
		buf := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0]))
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC,
			windows.GAA_FLAG_SKIP_UNICAST|windows.GAA_FLAG_SKIP_ANYCAST|windows.GAA_FLAG_SKIP_MULTICAST|windows.GAA_FLAG_SKIP_DNS_SERVER,
			0, first, &size)
		if err == windows.ERROR_BUFFER_OVERFLOW {
			continue
		}
		if err != nil {
			return names
		}
		for aa := first; aa != nil; aa = aa.Next {
			key := canonical(pcapPrefix + windows.BytePtrToString(aa.AdapterName))
			if aa.IfType == windows.IF_TYPE_SOFTWARE_LOOPBACK {
				key = pcapLoopback
			}
			names[key] = windows.UTF16PtrToString(aa.FriendlyName)
		}
		return names
	}
	return names
}

// stampSource asks for stamps that follow the wall clock. By default Npcap reads
// the wall clock once when a handle is opened, so that two handles are apart by
// an offset that nobody knows (Npcap changelog, 1.20). One mode for all
// handles: hence only if all adapters offer it.
func stampSource(device string, peers []string) string {
	const mode = "host_hiprec"
	for _, d := range append([]string{device}, peers...) {
		if !slices.Contains(Stamps(d), mode) {
			return ""
		}
	}
	return mode
}
