#!/bin/sh
# Builds a snapshot release, installs every package in an empty folder of its own,
# and runs what is in it there: as root on Debian.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh release
version=0.0.1~snapshot
scripts/release.sh $version >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() {
	echo "wgtrace: release: $1" >&2
	exit 1
}

cd dist
sha256sum --quiet -c checksums.txt
! grep -rn '@[A-Z0-9_]*@' scoop winget homebrew openwrt || die "a manifest has a hole"
[ "$(jq -r '.architecture."64bit".hash' scoop/wgtrace.json)" = "$(sha256sum wgtrace_*_windows_amd64.zip | cut -d' ' -f1)" ] ||
	die "the checksum for scoop is another one"

# works runs an installed program in its folder, where there is nothing else: a
# saved case must give its verdict, with a command in front that emulates a
# processor where it is another one.
works() { # folder, emulator or ""
	root=$1
	mkdir -p "$root/case"
	cp ../testdata/pcaps/nat-missing-phone/*.pcap "$root/case"
	emulator=
	if [ -n "$2" ]; then
		cp "$(command -v "$2")" "$root/emulator"
		emulator=/emulator
	fi
	chroot "$root" $emulator /usr/bin/wgtrace version | grep -q "^wgtrace $version linux/.*TPACKET_V3" ||
		die "$root: $(chroot "$root" $emulator /usr/bin/wgtrace version)"
	status=0
	chroot "$root" $emulator /usr/bin/wgtrace read --lang en /case/tunnel.pcap /case/wan.pcap >"$root/said" || status=$?
	[ $status = 1 ] && grep -q "private address" "$root/said" || die "$root: status $status, $(head -3 "$root/said")"
}

complete() { # folder
	for f in usr/share/man/man1/wgtrace.1.gz usr/share/man/man1/wgtrace-live.1.gz usr/share/doc/wgtrace/README.md \
		usr/share/bash-completion/completions/wgtrace usr/share/zsh/site-functions/_wgtrace \
		usr/share/fish/vendor_completions.d/wgtrace.fish; do
		[ -s "$1/$f" ] || die "$1: $f is missing"
	done
	bash -n "$1/usr/share/bash-completion/completions/wgtrace"
}

# Debian: installed and removed by dpkg, in a root that holds its records alone.
deb=$work/deb
mkdir -p "$deb/var/lib/dpkg/updates" "$deb/var/lib/dpkg/info"
touch "$deb/var/lib/dpkg/status" "$deb/var/lib/dpkg/available"
dpkg --root="$deb" --log=/dev/null -i wgtrace_*_amd64.deb >/dev/null
works "$deb" ""
complete "$deb"
dpkg --root="$deb" --log=/dev/null -r wgtrace >/dev/null
[ ! -e "$deb/usr/bin/wgtrace" ] || die "dpkg -r left the program"

# Fedora: likewise by rpm.
rpm=$work/rpm
mkdir -p "$rpm"
rpm --root "$rpm" --dbpath /var/lib/rpm --initdb
rpm --root "$rpm" --dbpath /var/lib/rpm --nosignature -i wgtrace-*.x86_64.rpm 2>/dev/null
works "$rpm" ""
complete "$rpm"

# Alpine's packages are archives; its installer is not to be had here.
apk=$work/apk
mkdir -p "$apk"
tar -C "$apk" -xzf wgtrace_*_x86_64.apk 2>/dev/null
works "$apk" ""
complete "$apk"

# The other processors, emulated.
for pair in arm64:qemu-aarch64-static armhf:qemu-arm-static; do
	root=$work/${pair%%:*}
	mkdir -p "$root"
	dpkg-deb -x wgtrace_*_"${pair%%:*}".deb "$root"
	works "$root" "${pair#*:}"
done
for pair in amd64: armv6:qemu-arm-static armv7:qemu-arm-static arm64:qemu-aarch64-static; do
	name=${pair%%:*}
	root=$work/archive_$name
	mkdir -p "$root/usr/bin"
	tar -C "$root/usr/bin" -xzf wgtrace_*_linux_"$name".tar.gz ./wgtrace
	works "$root" "${pair#*:}"
done
echo "wgtrace: release: $(wc -l <checksums.txt) files built, packages installed and run"
