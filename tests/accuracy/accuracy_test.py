"""The accuracy command on made-up reports with errors computed by hand, and on reports that are none.

usage: accuracy_test.py LATIMER
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import scoring

FOLDER = pathlib.Path(__file__).resolve().parent
DATA = FOLDER.parent / "data/accuracy"
REPORT = "toy_made_up_avg_cnt_rep.csv"
LATIMER = ""


def run(*arguments, latimer=None):
    command = [sys.executable, "-B", FOLDER / "latimer_accuracy.py", "--latimer", latimer or LATIMER, *arguments]
    environment = {**os.environ, "LATIMER_PLATFORMS_DIR": str(DATA / "platforms")}
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)


class MadeUpReport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = run("--reports", DATA / "reports", "--platform", "made-up", "--format", "json")
        assert done.returncode == 0, done.stderr
        cls.result = json.loads(done.stdout)

    # The platform does 1000 operations and moves 1000 bytes per ms; the refined roofline halves the speed of 16 output
    # channels. conv1+relu1: 10·10·16·(8·2+1) = 27 200 operations; conv2, conv3: 10·10·16·16·2 = 51 200;
    # tanh: (3200 + 3200) · 2 = 12 800 bytes.
    # Measured: conv1 34, conv2 40 + 10 of the Transpose behind it, conv3 80, tanh 16.
    def test_layer_errors(self):
        conv = self.result["layerErrors"]["CONV"]["roofline"]
        self.assertEqual(conv["count"], 3)
        self.assertAlmostEqual(conv["measured_ms"], 34 + 50 + 80)
        self.assertAlmostEqual(conv["estimated_ms"], 27.2 + 51.2 + 51.2)
        self.assertAlmostEqual(conv["mae_ms"], (6.8 + 1.2 + 28.8) / 3)
        self.assertAlmostEqual(conv["mape"], (0.2 + 0.024 + 0.36) / 3)
        self.assertAlmostEqual(conv["rmspe"], ((0.2**2 + 0.024**2 + 0.36**2) / 3) ** 0.5)
        refined = self.result["layerErrors"]["CONV"]["refined"]
        self.assertAlmostEqual(refined["mape"], (20.4 / 34 + 52.4 / 50 + 22.4 / 80) / 3)
        self.assertAlmostEqual(self.result["layerErrors"]["all"]["roofline"]["mape"], (0.2 + 0.024 + 0.36 + 0.2) / 4)

    def test_network_error_and_matched_share(self):
        network, = self.result["networks"]
        self.assertAlmostEqual(network["measuredMs"], 184)
        # sigmoid is estimated (12.8 ms) though the board fused it.
        self.assertAlmostEqual(network["estimates"]["roofline"]["error"], (27.2 + 51.2 + 51.2 + 12.8 + 12.8) / 184 - 1)
        self.assertEqual((network["matchedUnits"], network["units"]), (4, 5))
        self.assertAlmostEqual(network["matchedShare"], 180 / 184)

    def test_names_only_one_side_knows(self):
        network, = self.result["networks"]
        self.assertEqual([(u["name"], u["ms"], u["why"]) for u in network["measuredOnly"]],
                         [("<Extra>", 1.0, "no such node in the graph"), ("concat", 3.0, "free in the estimate")])
        self.assertEqual([(u["name"], u["why"]) for u in network["estimatedOnly"]],
                         [("sigmoid", "OPTIMIZED_OUT in the report")])

    def test_coverage(self):
        covered = {(c["kind"], c["level"]): c["units"]["covered"] for c in self.result["coverage"]}
        # A published error of 30 % gives intervals of factor 1.20 at 0.5 and 1.83 at 0.9. Roofline's measured/estimated:
        # 1.25, 0.98, 1.56, 1.25; refined: 0.63, 0.49, 0.78, 1.25.
        self.assertEqual(covered, {("roofline", 0.5): 1, ("roofline", 0.9): 4, ("refined", 0.5): 0,
                                   ("refined", 0.9): 3})

    def test_noise_floor_is_that_of_the_twins(self):
        floor = self.result["noiseFloor"]["same layer elsewhere"]  # conv2 and conv3: 50 and 80 ms
        self.assertEqual(floor["count"], 2)
        self.assertAlmostEqual(floor["mape"], (30 / 50 + 30 / 80) / 2)
        self.assertAlmostEqual(self.result["noiseFloor"]["roofline"]["mape"], (0.024 + 0.36) / 2)

    def test_kinds_the_platform_lacks_are_named(self):
        self.assertEqual(self.result["kinds"], ["roofline", "refined"])
        self.assertEqual(self.result["notModelled"], ["statistical", "mixed"])
        self.assertEqual(self.result["sameAs"], {"auto": "refined"})
        self.assertTrue(self.result["baselineInSample"])


class Printed(unittest.TestCase):
    def test_text_and_markdown_show_the_error(self):
        for style, row in (("text", "CONV        roofline"), ("markdown", "| CONV | roofline | 3 | 164.000 |")):
            done = run("--reports", DATA / "reports", "--platform", "made-up", "--format", style, "--layers")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(row, done.stdout)
            self.assertIn("19.5 %", done.stdout)


class Baseline(unittest.TestCase):
    def test_throughput_is_that_of_the_other_networks(self):
        self.assertEqual(scoring.constant_throughput([10.0, 60.0, 30.0], [1.0, 2.0, 1.0]), ([30.0, 20.0, 70 / 3], False))
        self.assertEqual(scoring.constant_throughput([10.0], [4.0]), ([2.5], True))


class BadReports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        shutil.copy(DATA / "reports/toy.textproto", self.folder)
        self.lines = (DATA / "reports" / REPORT).read_bytes().split(b"\n")

    def expect(self, *parts):
        (self.folder / REPORT).write_bytes(b"\n".join(self.lines))
        done = run("--reports", self.folder, "--platform", "made-up")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertNotIn("Traceback", done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)

    def test_fault_names_file_and_line(self):
        faults = {
            b"conv1;EXECUTED;Convolution;MyriadXHwOp;34.0": "5 fields instead of 6",
            b"conv1;EXECUTED;Convolution;MyriadXHwOp;fast;0.0": "fast",
            b"conv1;EXECUTED;Convolution;MyriadXHwOp;nan;0.0": "nan is no time",
            b"conv1;EXECUTED;Convolution;MyriadXHwOp;-1;0.0": "-1 is no time",
            b"conv1;DREAMT;Convolution;MyriadXHwOp;34.0;0.0": "status 'DREAMT'",
            b";EXECUTED;Convolution;MyriadXHwOp;34.0;0.0": "no name",
            b"x;EXECUTED;Convolution;MyriadXHwOp;34.0;0.0": "'x' is there twice",
            b"conv\xff;EXECUTED;Convolution;MyriadXHwOp;34.0;0.0": "not UTF-8",
        }
        for line, problem in faults.items():
            with self.subTest(line=line):
                self.lines[5] = line
                self.expect(f"{REPORT}:6: ", problem)

    def test_header(self):
        self.lines[0] = b"layerName,execStatus"
        self.expect(f"{REPORT}:1: the header is not")

    def test_total_that_is_not_the_sum(self):
        self.lines[11] = b"Total;;;;180.0;0.0"
        self.expect(f"{REPORT}:12: ", "184.000 ms")

    def test_second_block(self):
        self.lines += self.lines
        self.expect(f"{REPORT}:15: a second block")

    def test_nothing_executed(self):
        self.lines = self.lines[:4] + [b""]
        self.expect(f"{REPORT}:5: ", "without one executed layer")

    def test_empty_file(self):
        self.lines = [b""]
        self.expect(f"{REPORT}:1: the header is not")

    def test_report_without_graph(self):
        (self.folder / "toy.textproto").unlink()
        self.expect(REPORT, "no graph beside it")

    def test_report_of_another_network(self):
        self.lines = [self.lines[0], b"elsewhere;EXECUTED;ReLU;Relu;1.0;0.0"]
        self.expect(REPORT, "none of its layers")

    def test_folders_and_programs_that_are_not_there(self):
        for arguments, problem in ((["--reports", self.folder / "none"], "no such folder"),
                                   (["--reports", self.folder], "no reports")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(problem, done.stderr)
        done = run("--reports", DATA / "reports", latimer=self.folder / "latimer")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--latimer", done.stderr)
        done = run("--reports", DATA / "reports", "--platform", "nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere", done.stderr)

    def test_usage(self):
        for arguments in (["--confidence", "1.5"], ["--confidence", "high"], ["--format", "xml"], ["--what"]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)


if __name__ == "__main__":
    LATIMER = sys.argv.pop(1)
    unittest.main()
