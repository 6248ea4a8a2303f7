#!/bin/sh
# Runs every example, the devices against the development server: run.sh BUILD_FOLDER
set -eu
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
git init -q -b main "$work/repo"
cd "$work/repo"
mkdir lib && echo 'print(1)' >main.py && echo 'def f(): pass' >lib/util.py
(cd "$work" && "$build/ota" keygen --out release && "$build/ota" keygen --out root &&
  "$build/ota" root init --key root.key --release release.pub --out root.txt) >/dev/null
"$build/ota" manifest --root . --version v1 --key "$work/release.key" >/dev/null
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
echo "== signed_directory"
mkdir "$work/signed_directory"
"$build/examples/signed_directory" you app "$work/root.txt" "$work/signed_directory" "$url" "$url"
cmp lib/util.py "$work/signed_directory/lib/util.py"
echo 'print(2)' >main.py # not what was signed
git -c user.name=e -c user.email=e@example.invalid commit -qam two
"$build/examples/signed_directory" you app "$work/root.txt" "$work/signed_directory" "$url" "$url"
echo 'print(1)' | cmp - "$work/signed_directory/main.py"
echo "== custom_storage"
"$build/examples/custom_storage"
