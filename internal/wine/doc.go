// Package wine holds the tests of the Windows program under Wine on Linux. They
// are built with the tag "wine" alone (scripts/wine.sh), because they need Wine,
// a cross compiler and half a minute of preparation.
//
// What Wine lacks is put in its place by small libraries made from testdata: an
// Npcap whose adapters replay capture files, an IP Helper that lists adapters
// with the names and numbers of Windows, and a PowerShell that prints an answer
// from a file. They stand for the shape of the answers, never for what a real
// driver does: docs/windows.md lists what only a real machine can show.
package wine
