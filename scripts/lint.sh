#!/bin/sh
# Formatting and what static checks find. shellcheck and staticcheck are used
# where they are installed.
set -eu
cd "$(dirname "$0")/.."
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	printf 'wgtrace: not formatted: %s\n' "$unformatted" >&2
	exit 1
fi
go vet ./...
for f in scripts/*.sh; do
	sh -n "$f"
done
if command -v shellcheck >/dev/null 2>&1; then
	shellcheck scripts/*.sh .ci/run
fi
if command -v staticcheck >/dev/null 2>&1; then
	staticcheck ./...
fi
