package main

import (
	"fmt"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// recording is one case.
type recording struct {
	index    int // in the list of all
	name     string
	fault    lab.Fault
	workload lab.Workload
	second   bool // a second client beside, healthy if the fault leaves it so
	any      bool // one capture on all adapters instead of two
	// kernel is WireGuard in the kernel, with segmentation offload as servers
	// have it.
	kernel bool
	bulk   int // octets of a large transfer; 0: bulk
	// lasting is the least time from the start of the traffic to the end.
	lasting time.Duration
}

// Traffic in a recording is small, for the sake of the repository.
const bulk = 100_000

// settle is what a capture goes on after the last request: a request counts as
// unanswered when 5 s of capture follow it.
const settle = 6 * time.Second

// retries lets seven initiations or more happen, which come every 5 s
// (REKEY_TIMEOUT).
const retries = 36 * time.Second

// cases returns every case in the order in which seeds are given out; new ones
// belong at the end.
func cases() []recording {
	list := []recording{
		{name: "healthy-laptop", fault: lab.Fault{Name: "none"}, workload: lab.Laptop},
		{name: "healthy-phone", fault: lab.Fault{Name: "none"}, workload: lab.Phone},
		{name: "healthy-port-rewritten", fault: lab.Fault{Name: "healthy-port-rewritten"}, workload: lab.Laptop},
		{name: "healthy-routed-no-nat", fault: lab.Fault{Name: "healthy-routed-no-nat"}, workload: lab.Phone},
		{name: "idle", fault: lab.Fault{Name: "idle"}, workload: lab.Idle, lasting: 30 * time.Second},
		{name: "nat-missing-laptop", fault: lab.Fault{Name: "nat-missing"}, workload: lab.Laptop},
		{name: "nat-missing-phone", fault: lab.Fault{Name: "nat-missing"}, workload: lab.Phone},
		{name: "nat-missing-any", fault: lab.Fault{Name: "nat-missing"}, workload: lab.Phone, any: true},
		{name: "forwarding-off", fault: lab.Fault{Name: "forwarding-off"}, workload: lab.Phone},
		{name: "forward-policy-drop", fault: lab.Fault{Name: "forward-policy-drop"}, workload: lab.Laptop},
		{name: "upstream-blocks-all", fault: lab.Fault{Name: "upstream-blocks-all"}, workload: lab.Phone},
		{name: "forward-no-return-rule", fault: lab.Fault{Name: "forward-no-return-rule"}, workload: lab.Phone},
		{name: "server-unknown-client-key", fault: lab.Fault{Name: "server-unknown-client-key"}, workload: lab.Phone, lasting: retries},
		{name: "psk-mismatch", fault: lab.Fault{Name: "psk-mismatch"}, workload: lab.Phone, lasting: retries},
		{name: "server-allowedips-missing", fault: lab.Fault{Name: "server-allowedips-missing"}, workload: lab.Phone},
		{name: "nat-missing-second-healthy", fault: lab.Fault{Name: "nat-missing", OnlyFirst: true}, workload: lab.Phone, second: true},

		{name: "kernel-healthy", fault: lab.Fault{Name: "none"}, workload: lab.Laptop, second: true, kernel: true},
		{name: "kernel-port-rewritten", fault: lab.Fault{Name: "healthy-port-rewritten"}, workload: lab.Heavy, kernel: true},
		{name: "kernel-no-return-rule", fault: lab.Fault{Name: "forward-no-return-rule"}, workload: lab.Laptop, kernel: true},
		{name: "dns-no-listener", fault: lab.Fault{Name: "dns-no-listener"}, workload: lab.Phone, bulk: 3000},
		{name: "dns-input-drop", fault: lab.Fault{Name: "dns-input-drop"}, workload: lab.Phone, bulk: 3000},
		{name: "dns-refused", fault: lab.Fault{Name: "dns-refused"}, workload: lab.Phone, bulk: 3000},
		{name: "dns-wrong-source", fault: lab.Fault{Name: "dns-wrong-source"}, workload: lab.Phone, bulk: 3000},
		{name: "dns-blocked-upstream", fault: lab.Fault{Name: "dns-blocked-upstream"}, workload: lab.Phone, bulk: 3000},
		{name: "v6-blackhole-no-forward", fault: lab.Fault{Name: "v6-blackhole-no-forward"}, workload: lab.Phone, bulk: 3000},
		{name: "forward-ufw-deny-routed", fault: lab.Fault{Name: "forward-ufw-deny-routed"}, workload: lab.Laptop},
		{name: "wg-not-listening", fault: lab.Fault{Name: "wg-not-listening"}, workload: lab.Phone, lasting: retries},
		{name: "server-input-reject", fault: lab.Fault{Name: "server-input-reject"}, workload: lab.Phone, lasting: retries},
		{name: "v6-blackhole-forward-no-nat", fault: lab.Fault{Name: "v6-blackhole-forward-no-nat"}, workload: lab.Phone, bulk: 3000},
		{name: "no-return-route-leak", fault: lab.Fault{Name: "no-return-route-leak"}, workload: lab.Phone, bulk: 3000},
	}
	for i := range list {
		list[i].index = i
	}
	return list
}

// choose returns the named cases, or all whose WireGuard runs in the kernel or
// does not.
func choose(names []string, kernel bool) ([]recording, error) {
	all := cases()
	var chosen []recording
	if len(names) == 0 {
		for _, c := range all {
			if c.kernel == kernel {
				chosen = append(chosen, c)
			}
		}
		return chosen, nil
	}
	for _, name := range names {
		found := false
		for _, c := range all {
			if c.name == name {
				chosen, found = append(chosen, c), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no case %q; run record -h for the list", name)
		}
	}
	return chosen, nil
}
