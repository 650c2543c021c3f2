package main

import (
	"os"
	"testing"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// envRun makes the test binary be wgtrace itself, so that tests drive the real
// program in other processes and network namespaces.
const envRun = "WGTRACE_TEST_RUN"

func TestMain(m *testing.M) {
	lab.Child()
	if os.Getenv(envRun) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}
