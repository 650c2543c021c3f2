// Wgtrace says where the packets of a WireGuard client disappear: it watches
// the tunnel adapter and the WAN adapter of a server, live or from capture
// files, follows each packet from one to the other and back, and names the
// first place where it is missing.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/internal/text"
)

func main() {
	lab.Child()
	prepareConsole()
	status := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if ownWindow() && isTerminalIn(os.Stdin) {
		waitForEnter(os.Stdin, os.Stderr)
	}
	os.Exit(status)
}

// waitForEnter keeps a window open that closes with the program, until the report
// was read.
func waitForEnter(in io.Reader, out io.Writer) {
	words, err := text.For(systemLang())
	if err != nil {
		return
	}
	fmt.Fprint(out, "\n"+words.Word("press-enter", nil))
	_, _ = bufio.NewReader(in).ReadString('\n')
}
