//go:build (windows && !amd64 && !386) || (!windows && !cgo)

package live

// Stamps returns nil: this program was built without a capture library.
func Stamps(string) []string { return nil }
