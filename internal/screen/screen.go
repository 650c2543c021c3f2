// Package screen shows a run on a terminal while it goes on: the steps for the
// person at the phone, the path with its counts, the verdict so far and what
// repairs it. It is fed with finished sentences and numbers, and hands back the
// keys that mean something. What is true is decided elsewhere.
package screen

import (
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/wgtrace/wgtrace/report"
)

// State is what the screen shows. Text in it has been made safe for a terminal.
type State struct {
	Title   string // what is watched
	Elapsed string
	Steps   []Step // empty: nobody is guided
	Link    string // that the square stands for; "" once it has done its work
	Brief   report.Brief
	Labels  Labels
	Notices []string // what happened to the capture, the last one last
	Fixed   string   // the line that says when the fault was gone, "" otherwise
	Keep    string   // what is still to be done for it to stay so, "" otherwise
}

// Step is one thing that the person does on the phone.
type Step struct {
	Text  string
	Alone string // the same where there is no square
	Done  bool
	Now   bool   // is waited for
	Hint  string // "" as long as there is time
}

// Labels are the words of the screen itself.
type Labels struct {
	Why, Do, Undo, Then string
	Again               string // what to do once the command has run
	Flows, FlowCounts   string
	Keys                string
}

// Key is what the person wants.
type Key uint8

// Keys that the screen hands back.
const (
	KeyEnd    Key = iota + 1 // ends the run with its report
	KeyLoaded                // the page loaded
	KeyFailed                // it did not
)

// Screen is a terminal that shows a run. Show may be called from any goroutine.
type Screen struct {
	program *tea.Program
	done    chan struct{}
	err     error
}

// Open takes the terminal over. keys is called for each key that means
// something, from the screen's own goroutine. Color false shows no colours,
// whatever the terminal can do.
func Open(in io.Reader, out io.Writer, color bool, first State, keys func(Key)) *Screen {
	options := []tea.ProgramOption{tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler()}
	if !color {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	s := &Screen{program: tea.NewProgram(model{state: first, keys: keys}, options...), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_, s.err = s.program.Run()
	}()
	return s
}

// Show replaces what is shown.
func (s *Screen) Show(state State) {
	select {
	case <-s.done:
	default:
		s.program.Send(state)
	}
}

// Done is closed when the screen is gone, also where it failed.
func (s *Screen) Done() <-chan struct{} { return s.done }

// Close gives the terminal back as it was. It may be called more than once.
func (s *Screen) Close() error {
	s.program.Quit()
	<-s.done
	return s.err
}

// Abort gives the terminal back without waiting for what is still to be drawn.
func (s *Screen) Abort() {
	s.program.Kill()
	<-s.done
}

// model is the screen as bubbletea knows it.
type model struct {
	state         State
	keys          func(Key)
	width, height int
}

func (m model) Init() tea.Cmd { return nil }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case State:
		m.state = msg
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "Q", "ctrl+c", "esc":
			m.keys(KeyEnd)
		case "y", "Y":
			m.keys(KeyLoaded)
		case "n", "N":
			m.keys(KeyFailed)
		case "ctrl+z":
			return m, suspend()
		}
	}
	return m, nil
}

func (m model) View() tea.View {
	v := tea.NewView("")
	v.AltScreen = true
	if m.width > 0 && m.height > 0 {
		v.SetContent(Render(m.state, m.width, m.height))
	}
	return v
}
