"""Hostile input over the wire: each gets its status code and details, and the server answers on."""

import json
import random
import unittest

import grpc
import harness
import wire
from latimer_client import LatimerError, errors
from latimer.v1 import estimate_pb2, estimation_service_pb2, estimation_service_pb2_grpc, network_pb2
from latimer.v1 import network_service_pb2, network_service_pb2_grpc, platform_service_pb2, platform_service_pb2_grpc

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED

GOOD = (harness.NETWORKS / "named/tv_alexnet.onnx").read_bytes()


def relu(dims, **options):
    """An ONNX model of one rectifier."""
    return wire.onnx_model([wire.onnx_node("Relu", ["x"], ["y"])], [("x", dims)], [("y", dims)], **options)


def chain(count):
    """An ONNX model of `count` rectifiers in a row."""
    names = [f"t{i}" for i in range(count + 1)]
    nodes = [wire.onnx_node("Relu", [a], [b]) for a, b in zip(names, names[1:])]
    return wire.onnx_model(nodes, [(names[0], [1, 4])], [(names[-1], [1, 4])])


class HostileTest(harness.ServerTestCase):
    server_arguments = ("--metrics-listen", "127.0.0.1:0")

    def setUp(self):
        self.estimation = estimation_service_pb2_grpc.EstimationServiceStub(self.channel)
        self.addCleanup(self.assert_still_answers)

    def assert_still_answers(self):
        request = estimation_service_pb2.EstimateRequest(
            platform="zcu102-dnndk", network=network_pb2.NetworkSource(onnx_model=GOOD)
        )
        self.assertEqual(714188480, self.estimation.Estimate(request, timeout=10).estimate.macs)
        self.assertEqual(wire.SERVING, wire.health(self.channel))

    def refusal(self, call, request):
        """The LatimerError a call answers with."""
        with self.assertRaises(grpc.RpcError) as caught:
            call(request, timeout=10)
        return errors.from_rpc_error(caught.exception)

    def estimate_refusal(self, platform="zcu102-dnndk", options=None, **source):
        request = estimation_service_pb2.EstimateRequest(
            platform=platform, network=network_pb2.NetworkSource(**source), options=options
        )
        return self.refusal(self.estimation.Estimate, request)

    def assert_error(self, error, code, field=None, text=""):
        self.assertIsInstance(error, LatimerError)
        self.assertEqual(code, error.code, str(error))
        self.assertRegex(error.reason, r"^[A-Z][A-Z0-9_]+$", str(error))
        if field is not None:
            self.assertEqual(field, error.field, str(error))
        self.assertIn(text, str(error))
        self.assertLessEqual(len(str(error).encode()), 1024)

    def test_truncated_onnx(self):
        for length in (1, 7, 100, len(GOOD) // 2, len(GOOD) - 1):
            with self.subTest(length=length):
                error = self.estimate_refusal(onnx_model=GOOD[:length])
                self.assert_error(error, INVALID, "network.onnx_model")

    def test_random_bytes(self):
        choose = random.Random(1)
        for length in (1, 10, 1000, 100_000):
            with self.subTest(length=length):
                error = self.estimate_refusal(onnx_model=choose.randbytes(length))
                self.assert_error(error, INVALID, "network.onnx_model")

    def test_flipped_bytes_are_answered_or_refused_but_never_fatal(self):
        choose = random.Random(2)
        codes = set()
        for _ in range(200):
            data = bytearray(GOOD)
            for _ in range(choose.randint(1, 5)):
                data[choose.randrange(len(data))] = choose.randrange(256)
            request = estimation_service_pb2.EstimateRequest(
                platform="zcu102-dnndk", network=network_pb2.NetworkSource(onnx_model=bytes(data))
            )
            try:
                self.estimation.Estimate(request, timeout=10)
            except grpc.RpcError as error:
                codes.add(error.code())
        self.assertLessEqual(codes, {INVALID, EXHAUSTED})
        self.assertIn(INVALID, codes)

    def test_three_megabytes_of_zeros(self):
        self.assert_error(self.estimate_refusal(onnx_model=bytes(3 << 20)), INVALID, "network.onnx_model")

    def test_a_message_over_the_limit(self):
        large = network_pb2.NetworkSource(onnx_model=bytes(9 << 20))
        networks = network_service_pb2_grpc.NetworkServiceStub(self.channel)
        for call, request in (
            (self.estimation.Estimate, estimation_service_pb2.EstimateRequest(platform="zcu102-dnndk", network=large)),
            (networks.DescribeNetwork, network_service_pb2.DescribeNetworkRequest(network=large)),
        ):
            error = self.refusal(call, request)
            self.assert_error(error, EXHAUSTED, text=f"has {request.ByteSize()} bytes; this server takes 8388608")
            self.assertEqual("REQUEST_TOO_LARGE", error.reason)
            self.assertIsNone(error.retry_after_s, "it will not fit later either")
        # On a stream it is one answer; the stream goes on.
        request = estimation_service_pb2.EstimateRequest(platform="zcu102-dnndk", network=large)
        good = estimation_service_pb2.EstimateRequest(
            platform="zcu102-dnndk", network=network_pb2.NetworkSource(onnx_model=GOOD)
        )
        messages = [estimation_service_pb2.EstimateStreamRequest(id=i, request=r) for i, r in ((1, request), (2, good))]
        answers = {answer.id: answer for answer in self.estimation.EstimateStream(iter(messages), timeout=10)}
        self.assertEqual("REQUEST_TOO_LARGE", errors.from_status(answers[1].error).reason)
        self.assertTrue(answers[2].HasField("estimate"))
        counted = self.server.metrics()
        for service, count in (("EstimationService", 2), ("NetworkService", 1)):
            self.assertIn(
                f'latimer_rpc_errors_total{{service="latimer.v1.{service}",code="RESOURCE_EXHAUSTED",'
                f'reason="REQUEST_TOO_LARGE"}} {count}\n', counted,
            )

    def test_a_message_far_over_the_limit_is_refused_before_it_is_read(self):
        source = network_pb2.NetworkSource(onnx_model=bytes(33 << 20))
        request = estimation_service_pb2.EstimateRequest(platform="zcu102-dnndk", network=source)
        with self.assertRaises(grpc.RpcError) as caught:
            self.estimation.Estimate(request, timeout=10)
        self.assertEqual(EXHAUSTED, caught.exception.code())
        self.assertIn("larger than max", caught.exception.details())

    def test_dimensions_beyond_64_bits(self):
        for dims in ([1 << 62, 4], [1 << 31] * 3, [(1 << 63) - 1]):
            with self.subTest(dims=dims):
                self.assert_error(self.estimate_refusal(onnx_model=relu(dims)), INVALID)
                network = network_pb2.Network()
                network.inputs.add(name="x", shape=network_pb2.Shape(dims=dims))
                network.layers.add(name="y", type=network_pb2.LAYER_TYPE_RELU, inputs=["x"])
                self.assert_error(self.estimate_refusal(network=network), INVALID)

    def test_zero_and_negative_dimensions_name_the_input(self):
        for dims in ([1, 0, 4], [1, -3, 4]):
            with self.subTest(dims=dims):
                self.assert_error(self.estimate_refusal(onnx_model=relu(dims)), INVALID, text="x")

    def test_a_cycle_names_a_node(self):
        nodes = [wire.onnx_node("Relu", ["b"], ["a"], "first"), wire.onnx_node("Relu", ["a"], ["b"], "second")]
        error = self.estimate_refusal(onnx_model=wire.onnx_model(nodes, [("x", [1, 4])], [("b", [1, 4])]))
        self.assert_error(error, INVALID, text="first")

    def test_a_missing_input_names_node_and_tensor(self):
        nodes = [wire.onnx_node("Relu", ["nowhere"], ["y"], "orphan")]
        error = self.estimate_refusal(onnx_model=wire.onnx_model(nodes, [("x", [1, 4])], [("y", [1, 4])]))
        self.assert_error(error, INVALID, text="orphan")
        self.assertIn("nowhere", str(error))

    def test_too_many_nodes(self):
        self.assert_error(self.estimate_refusal(onnx_model=chain(60_000)), EXHAUSTED, text="50000")

    def test_a_million_empty_nodes(self):
        graph = b"".join([wire.field(1, b"")] * 1_000_000)
        model = wire.field(1, 8) + wire.field(7, graph) + wire.field(8, [wire.field(2, 13)])
        self.assert_error(self.estimate_refusal(onnx_model=model), EXHAUSTED)

    def test_json_that_is_none_and_json_with_a_missing_layer(self):
        for data in (b"", b"{", b"[1, 2", b"\xff\xfe", b'{"layers": 7}'):
            with self.subTest(data=data[:10]):
                self.assert_error(self.estimate_refusal(annette_json=data), INVALID, "network.annette_json")
        self.assert_error(self.estimate_refusal(annette_json=b"[" * 200_000), EXHAUSTED, "network.annette_json")
        graph = {
            "name": "gap",
            "layers": {
                "data": {"type": "DataInput", "parents": [], "children": ["relu"], "output_shape": [-1, 8, 8, 3]},
                "relu": {"type": "Relu", "parents": ["lost"], "children": [], "output_shape": [-1, 8, 8, 3]},
            },
            "input_layers": ["data"],
            "output_layers": ["relu"],
        }
        error = self.estimate_refusal(annette_json=json.dumps(graph).encode())
        self.assert_error(error, INVALID, text="lost")
        self.assertIn("relu", str(error))

    def test_no_network_at_all(self):
        self.assert_error(self.estimate_refusal(), INVALID, "network.source")

    def test_unknown_platform_lists_the_known(self):
        for name in ("abacus", "platforms/abacus", "../../etc/passwd", "x" * 100_000, "\0"):
            with self.subTest(name=name[:20]):
                error = self.estimate_refusal(platform=name, onnx_model=GOOD)
                self.assert_error(error, NOT_FOUND, "platform", "ncs2-openvino, zcu102-dnndk")
                self.assertEqual("UNKNOWN_PLATFORM", error.reason)
        self.assert_error(self.estimate_refusal(platform="", onnx_model=GOOD), INVALID, "platform")

    def test_options_out_of_range(self):
        for confidence in (-0.5, 1, 1.5, float("nan"), float("inf")):
            with self.subTest(confidence=confidence):
                options = estimation_service_pb2.EstimateOptions(confidence=confidence)
                error = self.estimate_refusal(options=options, onnx_model=GOOD)
                self.assert_error(error, INVALID, "options.confidence")
        options = estimation_service_pb2.EstimateOptions(model_kind=77)
        self.assert_error(self.estimate_refusal(options=options, onnx_model=GOOD), INVALID, "options.model_kind")

    def test_bad_batch_and_input_shapes(self):
        self.assert_error(self.estimate_refusal(onnx_model=GOOD, batch_size=-1), INVALID, "network.batch_size")
        shape = network_pb2.InputShape(name="no_input", shape=network_pb2.Shape(dims=[1, 3, 224, 224]))
        self.assert_error(self.estimate_refusal(onnx_model=GOOD, input_shapes=[shape]), INVALID, text="no_input")

    def test_bytes_that_are_no_request(self):
        raw = self.channel.unary_unary("/latimer.v1.EstimationService/Estimate")
        self.assert_error(self.refusal(raw, b"\xff" * 100), INVALID)
        stream = self.channel.stream_stream(
            "/latimer.v1.EstimationService/EstimateStream",
            response_deserializer=estimation_service_pb2.EstimateStreamResponse.FromString,
        )
        answers = list(stream(iter([b"\xff" * 100, b""]), timeout=10))
        self.assertEqual(2, len(answers))
        for answer in answers:
            self.assert_error(errors.from_status(answer.error), INVALID)

    def test_other_services_refuse_too(self):
        networks = network_service_pb2_grpc.NetworkServiceStub(self.channel)
        request = network_service_pb2.DescribeNetworkRequest(network=network_pb2.NetworkSource(onnx_model=GOOD[:99]))
        self.assert_error(self.refusal(networks.DescribeNetwork, request), INVALID, "network.onnx_model")
        platforms = platform_service_pb2_grpc.PlatformServiceStub(self.channel)
        request = platform_service_pb2.GetPlatformRequest(name="platforms/abacus")
        self.assert_error(self.refusal(platforms.GetPlatform, request), NOT_FOUND, "name")
        request = platform_service_pb2.ListPlatformsRequest(page_size=-1)
        self.assert_error(self.refusal(platforms.ListPlatforms, request), INVALID, "page_size")
        request = platform_service_pb2.ListPlatformsRequest(page_token="made up")
        self.assert_error(self.refusal(platforms.ListPlatforms, request), INVALID, "page_token")
        many = estimation_service_pb2.EstimatePlatformsRequest(
            platforms=["zcu102-dnndk"] * 101, network=network_pb2.NetworkSource(onnx_model=GOOD)
        )
        self.assert_error(self.refusal(self.estimation.EstimatePlatforms, many), EXHAUSTED, "platforms")

    def test_names_that_are_no_utf8_come_back_readable(self):
        nodes = [[wire.field(1, b"\xff\xfe"), wire.field(2, "y"), wire.field(3, b"n\xff\xffde"), wire.field(4, "Relu")]]
        error = self.estimate_refusal(onnx_model=wire.onnx_model(nodes, [("x", [1, 4])], [("y", [1, 4])]))
        self.assert_error(error, INVALID)
        self.assertIn("de", str(error))

    def test_a_deadline_that_passed(self):
        request = estimation_service_pb2.EstimateRequest(
            platform="zcu102-dnndk", network=network_pb2.NetworkSource(onnx_model=chain(20_000))
        )
        with self.assertRaises(grpc.RpcError) as caught:
            self.estimation.Estimate(request, timeout=0.001)
        self.assertEqual(grpc.StatusCode.DEADLINE_EXCEEDED, caught.exception.code())

    def test_unknown_operators_are_estimated_with_a_warning(self):
        nodes = [wire.onnx_node("Frobnicate", ["x"], ["y"], "odd")]
        model = wire.onnx_model(nodes, [("x", [1, 8, 8, 8])], [("y", [1, 8, 8, 8])])
        request = estimation_service_pb2.EstimateRequest(
            platform="zcu102-dnndk", network=network_pb2.NetworkSource(onnx_model=model)
        )
        warnings = self.estimation.Estimate(request, timeout=10).estimate.warnings
        self.assertIn(estimate_pb2.WARNING_CODE_UNKNOWN_OPERATOR, [w.code for w in warnings])
        self.assertIn("odd", [n for w in warnings for n in w.nodes])


if __name__ == "__main__":
    unittest.main()
