package host

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// ipStatistics is MIB_IPSTATS_LH (ipmib.h).
type ipStatistics struct {
	_                           [4]uint32 // switch, TTL, received, bad headers
	inAddrErrors, forwDatagrams uint32
	_                           uint32 // unknown protocols
	inDiscards                  uint32
	_                           [3]uint32 // delivered, requests, routing discards
	outDiscards, outNoRoutes    uint32
	_                           [10]uint32 // reassembly, fragments, tables
}

// Families of GetIpStatisticsEx (winsock2.h), and how Linux spells their counters.
var ipFamilies = map[uintptr]map[string]func(*ipStatistics) uint32{
	windows.AF_INET: {
		forwarded4:        func(p *ipStatistics) uint32 { return p.forwDatagrams },
		"Ip.InAddrErrors": func(p *ipStatistics) uint32 { return p.inAddrErrors },
		"Ip.InDiscards":   func(p *ipStatistics) uint32 { return p.inDiscards },
		"Ip.OutDiscards":  func(p *ipStatistics) uint32 { return p.outDiscards },
		"Ip.OutNoRoutes":  func(p *ipStatistics) uint32 { return p.outNoRoutes },
	},
	windows.AF_INET6: {
		forwarded6:        func(p *ipStatistics) uint32 { return p.forwDatagrams },
		"Ip6InAddrErrors": func(p *ipStatistics) uint32 { return p.inAddrErrors },
		"Ip6InDiscards":   func(p *ipStatistics) uint32 { return p.inDiscards },
		"Ip6OutDiscards":  func(p *ipStatistics) uint32 { return p.outDiscards },
		"Ip6OutNoRoutes":  func(p *ipStatistics) uint32 { return p.outNoRoutes },
	},
}

var (
	iphlpapi          = windows.NewLazySystemDLL("iphlpapi.dll")
	getIPStatisticsEx = iphlpapi.NewProc("GetIpStatisticsEx")
	getIfEntry2Ex     = iphlpapi.NewProc("GetIfEntry2Ex") // since Windows 10, version 1703
)

// readCounters reads what Windows counts; a function that is missing or refuses
// leaves its counters out, which is not known.
func readCounters(s *Snapshot) {
	s.Counters = map[string]uint64{}
	if getIPStatisticsEx.Find() == nil {
		for family, names := range ipFamilies {
			var p ipStatistics
			if code, _, _ := getIPStatisticsEx.Call(uintptr(unsafe.Pointer(&p)), family); code != 0 {
				continue
			}
			for name, of := range names {
				s.Counters[name] = uint64(of(&p))
			}
		}
	}
	if getIfEntry2Ex.Find() != nil {
		return
	}
	counted := 0
	for i := range s.Adapters {
		a := &s.Adapters[i]
		row := windows.MibIfRow2{InterfaceIndex: uint32(a.Index)}
		if !a.Up || counted == maxCounted || windows.GetIfEntry2Ex(windows.MibIfEntryNormal, &row) != nil {
			continue
		}
		counted++
		for column, n := range map[string]uint64{
			"rx_bytes": row.InOctets, "rx_packets": row.InUcastPkts + row.InNUcastPkts, "rx_errors": row.InErrors, "rx_dropped": row.InDiscards,
			"tx_packets": row.OutUcastPkts + row.OutNUcastPkts, "tx_errors": row.OutErrors, "tx_dropped": row.OutDiscards,
		} {
			s.Counters["dev."+a.Name+"."+column] = n
		}
	}
}
