"""The circle of quickstart.sh in another root: token, agent, short campaign, measure, estimate."""

import json
import pathlib
import time

NETWORK = pathlib.Path(__file__).resolve().parents[1] / "data/networks/named/tv_resnet34.onnx"
PLATFORM = "packaged-board"


class Circle:
    """Talks to the server at `address` with the command line `latimer(*words)`, which returns what it prints."""

    def __init__(self, address, latimer):
        self.address, self.latimer = address, latimer

    def ask(self, *words):
        return json.loads(self.latimer(*words, "--server", self.address, "--format", "json"))

    def token(self):
        return self.ask("token", "create", "--platform", PLATFORM)["token"]

    def wait_for_agent(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            agents = self.ask("agents")["agents"]
            if [agent["state"] for agent in agents] == ["AGENT_STATE_IDLE"]:
                return agents[0]
            time.sleep(0.3)
        raise AssertionError(f"no idle agent: {agents}")

    def measure_and_fit(self, measurements, board_time):
        """Runs a campaign to its end; returns its last state."""
        return self.ask("campaign", "start", "--platform", PLATFORM, "--max-measurements", measurements,
                        "--max-board-time", board_time, "--wait")

    def estimate(self, network):
        """(estimated, measured) milliseconds of a network on the board, and the estimate of a published platform."""
        self.latimer("measure", network, "--platform", PLATFORM, "--server", self.address)
        answer = self.ask("estimate", network, "--platform", f"{PLATFORM},ncs2-openvino")
        if answer["errors"]:
            raise AssertionError(answer["errors"])
        own, published = answer["estimates"]
        return own["latency"]["estimateMs"], own["measured"]["medianMs"], published["latency"]["estimateMs"]
