"""The server's life: it starts, says where it listens, reports health, drains, and refuses a port that is taken."""

import queue
import signal
import threading
import time
import unittest

import grpc
import harness
import wire
from latimer_client import LatimerClient  # also makes google.rpc importable
from latimer.v1 import estimation_service_pb2, estimation_service_pb2_grpc, network_pb2

SERVICES = {
    "latimer.v1.EstimationService": ["Estimate", "EstimateStream", "EstimatePlatforms"],
    "latimer.v1.NetworkService": ["DescribeNetwork"],
    "latimer.v1.PlatformService": ["ListPlatforms", "GetPlatform", "ListPlatformVersions", "RollbackPlatform",
                                   "ListSweeps", "ListEvaluations"],
}


def conv_request(request_id):
    """A request nobody asked before: one convolution of `request_id` output channels."""
    network = network_pb2.Network(name=f"conv{request_id}")
    network.inputs.add(name="x", shape=network_pb2.Shape(dims=[1, 3, 32, 32]))
    conv = network_pb2.ConvParameters(kernel=[3, 3], pad_begin=[1, 1], output_channels=request_id)
    network.layers.add(name="conv", type=network_pb2.LAYER_TYPE_CONV, inputs=["x"], conv=conv)
    request = estimation_service_pb2.EstimateRequest(
        platform="zcu102-dnndk", network=network_pb2.NetworkSource(network=network)
    )
    return estimation_service_pb2.EstimateStreamRequest(id=request_id, request=request)


def conv_macs(request_id):
    return 32 * 32 * 3 * 9 * request_id


class StartTest(harness.ServerTestCase):
    def test_says_where_it_listens_and_listens_there(self):
        self.assertRegex(self.server.first_line, r"^listening on 127\.0\.0\.1:[1-9][0-9]*$")
        with LatimerClient(self.server.address) as client:
            self.assertEqual([f"platforms/{p}" for p in harness.PLATFORMS], [p.name for p in client.list_platforms()])

    def test_health_is_serving_for_the_whole_and_for_each_service(self):
        for service in ["", *SERVICES]:
            self.assertEqual(wire.SERVING, wire.health(self.channel, service), service)

    def test_health_of_a_foreign_service_is_not_found(self):
        with self.assertRaises(grpc.RpcError) as caught:
            wire.health(self.channel, "latimer.v1.NoService")
        self.assertEqual(grpc.StatusCode.NOT_FOUND, caught.exception.code())

    def test_reflection_lists_the_services_and_their_methods(self):
        listed = wire.reflected_services(self.channel)
        self.assertIn("grpc.health.v1.Health", listed)
        for service, methods in SERVICES.items():
            self.assertIn(service, listed)
            self.assertEqual(methods, wire.reflected_methods(self.channel, service))

    def test_a_port_that_is_taken_is_refused_by_name(self):
        second = harness.run(harness.SERVER, "--listen", self.server.address)
        self.assertEqual(1, second.returncode, second)
        self.assertEqual("", second.stdout)
        self.assertIn(f"cannot listen on {self.server.address}", second.stderr)
        self.assertIn("does another process have it?", second.stderr)
        self.assertEqual(wire.SERVING, wire.health(self.channel))

    def test_reload_keeps_serving(self):
        self.server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while self.server.log().count("platforms loaded") < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertGreaterEqual(self.server.log().count("platforms loaded"), 2)
        self.assertEqual(wire.SERVING, wire.health(self.channel))


class RefusalTest(unittest.TestCase):
    def test_plaintext_on_a_reachable_address_needs_consent(self):
        refused = harness.run(harness.SERVER, "--listen", "0.0.0.0:0")
        self.assertEqual(1, refused.returncode)
        self.assertIn("--insecure", refused.stderr)
        with harness.Server("--insecure", listen="0.0.0.0:0") as server:
            with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                self.assertEqual(wire.SERVING, wire.health(channel))
                with self.assertRaises(grpc.RpcError) as caught:
                    wire.reflected_services(channel)  # off where others can ask
                self.assertEqual(grpc.StatusCode.UNIMPLEMENTED, caught.exception.code())

    def test_unknown_option_is_a_usage_error(self):
        refused = harness.run(harness.SERVER, "--lisen", "127.0.0.1:0")
        self.assertEqual(2, refused.returncode)
        self.assertIn("--lisen", refused.stderr)

    def test_platforms_folder_that_is_not_there_is_named(self):
        refused = harness.run(harness.SERVER, "--listen", "127.0.0.1:0", "--platforms-dir", "no/such/folder")
        self.assertEqual(1, refused.returncode)
        self.assertIn("no/such/folder", refused.stderr)


class DrainTest(unittest.TestCase):
    def open_stream(self, channel):
        requests = queue.SimpleQueue()
        stub = estimation_service_pb2_grpc.EstimationServiceStub(channel)
        return requests, stub.EstimateStream(iter(requests.get, None), timeout=25)

    def test_sigterm_lets_an_open_stream_finish_its_requests(self):
        server = harness.Server(drain="1")
        with server.channel() as channel:
            requests, answers = self.open_stream(channel)
            requests.put(conv_request(1))
            self.assertEqual(1, next(answers).id)
            for request_id in range(2, 402):
                requests.put(conv_request(request_id))
            server.process.send_signal(signal.SIGTERM)
            macs = {}
            for _ in range(400):
                answer = next(answers)
                macs[answer.id] = answer.estimate.macs
            self.assertEqual({i: conv_macs(i) for i in range(2, 402)}, macs)
            # The client left its side open, so the server has to end the stream, and says that it may be opened again.
            with self.assertRaises(grpc.RpcError) as caught:
                next(answers)
            self.assertEqual(grpc.StatusCode.UNAVAILABLE, caught.exception.code())
            requests.put(None)
        self.assertEqual(0, server.wait(), server.log())

    def test_health_says_not_serving_while_calls_are_still_answered(self):
        server = harness.Server(drain="1.5")
        with server.channel() as channel, LatimerClient(server.address) as client:
            self.assertEqual(wire.SERVING, wire.health(channel))
            server.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 1
            while wire.health(channel) == wire.SERVING and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(wire.NOT_SERVING, wire.health(channel))
            self.assertEqual(len(harness.PLATFORMS), len(client.list_platforms()))
        self.assertEqual(0, server.stop(), server.log())

    def test_a_stream_cut_by_the_drain_lost_no_answer_it_gave(self):
        server = harness.Server(drain="0")
        with server.channel() as channel:
            requests, answers = self.open_stream(channel)
            requests.put(conv_request(1))
            self.assertEqual(1, next(answers).id)
            stop = threading.Event()

            def flood():
                for request_id in range(2, 5000):
                    if stop.is_set():
                        break
                    requests.put(conv_request(request_id))
                requests.put(None)

            writer = threading.Thread(target=flood)
            writer.start()
            seen, code = set(), grpc.StatusCode.OK
            try:
                for answer in answers:
                    self.assertNotIn(answer.id, seen)
                    self.assertEqual(conv_macs(answer.id), answer.estimate.macs)
                    seen.add(answer.id)
                    if len(seen) == 50:
                        server.process.send_signal(signal.SIGTERM)
            except grpc.RpcError as error:
                code = error.code()
            finally:
                stop.set()
                writer.join()
            self.assertGreaterEqual(len(seen), 50)
            self.assertIn(code, (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE))
        self.assertEqual(0, server.wait(), server.log())

    def test_sigint_stops_too_and_the_port_is_free_again(self):
        server = harness.Server()
        self.assertEqual(0, server.stop(signal.SIGINT), server.log())
        with harness.Server(listen=server.address) as again:
            self.assertEqual(server.address, again.address)


if __name__ == "__main__":
    unittest.main()
