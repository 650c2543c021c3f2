#!/bin/sh
# Builds ./wgtrace.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh build
# go build asks git for the revision and fails where git refuses to answer, as
# in a folder that belongs to somebody else.
stamp=auto
git status --porcelain >/dev/null 2>&1 || stamp=false
go build -buildvcs=$stamp -trimpath -o wgtrace ./cmd/wgtrace
