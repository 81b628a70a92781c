#!/usr/bin/env bash
# From a fresh Debian 12 or 13 to a fitted model of this machine: installs what is missing, builds, starts a server and
# an agent on this machine, measures for about a minute, fits, and estimates a real network beside its measured time.
# Stops what it started. Safe to run again.
#
# usage: ./quickstart.sh [NETWORK]      NETWORK: an ONNX file (default: ResNet-34 from tests/data)
set -euo pipefail
cd "$(dirname "$0")"

case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
readonly network="${1:-tests/data/networks/named/tv_resnet34.onnx}"
readonly bin=build/release/bin
readonly log=build/quickstart
readonly board_time="${LATIMER_QUICKSTART_BOARD_TIME:-75s}"
SECONDS=0
server_pid=
agent_pid=

step() { printf '\n\033[1m[%s, %d s] %s\033[0m\n' "$1" "$SECONDS" "$2"; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
stop() {
  for pid in $agent_pid $server_pid; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  agent_pid=
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

step 1/6 "Installing what is missing"
scripts/install_dependencies.sh build
if root=$(scripts/setup_onnxruntime.sh); then
  [ -z "$root" ] || export ONNXRUNTIME_ROOT="$root"
  backend=onnxruntime
else
  echo "quickstart: ONNX Runtime could not be had; this machine is measured with OpenCV DNN instead" >&2
  backend=opencv
fi

step 2/6 "Building (some minutes the first time)"
command -v cmake >/dev/null || die "cmake is missing"
quietly configure cmake --preset release
quietly build cmake --build build/release --target latimer-server latimer latimer-agent
echo "built latimer-server, latimer and latimer-agent in $bin"

step 3/6 "Starting a server and an agent ($backend, 1 thread) on this machine"
rm -rf "$log/data" "$log/agent"
mkdir -p "$log"
"$bin/latimer-server" --listen 127.0.0.1:0 --drain 0 --data-dir "$log/data" >"$log/server.out" 2>"$log/server.log" &
server_pid=$!
address=
for _ in $(seq 100); do
  address=$(sed -n 's/^listening on //p' "$log/server.out")
  [ -n "$address" ] && break
  kill -0 "$server_pid" 2>/dev/null || { cat "$log/server.log" >&2; die "the server did not start"; }
  sleep 0.1
done
[ -n "$address" ] || die "the server did not get ready; see $log/server.log"
token=$("$bin/latimer" token create --server "$address" --platform this-machine --format json |
  sed -n 's/.*"token": *"\([^"]*\)".*/\1/p')
"$bin/latimer-agent" --server "$address" --token "$token" --backend "$backend" --state-dir "$log/agent" \
  >"$log/agent.log" 2>&1 &
agent_pid=$!
for _ in $(seq 100); do
  "$bin/latimer" agents --server "$address" --format json | grep -q '"AGENT_STATE_IDLE"' && break
  kill -0 "$agent_pid" 2>/dev/null || { cat "$log/agent.log" >&2; die "the agent did not start"; }
  sleep 0.2
done
"$bin/latimer" agents --server "$address"

step 4/6 "Measuring this machine for $board_time and fitting its model"
"$bin/latimer" campaign start --platform this-machine --max-measurements 600 --max-board-time "$board_time" --wait \
  --server "$address"

step 5/6 "Measuring $network"
"$bin/latimer" measure "$network" --platform this-machine --server "$address"

step 6/6 "Estimating $network: this machine, and two boards with published models"
"$bin/latimer" estimate "$network" --platform this-machine,ncs2-openvino,zcu102-dnndk --server "$address" --top 12

stop
step done "Server and agent are stopped"
cat <<TEXT
Next:
  $bin/latimer estimate YOUR.onnx --platform zcu102-dnndk      no server needed
  $bin/latimer platforms                                       what is modelled, and how well
  $bin/latimer --help
  $bin/latimer-server --help      --data-dir DIR keeps boards, measurements and models
  $bin/latimer-agent --help       what runs on a board
TEXT
