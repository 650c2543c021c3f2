//go:build man

// The manual pages are made by a program of its own, so that nobody installs
// what writes them.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra/doc"
)

func init() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags man ./cmd/wgtrace FOLDER")
		os.Exit(exitUsage)
	}
	root := rootCommand(streams{os.Stdin, os.Stdout, os.Stderr})
	root.DisableAutoGenTag = true // its date would differ with every build
	header := &doc.GenManHeader{Section: "1", Source: "wgtrace " + toolVersion(), Manual: "User Commands"}
	if s, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		date := time.Unix(s, 0).UTC()
		header.Date = &date
	}
	if err := doc.GenManTree(root, header, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "wgtrace:", err)
		os.Exit(exitUsage)
	}
	os.Exit(exitHealthy)
}
