#!/usr/bin/env bash
# Runs the fault tests again and again and stops at the first failure.
#
# usage: tests/integration/repeat.sh [N] [BUILD_DIR]      default: 10 build/release
#
# LATIMER_CUT_SECONDS=60 cuts the network for a full minute.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly times="${1:-10}"
readonly build="${2:-build/release}"
for ((round = 1; round <= times; ++round)); do
  begin=$SECONDS
  if ! ctest --test-dir "$build" -L faults -j "$(nproc)" --output-on-failure --no-tests=error; then
    printf 'fault tests: FAILED in round %d of %d\n' "$round" "$times"
    exit 1
  fi
  printf 'fault tests: round %d of %d passed in %d s\n' "$round" "$times" "$((SECONDS - begin))"
done
printf 'fault tests: %d rounds, all passed\n' "$times"
