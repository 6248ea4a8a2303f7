#!/bin/sh
# Runs the example against the development server: run.sh BUILD_FOLDER
set -eu
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
git init -q -b main "$work/repo"
cd "$work/repo"
mkdir lib && echo 'print(1)' >main.py && echo 'def f(): pass' >lib/util.py
git add . && git -c user.name=e -c user.email=e@example.invalid commit -qm one
"$build/ota" serve --port 0 --git you/app="$work/repo" >"$work/url" &
server=$!
while ! grep -q listening "$work/url"; do sleep 0.05; done
url=$(sed 's/listening on //' "$work/url")
mkdir "$work/device"
"$build/examples/super_loop" you app "$work/device" "$url" "$url"
cmp main.py "$work/device/main.py"
cmp lib/util.py "$work/device/lib/util.py"
