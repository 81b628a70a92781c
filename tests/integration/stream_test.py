"""The Python client and its example against a real server: 100 networks over one EstimateStream."""

import csv
import random
import re
import sys
import time
import unittest

import grpc
import harness
from latimer_client import LatimerClient
from latimer.v1 import estimation_service_pb2, estimation_service_pb2_grpc, network_pb2

EXAMPLE = harness.SOURCE / "clients/python/examples/estimate_stream.py"


def cell(seed):
    """A random chain of convolutions, and its multiply-accumulates counted here."""
    choose = random.Random(seed)
    size, channels, macs, last = choose.choice((8, 16, 32)), 3, 0, "x"
    network = network_pb2.Network(name=f"cell{seed}")
    network.inputs.add(name="x", shape=network_pb2.Shape(dims=[1, channels, size, size]))
    for i in range(choose.randint(1, 8)):
        kernel, out = choose.choice((1, 3, 5)), choose.randint(1, 96)
        conv = network_pb2.ConvParameters(kernel=[kernel] * 2, pad_begin=[kernel // 2] * 2, output_channels=out)
        network.layers.add(name=f"conv{i}", type=network_pb2.LAYER_TYPE_CONV, inputs=[last], conv=conv)
        network.layers.add(name=f"relu{i}", type=network_pb2.LAYER_TYPE_RELU, inputs=[f"conv{i}"])
        macs += size * size * kernel * kernel * channels * out
        channels, last = out, f"relu{i}"
    return network, macs


def copied_networks():
    """(path, multiply-accumulates) of every file in tests/data/networks."""
    with open(harness.NETWORKS / "index.csv", encoding="utf-8", newline="") as file:
        return [(harness.NETWORKS / row["file"], int(row["MACs"])) for row in csv.DictReader(file)]


class StreamTest(harness.ServerTestCase):
    def setUp(self):
        self.client = LatimerClient(self.server.address)
        self.addCleanup(self.client.close)

    def test_every_answer_of_100_networks_carries_the_id_of_its_question(self):
        questions = copied_networks()
        questions += [cell(seed) for seed in range(100 - len(questions))]
        self.assertEqual(100, len(questions))
        answers = {}
        for answer in self.client.estimate_many([network for network, _ in questions], "zcu102-dnndk"):
            self.assertIsNone(answer.error, f"{answer.network}: {answer.error}")
            self.assertNotIn(answer.index, answers)
            answers[answer.index] = answer
        self.assertEqual(set(range(100)), set(answers))
        for i, (network, macs) in enumerate(questions):
            answer = answers[i]
            self.assertIs(network, answer.network)
            self.assertEqual(macs, answer.estimate.macs, answer.estimate.network)
            self.assertEqual("platforms/zcu102-dnndk", answer.estimate.platform)
            latency = answer.estimate.latency
            self.assertLess(0, latency.lower_ms)
            self.assertLess(latency.lower_ms, latency.estimate_ms)
            self.assertLess(latency.estimate_ms, latency.upper_ms)
            units = sum(unit.latency.estimate_ms for unit in answer.estimate.units)
            self.assertAlmostEqual(1, units / latency.estimate_ms, 9)

    def test_the_stream_says_what_a_single_call_says(self):
        networks = [cell(seed)[0] for seed in range(20)]
        for answer in self.client.estimate_many(networks, "ncs2-openvino", confidence=0.5):
            single = self.client.estimate(answer.network, "ncs2-openvino", confidence=0.5)
            self.assertEqual(single, answer.estimate)

    def test_ids_are_the_callers_whatever_they_are(self):
        ids = [0, 1, 2**63, 2**64 - 1, 7, 7]
        stub = estimation_service_pb2_grpc.EstimationServiceStub(self.channel)
        requests = [
            estimation_service_pb2.EstimateStreamRequest(
                id=request_id,
                request=estimation_service_pb2.EstimateRequest(
                    platform="platforms/zcu102-dnndk", network=network_pb2.NetworkSource(network=cell(i)[0])
                ),
            )
            for i, request_id in enumerate(ids)
        ]
        answers = list(stub.EstimateStream(iter(requests), timeout=20))
        expected = sorted((request_id, cell(i)[1]) for i, request_id in enumerate(ids))
        self.assertEqual(expected, sorted((answer.id, answer.estimate.macs) for answer in answers))

    def test_an_error_has_the_id_of_its_question_and_leaves_the_stream_open(self):
        bad = network_pb2.Network(name="no layers")
        questions = [cell(1)[0], bad, harness.NETWORKS / "no_such_file.onnx", cell(2)[0]]
        answers = {a.index: a for a in self.client.estimate_many(questions, "zcu102-dnndk")}
        self.assertEqual({0, 1, 2, 3}, set(answers))
        self.assertEqual(cell(1)[1], answers[0].estimate.macs)
        self.assertEqual(grpc.StatusCode.INVALID_ARGUMENT, answers[1].error.code)
        self.assertTrue(answers[1].error.field.startswith("request.network"), answers[1].error.field)
        self.assertIn("no_such_file", str(answers[2].error))
        self.assertEqual(cell(2)[1], answers[3].estimate.macs)

    def test_an_unknown_platform_is_an_answer_for_each_network(self):
        answers = list(self.client.estimate_many([cell(seed)[0] for seed in range(3)], "abacus"))
        self.assertEqual(3, len(answers))
        for answer in answers:
            self.assertEqual(grpc.StatusCode.NOT_FOUND, answer.error.code)
            self.assertEqual("UNKNOWN_PLATFORM", answer.error.reason)
            self.assertIn("zcu102-dnndk", str(answer.error))

    def test_a_generator_without_end_is_read_no_faster_than_answers_are_taken(self):
        taken = 0

        def networks():
            nonlocal taken
            while True:
                taken += 1
                yield cell(taken % 10)[0]

        answers = self.client.estimate_many(networks(), "zcu102-dnndk", window=8, summary=True)
        for _ in range(50):
            self.assertGreater(next(answers).estimate.unit_count, 0)
        answers.close()
        self.assertLessEqual(taken, 50 + 8)

    def test_a_client_that_goes_away_leaves_the_server_answering(self):
        for _ in range(20):
            with LatimerClient(self.server.address) as client:
                answers = client.estimate_many((cell(seed)[0] for seed in range(1000)), "zcu102-dnndk")
                next(answers)
        self.assertEqual(cell(3)[1], self.client.estimate(cell(3)[0], "zcu102-dnndk").macs)

    def test_the_example_estimates_100_networks(self):
        start = time.monotonic()
        done = harness.run(
            sys.executable, "-B", EXAMPLE, self.server.address, "ncs2-openvino", harness.NETWORKS / "nb201"
        )
        self.assertEqual(0, done.returncode, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(101, len(lines), done.stdout)
        for line in lines[:-1]:
            self.assertRegex(line, r"nb201_\d+\.onnx \d+\.\d+ ms$")
        self.assertRegex(lines[-1], r"^100 networks, \d+ per second$")
        self.assertLess(time.monotonic() - start, 20)

    def test_the_example_stays_short(self):
        code = re.sub(r'^""".*?"""\n', "", EXAMPLE.read_text(encoding="utf-8"), flags=re.DOTALL)
        self.assertLessEqual(len([line for line in code.splitlines() if line.strip()]), 16)


if __name__ == "__main__":
    unittest.main()
