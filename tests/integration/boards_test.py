"""The whole circle on simulated boards, and the faults it must survive: kill -9 of the server, the agent, the engine.

In each: the campaign ends with a model, no measurement is lost, none is counted twice.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import harness

AGENT = os.environ["LATIMER_AGENT"]
BOARD = "simulated:imx93"
PLATFORM = "board"
MEASUREMENTS = 700  # a second or more on a simulated board: time to kill something
PATIENCE = 90


class Agent:
    def __init__(self, address, state, token=None):
        self.log_path = pathlib.Path(state).with_suffix(".log")
        command = [AGENT, "--server", address, "--backend", BOARD, "--state-dir", str(state), "--heartbeat", "0.3"]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command + (["--token", token] if token else []), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self, signal_number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        return self.process.wait(harness.STOP_SECONDS)

    def children(self):
        """Of all its threads."""
        found = []
        for children in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            found += [int(pid) for pid in children.read_text().split()]
        return found


class BoardsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.agents = []
        self.start_server("127.0.0.1:0")
        self.address = self.server.address
        self.addCleanup(self.stop_all)

    def start_server(self, listen):
        self.server = harness.Server(
            "--data-dir", str(self.path / "data"), "--heartbeat", "0.3", "--lease", "2", listen=listen
        )

    def stop_all(self):
        for agent in self.agents:
            agent.stop(signal.SIGKILL)
        self.server.stop(signal.SIGKILL)

    def cli(self, *arguments, expected=0):
        done = harness.run(harness.CLI, *arguments, "--server", self.address, timeout=PATIENCE)
        self.assertEqual(expected, done.returncode, done.stderr)
        return done.stdout

    def start_agent(self, name="agent"):
        token = json.loads(self.cli("token", "create", "--platform", PLATFORM, "--format", "json"))["token"]
        agent = Agent(self.address, self.path / name, token)
        self.agents.append(agent)
        self.wait_for(lambda: self.listed(), "the agent is listed")
        return agent

    def listed(self):
        return json.loads(self.cli("agents", "--format", "json"))["agents"]

    def wait_for(self, condition, what, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            result = condition()
            if result:
                return result
            time.sleep(0.1)
        self.fail(f"in vain: {what}; agents say: {[agent.log()[-500:] for agent in self.agents]}, the server: {self.server.log()[-1500:]}")

    def start_campaign(self, measurements=MEASUREMENTS):
        self.cli("campaign", "start", "--platform", PLATFORM, "--max-measurements", measurements)

    def campaign(self):
        done = harness.run(harness.CLI, "campaign", "show", "1", "--format", "json", "--server", self.address)
        return json.loads(done.stdout) if done.returncode == 0 else None  # the server may be down just now

    def wait_for_results(self, count):
        def reached():
            campaign = self.campaign()
            return campaign is not None and campaign["done"] >= count

        self.wait_for(reached, f"{count} results")

    def check_end(self, most_failed=0):
        def ended():
            campaign = self.campaign()
            return campaign if campaign is not None and campaign["endTimeUnixMs"] else None

        campaign = self.wait_for(ended, "the campaign ends")
        self.assertEqual("CAMPAIGN_STATE_SUCCEEDED", campaign["state"], campaign["message"])
        self.assertEqual(sum(stage["planned"] for stage in campaign["stages"]), campaign["done"])
        self.assertLessEqual(campaign["failed"], most_failed, campaign["message"])
        self.assertEqual(campaign["done"], sum(agent["measurementCount"] for agent in self.listed()))
        return campaign

    def test_the_whole_circle(self):
        self.start_agent()
        output = self.cli("campaign", "start", "--platform", PLATFORM, "--max-measurements", 300, "--wait")
        self.assertIn("succeeded", output)
        self.check_end()
        network = harness.NETWORKS / "named/tv_resnet34.onnx"
        measured = json.loads(self.cli("measure", network, "--platform", PLATFORM, "--format", "json"))
        estimate = json.loads(self.cli("estimate", network, "--platform", PLATFORM, "--format", "json"))
        self.assertIn("medianMs", json.dumps(measured))
        estimate = estimate["estimates"][0]
        self.assertTrue(estimate["simulated"])
        self.assertEqual("INTERVAL_SOURCE_CALIBRATED", estimate["intervalSource"])
        took = estimate["measured"]["medianMs"]
        self.assertLess(abs(estimate["latency"]["estimateMs"] / took - 1), 0.3)
        self.assertIn("measured", self.cli("estimate", network, "--platform", PLATFORM))

        evaluated = json.loads(self.cli("evaluate", harness.NETWORKS / "nb101", "--platform", PLATFORM, "--format", "json"))
        fields = {"name", "file", "predicted_ms", "low_ms", "high_ms", "measured_ms", "measured_spread"}
        for evaluated_network in evaluated["networks"]:
            self.assertLessEqual(fields, set(evaluated_network))
        for total in (
            "mape mae_ms rmspe spearman kendall coverage mean_relative_width noise_floor_mape measurements board_seconds"
        ).split():
            self.assertIn(total, evaluated)

    def test_kill_9_of_the_server(self):
        self.start_agent()
        self.start_campaign()
        for results in (50, 200):
            self.wait_for_results(results)
            self.server.stop(signal.SIGKILL)
            time.sleep(0.5)
            self.start_server(self.address)
        self.check_end()

    def test_kill_9_of_the_agent(self):
        agent = self.start_agent()
        self.start_campaign()
        for results in (50, 200):
            self.wait_for_results(results)
            agent.stop(signal.SIGKILL)
            agent = Agent(self.address, self.path / "agent")  # the credential is in its folder
            self.agents.append(agent)
        self.check_end()

    def test_kill_9_of_the_engine(self):
        agent = self.start_agent()
        self.start_campaign()
        killed = 0
        for results in (50, 150, 250):
            self.wait_for_results(results)
            for child in agent.children():
                os.kill(child, signal.SIGKILL)
                killed += 1
        self.assertGreater(killed, 0)
        campaign = self.check_end(most_failed=killed)
        self.assertIsNone(agent.process.poll(), "the agent itself lives")
        if campaign["failed"]:
            self.assertIn("SIGKILL", campaign["message"])

    def test_an_agent_that_is_gone_for_good_is_replaced(self):
        lost = self.start_agent("lost")
        self.start_campaign()
        self.wait_for_results(100)
        lost.process.send_signal(signal.SIGSTOP)  # as a board whose network is cut: no word, no close
        token = json.loads(self.cli("token", "create", "--platform", PLATFORM, "--format", "json"))["token"]
        other = Agent(self.address, self.path / "other", token)
        self.agents.append(other)
        self.check_end()

    def test_who_may_not_take_part_is_told(self):
        stranger = Agent(self.address, self.path / "stranger", "latimer-token-guessed")
        self.agents.append(stranger)
        self.assertEqual(1, stranger.process.wait(harness.STOP_SECONDS))
        self.assertIn("token", stranger.log())
        agent = self.start_agent()
        self.cli("agents", "revoke", self.listed()[0]["name"])
        self.assertEqual(1, agent.process.wait(harness.STOP_SECONDS))
        self.assertIn("enrol", agent.log())


if __name__ == "__main__":
    unittest.main()
