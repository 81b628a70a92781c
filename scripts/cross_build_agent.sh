#!/usr/bin/env bash
# Builds latimer-agent for 64-bit Arm on a Debian machine (docs/cross-compiling.md), with Debian's arm64 libraries
# unpacked into a cache folder: apart from the cross compiler nothing is installed.
#
# usage: scripts/cross_build_agent.sh [BUILD_DIR [CMAKE_OPTION…]]      default: build/agent-arm64
#
# Exit code 3: the compiler or the libraries cannot be had here.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build_dir="${1:-build/agent-arm64}"
readonly cmake_options=("${@:2}")
readonly sysroot="${XDG_CACHE_HOME:-$HOME/.cache}/latimer/sysroot-arm64"
readonly packages=(libabsl-dev libprotobuf-dev libgrpc++-dev libonnx-dev nlohmann-json3-dev libcli11-dev prometheus-cpp-dev
                   libopencv-dnn-dev libc6-dev)
say() { printf 'cross build: %s\n' "$*" >&2; }
unavailable() { say "$*"; exit 3; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

command -v apt-get >/dev/null && command -v dpkg >/dev/null || unavailable "this is no Debian machine"
if ! command -v aarch64-linux-gnu-g++ >/dev/null; then
  install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends g++-aarch64-linux-gnu)
  # A fresh machine has no package lists yet.
  as_root "${install[@]}" >&2 || { as_root apt-get -q update >&2 && as_root "${install[@]}" >&2; } ||
    unavailable "g++-aarch64-linux-gnu cannot be installed"
fi

# Fetched again when the list of packages has changed.
if [ "$(cat "$sysroot/complete" 2>/dev/null)" != "${packages[*]}" ]; then
  say "fetching Debian's arm64 libraries into $sysroot"
  # A package database of its own: this machine's stays as it is.
  apt="$sysroot.apt"
  rm -rf "$apt" "$sysroot"
  mkdir -p "$apt/etc/apt/preferences.d" "$apt/var/lib/apt/lists/partial" "$apt/var/lib/dpkg" \
    "$apt/var/cache/apt/archives/partial" "$sysroot"
  for part in sources.list sources.list.d apt.conf.d trusted.gpg.d; do
    [ ! -e "/etc/apt/$part" ] || cp -r "/etc/apt/$part" "$apt/etc/apt/"
  done
  : > "$apt/var/lib/dpkg/status"
  options=(-o "Dir=$apt" -o "Dir::State::status=$apt/var/lib/dpkg/status" -o APT::Architecture=arm64
           -o APT::Architectures::=arm64 -o Debug::NoLocking=1 -o "APT::Sandbox::User=$(id -un)")
  compiler=$(aarch64-linux-gnu-g++ -dumpversion | cut -d. -f1)
  apt-get "${options[@]}" -q update >&2 || unavailable "no arm64 package lists"
  apt-get "${options[@]}" -q install --download-only -y --no-install-recommends "${packages[@]}" \
    "libstdc++-$compiler-dev" >&2 || unavailable "the arm64 libraries cannot be had"
  for package in "$apt"/var/cache/apt/archives/*.deb; do dpkg -x "$package" "$sysroot"; done
  # Debian chooses these at installation (update-alternatives); OpenCV needs them.
  for library in lapack/liblapack.so.3 blas/libblas.so.3; do
    ln -sf "$library" "$sysroot/usr/lib/aarch64-linux-gnu/"
  done
  rm -rf "$apt"
  printf '%s\n' "${packages[*]}" > "$sysroot/complete"
fi

cmake -S . -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/toolchains/aarch64-linux-gnu.cmake" -DLATIMER_SYSROOT="$sysroot" \
  -DLATIMER_AGENT_ONLY=ON -DLATIMER_BUILD_TESTS=OFF -DLATIMER_BUILD_BENCH=OFF "${cmake_options[@]}"
cmake --build "$build_dir" --target latimer-agent
say "built $build_dir/bin/latimer-agent"
