package lab

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ifreqData is struct ifreq with a pointer in its union (netdevice(7)).
type ifreqData struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [40 - unix.IFNAMSIZ - unsafe.Sizeof(uintptr(0))]byte
}

// ethtoolValue is struct ethtool_value (linux/ethtool.h).
type ethtoolValue struct{ cmd, data uint32 }

// disableOffload makes an adapter carry packets of wire size. Without transmit
// checksum offload the kernel switches off every kind of segmentation offload
// that needs it, UDP's too (netdev_fix_features, net/core/dev.c); generic
// segmentation and receive merging have switches of their own.
func disableOffload(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("switch offload off on %s: %w", name, err)
	}
	defer unix.Close(fd)
	for _, cmd := range []uint32{unix.ETHTOOL_STSO, unix.ETHTOOL_STXCSUM, unix.ETHTOOL_SGSO, unix.ETHTOOL_SGRO} {
		v := ethtoolValue{cmd: cmd}
		req := ifreqData{data: unsafe.Pointer(&v)}
		copy(req.name[:unix.IFNAMSIZ-1], name)
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&req)))
		// An adapter without that feature has nothing to switch off.
		if errno != 0 && !errors.Is(errno, unix.EOPNOTSUPP) {
			return fmt.Errorf("switch offload off on %s: ethtool command %#x: %w", name, cmd, errno)
		}
	}
	return nil
}
