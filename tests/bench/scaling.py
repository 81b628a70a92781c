#!/usr/bin/env python3
"""What more cores and more replicas give: throughput in turns, medians.

usage: scaling.py [--build build/release] [--rounds 5] [--seconds 4] [--only cores,server,replicas,shares]

cores     threads that answer NAS cells in one process, everything but gRPC: two beside one
server    a server on one core and on two, under as many clients as it takes; they need processor time of the same cores
replicas  nginx (deploy/nginx/latimer.conf) before two servers, each on a core of its own, and before one on one core,
          under requests that cost the server several times what they cost nginx and the clients
shares    the same where a server may use a share of a core at most (a control group; needs root), so that cores are left
          for nginx and the clients: what replicas give where there are machines enough
"""

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def pin(server, cores):
    """All threads of a process; those to come inherit it."""
    for thread in os.listdir(f"/proc/{server.process.pid}/task"):
        os.sched_setaffinity(int(thread), cores)


def cpu_seconds(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = pathlib.Path(options.build) / "bin"

    def in_process(self, threads):
        done = subprocess.run(
            [self.programs / "latimer-bench", "--in-process", "60000", "--threads", str(threads)],
            check=True, stdout=subprocess.PIPE,
        )
        return json.loads(done.stdout)["perSecond"]

    def load(self, address, workload, servers=()):
        """Calls per second, and the servers' processor time per call in microseconds."""
        before = sum(map(cpu_seconds, servers))
        done = subprocess.run(
            [self.programs / "latimer-load", "--server", address, "--workload", workload, "--threads", "64",
             "--seconds", str(self.options.seconds)],
            check=True, stdout=subprocess.PIPE,
        )
        report = json.loads(done.stdout)
        if report["ok"] != report["calls"]:
            raise RuntimeError(f"calls failed: {report}")
        return report["callsPerSecond"], (sum(map(cpu_seconds, servers)) - before) / report["calls"] * 1e6


def show(name, one, two, detail=""):
    ratios = [b / a for a, b in zip(one, two)]
    print(f"| {name} | {statistics.median(one):.0f} | {statistics.median(two):.0f} | {statistics.median(ratios):.2f} "
          f"({min(ratios):.2f} to {max(ratios):.2f}) | {detail} |", flush=True)


def cores(bench):
    pairs = [(bench.in_process(1), bench.in_process(2)) for _ in range(bench.options.rounds)]
    show("NAS cells in one process, 1 and 2 threads", *zip(*pairs))


def server(bench, harness):
    with harness.Server() as one:
        pairs = []
        for _ in range(bench.options.rounds):
            pair = []
            for places in ({0}, {0, 1}):
                pin(one, places)
                pair.append(bench.load(one.address, "nas-fresh", [one]))
            pairs.append(pair)
    show("NAS cells over gRPC, server on 1 and 2 cores, clients beside it", [a[0] for a, _ in pairs],
         [b[0] for _, b in pairs],
         f"server {statistics.median(a[1] for a, _ in pairs):.0f} and {statistics.median(b[1] for _, b in pairs):.0f} µs per call")


class Share:
    """A control group whose processes get `cores` of processor time at most."""

    PERIOD_US = 10_000

    def __init__(self, name, cores):
        quota = int(cores * self.PERIOD_US)
        old = pathlib.Path("/sys/fs/cgroup/cpu")
        self.folder = (old if old.is_dir() else old.parent) / f"latimer-scaling-{os.getpid()}-{name}"
        try:
            self.folder.mkdir()
        except OSError as error:
            raise SystemExit(f"--only shares: {error}; leave it out where control groups cannot be made") from error
        if old.is_dir():
            (self.folder / "cpu.cfs_period_us").write_text(str(self.PERIOD_US))
            (self.folder / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (self.folder / "cpu.max").write_text(f"{quota} {self.PERIOD_US}")

    def take(self, server):
        (self.folder / "cgroup.procs").write_text(str(server.process.pid))

    def remove(self):
        """After its processes have ended."""
        deadline = time.monotonic() + 10
        while True:
            try:
                self.folder.rmdir()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def replicas(bench, harness, balancing, workload, cores=None):
    """`cores`: of processor time for each server; None: a core of its own."""
    with contextlib.ExitStack() as started:
        folder = started.enter_context(tempfile.TemporaryDirectory())
        os.chmod(folder, 0o755)
        servers = []
        for core in (0, 1):
            if cores is not None:
                share = Share(core, cores)
                started.callback(share.remove)
            servers.append(started.enter_context(harness.Server()))
            if cores is not None:
                share.take(servers[-1])
            else:
                pin(servers[-1], {core})
        one, two = servers
        sides = []
        for name, ports in (("one", [one.port, one.port]), ("two", [one.port, two.port])):
            place = pathlib.Path(folder) / name
            place.mkdir()
            sides.append(balancing.Nginx(place, ports))
            started.callback(sides[-1].stop)
        pairs = []
        for number in range(bench.options.rounds):
            pair = [bench.load(f"127.0.0.1:{side.port}", workload, [one, two])
                    for side in (sides if number % 2 == 0 else sides[::-1])]
            pairs.append(pair if number % 2 == 0 else pair[::-1])
    show(f"{workload} behind nginx, 1 and 2 replicas of {cores or 'one'} core each", [a[0] for a, _ in pairs],
         [b[0] for _, b in pairs],
         f"servers {statistics.median(a[1] for a, _ in pairs):.0f} and {statistics.median(b[1] for _, b in pairs):.0f} µs per call")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release", help="build folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="per side and round")
    parser.add_argument("--only", type=lambda text: text.split(","), default=["cores", "server", "replicas", "shares"])
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("this needs two cores")
    os.environ["LATIMER_SERVER"] = str(pathlib.Path(options.build).resolve() / "bin/latimer-server")
    os.environ.setdefault("LATIMER_CLI", str(pathlib.Path(options.build).resolve() / "bin/latimer"))
    os.environ["LATIMER_SOURCE_DIR"] = str(SOURCE)
    sys.path[:0] = [str(SOURCE / "tests/integration"), str(pathlib.Path(options.build).resolve() / "python"),
                    str(SOURCE / "clients/python")]
    bench = Bench(options)
    print("| | one | two | two / one | |\n| --- | ---: | ---: | --- | --- |")
    if "cores" in options.only:
        cores(bench)
    if set(options.only) <= {"cores"}:
        return
    import balancing_test
    import harness
    if "server" in options.only:
        server(bench, harness)
    if "replicas" in options.only:
        for workload in ("nas-fresh", "mobilenetv2-onnx", "resnet152-onnx"):
            replicas(bench, harness, balancing_test, workload)
    if "shares" in options.only:
        # As much as leaves clients and nginx the rest of two cores.
        for workload, share in (("nas-fresh", 0.1), ("resnet152-onnx", 0.4)):
            replicas(bench, harness, balancing_test, workload, cores=share)


if __name__ == "__main__":
    main()
