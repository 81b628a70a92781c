"""deploy/nginx/latimer.conf spreads calls over two replicas and goes on when one of them dies.

The configuration is the one that ships, with other addresses. Needs nginx (Debian: nginx-light).
"""

import collections
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import grpc
from latimer.v1 import estimate_pb2, estimation_service_pb2, estimation_service_pb2_grpc
from latimer.v1 import fleet_service_pb2, fleet_service_pb2_grpc

import harness
from latimer_client import nasbench201

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CONFIGURATION = harness.SOURCE / "deploy/nginx/latimer.conf"
PLATFORM = "zcu102-dnndk"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Nginx:
    """nginx with the configuration that ships, in front of these ports."""

    def __init__(self, folder, ports):
        self.port = free_port()
        text = CONFIGURATION.read_text()
        for shipped, actual in zip((50050, 50051, 50052), (self.port, *ports)):
            text = re.sub(rf"^(\s*(?:server|listen) 127\.0\.0\.1:){shipped}\b", rf"\g<1>{actual}", text, flags=re.M)
        (folder / "latimer.conf").write_text(text)
        temporary = "".join(
            f"  {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
            f"http {{\n{temporary}  include {folder}/latimer.conf;\n}}\n"
        )
        self.process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        deadline = time.monotonic() + harness.START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(harness.STOP_SECONDS)


class Balancing(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        os.chmod(folder, 0o755)
        self.servers = []
        # Each replica has a version of its own of the platform, by which answers tell who gave them.
        for name in ("one", "two"):
            platforms = folder / name
            platforms.mkdir()
            text = (harness.SOURCE / f"data/platforms/{PLATFORM}.textproto").read_text()
            (platforms / "platform.textproto").write_text(re.sub(r'^version: ".*"', f'version: "{name}"', text, flags=re.M))
            self.servers.append(harness.Server("--platforms-dir", str(platforms)))
        self.nginx = Nginx(folder, [server.port for server in self.servers])
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.nginx.port}")
        self.stub = estimation_service_pb2_grpc.EstimationServiceStub(self.channel)

    def tearDown(self):
        self.channel.close()
        self.nginx.stop()
        for server in self.servers:
            server.stop()
        self._folder.cleanup()

    def request(self, width):
        request = estimation_service_pb2.EstimateRequest(platform=PLATFORM)
        request.network.network.CopyFrom(nasbench201(["nor_conv_1x1"] * 6, channels=width))
        request.options.view = estimate_pb2.ESTIMATE_VIEW_SUMMARY
        return request

    def versions(self, count):
        answers = (self.stub.Estimate(self.request(8 + i), timeout=20) for i in range(count))
        return collections.Counter(answer.estimate.model_version for answer in answers)

    def test_calls_of_one_connection_reach_both_replicas(self):
        versions = self.versions(200)
        self.assertEqual(sum(versions.values()), 200)
        for name in ("one", "two"):
            self.assertGreater(versions[name], 40, versions)

    def test_a_dead_replica_is_left_out_and_taken_back(self):
        self.versions(10)
        port = self.servers[1].port
        platforms = str(pathlib.Path(self._folder.name) / "two")
        self.servers[1].stop(signal.SIGKILL)
        self.assertEqual(self.versions(100), {"one": 100})
        self.servers[1] = harness.Server("--platforms-dir", platforms, listen=f"127.0.0.1:{port}")
        deadline = time.monotonic() + 20
        while "two" not in self.versions(20):
            self.assertLess(time.monotonic(), deadline)

    def test_without_any_replica_callers_are_told_to_try_again(self):
        for server in self.servers:
            server.stop(signal.SIGKILL)
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub.Estimate(self.request(16), timeout=20)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)

    def test_streams_pass(self):
        requests = [
            estimation_service_pb2.EstimateStreamRequest(id=i, request=self.request(8 + i)) for i in range(1, 101)
        ]
        answers = {answer.id for answer in self.stub.EstimateStream(iter(requests), timeout=20)}
        self.assertEqual(answers, set(range(1, 101)))

    def test_errors_pass_with_their_details(self):
        request = self.request(16)
        request.platform = "nobody"
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub.Estimate(request, timeout=20)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        self.assertIn("grpc-status-details-bin", dict(caught.exception.trailing_metadata()))

    def test_boards_are_led_by_the_first_server(self):
        fleet = fleet_service_pb2_grpc.FleetServiceStub(self.channel)
        with self.assertRaises(grpc.RpcError) as caught:
            fleet.ListAgents(fleet_service_pb2.ListAgentsRequest(), timeout=20)
        # It has no data folder here, and says so; nginx alone would have said UNIMPLEMENTED or UNAVAILABLE.
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)


if __name__ == "__main__":
    unittest.main()
