#!/bin/sh
# Runs the lab on the WireGuard of Debian's kernel, as most servers have it, in a
# virtual machine without hardware support (scripts/vm.sh):
#
#   scripts/lab-vm.sh           the commonest faults, what is healthy, and transfers
#                               with offload; writes docs/data/kernel-wireguard.jsonl
#   scripts/lab-vm.sh all       the same with every scenario and workload
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

healthy='none|healthy-.*|cgnat|idle|drop-n|hairpin-ok|dns-local-resolver|mtu-inner-fragneeded-works|jumbo-mtu-8920-works'
tunnel='server-input-drop|server-unknown-client-key|client-wrong-server-key|server-allowedips-missing'
# With the other workload a healthy client stands beside these, so that they are
# warnings, or a rule stands in for what concerns the whole server.
alone='psk-mismatch|path-out-blocked|peer-allowedips-stolen|wg-not-listening|forwarding-off'
faults='nat-missing|nat-wrong-out-interface|nat-wrong-subnet|upstream-blocks-all|forward-policy-drop|rpfilter-strict'
faults="$faults|docker-forward-drop|forward-ufw-deny-routed|forward-reject-admin-firewalld|forward-no-return-rule"
faults="$faults|server-default-hijack|addr32-no-route|dns-no-listener|client-split-tunnel|v6-blackhole-no-forward"
faults="$faults|mtu-outer-blackhole|jumbo-mtu-8920"
# Packets merged at both taps, or at one of them alone, and an exact number of
# them lost.
transfers='^TestHeavyBothWays$|^TestDroppedPackets$'
limit=3600
case ${1:-} in
short)
	run='^TestLive$/^(none|nat-missing|server-allowedips-missing)$/laptop|^TestHeavyBothWays$/^merged$'
	limit=600
	;;
record) shift ;;
all) run="^TestLive\$|$transfers" ;;
*) run="^TestLive\$/^($healthy|$tunnel|$faults)\$/laptop|^TestLive\$/^($alone)\$/phone|$transfers" ;;
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
