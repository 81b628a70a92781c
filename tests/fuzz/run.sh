#!/usr/bin/env bash
# Builds the libFuzzer targets with clang and runs them, one after the other, from the committed corpus and what earlier
# runs found. Findings end up in build/fuzz/findings; the exit status is 1 where there are any.
#
# usage: tests/fuzz/run.sh [--seconds N] [TARGET…]
#   N        seconds of each target (60)
#   TARGET   onnx, annette, network, report, rpc (all calls mixed), rpc:CALL (one, such as rpc:Estimate); default: the
#            first five
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=60
targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds="${2:-}"; shift ;;
    onnx | annette | network | report | rpc | rpc:[A-Z]*) targets+=("$1") ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' tests/fuzz/run.sh; exit 0 ;;
    *) printf 'run.sh: unknown argument %s; see --help\n' "$1" >&2; exit 2 ;;
  esac
  shift
done
if ! [[ "$seconds" =~ ^[1-9][0-9]*$ ]]; then
  printf 'run.sh: --seconds needs a whole number above 0\n' >&2
  exit 2
fi
if [ ${#targets[@]} -eq 0 ]; then
  targets=(onnx annette network report rpc)
fi
if ! command -v clang++ >/dev/null; then
  printf 'run.sh: clang++ is missing; scripts/install_dependencies.sh lint installs it\n' >&2
  exit 1
fi

build=${LATIMER_FUZZ_BUILD:-build/fuzz}
cmake --preset fuzz -B "$build" >/dev/null
programs=("${targets[@]/#/fuzz_}")
cmake --build "$build" --target "${programs[@]%%:*}"

failed=no
for target in "${targets[@]}"; do
  program=${target%%:*}
  found="$build/corpus/${target/:/-}"
  seeds=()
  if [ -d "tests/fuzz/corpus/$target" ]; then seeds=("tests/fuzz/corpus/$target"); fi
  unset LATIMER_FUZZ_CALL
  if [ "$program" != "$target" ]; then export LATIMER_FUZZ_CALL="${target#*:}"; fi
  mkdir -p "$found" "$build/findings"
  printf '\n== %s: %s s\n' "$target" "$seconds"
  # The limits are those a request of the server has room for, with what sanitizers add.
  "$build/bin/fuzz_$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
    -max_len=65536 -print_final_stats=1 -print_funcs=0 -artifact_prefix="$build/findings/${target/:/-}-" \
    "$found" ${seeds[@]+"${seeds[@]}"} || failed=yes
done
if [ "$failed" = yes ]; then
  printf '\nrun.sh: there are findings in %s/findings\n' "$build" >&2
  exit 1
fi
