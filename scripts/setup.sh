#!/bin/sh
# Installs what building and testing need beside Go, after saying so; quiet when
# nothing is missing.
#
#   scripts/setup.sh build   a C compiler and libpcap's headers
#   scripts/setup.sh lab     and, as root on Linux, what the lab runs
#   scripts/setup.sh vm      and what runs the lab on another kernel
#   scripts/setup.sh release and what tries the packages of a release
#   scripts/setup.sh wine    and what builds and runs the Windows program
#
# With WGTRACE_LAB=required also the programs that tests compare with.
set -eu

go_major=1 go_minor=26

say() { printf 'wgtrace: %s\n' "$*" >&2; }
die() {
	say "$1"
	[ $# -lt 2 ] || printf '  %s\n' "$2" >&2
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

check_go() {
	if ! have go; then
		if [ -x /usr/local/go/bin/go ]; then
			die "Go is in /usr/local/go but not in PATH" "run: export PATH=/usr/local/go/bin:\$PATH"
		fi
		die "Go $go_major.$go_minor or later is needed and not installed" "get it at https://go.dev/dl/"
	fi
	# Away from go.mod and without fetching a newer toolchain: what is here?
	version=$(cd / && GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || version=
	version=${version#*go}
	major=${version%%.*}
	rest=${version#*.}
	minor=${rest%%[!0-9]*}
	case $major$minor in
	'' | *[!0-9]*) major=0 minor=0 ;;
	esac
	if [ "$major" -lt $go_major ] || { [ "$major" -eq $go_major ] && [ "${minor:-0}" -lt $go_minor ]; }; then
		die "Go $go_major.$go_minor or later is needed, this is Go ${version:-of unknown version}" "get it at https://go.dev/dl/"
	fi
}

have_cc() {
	# CC may hold arguments.
	# shellcheck disable=SC2046
	set -- $(go env CC)
	have "${1:-cc}"
}

have_pcap() {
	have_cc || return 1
	printf '#include <pcap.h>\nint main(void) { return pcap_lib_version() == 0; }\n' |
		$(go env CC) -x c - -o /dev/null -lpcap 2>/dev/null
}

# Go looks for the roots of trust in these places (crypto/x509/root_linux.go),
# and without them it can fetch no module.
have_roots() {
	[ "$system" = Linux ] || return 0
	[ -z "${SSL_CERT_FILE:-}${SSL_CERT_DIR:-}" ] || return 0
	for f in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
		/etc/pki/tls/cacert.pem /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
		[ ! -e "$f" ] || return 0
	done
	return 1
}

# missing prints what is missing, one word each.
missing() {
	have_roots || echo roots
	have_cc || echo cc
	have_pcap || echo pcap
	if [ "$wine" = yes ]; then
		for tool in wine x86_64-w64-mingw32-gcc; do
			have $tool || echo $tool
		done
	fi
	if [ "$release" = yes ]; then
		for tool in rpm jq qemu-arm-static; do
			have $tool || echo $tool
		done
	fi
	[ "$lab" = yes ] || return 0
	for tool in nft nsenter ip; do
		have $tool || echo $tool
	done
	if [ "$vm" = yes ]; then
		for tool in qemu-system-x86_64 tcpdump iptables; do
			have $tool || echo $tool
		done
	fi
	[ "${WGTRACE_LAB:-}" = required ] || return 0
	for tool in tcpdump capinfos tshark conntrack iptables sysctl ufw wg ssh tmux; do
		have $tool || echo $tool
	done
	have sshd || [ -x /usr/sbin/sshd ] || echo sshd
}

# package prints the name of the package that holds $1, for the manager.
package() {
	case $manager:$1 in
	*:roots) echo ca-certificates ;;
	apt-get:cc) echo gcc libc6-dev ;;
	apt-get:pcap) echo libpcap-dev ;;
	apt-get:ip) echo iproute2 ;;
	apt-get:wine) echo wine wine64 ;;
	*:x86_64-w64-mingw32-gcc) echo gcc-mingw-w64-x86-64 ;;
	apt-get:qemu-arm-static) echo qemu-user-static ;;
	apt-get:ssh) echo openssh-client ;;
	apt-get:sshd) echo openssh-server ;;
	apt-get:qemu-system-x86_64) echo qemu-system-x86 ;;
	apt-get:capinfos) echo wireshark-common ;;
	apt-get:sysctl) echo procps ;;
	dnf:cc) echo gcc ;;
	dnf:pcap) echo libpcap-devel ;;
	dnf:ip) echo iproute ;;
	dnf:capinfos | dnf:tshark) echo wireshark-cli ;;
	dnf:conntrack) echo conntrack-tools ;;
	dnf:iptables) echo iptables-nft ;;
	dnf:sysctl) echo procps-ng ;;
	dnf:ssh) echo openssh-clients ;;
	dnf:sshd) echo openssh-server ;;
	pacman:cc) echo gcc ;;
	pacman:pcap) echo libpcap ;;
	pacman:ip) echo iproute2 ;;
	pacman:capinfos | pacman:tshark) echo wireshark-cli ;;
	pacman:conntrack) echo conntrack-tools ;;
	pacman:sysctl) echo procps-ng ;;
	pacman:ssh | pacman:sshd) echo openssh ;;
	apk:cc) echo gcc musl-dev ;;
	apk:pcap) echo libpcap-dev ;;
	apk:ip) echo iproute2 ;;
	apk:capinfos) echo wireshark-common ;;
	apk:conntrack) echo conntrack-tools ;;
	apk:sysctl) echo procps-ng ;;
	apk:ssh) echo openssh-client ;;
	apk:sshd) echo openssh-server ;;
	brew:pcap) echo libpcap ;;
	*:nft) echo nftables ;;
	*:nsenter) echo util-linux ;;
	*:wg) echo wireguard-tools ;;
	*) echo "$1" ;;
	esac
}

find_manager() {
	for manager in apt-get dnf pacman apk brew; do
		if have $manager; then return 0; fi
	done
	manager=
}

# install runs the manager. Only the lines for apt-get have been run.
install() {
	case $manager in
	apt-get)
		# Without package lists nothing is found; with old ones the download
		# fails: only then are they fetched.
		fresh=
		for p in "$@"; do
			if ! apt-cache show "$p" >/dev/null 2>&1; then
				$as_root apt-get -qq update
				fresh=yes
				break
			fi
		done
		apt_install "$@" || {
			[ -z "$fresh" ] || return 1
			$as_root apt-get -qq update && apt_install "$@"
		}
		;;
	dnf) $as_root dnf -q -y install "$@" ;;               # untested
	pacman) $as_root pacman -S --noconfirm --needed "$@" ;; # untested
	apk) $as_root apk add --quiet "$@" ;;                 # untested
	brew) brew install --quiet "$@" ;;                    # untested
	esac
}

apt_install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
}

system=$(uname -s)
lab=no vm=no wine=no release=no
[ "${1:-}" != vm ] || vm=yes
[ "${1:-}" != wine ] || wine=yes
[ "${1:-}" != release ] || release=yes
if [ "${1:-build}" != build ] && [ $wine = no ] && [ $release = no ] && [ "$system" = Linux ] && [ "$(id -u)" -eq 0 ]; then
	lab=yes
fi

check_go
needs=$(missing)
[ -n "$needs" ] || exit 0

# shellcheck disable=SC2086
needs=$(printf '%s ' $needs)
find_manager
if [ "$system" = Darwin ] && ! have_cc; then
	die "a C compiler is missing" "run: xcode-select --install"
fi
[ -n "$manager" ] || die "missing: $needs- and no package manager that this script knows" "install a C compiler and libpcap with its headers"
packages=
for n in $needs; do
	packages="$packages $(package "$n")"
done
packages=${packages# }

as_root=
if [ "$manager" != brew ] && [ "$(id -u)" -ne 0 ]; then
	have sudo || die "missing: $packages" "run as root: $manager install $packages"
	as_root=sudo
fi
[ "$manager" = apt-get ] || say "note: the lines for $manager are untested"
say "installing with $manager: $packages"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! install $packages >"$log" 2>&1; then
	tail -n 15 "$log" >&2
	die "$manager could not install: $packages" "install them by hand and start again"
fi
left=$(missing)
if [ -n "$left" ]; then
	# shellcheck disable=SC2086
	die "still missing after the installation: $(printf '%s ' $left)" "install them by hand and start again"
fi
