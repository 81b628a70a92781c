"""How long estimates take while the server fits a model, and while it does not, in turn.

usage: refit_latency.py [--rounds 6] [--rate 200] [--measurements 1500] [--limit 2.0]
Calls are paced: one counts from when it was due. Prints the quantiles of both and their ratio; exit code 1 if the 99th
percentile during fits is more than --limit times the other, plus half a millisecond.
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
FITTING = campaign_service_pb2.CAMPAIGN_STATE_FITTING
ENDED = (
    campaign_service_pb2.CAMPAIGN_STATE_SUCCEEDED,
    campaign_service_pb2.CAMPAIGN_STATE_FAILED,
    campaign_service_pb2.CAMPAIGN_STATE_CANCELLED,
)


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


class Campaigns:
    def __init__(self, address):
        self.stub = campaign_service_pb2_grpc.CampaignServiceStub(grpc.insecure_channel(address))

    def run(self, measurements, seed):
        """Yields (state, seconds) until it has ended."""
        campaign = self.stub.CreateCampaign(
            campaign_service_pb2.CreateCampaignRequest(platform="board", max_measurements=measurements, seed=seed), timeout=60
        )
        while campaign.state not in ENDED:
            campaign = self.stub.GetCampaign(campaign_service_pb2.GetCampaignRequest(name=campaign.name), timeout=60)
            yield campaign.state, time.monotonic()
            time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--measurements", type=int, default=1500)
    parser.add_argument("--limit", type=float, default=2.0)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, harness.Server("--data-dir", folder, "--heartbeat", "0.3") as server:
        agent = played.PlayedAgent(server.address)
        campaigns = Campaigns(server.address)
        for _ in campaigns.run(flags.measurements, 1):
            pass
        calls_file = pathlib.Path(folder) / "calls"
        quiet, fitting, fit_seconds = [], [], []
        for number in range(flags.rounds):
            command = [LOAD, "--server", server.address, "--workload", "nas-fresh", "--rate", str(flags.rate)]
            command += ["--threads", str(flags.threads), "--seconds", "3600", "--calls", str(calls_file)]
            seconds = 12.0
            command[command.index("3600")] = str(seconds)
            began = time.monotonic()
            load = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            time.sleep(4)  # quiet; the first second warms up
            fits = []
            for state, now in campaigns.run(50, 100 + number):
                if state == FITTING:
                    fits.append(now - began)
            end = time.monotonic() - began
            load.wait()
            for line in calls_file.read_text().splitlines():
                due, latency_us, code = line.split()
                if code != "0":
                    raise SystemExit(f"a call failed with {code}")
                due = float(due)
                if 1 < due < 3.8 or due > end + 0.5:
                    quiet.append(float(latency_us))
                elif fits and fits[0] <= due <= fits[-1]:
                    fitting.append(float(latency_us))
            if fits:
                fit_seconds.append(fits[-1] - fits[0])
        agent.stop()
    result = {
        "callsQuiet": len(quiet),
        "callsDuringFits": len(fitting),
        "fitSeconds": round(sum(fit_seconds), 2),
        **{f"quietP{int(q * 100)}Us": quantile(quiet, q) for q in (0.5, 0.9, 0.99)},
        **{f"fittingP{int(q * 100)}Us": quantile(fitting, q) for q in (0.5, 0.9, 0.99)},
        "ratioP99": quantile(fitting, 0.99) / quantile(quiet, 0.99),
    }
    print(json.dumps(result, indent=1))
    if len(fitting) < 20:
        print("the fits were too short to judge", file=sys.stderr)
        return 1
    return int(result["fittingP99Us"] > flags.limit * result["quietP99Us"] + 500)


if __name__ == "__main__":
    sys.exit(main())
