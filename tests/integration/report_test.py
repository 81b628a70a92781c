"""What is shown of a platform: fits, sweeps and reports, of a simulated board that was measured and a shipped one."""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

import harness

AGENT = os.environ["LATIMER_AGENT"]
PLATFORM = "board"
MEASUREMENTS = 150
PATIENCE = 120


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def cli(self, *arguments, expected=0):
        done = harness.run(harness.CLI, *arguments, timeout=PATIENCE, cwd=self.path)
        self.assertEqual(expected, done.returncode, done.stderr)
        return done

    def read_report(self, name):
        """The report as XML; that it parses is part of the test."""
        return xml.etree.ElementTree.fromstring((self.path / name).read_text(encoding="utf-8"))

    def test_a_measured_board(self):
        with harness.Server("--data-dir", str(self.path / "data")) as server:
            there = ("--server", server.address)
            token = json.loads(self.cli("token", "create", "--platform", PLATFORM, "--format", "json", *there).stdout)
            agent = subprocess.Popen(
                [AGENT, "--server", server.address, "--backend", "simulated:imx93", "--state-dir"]
                + [str(self.path / "agent"), "--token", token["token"]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                self.wait_for_board(there)
                budget = ("--max-measurements", MEASUREMENTS)
                self.cli("campaign", "start", "--platform", PLATFORM, *budget, "--wait", *there)
                self.check(there)
            finally:
                agent.terminate()
                agent.wait(harness.STOP_SECONDS)

    def wait_for_board(self, there):
        deadline = time.monotonic() + PATIENCE
        while not json.loads(self.cli("agents", "--format", "json", *there).stdout)["agents"]:
            self.assertLess(time.monotonic(), deadline, "the agent enrols")
            time.sleep(0.1)

    def check(self, there):
        text = self.cli("platforms", "show", PLATFORM, *there).stdout
        for part in ("SIMULATED", "Quality", "Analytical models", "Measured space", "measured sizes", "Conv"):
            self.assertIn(part, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        shown = json.loads(self.cli("platforms", "show", PLATFORM, "--format", "json", *there).stdout)
        self.assertGreater(shown["sweeps"][0]["measuredPoints"], 1)
        conv = next(model for model in shown["platform"]["layerModels"] if model["unitType"] == "Conv")
        self.assertTrue(conv["dataExtent"])
        for sweep in shown["sweeps"]:
            measured = [point["measured"] for point in sweep["points"] if point["measured"]]
            self.assertEqual(sweep["measuredPoints"], len(measured))
            self.assertTrue(all(0 <= time["lowerMs"] <= time["upperMs"] for time in measured))

        self.cli("report", "--platform", PLATFORM, *there)
        report = self.read_report(f"report-{PLATFORM}.html")
        data = json.loads(self.cli("report", "--platform", PLATFORM, "--format", "json", *there).stdout)
        evaluations = data["evaluations"]
        self.assertTrue(evaluations)
        self.assertTrue(all(evaluation["validation"] for evaluation in evaluations))
        marks = [mark for mark in report.iter("g") if mark.get("class") in ("in", "out")]
        self.assertEqual(len(evaluations), len(marks))
        self.assertEqual(len(shown["sweeps"]) + 1, len(list(report.iter("svg"))))

        network = harness.NETWORKS / "named/tv_resnet34.onnx"
        estimate = ("estimate", network, "--platform", PLATFORM, *there)
        self.assertIn("├", self.cli(*estimate, "--show-mapping").stdout)
        self.cli(*estimate, "--show-mapping", "dot", "--output", "graph.dot")
        units = json.loads(self.cli(*estimate, "--format", "json").stdout)["estimates"][0]["units"]
        edges = sum(len(unit["inputUnits"] + unit["networkInputs"] + unit["networkOutputs"]) for unit in units)
        self.assertEqual(edges, (self.path / "graph.dot").read_text(encoding="utf-8").count(" -> "))

    def test_a_shipped_platform_has_no_measurements_and_says_so(self):
        text = self.cli("platforms", "show", "zcu102-dnndk").stdout
        self.assertIn("nothing of it was measured", text)
        self.cli("report", "--platform", "zcu102-dnndk", "-o", "shipped.html")
        words = " ".join(self.read_report("shipped.html").itertext())
        self.assertIn("Nothing of them was measured", words)

    def test_wrong_names_and_places_are_said_clearly(self):
        for command in (("platforms", "show", "abacus"), ("report", "--platform", "abacus")):
            self.assertIn("zcu102-dnndk", self.cli(*command, expected=1).stderr)
        self.assertIn("c_out", self.cli("platforms", "show", "zcu102-dnndk", "--sweep", "nothing", expected=1).stderr)
        done = self.cli("report", "--platform", "zcu102-dnndk", "-o", "no/such/folder.html", expected=1)
        self.assertIn("no/such/folder.html", done.stderr)


if __name__ == "__main__":
    unittest.main()
