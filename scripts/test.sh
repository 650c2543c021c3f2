#!/bin/sh
# Formatting, vet and all tests; as root on Linux also those in the lab.
# WGTRACE_LAB=required makes a lab test that cannot run a failure.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh lab
scripts/lint.sh
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"

# The packages that share memory between goroutines run under the race
# detector. Those with a lab run one after the other and without it: they
# measure time, and two packages on a small machine would measure each other.
# Within a package the labs wait for time-outs most of the time, so that more of
# them fit on a machine than it has processors.
race='capture|correlate|report'
lab='internal/lab(/.*)?|internal/host|capture/live|cmd/wgtrace|diagnose'
module=$(go list -m)
packages=$(go list ./...)
pick() { printf '%s\n' "$packages" | grep "$@" || true; }
race_packages=$(pick -E "^$module/($race)\$")
lab_packages=$(pick -E "^$module/($lab)\$")
other_packages=$(pick -vE "^$module/($race|$lab)\$")

required=no
[ "${WGTRACE_LAB:-}" != required ] || required=yes
if ! why=$(scripts/lab.sh); then
	if [ $required = yes ]; then
		echo "wgtrace: the lab is required and cannot run here: $why" >&2
		exit 1
	fi
	echo "wgtrace: the tests in the lab are skipped: $why" >&2
fi

status=0
if [ $required = no ]; then
	go test -timeout 20m -race $race_packages || status=1
	go test -timeout 20m $other_packages || status=1
	# shellcheck disable=SC2086
	go test -timeout 30m -p 1 -parallel 5 $lab_packages || status=1
	exit $status
fi

# Where the lab is required, a skipped test is a failed one, in every package.
# shellcheck disable=SC2086
{
	scripts/unskipped.sh -race $race_packages || status=1
	scripts/unskipped.sh $other_packages || status=1
	scripts/unskipped.sh -timeout 30m -p 1 -parallel 5 $lab_packages || status=1
}
exit $status
