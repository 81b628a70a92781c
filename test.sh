#!/usr/bin/env bash
# Installs what is missing, builds everything with warnings as errors, and runs all tests.
#
# usage: ./test.sh [--quick]      --quick: without the builds under sanitizers and for 64-bit Arm
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

# Runs the tests of a preset. Up to five that fail get a second chance, by themselves, and have to pass twice: tests with
# real processes and clocks may want for time where others keep the machine busy. What a sanitizer reports gets none.
unsteady=()
run_tests() {
  ctest --preset "$1" -j "$jobs" && return
  local log=build/$1/Testing/Temporary failed
  failed=$(cut -d: -f2- "$log/LastTestsFailed.log")
  if grep -qE '(ERROR|WARNING|FATAL): [A-Za-z]+Sanitizer|runtime error:' "$log/LastTest.log" ||
    [ "$(wc -l <<<"$failed")" -gt 5 ]; then
    return 1
  fi
  step "what failed, twice more and alone"
  ctest --preset "$1" --rerun-failed --repeat until-fail:2 || return 1
  mapfile -t -O "${#unsteady[@]}" unsteady <<<"$failed"
}

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
  run_tests asan

  step "server and agent tests under ThreadSanitizer"
  cmake --preset tsan >/dev/null
  cmake --build build/tsan --target server_test fleet_test agent_test
  run_tests tsan
fi

if [ "$quick" = no ]; then
  step "the agent for 64-bit Arm"
  # Unoptimised: it is about the sources. Exit code 3: compiler or libraries cannot be had here.
  mkdir -p build
  arm=0
  scripts/cross_build_agent.sh build/agent-arm64-check -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
    -DLATIMER_WERROR=ON >build/agent-arm64.log 2>&1 || arm=$?
  case "$arm" in
    0) echo "test.sh: the agent builds for 64-bit Arm" ;;
    3) echo "test.sh: LEFT OUT, the agent for 64-bit Arm: $(tail -n 1 build/agent-arm64.log)" >&2 ;;
    *) tail -n 50 build/agent-arm64.log >&2; exit 1 ;;
  esac
fi

step "release build, warnings as errors"
cmake --preset release -DLATIMER_WERROR=ON -DLATIMER_BUILD_TESTS=ON -DLATIMER_BUILD_BENCH=ON >/dev/null
cmake --build build/release

step "all tests"
run_tests release
for test in ${unsteady[@]+"${unsteady[@]}"}; do
  printf 'test.sh: UNSTEADY, failed beside others and passed alone: %s\n' "$test" >&2
done
