#!/usr/bin/env bash
# Builds Debian packages for this machine's Debian release and processor: latimer-server, latimer-agent, latimer-cli,
# latimer-data.
#
# usage: scripts/build_packages.sh [--agent-only] [BUILD_DIR]      default: build/packages; files in BUILD_DIR/packages
#
# An engine is in the agent's package if Debian packages it for this release: OpenCV everywhere, ONNX Runtime from
# Debian 13 on. LATIMER_INSTALL=no: what is needed to build is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

options=()
if [ "${1:-}" = --agent-only ]; then
  options+=(-DLATIMER_AGENT_ONLY=ON)
  shift
fi
case "${1:-}" in
  -*) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
readonly build_dir="${1:-build/packages}"

if [ "${LATIMER_INSTALL:-yes}" = yes ]; then
  scripts/install_dependencies.sh build package
fi
# A package may depend on packages only: an ONNX Runtime from elsewhere is left out.
unset ONNXRUNTIME_ROOT
rm -rf "$build_dir/packages"
cmake -S . -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLATIMER_BUILD_TESTS=OFF -DLATIMER_BUILD_BENCH=OFF \
  -DONNXRUNTIME_ROOT= "${options[@]}"
cmake --build "$build_dir"
(cd "$build_dir" && cpack --config CPackConfig.cmake)
rm -rf "$build_dir/packages/_CPack_Packages"
ls -l "$build_dir"/packages/*.deb
