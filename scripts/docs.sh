#!/bin/sh
# Writes docs/findings from what wgtrace explain says.
set -eu
cd "$(dirname "$0")/.."
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
go test ./report -run '^TestFindingPages$' -update
