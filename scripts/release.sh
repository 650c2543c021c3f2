#!/bin/sh
# Builds everything that a release consists of into dist/:
#
#   scripts/release.sh 0.3.0
#
# archives and packages for Linux, a zip for Windows, manuals, completions,
# manifests for scoop, winget, Homebrew and OpenWrt, and checksums. Without a
# version it makes a snapshot. It publishes nothing. The same commit gives the
# same files.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh build

nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.1

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
MTIME=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
VERSION=${1:-0.0.0~snapshot.$commit}
case $VERSION in
v*) VERSION=${VERSION#v} ;;
esac
case $VERSION in
*[!0-9A-Za-z.~+-]* | [!0-9]* | '')
	echo "wgtrace: $VERSION is no version, such as 0.3.0" >&2
	exit 2
	;;
esac

dist=$PWD/dist
STAGE=$dist/.stage
rm -rf "$dist"
mkdir -p "$STAGE/man" "$STAGE/completions"

build() { # file, then variables of go
	out=$1
	shift
	env CGO_ENABLED=0 "$@" go build -buildvcs=false -trimpath \
		-ldflags "-s -w -X main.version=$VERSION" -o "$out" ./cmd/wgtrace
}

# pack puts files into one archive without saying who made it and when.
pack() { # archive, folder
	tar -C "$2" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - . | gzip -9n >"$1"
}

echo "wgtrace: version $VERSION"
go run -buildvcs=false -tags man -ldflags "-X main.version=$VERSION" ./cmd/wgtrace "$STAGE/man"
rm -f "$STAGE"/man/wgtrace-completion-*
build "$STAGE/wgtrace"
for shell in bash zsh fish powershell; do
	ending=$shell
	[ $shell != powershell ] || ending=ps1
	"$STAGE/wgtrace" completion $shell >"$STAGE/completions/wgtrace.$ending"
done
gzip -9n "$STAGE"/man/*.1

GOBIN=$STAGE/bin go install "$nfpm"

# Go's name, the name in file names, that of nfpm ("": archive alone).
while read -r goarch goarm name package; do
	binary=$STAGE/linux_$name
	build "$binary" GOOS=linux GOARCH="$goarch" GOARM="$goarm"
	folder=$STAGE/archive_$name
	mkdir -p "$folder/man"
	cp "$binary" "$folder/wgtrace"
	cp -r README.md README.zh-CN.md LICENSE CHANGELOG.md "$STAGE/completions" "$folder"
	cp "$STAGE"/man/* "$folder/man"
	pack "$dist/wgtrace_${VERSION}_linux_$name.tar.gz" "$folder"
	[ "$package" != - ] || continue
	sed -e "s|@VERSION@|$VERSION|; s|@MTIME@|$MTIME|; s|@STAGE@|$STAGE|; s|@BINARY@|$binary|; s|@ARCH@|$package|" \
		packaging/nfpm.yaml >"$STAGE/nfpm.yaml"
	for kind in deb rpm apk; do
		"$STAGE/bin/nfpm" package --config "$STAGE/nfpm.yaml" --packager $kind --target "$dist/"
	done
done <<END
amd64 - amd64 amd64
arm64 - arm64 arm64
arm 7 armv7 arm7
arm 6 armv6 -
END

build "$STAGE/windows/wgtrace.exe" GOOS=windows GOARCH=amd64
cp README.md README.zh-CN.md LICENSE CHANGELOG.md "$STAGE/completions/wgtrace.ps1" "$STAGE/windows"
zip=wgtrace_${VERSION}_windows_amd64.zip
go run ./packaging/zip "$dist/$zip" "$STAGE/windows"

sha() { sha256sum "$1" | cut -d' ' -f1; }
sum=$(sha "$dist/$zip")
upper=$(printf %s "$sum" | tr a-f A-F)
for template in packaging/scoop/wgtrace.json packaging/winget/*.yaml packaging/homebrew/wgtrace.rb packaging/openwrt/Makefile; do
	out=$dist/${template#packaging/}
	mkdir -p "$(dirname "$out")"
	sed -e "s/@VERSION@/$VERSION/g" -e "s/@WINDOWS_ZIP@/$zip/g" -e "s/@WINDOWS_SHA256@/$sum/g" \
		-e "s/@WINDOWS_SHA256_UPPER@/$upper/g" -e "s/@DATE@/${MTIME%T*}/g" "$template" >"$out"
done

rm -rf "$STAGE"
(cd "$dist" && sha256sum wgtrace* >checksums.txt)
ls -l "$dist"
