#!/usr/bin/env bash
# A device follows a real Git repository: it updates, is killed and resumes, is cut in the middle of
# the swap and boots, and gets a release that never confirms and is put back.
# The repository is this project's own clone, or a generated one where there is no history.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$OTA_ROOT"

need g++ make cmake git python3

build=build/release
quietly build/demo/configure.log cmake --preset release
quietly build/demo/build.log cmake --build --preset release --target ota_tool -j "$(jobs_here)"
quietly build/demo/kill_at.log g++ -std=c++17 -O1 -shared -fPIC tests/interop/kill_at.cpp \
  -o build/demo/kill_at.so -ldl
ota=$OTA_ROOT/$build/ota
kill_at=$OTA_ROOT/build/demo/kill_at.so

work=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

git() { command git -c user.name=demo -c user.email=demo@example.invalid -c advice.detachedHead=false "$@"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# ---- a repository with an old and a new version --------------------------------------------
repo=$work/repo.git
if [ "$(command git rev-list --count HEAD 2>/dev/null || echo 0)" -ge 2 ]; then
  git clone -q --bare --no-local . "$repo"
  new=$(git -C "$repo" rev-parse HEAD)
  old=$(git -C "$repo" rev-list --first-parent HEAD | sed -n '$p')
  about="this project's own history"
else
  git init -q "$work/made"
  mkdir "$work/made/lib"
  for i in $(seq 40); do head -c $((i * 500)) /dev/urandom >"$work/made/lib/$i.bin"; done
  git -C "$work/made" add . && git -C "$work/made" commit -qm one
  for i in $(seq 1 2 40); do head -c $((i * 700)) /dev/urandom >"$work/made/lib/$i.bin"; done
  git -C "$work/made" rm -q lib/2.bin
  git -C "$work/made" add . && git -C "$work/made" commit -qm two
  git clone -q --bare "$work/made" "$repo"
  new=$(git -C "$repo" rev-parse HEAD)
  old=$(git -C "$repo" rev-parse HEAD~1)
  about="a generated repository"
fi
git -C "$repo" update-ref refs/heads/demo "$old"

# Symbolic links are not for devices; a repository that has some says so in the configuration.
serve() {
  [ -z "$server" ] || { kill "$server" && wait "$server" 2>/dev/null || true; }
  : >"$work/server.log" # at once: the server may take its time to begin
  "$ota" serve --port 0 --git demo/device="$repo" "$@" >"$work/server.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$work/server.log")
    if [ -n "$url" ]; then
      update=("$ota" update --config "$work/config.json" --api "$url" --raw "$url" --root)
      return 0
    fi
    sleep 0.05
  done
  cat "$work/server.log" >&2
  exit 1
}
device=$work/device
mkdir "$device"
cat >"$work/config.json" <<END
{"owner": "demo", "repo": "device", "channel": "developer", "branch": "demo", "backoff_sec": 1}
END
holds() { # is the device's tree that of a commit?
  local expected=$work/expected
  rm -rf "$expected" && mkdir "$expected"
  git -C "$repo" archive "$1" | tar x -C "$expected"
  diff -r -x .ota -x version.json -x 'ota_error.json' "$expected" "$device" >/dev/null
}
say() { printf '%-46s %s\n' "$1" "$2"; }

serve
say "repository" "$about, ${old:0:7} -> ${new:0:7}"
result=$("${update[@]}" "$device" --json)
holds "$old"
"$ota" confirm --root "$device" >/dev/null
say "first update of an empty device" "$(field files <<<"$result") files, $(field bytes_moved <<<"$result") bytes moved, $(field peak_memory_kb <<<"$result") KB of memory"

# ---- killed in the middle of the download --------------------------------------------------
git -C "$repo" update-ref refs/heads/demo "$new"
serve --fault slow=200000
"${update[@]}" "$device" >/dev/null 2>&1 &
updater=$!
for _ in $(seq 200); do # until some files, but not all, are staged
  [ "$(find "$device/.ota/new" -type f 2>/dev/null | wc -l)" -ge 3 ] && break
  sleep 0.02
done
{ kill -KILL $updater && wait $updater; } 2>/dev/null || true
holds "$old"
staged=$(find "$device/.ota/new" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
say "killed with SIGKILL while downloading" "$staged bytes staged, the old version untouched"

# ---- resumed, and cut in the middle of the swap --------------------------------------------
serve
cp -a "$device" "$work/copy"
OTA_KILL_COUNT=$work/calls LD_PRELOAD=$kill_at "${update[@]}" "$work/copy" --json \
  >"$work/resumed.json"
calls=$(cat "$work/calls")
moves=$(find "$work/copy/.ota/old" -type f | wc -l)
{ # the shell itself would tell of the kill
  OTA_KILL_AT=$((calls - moves)) LD_PRELOAD=$kill_at "${update[@]}" "$device" >/dev/null || true
} 2>/dev/null
if holds "$old" || holds "$new"; then torn="between two versions: no"; else torn="the tree is mixed for now"; fi
say "resumed with $(field bytes_moved <"$work/resumed.json") bytes, cut in the middle of the swap" "$torn"
"$ota" boot --root "$device" >/dev/null
holds "$new"
"$ota" confirm --root "$device" >/dev/null
say "boot" "the new version, whole: equal to git archive"

# ---- a release that never confirms ---------------------------------------------------------
git clone -q "$repo" "$work/broken" --branch demo
echo 'this release hangs' >"$work/broken/README.md"
git -C "$work/broken" add . && git -C "$work/broken" commit -qm "A release that does not work"
git -C "$work/broken" push -q origin demo
"${update[@]}" "$device" >/dev/null
grep -q 'this release hangs' "$device/README.md"
"$ota" boot --root "$device" >/dev/null # the start it is allowed; it hangs and the watchdog bites
"$ota" boot --root "$device" >/dev/null # the next one
holds "$new"
say "a release that never confirms" "put back at its second start"
say "checked again" "$("${update[@]}" "$device")"
