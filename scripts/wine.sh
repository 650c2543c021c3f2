#!/bin/sh
# Runs the Windows program under Wine: unit tests, every recorded case with the
# report that Linux gives, and live captures on adapters that replay them.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh wine
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
go vet -tags wine ./internal/wine
scripts/unskipped.sh -tags wine -count=1 -timeout 10m "$@" ./internal/wine
