#!/usr/bin/env bash
# Provides ONNX Runtime's C++ headers and library, and prints the folder to use as ONNXRUNTIME_ROOT.
#
# Debian 13 and later: the package libonnxruntime-dev (prints nothing: the library is where CMake looks anyway).
# Debian 12 has no such package: the headers come from the trixie suite of the machine's own Debian mirror (header
# files only, nothing is installed from there), the library of the same version from the npm package
# onnxruntime-node. Both are kept in a cache folder outside the tree and fetched once.
#
# usage: scripts/setup_onnxruntime.sh            (ONNXRUNTIME_ROOT, when set, is taken as it is)
set -euo pipefail

readonly version=1.21.0
say() { printf 'onnxruntime: %s\n' "$*" >&2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if [ -n "${ONNXRUNTIME_ROOT:-}" ]; then
  echo "$ONNXRUNTIME_ROOT"
  exit 0
fi
if dpkg-query -W -f='${Status}' libonnxruntime-dev 2>/dev/null | grep -q 'ok installed'; then
  exit 0
fi
if apt-cache policy libonnxruntime-dev 2>/dev/null | grep 'Candidate: [0-9]' >/dev/null; then
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libonnxruntime-dev >&2
  exit 0
fi

root="${XDG_CACHE_HOME:-$HOME/.cache}/latimer/onnxruntime-$version"
if [ -f "$root/include/onnxruntime/onnxruntime_cxx_api.h" ] && [ -e "$root/lib/libonnxruntime.so" ]; then
  echo "$root"
  exit 0
fi

case "$(dpkg --print-architecture)" in
  amd64) npm_arch=x64 ;;
  arm64) npm_arch=arm64 ;;
  *) say "no prebuilt library for $(dpkg --print-architecture); set ONNXRUNTIME_ROOT"; exit 1 ;;
esac
command -v npm >/dev/null || { say "npm is missing (package npm); install it or set ONNXRUNTIME_ROOT"; exit 1; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# A private apt configuration whose only source is the machine's own mirror with the suite replaced.
say "fetching the headers from the trixie suite"
mirror="$(sed -n -e 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' \
  -e 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\([^[:space:]]*\).*/\2/p' \
  /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v -m 1 security || true)"
[ -n "$mirror" ] || { say "found no Debian mirror in /etc/apt; set ONNXRUNTIME_ROOT"; exit 1; }
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/empty"
echo "deb $mirror trixie main" > "$work/apt/sources.list"
apt_options=(-o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts="$work/apt/empty"
             -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root
             -o Debug::NoLocking=1)
apt-get "${apt_options[@]}" update >"$work/apt.log" 2>&1 ||
  { say "cannot read the trixie suite:"; tail -n 3 "$work/apt.log" >&2; exit 1; }
(cd "$work" && apt-get "${apt_options[@]}" download libonnxruntime-dev >"$work/download.log" 2>&1) ||
  { say "cannot download libonnxruntime-dev:"; tail -n 3 "$work/download.log" >&2; exit 1; }
found="$(dpkg-deb -f "$work"/libonnxruntime-dev_*.deb Version)"
case "$found" in
  "$version"*) ;;
  *) say "the trixie suite has version $found, wanted $version; set ONNXRUNTIME_ROOT"; exit 1 ;;
esac
dpkg-deb -x "$work"/libonnxruntime-dev_*.deb "$work/headers"

say "fetching the library from npm's onnxruntime-node@$version"
(cd "$work" && npm pack --silent "onnxruntime-node@$version" >/dev/null)
tar -xzf "$work"/onnxruntime-node-*.tgz -C "$work" "package/bin/napi-v3/linux/$npm_arch"

# Into place in one move, so that an interrupted run leaves nothing half done.
stage="$root.partial.$$"
rm -rf "$stage"
mkdir -p "$stage/include" "$stage/lib"
cp -r "$work/headers/usr/include/onnxruntime" "$stage/include/"
cp "$work/package/bin/napi-v3/linux/$npm_arch/libonnxruntime.so.$version" "$stage/lib/"
ln -s "libonnxruntime.so.$version" "$stage/lib/libonnxruntime.so.1"
ln -s libonnxruntime.so.1 "$stage/lib/libonnxruntime.so"
mkdir -p "$(dirname "$root")"
rm -rf "$root"
mv "$stage" "$root"
say "ready in $root"
echo "$root"
