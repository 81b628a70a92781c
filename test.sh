#!/usr/bin/env bash
# Installs what is missing, builds everything with warnings as errors, and runs all tests.
#
# usage: ./test.sh [--quick]      --quick: without the builds under sanitizers
set -euo pipefail
cd "$(dirname "$0")"

quick=no
for argument in "$@"; do
  case "$argument" in
    --quick) quick=yes ;;
    -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) printf 'test.sh: unknown option %s; see --help\n' "$argument" >&2; exit 2 ;;
  esac
done
SECONDS=0
step() { printf '\n== [%d s] %s\n' "$SECONDS" "$*"; }
jobs=$(nproc)

step "installing what is missing"
scripts/install_dependencies.sh test lint
# Without it the back end is left out, and the tests of the others run.
if root=$(scripts/setup_onnxruntime.sh); then
  [ -z "$root" ] || export ONNXRUNTIME_ROOT="$root"
else
  echo "test.sh: ONNX Runtime could not be had; building without the back end 'onnxruntime'" >&2
fi

if [ "$quick" = no ]; then
  step "unit tests under AddressSanitizer and UndefinedBehaviorSanitizer"
  cmake --preset asan >/dev/null
  cmake --build --preset asan
  ctest --preset asan -j "$jobs"

  step "server and agent tests under ThreadSanitizer"
  cmake --preset tsan >/dev/null
  cmake --build build/tsan --target server_test fleet_test agent_test
  ctest --preset tsan -j "$jobs"
fi

step "release build, warnings as errors"
cmake --preset release -DLATIMER_WERROR=ON -DLATIMER_BUILD_TESTS=ON -DLATIMER_BUILD_BENCH=ON >/dev/null
cmake --build build/release

step "all tests"
ctest --test-dir build/release -j "$jobs" --output-on-failure --no-tests=error
