// Package lab builds a small internet out of network namespaces: phones with a
// real WireGuard tunnel, a router, a WireGuard server that forwards and
// translates, and a site to talk to. Faults are switched on and off by name on
// the running lab, workloads behave like a laptop or like a phone, and what
// happened is read from the kernel (nftables counters, the connection tracking
// table), so that a verdict about packets can be checked against something that
// has not seen the packets' capture.
//
//	 phone 0                       router "internet"                site
//	┌────────────────┐           ┌───────────────────┐           ┌──────────────┐
//	│ wg0     wlan0  ├───────────┤ phone0       site ├───────────┤ eth0         │
//	│ inner   outer  │           │                   │           │ web, DNS,    │
//	└────────────────┘           │  drops private    │           │ push, echo   │
//	 phone 1 (optional)          │  sources and      │           │ (QUIC is     │
//	┌────────────────┐           │  destinations     │           │  silent)     │
//	│ wg0     wlan0  ├───────────┤ phone1     server ├──┐        └──────────────┘
//	└────────────────┘           └───────────────────┘  │
//	                                                    │
//	                 server                             │
//	                ┌──────────────────────────────┐    │
//	                │ tunnel adapter   WAN adapter ├────┘
//	                │ (both subnets)   masquerade  │
//	                └──────────────────────────────┘
//
// Every node is a child process in a network namespace that has no name: when
// the process is gone, the kernel removes the namespace with its adapters,
// rules and routes. The children die with the thread that started them
// (PR_SET_PDEATHSIG, prctl(2)) and when their standard input ends, so that a
// killed lab leaves nothing behind. Nothing is configured outside of these
// namespaces; only the server's WireGuard control socket lies in the file
// system, under /var/run/wireguard, because that is where tools look for it.
//
// A program that builds a lab calls Child first thing in main, and a test in
// TestMain. The lab needs Linux, root, /dev/net/tun, nft and nsenter; New says
// what is missing.
package lab
