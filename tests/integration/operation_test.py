"""A server in operation: platform files change under it, callers give up, more is asked than it can do."""

import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time
import unittest

import grpc
import harness
import wire
from latimer_client import LatimerClient, LatimerError, errors
from latimer.v1 import estimation_service_pb2, estimation_service_pb2_grpc, network_pb2

PLATFORM_FILES = harness.SOURCE / "data/platforms"
ALEXNET = (harness.NETWORKS / "named/tv_alexnet.onnx").read_bytes()


def alexnet_request(name):
    """A request of 6 kB that no cache has seen."""
    source = network_pb2.NetworkSource(onnx_model=ALEXNET, display_name=name)
    return estimation_service_pb2.EstimateRequest(platform="zcu102-dnndk", network=source)


def large_requests(count, nodes=30_000):
    """Requests that take a worker a while, each different from the others."""
    names = [f"n{i}" for i in range(nodes + 1)]
    model = wire.onnx_model(
        [wire.onnx_node("Relu", [a], [b]) for a, b in zip(names, names[1:])],
        [(names[0], [1, 64])],
        [(names[-1], [1, 64])],
    )
    sources = [network_pb2.NetworkSource(onnx_model=model, display_name=f"chain{i}") for i in range(count)]
    return [estimation_service_pb2.EstimateRequest(platform="zcu102-dnndk", network=source) for source in sources]


class ReloadTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        shutil.copy(PLATFORM_FILES / "zcu102-dnndk.textproto", self.folder)
        self.server = harness.Server("--platforms-dir", folder.name)
        self.addCleanup(self.server.stop)
        self.client = LatimerClient(self.server.address)
        self.addCleanup(self.client.close)

    def reload(self, message):
        """Signals, and waits for one more event that says `message`."""
        before = self.server.log().count(message)
        self.server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while self.server.log().count(message) == before:
            self.assertLess(time.monotonic(), deadline, self.server.log())
            time.sleep(0.01)

    def names(self):
        return [platform.name for platform in self.client.list_platforms()]

    def test_new_and_removed_platforms_are_noticed(self):
        self.assertEqual(["platforms/zcu102-dnndk"], self.names())
        shutil.copy(PLATFORM_FILES / "ncs2-openvino.textproto", self.folder)
        self.assertEqual(["platforms/zcu102-dnndk"], self.names())
        self.reload("platforms loaded")
        self.assertEqual(["platforms/ncs2-openvino", "platforms/zcu102-dnndk"], self.names())
        (self.folder / "zcu102-dnndk.textproto").unlink()
        self.reload("platforms loaded")
        self.assertEqual(["platforms/ncs2-openvino"], self.names())

    def test_a_broken_file_is_reported_and_the_old_platforms_serve_on(self):
        before = self.client.estimate(ALEXNET, "zcu102-dnndk")
        (self.folder / "broken.textproto").write_text('id: "broken" no_such_field: 1', encoding="utf-8")
        self.reload("the old ones serve on")
        self.assertIn("broken.textproto", self.server.log())
        self.assertEqual(["platforms/zcu102-dnndk"], self.names())
        self.assertEqual(before, self.client.estimate(ALEXNET, "zcu102-dnndk"))

    def test_an_answer_remembered_from_the_old_platform_is_not_given_for_the_new(self):
        before = self.client.estimate(ALEXNET, "zcu102-dnndk")
        self.assertEqual(before, self.client.estimate(ALEXNET, "zcu102-dnndk"))
        path = self.folder / "zcu102-dnndk.textproto"
        text = path.read_text(encoding="utf-8")
        changed = text.replace(f'"{before.model_version}"', '"changed"')
        self.assertNotEqual(text, changed)
        path.write_text(changed, encoding="utf-8")
        self.reload("platforms loaded")
        self.assertEqual("changed", self.client.estimate(ALEXNET, "zcu102-dnndk").model_version)


class OverloadTest(unittest.TestCase):
    def test_what_does_not_fit_the_queue_is_refused_with_a_time_to_come_back(self):
        with harness.Server("--threads", "1", "--max-queued", "1") as server, server.channel() as channel:
            stub = estimation_service_pb2_grpc.EstimationServiceStub(channel)
            # Made before the first is sent, so that they arrive at once.
            later, *requests = large_requests(17)
            calls = [stub.Estimate.future(request, timeout=25) for request in requests]
            answered, refused = 0, []
            for call in calls:
                if call.exception() is None:
                    answered += 1
                    self.assertGreater(call.result().estimate.unit_count, 0)
                else:
                    refused.append(errors.from_rpc_error(call.exception()))
            self.assertGreater(answered, 0)
            self.assertGreater(len(refused), 0)
            for error in refused:
                self.assertEqual(grpc.StatusCode.RESOURCE_EXHAUSTED, error.code, str(error))
                self.assertGreater(error.retry_after_s, 0)
            self.assertGreater(stub.Estimate(later, timeout=20).estimate.unit_count, 0)


class GivingUpTest(harness.ServerTestCase):
    # The allocator keeps freed memory per arena, on purpose, and takes dozens of storms to have touched every arena.
    # With two of them what is left to grow is what nobody frees.
    server_environment = {"MALLOC_ARENA_MAX": "2"}

    def resources(self):
        """(resident MiB, open file descriptors) of the server."""
        process = pathlib.Path("/proc") / str(self.server.process.pid)
        pages = int((process / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(list((process / "fd").iterdir()))

    def give_up(self, worker, rounds):
        """Deadlines too short to keep, and streams left half-way."""
        for i in range(rounds):
            with self.server.channel() as channel:
                stub = estimation_service_pb2_grpc.EstimationServiceStub(channel)
                calls = [stub.Estimate.future(alexnet_request(f"{worker}.{i}.{k}"), timeout=0.001) for k in range(8)]
                requests = (
                    estimation_service_pb2.EstimateStreamRequest(id=k, request=alexnet_request(f"{worker}.{i}.s{k}"))
                    for k in range(1, 200)
                )
                stream = stub.EstimateStream(requests, timeout=20)
                if next(stream).id == 0:
                    raise AssertionError("an answer to no question")
                stream.cancel()
                for call in calls:
                    if call.exception() is None:
                        self.done += 1
                    elif call.exception().code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                        self.late += 1
                    else:
                        self.other.append(call.exception())

    def storm(self, rounds):
        workers = [threading.Thread(target=self.give_up, args=(w, rounds)) for w in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def test_callers_that_give_up_cost_neither_answers_nor_memory_nor_descriptors(self):
        self.done, self.late, self.other = 0, 0, []
        memory, descriptors = [], []
        while len(memory) < 40 and not self.levelled_off(memory):
            self.storm(10)
            resident, open_files = self.resources()
            memory.append(resident)
            descriptors.append(open_files)
        self.assertTrue(self.levelled_off(memory), f"MiB after each storm: {memory}")
        self.assertEqual([], self.other)
        self.assertEqual(len(memory) * 4 * 10 * 8, self.done + self.late)
        self.assertGreater(self.late, 0)
        deadline = time.monotonic() + 5
        while self.resources()[1] > descriptors[0] + 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(self.resources()[1], descriptors[0] + 5)
        with LatimerClient(self.server.address) as client:
            self.assertEqual(714188480, client.estimate(ALEXNET, "zcu102-dnndk").macs)

    @staticmethod
    def levelled_off(memory):
        """Whether the last ten storms cost less than 3 MiB: 3200 calls, 400 streams cut off.

        Coarse: with a leak put in on purpose, 16 KiB per message from a socket always showed, 4 KiB in most runs, 1 KiB
        never, as it fits into memory the allocator kept. Small leaks are for the unit tests under AddressSanitizer.
        """
        return len(memory) > 10 and memory[-1] - memory[-11] < 3

    def test_a_client_in_vain_gets_an_error_not_a_hang(self):
        with LatimerClient("127.0.0.1:1", timeout_s=2) as client:
            with self.assertRaises(LatimerError) as caught:
                client.estimate(ALEXNET, "zcu102-dnndk")
        self.assertEqual(grpc.StatusCode.UNAVAILABLE, caught.exception.code)


if __name__ == "__main__":
    unittest.main()
