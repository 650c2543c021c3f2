//go:build !linux

package netns

// List returns ErrUnsupported.
func List() ([]Namespace, error) { return nil, ErrUnsupported }

// Find returns ErrUnsupported.
func Find(string) (Namespace, error) { return Namespace{}, ErrUnsupported }

// Do returns ErrUnsupported.
func (n Namespace) Do(func() error) error { return ErrUnsupported }

// Ports returns ErrUnsupported.
func (n Namespace) Ports() ([]string, error) { return nil, ErrUnsupported }
