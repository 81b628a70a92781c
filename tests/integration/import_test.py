"""Reports of toolchains through the real programs: stored once, fitted, answered with; and what is wrong with bad ones."""

import json
import pathlib
import tempfile
import unittest

import harness

REPORTS = harness.SOURCE / "tests/data/vendor-reports"
COUNTERS = REPORTS / "made-up/tf_resnet50_cnt_rep.csv"
RESNET = harness.SOURCE / "tests/data/annette/tf_resnet50.annette.json"
DPU = ("--toolchain", "dnndk", "--platform", "lab-dpu")


class ImportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.server = harness.Server("--data-dir", str(self.path / "data"))
        self.addCleanup(self.server.stop)

    def cli(self, *arguments, expected=0):
        done = harness.run(harness.CLI, *arguments, "--server", self.server.address, timeout=120)
        self.assertEqual(expected, done.returncode, done.stderr)
        return done

    def bring(self, network, *arguments, expected=0):
        done = self.cli("import-report", "--network", network, "--format", "json", *arguments, expected=expected)
        return json.loads(done.stdout) if expected == 0 else done.stderr

    def test_counters_give_a_model(self):
        words = ("--toolchain", "openvino", "--platform", "lab-ncs2", "--precision", "FP16", COUNTERS)
        first = self.bring(RESNET, *words)
        report = first["reports"][0]
        self.assertEqual(("fit-1", True), (first["modelVersion"], first["promoted"]))
        self.assertEqual((86, 85, 84), (report["executedRows"], report["matchedRows"], report["units"]))
        self.assertAlmostEqual(54.565, report["executedMs"])
        self.assertGreater(report["matchedShare"], 0.98)
        self.assertEqual(["<Extra>"], [row["name"] for row in report["unmatchedRows"]])
        estimate = json.loads(self.cli("estimate", RESNET, "--platform", "lab-ncs2", "--format", "json").stdout)
        latency = estimate["estimates"][0]["latency"]["estimateMs"]
        self.assertLess(abs(latency / 54.565 - 1), 0.2)
        # Again, also under another name: nothing new, no new version.
        copy = self.path / "copy.csv"
        copy.write_bytes(COUNTERS.read_bytes())
        again = self.bring(RESNET, *words, copy)
        self.assertEqual([True, True], [r["duplicate"] for r in again["reports"]])
        self.assertEqual("", again["modelVersion"])
        versions = json.loads(self.cli("platforms", "versions", "lab-ncs2", "--format", "json").stdout)
        self.assertEqual(1, len(versions["versions"]))
        text = self.cli("import-report", "--network", RESNET, *words).stdout
        for part in ("tf_resnet50_cnt_rep.csv", "imported before", "no layer for row", "<Extra>"):
            self.assertIn(part, text)

    def test_the_logs_of_a_board_predict_a_network_it_has_not_seen(self):
        log = REPORTS / "dnndk/fcn8_zcu102_dnndk_profile.log"
        for name in ("alexnet", "fcn8"):
            file = log if name == "fcn8" else REPORTS / "dnndk/alexnet_zcu102_dnndk_profile.log"
            choice = ("--subject", "fcn8") if name == "fcn8" else ()
            answer = self.bring(REPORTS / f"networks/{name}_dnndk.onnx", *DPU, *choice, file)
            self.assertGreater(answer["reports"][0]["matchedShare"], 0.98)
        judged = self.bring(REPORTS / "networks/fcn8ups_dnndk.onnx", *DPU, "--subject", "fcn8ups", "--validation", log)
        self.assertEqual("fit-3" if answer["modelVersion"] == "fit-2" else "fit-2", judged["modelVersion"])
        network = next(a for a in judged["accuracy"] if a["subject"] == "network")
        self.assertLess(network["mape"], 0.25)

    def test_bad_input_says_what_is_wrong(self):
        bad = self.path / "bad.csv"
        bad.write_text("layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\na;EXECUTED;ReLU;x;soon;0\n")
        openvino = ("--toolchain", "openvino", "--platform", "lab-ncs2")
        error = self.bring(RESNET, *openvino, COUNTERS, bad, expected=1)
        for part in ("bad.csv", "line 2", "realTime"):
            self.assertIn(part, error)
        self.assertIn("bad.log", self.bring(RESNET, *openvino, self.path / "bad.log", expected=1))
        log = REPORTS / "dnndk/fcn8_zcu102_dnndk_profile.log"
        self.assertIn("fcn8, fcn8ups", self.bring(REPORTS / "networks/fcn8_dnndk.onnx", *DPU, log, expected=1))
        other = self.bring(REPORTS / "networks/googlenet_caffe.onnx", *DPU, "--subject", "fcn8", log, expected=1)
        self.assertIn("another network", other)
        self.bring(RESNET, "--toolchain", "caffe", "--platform", "x", COUNTERS, expected=2)
        # Nothing was stored.
        self.cli("platforms", "versions", "lab-ncs2", expected=1)


if __name__ == "__main__":
    unittest.main()
