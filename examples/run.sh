#!/bin/sh
# Runs every example, the devices against the development server: run.sh BUILD_FOLDER
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
while ! grep -q listening "$work/url"; do
  kill -0 $server # ends here if the server did not start
  sleep 0.05
done
url=$(sed 's/listening on //' "$work/url")

for example in linux_directory super_loop; do
  echo "== $example"
  mkdir "$work/$example"
  "$build/examples/$example" you app "$work/$example" "$url" "$url"
  cmp main.py "$work/$example/main.py"
  cmp lib/util.py "$work/$example/lib/util.py"
done
echo "== custom_storage"
"$build/examples/custom_storage"
