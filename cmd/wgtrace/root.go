package main

import (
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/capture/live"
)

// version is stamped in by the build; "" takes what the module system knows.
var version = ""

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

const rootLong = `wgtrace answers one question: where do my packets disappear?

It watches the tunnel adapter and the WAN adapter of a WireGuard server, follows
each packet of a phone from one to the other and back, and says where it is
missing, why, how sure that is, and which command repairs it.`

const rootExample = `  sudo wgtrace                          lead through a test with the phone
  wgtrace ssh://root@router             the same on another machine
  sudo wgtrace live                     watch while the phone opens a page
  sudo wgtrace live -d 30s -w run.pcapng
                                        the same for 30 s, and keep the packets
  wgtrace read tunnel.pcap wan.pcap     two captures of tcpdump or Wireshark
  wgtrace read run.pcapng -o report.html
  wgtrace compare before.json after.json
                                        what changed between two runs
  wgtrace interfaces                    the adapters here, and which is which
  sudo wgtrace check                    what the settings say, without packets
  wgtrace explain nat-missing           what a finding means, how to repair it
  wgtrace demo                          a sample run

Exit status: 0 healthy, 1 fault found, 2 wrong use or unreadable input,
3 inconclusive, 4 cannot capture.`

// run is the program without its process.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand(streams{stdin, stdout, stderr})
	root.SetArgs(habitual(args))
	return finish(root.Execute(), stderr)
}

// rootCommand makes the program with all of its commands.
func rootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "wgtrace",
		Short:         "Say where the packets of a WireGuard client disappear",
		Long:          rootLong,
		Example:       rootExample,
		Version:       toolVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SuggestionsMinimumDistance = 2
	cobra.MousetrapHelpText = ""
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetVersionTemplate("wgtrace {{.Version}}\n")
	explainUsage(root)
	live := &liveOptions{bare: true}
	root.Args = live.farOnly
	root.RunE = func(cmd *cobra.Command, _ []string) error { return live.runBare(cmd.Context(), s) }
	root.AddCommand(liveCommand(s), readCommand(s), interfacesCommand(s), checkCommand(s), compareCommand(s), demoCommand(s), explainCommand(s), selftestCommand(s), versionCommand(s))
	explainCompletion(root)
	explainFlags(root)
	return root
}

func versionCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the system and the capture library",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			lib := live.Library()
			if lib == "" {
				lib = "no capture library: files only"
			}
			_, err := io.WriteString(s.out, "wgtrace "+toolVersion()+" "+runtime.GOOS+"/"+runtime.GOARCH+" "+runtime.Version()+", "+lib+"\n")
			return err
		},
	}
}

// toolVersion returns the stamped version, or what the module system says.
func toolVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
