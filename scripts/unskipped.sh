#!/bin/sh
# Runs go test, and fails where a test was skipped: a skip is no pass. Allowed are
# those for captures of others that are not here, and for what .ci/run measures in
# steps of its own, without the race detector.
#
#   scripts/unskipped.sh -race ./capture ./correlate
set -eu
status=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if go test -timeout 20m -v "$@" >"$log" 2>&1; then
	# And what was measured, where that is what was asked for.
	grep -E '^(ok|\?)[[:space:]]|capinfos -c|MiB at half' "$log" || true
else
	cat "$log"
	status=1
fi
if awk '/^[[:space:]]*--- SKIP/ {
		print; print last
		if (last !~ /third-party captures|WGTRACE_SPEED=1|race detector/) found = 1
	}
	{ last = $0 } END { exit !found }' "$log" >&2; then
	echo "wgtrace: tests were skipped (above) that are wanted here" >&2
	status=1
fi
exit $status
