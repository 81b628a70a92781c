#!/usr/bin/env bash
# Installs the Debian packages Latimer needs and does not find. Safe to run again: with everything there it changes
# nothing and needs no network. Debian 12 and 13.
#
# usage: scripts/install_dependencies.sh [GROUP…]     groups: build (default), test, lint, package, all
set -euo pipefail

# cmake/dependencies.cmake names the libraries; keep the two lists together.
readonly build=(g++ cmake ninja-build pkg-config libabsl-dev libprotobuf-dev protobuf-compiler libgrpc++-dev
                protobuf-compiler-grpc libonnx-dev nlohmann-json3-dev libcli11-dev prometheus-cpp-dev libssl-dev libxgboost-dev
                libsqlite3-dev)
# Tests, benchmarks, and the Python client with its examples. openssl makes the certificates of the TLS tests.
readonly test=(prometheus nginx-light libopencv-dnn-dev libgtest-dev libgmock-dev libbenchmark-dev python3 python3-grpcio python3-protobuf python3-yaml
               openssl)
# Formatter, static analysis, fuzzing.
readonly lint=(clang clang-format clang-tidy libclang-rt-dev)
# Debian packages, with the engines that Debian itself has (ONNX Runtime: from Debian 13 on).
readonly packaging=(libopencv-dnn-dev dpkg-dev gzip file)
readonly packaging_optional=(libonnxruntime-dev)
# Shorter builds where the distribution has them; their absence is no error.
optional=(ccache lld)

say() { printf 'dependencies: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

groups=("$@")
[ ${#groups[@]} -gt 0 ] || groups=(build)
wanted=()
for group in "${groups[@]}"; do
  case "$group" in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${build[@]}" "${test[@]}") ;;
    lint) wanted+=("${lint[@]}") ;;
    package) wanted+=("${packaging[@]}"); optional+=("${packaging_optional[@]}") ;;
    all) wanted+=("${build[@]}" "${test[@]}" "${lint[@]}" "${packaging[@]}") ;;
    -h|--help) sed -n 's/^# \{0,1\}//p' "$0" | sed -n 2,5p; exit 0 ;;
    *) die "unknown group '$group'; groups: build, test, lint, package, all" ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "this script knows Debian 12 and 13 only; install these libraries and tools by other means and go on:"
  printf '  %s\n' "${wanted[*]}" >&2
  exit 1
fi

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
# Not grep -q: it leaves before apt-cache has written all, which then fails, now and then.
available() { apt-cache policy "$1" 2>/dev/null | grep '^ *Candidate: [^(]' >/dev/null; }
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "packages are missing and there is no sudo; as root: apt-get install ${missing[*]}"
  fi
}

missing=()
for package in "${wanted[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  say "all packages are there"
  exit 0
fi

for package in "${missing[@]}" "${optional[@]}"; do
  if ! available "$package"; then
    say "reading the package lists"
    as_root apt-get update -qq || die "apt-get update failed; check the network and /etc/apt"
    break
  fi
done
for package in "${missing[@]}"; do
  available "$package" || die "this system has no package '$package' (Latimer is tested on Debian 12 and 13)"
done
for package in "${optional[@]}"; do
  if ! installed "$package" && available "$package"; then
    missing+=("$package")
  fi
done

say "installing ${missing[*]}"
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
  die "apt-get install failed; its last lines say why"
