#!/bin/sh
# Succeeds where the lab can run; else prints why it cannot, and fails.
if [ "$(uname -s)" != Linux ]; then
	echo "it needs Linux"
elif [ "$(id -u)" -ne 0 ]; then
	echo "it needs root"
elif ! unshare -n true 2>/dev/null; then
	echo "this system lets nobody make network namespaces"
elif [ ! -c /dev/net/tun ]; then
	echo "there is no /dev/net/tun"
else
	exit 0
fi
exit 1
