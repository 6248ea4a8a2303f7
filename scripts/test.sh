#!/usr/bin/env bash
# Builds and runs all tests. Installs what is missing on Debian; says little unless something fails.
# More arguments go to ctest: scripts/test.sh -R power_cut
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$OTA_ROOT"

need g++ make cmake git python3 libgtest-dev libmbedtls-dev openssl libssl-dev minisign xxd \
  nginx-light ca-certificates valgrind python3-venv libdivsufsort-dev

build=build/test
mkdir -p $build
quietly $build/configure.log cmake --preset test
quietly $build/build.log cmake --build --preset test -j "$(jobs_here)"

status=0
quietly $build/ctest.log ctest --test-dir $build -j "$(jobs_here)" --no-tests=error \
  --output-on-failure "$@" || status=$?
grep '% tests passed' $build/ctest.log || true
echo "$(gtest_count $build/Testing/Temporary/LastTest.log) GoogleTest cases passed"
exit $status
