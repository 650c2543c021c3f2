#!/bin/sh
# Measures every scenario and every fix in the lab, as root on Linux, and writes
# docs/verdicts.md. "scripts/verdicts.sh page" writes it from what was
# measured before.
set -eu
cd "$(dirname "$0")/.."
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
if [ "${1:-}" != page ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	export WGTRACE_LAB=required WGTRACE_LAB_RESULTS="$work/runs" WGTRACE_FIX_OUTCOMES="$work/fixes"
	go test ./cmd/wgtrace -count=1 -timeout 30m -parallel 5 -run '^(TestLive|TestContainer|TestFixesCure)$'
	LC_ALL=C sort "$work/runs" >docs/data/userspace-wireguard.jsonl
	cp "$work/fixes" docs/data/fixes.jsonl
fi
go test ./cmd/wgtrace -count=1 -run '^TestVerdicts$' -update
