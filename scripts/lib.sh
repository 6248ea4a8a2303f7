# Shared by the scripts: source it, it runs nothing. For bash.
#
#   need PACKAGE…        makes sure that Debian packages are installed; installs what is missing as
#                        root or with sudo, else names it and ends the script
#   quietly LOG COMMAND… runs a command with all its output in LOG; shows LOG when it fails

OTA_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# How many compilers at a time: one a processor, but no more than the memory carries (1 GB each).
jobs_here() {
  local processors memory
  processors=$(nproc 2>/dev/null || echo 2)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1000000) }' /proc/meminfo 2>/dev/null || echo 2)
  [ "${memory:-0}" -ge 1 ] || memory=1
  echo $((processors < memory ? processors : memory))
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

need() {
  if ! command -v dpkg-query >/dev/null; then
    return 0 # not Debian: the build itself says what it misses
  fi
  local missing=() package as_root=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      echo "Please install: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo -n)
  fi
  echo "Installing ${missing[*]}"
  local log
  log=$(mktemp)
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
  if ! { "${as_root[@]}" "${install[@]}" "${missing[@]}" ||
    { "${as_root[@]}" apt-get update -q && "${as_root[@]}" "${install[@]}" "${missing[@]}"; }; } \
    >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "Could not install ${missing[*]}" >&2
    exit 1
  fi
  rm -f "$log"
}

quietly() {
  local log=$1 status=0
  shift
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 || status=$?
  if [ $status -ne 0 ]; then
    cat "$log" >&2
    echo "failed ($status): $*" >&2
  fi
  return $status
}

# How many GoogleTest cases passed, by what the programs said in LOG.
gtest_count() {
  sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$1" | awk '{ sum += $1 } END { print sum + 0 }'
}
