"""latimer-bench runs, and its JSON has every row with plausible numbers. Says nothing about speed."""

import itertools
import json
import subprocess
import sys

WORKLOADS = ["echo-against-echo", "nas-repeated", "nas-fresh", "nas-fresh-layers", "resnet18-onnx", "resnet18-compact",
             "mobilenetv2-onnx", "mobilenetv2-compact", "resnet18-onnx-repeated", "resnet50-onnx",
             "resnet152-onnx"]


def main() -> int:
    program = sys.argv[1]
    run = subprocess.run([program, "--seconds", "0.1", "--slice", "0.05", "--format", "json"], check=False, timeout=240,
                         stdout=subprocess.PIPE)
    if run.returncode != 0:
        print(f"latimer-bench: exit code {run.returncode}", file=sys.stderr)
        return 1
    report = json.loads(run.stdout)
    errors = []
    rows = {(row["workload"], row["mode"], row["clients"]): row for row in report["rows"]}
    wanted = set(itertools.product(WORKLOADS, ["unary", "stream"], [1, 8]))
    if set(rows) != wanted or len(report["rows"]) != len(wanted):
        errors.append(f"missing rows {sorted(wanted - set(rows))}, unexpected rows {sorted(set(rows) - wanted)}")
    for key, row in rows.items():
        for side in ("server", "echo"):
            result = row[side]
            if result["calls"] <= 0 or result["callsPerSecond"] <= 0:
                errors.append(f"{key}: {side} answered nothing")
            if result["quietCallsPerSecond"] <= 0:
                errors.append(f"{key}: {side} has no quiet slice")
            if not 0 < result["p50Us"] <= result["p99Us"]:
                errors.append(f"{key}: {side} has quantiles {result['p50Us']}, {result['p99Us']}")
            if result["cpuUsPerCall"] <= 0:
                errors.append(f"{key}: {side} used no processor time")
        ratio = row["ratio"]
        if not 0 < ratio["low"] <= ratio["median"] <= ratio["high"] or ratio["quiet"] <= 0:
            errors.append(f"{key}: ratio {ratio}")
        if row["requestBytes"] <= 0 or row["responseBytes"] <= 0:
            errors.append(f"{key}: empty messages")
    bad = subprocess.run([program, "--workloads", "unknown"], check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if bad.returncode != 2:
        errors.append(f"an unknown workload exits with {bad.returncode}, not 2")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
