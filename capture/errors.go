package capture

import (
	"errors"
	"io/fs"
)

// OpenError says why nothing at all could be read from a source.
type OpenError struct {
	Source string
	Reason string // what is wrong, lower case, no full stop
	Hint   string // what to do; "" if there is nothing to say
	Err    error  // the cause, if the operating system gave one
}

// Error returns one line that names source and reason.
func (e *OpenError) Error() string { return e.Source + ": " + e.Reason }

// Unwrap returns the operating system's error, if any.
func (e *OpenError) Unwrap() error { return e.Err }

// openError puts an error of opening or reading path into words.
func openError(path string, err error) *OpenError {
	e := &OpenError{Source: path, Err: err}
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Reason, e.Hint = "no such file", "check the path"
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Hint = "permission denied", "run as a user who may read it, or change its mode"
	case errors.As(err, &pathErr):
		e.Reason = "cannot be read: " + pathErr.Err.Error()
	default:
		e.Reason = "cannot be read: " + err.Error()
	}
	return e
}
