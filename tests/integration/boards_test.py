"""The whole circle on simulated boards, and the faults it must survive: kill -9 of the server, the agent, the engine.

In each: the campaign ends with a model, no measurement is lost, none is counted twice.
"""

import json
import signal
import time
import unittest

import boards
import harness
from boards import PLATFORM


class BoardsTest(boards.BoardsTestCase):
    def test_the_whole_circle(self):
        self.start_agent().full_speed()
        output = self.cli("campaign", "start", "--platform", PLATFORM, "--max-measurements", 300,
                          "--method", "cut-excerpts", "--wait")
        self.assertIn("succeeded", output)
        self.check_end()
        (board,) = self.listed()
        drift = board["lastReferenceMs"] / board["firstReferenceMs"] - 1
        self.assertLess(abs(drift), 0.2, "the simulated board does not drift")
        table = self.cli("agents")
        self.assertIn("drift", table)
        self.assertRegex(table, r"[+-]\d+(\.\d+)? ?%")
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

        folder = harness.NETWORKS / "nb101"
        evaluated = json.loads(self.cli("evaluate", folder, "--platform", PLATFORM, "--format", "json"))
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
        for results in (50, 150):
            self.wait_for_results(results)
            self.server.stop(signal.SIGKILL)
            time.sleep(0.5)
            self.start_server(self.address)
        self.check_end()

    def test_kill_9_of_the_agent(self):
        agent = self.start_agent()
        self.start_campaign()
        for results in (50, 150):
            self.wait_for_results(results)
            agent.stop(signal.SIGKILL)
            agent = self.launch()  # the credential is in its folder
        self.check_end()

    def test_kill_9_of_the_engine(self):
        agent = self.start_agent()
        self.start_campaign()
        killed = 0
        for results in (50, 100, 150):
            self.wait_for_results(results)
            killed += agent.kill_engine()
        self.assertGreater(killed, 0)
        campaign = self.check_end(most_failed=killed)
        self.assertIsNone(agent.process.poll(), "the agent itself lives")
        self.assertIn("SIGKILL", agent.log())
        if campaign["failed"]:
            self.assertIn("SIGKILL", campaign["message"])

    def test_an_agent_that_is_gone_is_replaced_and_may_come_back(self):
        lost = self.start_agent("lost")
        self.start_campaign()
        self.wait_for_results(60)
        lost.process.send_signal(signal.SIGSTOP)  # as a board whose network is cut: no word, no close
        self.start_agent("other")
        campaign = self.check_end()
        lost.process.send_signal(signal.SIGCONT)
        self.wait_for(lambda: all(a["state"] == "AGENT_STATE_IDLE" for a in self.listed()), "it is back")
        self.assertEqual(campaign["done"], self.check_end()["done"], "what it brings was measured by the other")


if __name__ == "__main__":
    unittest.main()
