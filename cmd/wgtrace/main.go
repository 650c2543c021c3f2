// Wgtrace says where the packets of a WireGuard client disappear: it watches
// the tunnel adapter and the WAN adapter of a server, live or from capture
// files, follows each packet from one to the other and back, and names the
// first place where it is missing.
package main

import (
	"os"

	"github.com/wgtrace/wgtrace/internal/lab"
)

func main() {
	lab.Child()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
