package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wgtrace/wgtrace/internal/privilege"
)

// target returns the file that a name stands for: where a link leads, so that
// the link stays one. special is a device, pipe or socket: what is written goes
// into it, and it must not be replaced, least of all by root.
func target(name string) (path string, special bool, err error) {
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return name, false, nil
	case err != nil:
		return name, false, err
	case !st.Mode().IsRegular():
		return name, true, nil
	}
	path, err = filepath.EvalSymlinks(name)
	return path, false, err
}

// writable refuses a name that nothing could be written to.
func writable(name string) error {
	if st, err := os.Stat(name); err == nil && st.IsDir() {
		return usage("name a file in it", "cannot write %s: is a directory", name)
	}
	if st, err := os.Stat(filepath.Dir(name)); err != nil || !st.IsDir() {
		return usage("make the folder first", "cannot write %s: no such folder", name)
	}
	path, special, err := target(name)
	if err == nil && !special {
		var f *os.File
		if f, err = tempBeside(path); err == nil {
			f.Close()
			err = os.Remove(f.Name())
		}
	}
	if err != nil {
		return usage("choose a folder that you may write to", "cannot write %s: %s", name, cause(err))
	}
	return nil
}

// cause is what the system says, without the name that stands before it anyway.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// tempBeside creates a temporary file in the folder of path. Its name does not
// grow with that of path, which may be as long as a name can be.
func tempBeside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), ".wgtrace-*")
}

// writeFile writes a file under a temporary name and renames it, so that a name
// never stands for half a report. A report shows who talked to whom: only its
// owner may read it, and that is the person, not the root that sudo made of them.
func writeFile(name string, fill func(io.Writer) error) error {
	return privilege.Writing(func() error { return writeFileAs(name, fill) })
}

func writeFileAs(name string, fill func(io.Writer) error) error {
	path, special, err := target(name)
	if err != nil {
		return err
	}
	if special {
		return writeInto(path, fill)
	}
	f, err := tempBeside(path)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := fill(f); err != nil {
		f.Close()
		return err
	}
	giveBack(f)
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeInto writes to a device or pipe.
func writeInto(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := fill(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
