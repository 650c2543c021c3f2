#!/bin/sh
# Runs a job in a virtual machine with Debian's own kernel, in software emulation:
#
#   scripts/vm.sh JOB OUT SECONDS FILE...
#
# JOB is a script for sh. It finds each FILE (programs with their libraries) under
# the path that it has here, and leaves results in /out, which become the folder
# OUT. The exit status is the job's. The machine has one processor that executes an
# instruction per nanosecond of its own time, and its time jumps over whatever it
# would spend waiting (-icount): what happens inside depends neither on the speed
# nor on the load of this one. SECONDS bound the run on this machine's clock.
#
# Needs Debian on amd64, and qemu-system-x86. The kernel and busybox are fetched as
# packages and unpacked, never installed.
set -eu
job=$1 out=$2 limit=$3
shift 3

cache=${XDG_CACHE_HOME:-$HOME/.cache}/wgtrace/vm
work=$(mktemp -d)
machine=
: >"$work/log"
trap '[ -z "$machine" ] || kill "$machine" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# fetch downloads and unpacks a package unless that has been done.
fetch() {
	[ ! -e "$cache/$1" ] || return 0
	mkdir -p "$work/fetch" "$cache"
	(cd "$work/fetch" && apt-get -qq download "$1") >"$work/log" 2>&1 || return 1
	rm -rf "$cache/$1.new"
	dpkg-deb -x "$work"/fetch/*.deb "$cache/$1.new" || return 1
	rm -r "$work/fetch"
	mv "$cache/$1.new" "$cache/$1"
}

latest() {
	apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

both() {
	kernel=$(latest)
	[ -n "$kernel" ] && fetch "$kernel" && fetch busybox-static
}

# Old package lists name files that are gone.
both || { apt-get -qq update && both; } || {
	cat "$work/log" >&2
	echo "wgtrace: could not fetch the packages linux-image-cloud-amd64 and busybox-static; this needs Debian on amd64" >&2
	exit 1
}
modules=$(echo "$cache/$kernel"/lib/modules/*)
busybox=$cache/busybox-static/bin/busybox

root=$work/root
for d in usr/bin usr/sbin usr/lib usr/lib64 etc proc sys dev run var tmp out; do
	mkdir -p "$root/$d"
done
echo 'root:x:0:0::/tmp:/bin/sh' >"$root/etc/passwd" # tcpdump looks itself up
ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
ln -s /run "$root/var/run"
cp "$busybox" "$root/bin/busybox"
ln -s /bin/busybox "$root/sbin/modprobe" # where the kernel looks for it
cp "$(dirname "$0")/vm-init.sh" "$root/init"
cp "$job" "$root/job"
for f in "$@"; do
	cp -rL --parents "$f" "$root"
	[ -d "$f" ] || for lib in $(ldd "$f" 2>/dev/null | grep -o '/[^ ]*'); do
		cp -L --parents "$lib" "$root"
	done
done

# The kernel loads most modules by itself, once they are there.
keep=$root/lib/modules/$(basename "$modules")
mkdir -p "$keep"
cp "$modules"/modules.builtin* "$modules"/modules.order "$keep"
for d in arch crypto lib net drivers/net drivers/virtio drivers/block; do
	mkdir -p "$keep/kernel/$d"
	cp -r "$modules/kernel/$d/." "$keep/kernel/$d"
done
"$busybox" depmod -b "$root" "$(basename "$modules")"
(cd "$root" && find . | "$busybox" cpio -o -H newc) >"$work/initrd" 2>"$work/log"

truncate -s 64M "$work/disk"
# In the background, because a shell obeys no signal before what it runs has ended.
timeout --kill-after=10 "$limit" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
	-accel tcg,thread=single -icount shift=0,sleep=off -cpu max -smp 1 -m 2G -rtc clock=vm \
	-serial stdio -monitor none -drive "file=$work/disk,format=raw,if=virtio" \
	-kernel "$cache/$kernel"/boot/vmlinuz-* -initrd "$work/initrd" \
	-append 'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on' </dev/null &
machine=$!
wait "$machine" || {
	echo "wgtrace: the virtual machine did not end by itself within $limit s" >&2
	exit 1
}
machine=
mkdir -p "$out"
tar xf "$work/disk" -C "$out" 2>/dev/null || { echo "wgtrace: the job left no results" >&2; exit 1; }
status=$(cat "$out/status")
rm "$out/status"
exit "$status"
