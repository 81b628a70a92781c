"""The command line end to end: against a running server, and with the estimator in its own process."""

import csv
import io
import json
import pathlib
import subprocess
import tempfile
import unittest

import harness
from google.protobuf import json_format
from latimer_client import LatimerClient
from latimer.v1 import estimate_pb2, network_service_pb2, platform_pb2

ALEXNET = harness.NETWORKS / "named/tv_alexnet.onnx"
BOTH = ",".join(harness.PLATFORMS)


def fields_missing(message, data, path=""):
    """Paths of fields of `message` that its JSON form `data` lacks; messages that are not set may be left out."""
    missing = []
    for field in message.DESCRIPTOR.fields:
        here = f"{path}.{field.json_name}"
        value = getattr(message, field.name)
        is_message = field.message_type is not None and not field.message_type.GetOptions().map_entry
        repeated = field.label == field.LABEL_REPEATED
        if is_message and not repeated and not message.HasField(field.name):
            continue
        if field.json_name not in data:
            missing.append(here)
        elif is_message and repeated:
            for i, item in enumerate(value):
                missing += fields_missing(item, data[field.json_name][i], f"{here}[{i}]")
        elif is_message:
            missing += fields_missing(value, data[field.json_name], here)
    return missing


class CommandLineTest(harness.ServerTestCase):
    def cli(self, *arguments, **options):
        return harness.run(harness.CLI, *arguments, **options)

    def asked(self, *arguments, code=0, **options):
        """Runs against the server; the process."""
        done = self.cli(*arguments, "--server", self.server.address, **options)
        self.assertEqual(code, done.returncode, done.stderr)
        return done

    def test_estimate_as_json_is_what_the_server_answers(self):
        done = self.asked("estimate", ALEXNET, "--platform", BOTH, "--format", "json")
        self.assertEqual("", done.stderr)
        output = json.loads(done.stdout)
        self.assertEqual(["estimates", "errors"], list(output))
        self.assertEqual([], output["errors"])
        self.assertEqual(len(harness.PLATFORMS), len(output["estimates"]))
        with LatimerClient(self.server.address) as client:
            expected = client.estimate_platforms(ALEXNET, harness.PLATFORMS, confidence=0.9)
        for platform, want, data in zip(harness.PLATFORMS, expected, output["estimates"]):
            self.assertEqual(str(ALEXNET), data.pop("file"))
            self.assertEqual(f"platforms/{platform}", data["platform"])
            self.assertEqual(714188480, data["macs"])  # a number, not text
            self.assertEqual([], fields_missing(want, data))
            self.assertEqual(want, json_format.ParseDict(data, estimate_pb2.NetworkEstimate()))

    def test_the_process_estimates_the_same_without_a_server(self):
        arguments = ("estimate", ALEXNET, "--platform", BOTH, "--format", "json")
        self.assertEqual(self.asked(*arguments).stdout, self.cli(*arguments).stdout)

    def test_many_files_in_one_call(self):
        with open(harness.NETWORKS / "index.csv", encoding="utf-8", newline="") as file:
            macs = {str(harness.NETWORKS / row["file"]): int(row["MACs"]) for row in csv.DictReader(file)}
        output = json.loads(self.asked("estimate", *macs, "--platform", BOTH, "--format", "json").stdout)
        self.assertEqual(2 * len(macs), len(output["estimates"]))
        for data in output["estimates"]:
            self.assertEqual(macs[data["file"]], data["macs"], data["file"])
            self.assertNotIn("WARNING_CODE_UNKNOWN_OPERATOR", [w["code"] for w in data["warnings"]], data["file"])

    def test_estimate_as_csv_has_one_row_per_unit(self):
        done = self.asked("estimate", ALEXNET, "--platform", BOTH, "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        with LatimerClient(self.server.address) as client:
            expected = client.estimate_platforms(ALEXNET, harness.PLATFORMS)
        self.assertEqual(sum(estimate.unit_count for estimate in expected), len(rows))
        for platform, estimate in zip(harness.PLATFORMS, expected):
            mine = [row for row in rows if row["platform"] == platform]
            self.assertEqual([unit.name for unit in estimate.units], [row["name"] for row in mine])
            total = sum(float(row["estimate_ms"]) for row in mine)
            self.assertAlmostEqual(1, total / estimate.latency.estimate_ms, 9)

    def test_the_table_names_layers_and_keeps_to_the_width(self):
        environment = {"COLUMNS": "100", "LC_ALL": "C.UTF-8"}
        done = self.asked("estimate", ALEXNET, "--platform", "ncs2-openvino", env=environment)
        self.assertIn("Conv", done.stdout)
        self.assertNotIn("\x1b", done.stdout)  # no colours into a pipe
        self.assertLessEqual(max(len(line) for line in done.stdout.splitlines()), 100)

    def test_network_and_platforms_as_json(self):
        data = json.loads(self.asked("network", ALEXNET, "--format", "json").stdout)["networks"][0]
        data.pop("file")
        with LatimerClient(self.server.address) as client:
            want = client.describe_network(ALEXNET)
            platforms = client.list_platforms()
            full = client.get_platform("ncs2-openvino")
        self.assertEqual([], fields_missing(want, data))
        self.assertEqual(want, json_format.ParseDict(data, network_service_pb2.DescribeNetworkResponse()))
        listed = json.loads(self.asked("platforms", "--format", "json").stdout)["platforms"]
        self.assertEqual(platforms, [json_format.ParseDict(p, platform_pb2.Platform()) for p in listed])
        one = json.loads(self.asked("platforms", "ncs2-openvino", "--format", "json").stdout)
        described = one["platforms"][0] if "platforms" in one else one
        self.assertEqual(full, json_format.ParseDict(described, platform_pb2.Platform()))

    def test_bad_file_among_good_ones_is_reported_and_the_others_answered(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = pathlib.Path(folder) / "broken.onnx"
            broken.write_bytes(ALEXNET.read_bytes()[:1000])
            files = (ALEXNET, broken, ALEXNET)
            done = self.asked("estimate", *files, "--platform", "zcu102-dnndk", "--format", "json", code=1)
            self.assertIn("broken.onnx", done.stderr)
            output = json.loads(done.stdout)
            self.assertEqual(2, len(output["estimates"]))
            self.assertEqual([str(broken)], [error["file"] for error in output["errors"]])

    def test_unknown_platform_is_an_error_that_lists_the_known(self):
        done = self.asked("estimate", ALEXNET, "--platform", "ncs2-openvino,abacus", code=1)
        self.assertEqual("", done.stdout)
        self.assertIn("abacus", done.stderr)
        self.assertIn("zcu102-dnndk", done.stderr)

    def test_no_server_there_says_how_to_start_one(self):
        with harness.Server() as gone:
            address = gone.address
        done = self.cli("platforms", "--server", address, "--timeout", "5")
        self.assertEqual(1, done.returncode)
        self.assertIn(f"latimer-server --listen {address}", done.stderr)

    def test_wrong_usage_exits_with_2(self):
        bad_format = ["estimate", ALEXNET, "--platform", "p", "--format", "xml"]
        for arguments in ([], ["estimat"], ["estimate", ALEXNET], bad_format):
            done = self.cli(*arguments)
            self.assertEqual(2, done.returncode, arguments)
            self.assertEqual("", done.stdout)
            self.assertIn("--help", done.stderr)

    def test_network_from_standard_input(self):
        command = [harness.CLI, "estimate", "-", "--platform", "zcu102-dnndk", "--format", "json"]
        command += ["--server", self.server.address]
        done = subprocess.run(command, input=ALEXNET.read_bytes(), capture_output=True, timeout=20, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(714188480, json.loads(done.stdout)["estimates"][0]["macs"])

    def test_reader_that_goes_away_ends_it_quietly(self):
        command = f"'{harness.CLI}' estimate '{ALEXNET}' '{ALEXNET}' --layers --platform {BOTH} | head -1"
        done = harness.run("bash", "-c", command)
        self.assertEqual(0, done.returncode)
        self.assertEqual("", done.stderr)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [harness.CLI, "platforms"], stdout=full, stderr=subprocess.PIPE, timeout=20, check=False
            )
        self.assertEqual(1, done.returncode)
        self.assertIn(b"No space left", done.stderr)

    def test_batch_and_model_kind_reach_the_server(self):
        arguments = ("estimate", ALEXNET, "--platform", "zcu102-dnndk", "--format", "json")
        one = json.loads(self.asked(*arguments).stdout)["estimates"][0]
        four = json.loads(self.asked(*arguments, "--batch", "4", "--model-kind", "roofline").stdout)["estimates"][0]
        self.assertEqual(4 * one["macs"], four["macs"])
        self.assertEqual("MODEL_KIND_ROOFLINE", four["modelKind"])


if __name__ == "__main__":
    unittest.main()
