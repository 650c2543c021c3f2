#!/bin/sh
# Runs the lab on the WireGuard of Debian's kernel, as most servers have it, in a
# virtual machine without hardware support (scripts/vm.sh):
#
#   scripts/lab-vm.sh           every scenario, and transfers with offload; writes
#                               docs/data/kernel-wireguard.jsonl
#   scripts/lab-vm.sh short     three scenarios and a transfer, writes nothing
#   scripts/lab-vm.sh record [-seed N] [CASE...]   the cases of testdata/pcaps that
#                               need this kernel
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh vm
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"

work=$(mktemp -d)
machine=
trap '[ -z "$machine" ] || { kill "$machine" 2>/dev/null && wait "$machine"; }; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

limit=3600
case ${1:-} in
short)
	run='^TestLive$/^(none|nat-missing|server-allowedips-missing)$/laptop|^TestHeavyBothWays$/^merged$'
	limit=600
	;;
record) shift ;;
*)
	# Every scenario; transfers whose packets are merged at both taps, or at one of
	# them alone; an exact number of packets lost among merged ones.
	run='^TestLive$|^TestHeavyBothWays$|^TestDroppedPackets$'
	;;
esac

{
	echo 'modprobe wireguard || exit 1'
	if [ -n "${run:-}" ]; then
		go test -c -o "$work/wgtrace.test" ./cmd/wgtrace
		program=$work/wgtrace.test
		echo "export WGTRACE_LAB_KERNEL=1 WGTRACE_LAB_RESULTS=/out/results"
		# One after the other: waiting takes no time in there.
		echo ": >/out/results; tail -f /out/results & status=0"
		echo "$program -test.v -test.timeout 60m -test.parallel 1 -test.run '$run' >/out/log 2>&1 || status=\$?"
		echo 'grep -E "^ *--- FAIL|_test.go:.*want" /out/log'
		echo 'sleep 2; exit $status' # what tail has not shown yet
	else
		go build -o "$work/record" ./internal/lab/record
		program=$work/record
		echo "$program -kernel -j 1 -out /out $*"
	fi
} >"$work/job"

files=
for p in nft nsenter tcpdump iptables-nft-restore iptables-nft-save iptables-legacy-restore iptables-legacy-save \
	ip6tables-nft-restore ip6tables-nft-save ip6tables-legacy-restore ip6tables-legacy-save; do
	files="$files $(command -v $p)"
done
# iptables loads its extensions by name.
files="$files $(find /usr/lib/*/xtables -name 'lib*.so')"

status=0
# shellcheck disable=SC2086
scripts/vm.sh "$work/job" "$work/out" $limit "$program" $files &
machine=$!
wait $machine || status=$?
machine=
case ${run:-} in
'')
	[ $status -eq 0 ] || exit $status
	for dir in "$work"/out/*/; do
		rm -rf "testdata/pcaps/$(basename "$dir")"
		cp -r "$dir" testdata/pcaps/
	done
	;;
*)
	[ $status -eq 0 ] || tail -n 200 "$work/out/log" >&2
	[ "${1:-}" = short ] || { mkdir -p docs/data && LC_ALL=C sort "$work/out/results" >docs/data/kernel-wireguard.jsonl; }
	;;
esac
exit $status
