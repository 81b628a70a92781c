"""A server at half of what it can do, for long, with campaigns running: nothing grows, nothing fails.

usage: soak.py [--seconds 60] [--threads 8] [--rate R]
Without --rate: half of what the same clients get out of it in three seconds. Prints one line of JSON per phase and one at
the end; exit code 1 if a call failed or memory grew.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import grpc
import harness
import played
from latimer.v1 import campaign_service_pb2, campaign_service_pb2_grpc

LOAD = os.environ["LATIMER_LOAD"]
# The second half of the run may use that much more than the first at most: the cache of answers alone may still take
# 64 MiB while it fills.
MOST_GROWTH_MIB = 80


def load(address, *arguments):
    command = [LOAD, "--server", address, "--workload", "nas-fresh", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def resources(server, folder):
    process = pathlib.Path(f"/proc/{server.process.pid}")
    status = process.joinpath("status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {
        "rssMib": int(lines["VmRSS"].split()[0]) / 1024,
        "threads": int(lines["Threads"]),
        "files": len(list(process.joinpath("fd").iterdir())),
        "storeMib": sum(file.stat().st_size for file in pathlib.Path(folder).iterdir()) / (1 << 20),
    }


def keep_a_campaign_running(stub, seed):
    try:
        stub.CreateCampaign(
            campaign_service_pb2.CreateCampaignRequest(platform="board", max_measurements=400, seed=seed), timeout=30
        )
        return 1
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.FAILED_PRECONDITION:
            raise
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, harness.Server("--data-dir", folder, "--heartbeat", "0.3") as server:
        rate = flags.rate
        if not rate:
            calibration = json.loads(load(server.address, "--threads", flags.threads, "--seconds", 3).communicate()[0])
            rate = calibration["callsPerSecond"] / 2
            print(json.dumps({"maximum": calibration}), flush=True)
        agents = [played.PlayedAgent(server.address) for _ in range(2)]
        campaigns = 0
        samples = []
        with grpc.insecure_channel(server.address) as channel:
            stub = campaign_service_pb2_grpc.CampaignServiceStub(channel)
            client = load(server.address, "--threads", flags.threads, "--rate", rate, "--seconds", flags.seconds)
            began = time.monotonic()
            while client.poll() is None:
                if server.process.poll() is not None:
                    client.kill()
                    print(f"the server ended with {server.process.returncode}: {server.log()[-5000:]}", file=sys.stderr)
                    return 1
                campaigns += keep_a_campaign_running(stub, campaigns + 1)
                samples.append({"seconds": round(time.monotonic() - began, 1), **resources(server, folder)})
                time.sleep(min(5.0, flags.seconds / 20))
        result = json.loads(client.stdout.read())
        for agent in agents:
            agent.stop()
        # The beginning fills caches; what counts is whether it goes on growing.
        settled = [sample for sample in samples if sample["seconds"] >= flags.seconds / 4]
        half = len(settled) // 2
        first = max(sample["rssMib"] for sample in settled[:half])
        second = max(sample["rssMib"] for sample in settled[half:])
        errors = result["calls"] - result["ok"]
        summary = {
            "load": result,
            "rate": rate,
            "campaigns": campaigns,
            "fits": server.log().count('"msg":"model fitted"'),
            "measurements": sum(len(agent.acknowledged) for agent in agents),
            "startRssMib": samples[0]["rssMib"],
            "firstHalfMaxRssMib": first,
            "secondHalfMaxRssMib": second,
            "rssMib": [round(sample["rssMib"]) for sample in samples[:: max(1, len(samples) // 12)]],
            "endStoreMib": samples[-1]["storeMib"],
            "endFiles": samples[-1]["files"],
            "endThreads": samples[-1]["threads"],
            "serverErrors": [line for line in server.log().splitlines() if '"level":"error"' in line],
        }
        print(json.dumps(summary, indent=1), flush=True)
        if errors or second > first + MOST_GROWTH_MIB or summary["serverErrors"]:
            print(f"{errors} calls failed; memory grew by {second - first:.0f} MiB", file=sys.stderr)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
