#!/usr/bin/env python3
"""Prints how fast the service is beside its targets: the table of docs/performance.md, by one command.

usage: targets.py [--build build/release] [--rounds 5] [--seconds 2] [--networks 1000000] [--only stream,memory] [--json]

Every figure is the median of `--rounds` runs; ratios compare the server with an echo of the same message sizes in the
same run. Instructions are counted by valgrind's callgrind where it is installed.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

# key, requests:call:clients, what is compared, target, words
RATIOS = [
    ("p50", "nas-fresh:unary:1", "latency", 1.3, "p50 of `Estimate` SUMMARY, unique NAS-Bench-201 cells, 1 client"),
    ("unary", "nas-fresh:unary:8", "throughput", 0.6, "throughput of the same, 8 clients"),
    ("stream", "nas-fresh:stream:1", "throughput", 0.5, "throughput through `EstimateStream`, 1 stream"),
    ("streams", "nas-fresh:stream:8", "throughput", 0.5, "throughput through `EstimateStream`, 8 streams"),
    ("full", "mobilenetv2-compact:unary:8", "throughput", 0.5, "FULL view, 100 layers, 8 clients"),
    ("onnx", "resnet50-onnx:unary:8", "throughput", 0.25, "ONNX ResNet-50, unique resolutions, 8 clients"),
]
WARM_US, COLD_US, PYTHON_PER_SECOND, PYTHON_RATIO = 15, 300, 3000, 0.7
REFIT_RATIO = 2
FLAT = 1.1  # last reading of memory over that at a tenth of the networks


def run(command, **kwargs):
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, target, measured, met, detail=""):
        self.rows.append({"measure": what, "target": target, "measured": measured, "met": met, "detail": detail})
        print(f"  {what}: {measured} (target {target}) {'met' if met else 'MISSED'} {detail}", file=sys.stderr)

    def markdown(self):
        lines = ["| measure | target | measured | | |", "| --- | --- | --- | --- | --- |"]
        for row in self.rows:
            met = {True: "met", False: "**missed**", None: ""}[row["met"]]
            lines.append(f"| {row['measure']} | {row['target']} | {row['measured']} | {met} | {row['detail']} |")
        return "\n".join(lines)


def spread(values):
    return f"{min(values):.2f} to {max(values):.2f}"


def ratios(table, bench, options):
    wanted = [row for row in RATIOS if not options.only or row[0] in options.only]
    if not wanted:
        return
    command = [bench, "--format", "json", "--seconds", str(options.seconds), "--cells", ",".join(r[1] for r in wanted)]
    runs = [json.loads(run(command))["rows"] for _ in range(options.rounds)]
    for i, (_, _, kind, target, words) in enumerate(wanted):
        rows = [rows[i] for rows in runs]
        cpu = [statistics.median(row[side]["cpuUsPerCall"] for row in rows) for side in ("server", "echo")]
        if kind == "latency":
            values = [row["server"]["p50Us"] / row["echo"]["p50Us"] for row in rows]
            times = [statistics.median(row[side]["p50Us"] for row in rows) for side in ("server", "echo")]
            detail = f"{times[0]:.0f} against {times[1]:.0f} µs"
        else:
            values = [row["ratio"]["median"] for row in rows]
            rates = [statistics.median(row[side]["callsPerSecond"] for row in rows) for side in ("server", "echo")]
            detail = f"{rates[0]:.0f} against {rates[1]:.0f} per second"
        value = statistics.median(values)
        met = value <= target if kind == "latency" else value >= target
        sign = "≤" if kind == "latency" else "≥"
        detail += f"; runs {spread(values)}; server processor time {cpu[0]:.0f} against {cpu[1]:.0f} µs"
        table.add(words, f"{sign} {target}{'×' if kind == 'latency' else ''}", f"{value:.2f}", met, detail)


def instructions(bench, count, flags):
    """Of all estimates of the process."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--toggle-collect=*bench*Estimator::Estimate*",
                   f"--callgrind-out-file={folder}/out", bench, "--in-process", str(count)]
        done = subprocess.run(command + flags, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def in_process(table, bench, options):
    for words, flags, count, few, many, target in [
        ("warm memo", [], 4000, 100, 1100, WARM_US),
        ("cold memo", ["--cold"], 200, 5, 55, COLD_US),
    ]:
        values = [
            json.loads(run([bench, "--in-process", str(count)] + flags))["medianUs"] for _ in range(options.rounds)
        ]
        detail = f"runs {spread(values)} µs"
        if shutil.which("valgrind"):
            per = (instructions(bench, many, flags) - instructions(bench, few, flags)) / (many - few)
            detail += f"; {per:.0f} instructions"
        value = statistics.median(values)
        table.add(f"in-process estimate of a cell, request to answer, {words}", f"≤ {target} µs", f"{value:.1f} µs",
                  value <= target, detail)


def memory(table, bench, options):
    """Where every layer is new the tables are full at once: what they take then bounds what others may need."""

    def resident(kind):
        report = json.loads(run([bench, "--memory", str(options.networks), "--memory-of", kind]))
        return [size / 2**20 for size in report["residentBytes"]]

    def add(words, target, megabytes, limit):
        readings = [megabytes[len(megabytes) * i // 10] for i in (0, 1, 2, 5, 8)] + megabytes[-1:]
        table.add(f"server memory after {options.networks} unique networks, {words}", target, f"{megabytes[-1]:.0f} MiB",
                  megabytes[-1] <= limit, "MiB at 0, 10, 20, 50, 80, 100 %: " + ", ".join(f"{size:.0f}" for size in readings))

    full = resident("nas-fresh-layers")
    add("no layer known", "flat", full, FLAT * full[max(1, len(full) // 10)])
    add("NAS-Bench-201 cells of 16 and more channels", "below the row above", resident("nas-fresh"), full[-1])


def python_stream(table, bench, build, options):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python_stream.py")
    environment = dict(os.environ, PYTHONPATH=os.path.join(build, "python"))
    command = [options.python, script, bench, str(options.seconds)]
    reports = [json.loads(run(command, env=environment)) for _ in range(options.rounds)]
    rate = statistics.median(report["perSecond"] for report in reports)
    ratio = statistics.median(report["perSecond"] / report["echoPerSecond"] for report in reports)
    table.add("Python client over `EstimateStream`", f"≥ {PYTHON_PER_SECOND}/s or {PYTHON_RATIO} of its echo",
              f"{rate:.0f}/s, {ratio:.2f}", rate >= PYTHON_PER_SECOND or ratio >= PYTHON_RATIO,
              f"runs {spread([report['perSecond'] for report in reports])} per second")


def refit(table, build, options):
    """Paced calls while the server fits a model, and while it does not (tests/integration/refit_latency.py)."""
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    programs = os.path.join(os.path.abspath(build), "bin")
    environment = dict(os.environ, PYTHONPATH=os.path.join(os.path.abspath(build), "python"), LATIMER_SOURCE_DIR=source,
                       LATIMER_SERVER=os.path.join(programs, "latimer-server"),
                       LATIMER_CLI=os.path.join(programs, "latimer"), LATIMER_LOAD=os.path.join(programs, "latimer-load"))
    script = os.path.join(source, "tests", "integration", "refit_latency.py")
    # It fails beyond a limit of its own; this table has its target.
    command = [options.python, script, "--rounds", str(options.rounds), "--rate", "100", "--limit", "1000"]
    report = json.loads(run(command, env=environment))
    ratio = report["ratioP99"]
    table.add("p99 during a running refit and campaign", f"≤ {REFIT_RATIO}× without", f"{ratio:.2f}×", ratio <= REFIT_RATIO,
              f"{report['fittingP99Us'] / 1000:.1f} against {report['quietP99Us'] / 1000:.1f} ms, "
              f"{report['callsDuringFits']} calls during {report['fitSeconds']:.1f} s of fits, paced at 100/s")


def missing(options):
    """What the rows asked for need and the build folder lacks; a run of a quarter of an hour should not end on it."""
    wanted = set(options.only)
    needs = {os.path.join("bin", "latimer-bench"): "latimer-bench"}
    if not wanted or wanted & {"python", "refit"}:
        needs[os.path.join("python", "latimer_client")] = "latimer_python"
    if not wanted or "refit" in wanted:
        for program in ("latimer-server", "latimer", "latimer-load"):
            needs[os.path.join("bin", program)] = program
    return [target for path, target in needs.items() if not os.path.exists(os.path.join(options.build, path))]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"model name\s*: (.*)", file.read())
    return f"{found.group(1) if found else 'unknown processor'}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="build folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="per row, side and round")
    parser.add_argument("--networks", type=int, default=1_000_000, help="unique networks for the row of memory")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[],
                        help="p50, unary, stream, streams, full, onnx, inprocess, memory, python, refit")
    parser.add_argument("--python", default="/usr/bin/python3", help="Python with grpcio and protobuf")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [row[0] for row in RATIOS] + ["inprocess", "memory", "python", "refit"]
    if unknown := [name for name in options.only if name not in rows]:
        parser.error(f"--only: no row is called '{unknown[0]}'; there are {', '.join(rows)}")
    if lacking := missing(options):
        print(f"targets.py: '{options.build}' lacks {', '.join(lacking)}; "
              f"run: cmake --build {options.build} --target {' '.join(lacking)}", file=sys.stderr)
        return 2
    bench = os.path.join(options.build, "bin", "latimer-bench")
    table = Table()
    before = machine()
    failures = []
    for name, measure in [
        ("ratios", lambda: ratios(table, bench, options)),
        ("inprocess", lambda: in_process(table, bench, options)),
        ("memory", lambda: memory(table, bench, options)),
        ("python", lambda: python_stream(table, bench, options.build, options)),
        ("refit", lambda: refit(table, options.build, options)),
    ]:
        if options.only and name != "ratios" and name not in options.only:
            continue
        try:
            measure()
        except (RuntimeError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:  # the other rows are worth having
            failures.append(name)
            print(f"targets.py: {name} failed: {error}", file=sys.stderr)
    if options.json:
        print(json.dumps({"machine": before, "rows": table.rows}, indent=2, ensure_ascii=False))
    else:
        print(f"{before}; {options.rounds} rounds of {options.seconds:g} s\n\n{table.markdown()}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
