#!/bin/sh
# Shows the main job: in the lab where it can run, else from packaged captures.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh lab
scripts/build.sh
if why=$(scripts/lab.sh); then
	exec ./wgtrace demo --live
fi
echo "wgtrace: from packaged captures, without the lab: $why" >&2
exec ./wgtrace demo
