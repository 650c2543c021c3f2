// Package pcaps holds the recorded cases, so that the demo runs where nothing
// but the program is installed. README.md says where they come from.
package pcaps

import "embed"

// Files are the captures and the truth of each case, one folder per case.
//
//go:embed */*.pcap* */want.json
var Files embed.FS
