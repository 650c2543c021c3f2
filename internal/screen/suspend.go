package screen

import (
	"io"

	tea "charm.land/bubbletea/v2"
)

// suspend gives the terminal back and stops the program until the shell continues
// it (Ctrl-Z, fg), for whoever has only this one window to repair the host in. The
// Suspend of bubbletea is not used: it waits for ever where nobody stops the program,
// as where it has no shell behind it.
func suspend() tea.Cmd { return tea.Exec(stopped{}, nil) }

// stopped is the time in which the shell has the terminal.
type stopped struct{}

func (stopped) Run() error {
	stop()
	return nil
}

func (stopped) SetStdin(io.Reader)  {}
func (stopped) SetStdout(io.Writer) {}
func (stopped) SetStderr(io.Writer) {}
