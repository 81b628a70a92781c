#!/usr/bin/env bash
# From a fresh Debian 12 or 13 to a per-layer latency table: installs what is missing, builds, starts a server,
# estimates a real network on two platforms over gRPC, and stops what it started. Safe to run again.
#
# usage: ./quickstart.sh [NETWORK]      NETWORK: an ONNX file (default: ResNet-34 from tests/data)
set -euo pipefail
cd "$(dirname "$0")"

case "${1:-}" in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
readonly network="${1:-tests/data/networks/named/tv_resnet34.onnx}"
readonly bin=build/release/bin
readonly log=build/quickstart
SECONDS=0
server_pid=

step() { printf '\n\033[1m[%s, %d s] %s\033[0m\n' "$1" "$SECONDS" "$2"; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
stop() {
  [ -n "$server_pid" ] || return 0
  kill "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}
trap stop EXIT
[ -f "$network" ] || die "there is no file $network"

# Runs a long command with its output in a file, and shows the end of it if it fails.
quietly() {
  local name=$1
  shift
  mkdir -p "$log"
  "$@" >"$log/$name.log" 2>&1 || { tail -n 30 "$log/$name.log" >&2; die "$name failed; all of it: $log/$name.log"; }
}

step 1/4 "Installing what is missing"
scripts/install_dependencies.sh build

step 2/4 "Building the server and the command line (some minutes the first time)"
command -v cmake >/dev/null || die "cmake is missing"
quietly configure cmake --preset release
quietly build cmake --build build/release --target latimer-server latimer
echo "built $bin/latimer-server and $bin/latimer"

step 3/4 "Starting a server on a free port of this machine"
mkdir -p "$log"
"$bin/latimer-server" --listen 127.0.0.1:0 --drain 0 >"$log/server.out" 2>"$log/server.log" &
server_pid=$!
address=
for _ in $(seq 100); do
  address=$(sed -n 's/^listening on //p' "$log/server.out")
  [ -n "$address" ] && break
  kill -0 "$server_pid" 2>/dev/null || { cat "$log/server.log" >&2; die "the server did not start"; }
  sleep 0.1
done
[ -n "$address" ] || die "the server did not get ready; see $log/server.log"
echo "serving at $address"

step 4/4 "Estimating $network"
"$bin/latimer" estimate "$network" --platform ncs2-openvino,zcu102-dnndk --server "$address"

stop
step done "The server is stopped"
cat <<TEXT
Next:
  $bin/latimer estimate YOUR.onnx --platform zcu102-dnndk      no server needed
  $bin/latimer platforms                                       what is modelled, and how well
  $bin/latimer --help
  $bin/latimer-server --help
TEXT
