"""More than the server can do: memory stays bounded, slow readers make only themselves wait, refusals say when to retry.

LATIMER_BURST: calls at once (10000).
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import grpc
import harness
import played
import wire
from latimer_client import LatimerClient, LatimerError, errors
from latimer.v1 import agent_service_pb2, agent_service_pb2_grpc, campaign_service_pb2, campaign_service_pb2_grpc
from latimer.v1 import estimation_service_pb2, estimation_service_pb2_grpc, fleet_service_pb2, fleet_service_pb2_grpc
from latimer.v1 import measurement_pb2, network_pb2

BURST = int(os.environ.get("LATIMER_BURST", "10000"))
ALEXNET = (harness.NETWORKS / "named/tv_alexnet.onnx").read_bytes()


def memory(server):
    """Resident MiB now and at most."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return tuple(int(lines[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def request(name, platform="zcu102-dnndk"):
    """Of 6 kB, answered with a table of units; no two names are answered from the cache."""
    source = network_pb2.NetworkSource(onnx_model=ALEXNET, display_name=name)
    return estimation_service_pb2.EstimateRequest(platform=platform, network=source)


def tls_files(folder):
    """A certificate of localhost, signed by itself, and its key."""
    certificate, key = folder / "server.pem", folder / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    return certificate, key


class MemoryTest(harness.ServerTestCase):
    server_arguments = ("--metrics-listen", "127.0.0.1:0")

    def connections(self):
        return int(re.search(r"(?m)^latimer_connections (\d+)$", self.server.metrics())[1])

    def test_very_many_calls_at_once(self):
        with LatimerClient(self.server.address) as client:
            client.estimate(ALEXNET, "zcu102-dnndk")
        before, _ = memory(self.server)
        done = harness.run(
            os.environ["LATIMER_LOAD"], "--server", self.server.address, "--burst", BURST, "--connections", "100",
            "--workload", "resnet18-onnx", timeout=200,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        result = json.loads(done.stdout)
        after, peak = memory(self.server)
        print(f"\n{BURST} calls at once: {result}; {before:.0f} MiB before, {peak:.0f} at most, {after:.0f} after")
        self.assertEqual(BURST, result["calls"])
        self.assertLessEqual(set(result["byCode"]), {"0", "8"}, "answered or told to come back")
        self.assertGreater(result["ok"], BURST / 100)
        self.assertLess(peak, before + 700)

    def test_a_client_that_never_reads(self):
        before, _ = memory(self.server)
        sent = [0]
        stop = threading.Event()

        def requests():
            while not stop.is_set() and sent[0] < 50_000:
                sent[0] += 1
                yield estimation_service_pb2.EstimateStreamRequest(id=sent[0], request=request(f"slow{sent[0]}"))

        stub = estimation_service_pb2_grpc.EstimationServiceStub(self.channel)
        stream = stub.EstimateStream(requests())
        time.sleep(1)
        settled = -1
        while sent[0] != settled:  # until flow control holds the writer
            settled = sent[0]
            time.sleep(1)
        after, _ = memory(self.server)
        print(f"\na client that never reads: {settled} requests sent, then it had to wait; {before:.0f} -> {after:.0f} MiB")
        self.assertLess(settled, 5_000)
        self.assertLess(after, before + 60)
        with LatimerClient(self.server.address) as client:
            self.assertGreater(client.estimate(ALEXNET, "zcu102-dnndk").latency.estimate_ms, 0)
        stop.set()
        stream.cancel()

    def test_many_idle_connections(self):
        files_before, (before, _) = open_files(self.server), memory(self.server)
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
        sockets = []
        try:
            for number in range(1000):
                connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
                if number % 2:  # the other half say nothing at all
                    connection.sendall(preface)
                sockets.append(connection)
            played.wait_until(lambda: open_files(self.server) >= files_before + 990, "all are accepted")
            with LatimerClient(self.server.address) as client:
                began = time.monotonic()
                for number in range(50):
                    client.estimate(ALEXNET, "zcu102-dnndk")
                mean_ms = (time.monotonic() - began) * 1000 / 50
            after, _ = memory(self.server)
            self.assertGreaterEqual(self.connections(), 1000)
            print(f"\n1000 idle connections: {before:.0f} -> {after:.0f} MiB; an estimate takes {mean_ms:.1f} ms")
            self.assertLess(after, before + 100)
        finally:
            for connection in sockets:
                connection.close()
        played.wait_until(lambda: open_files(self.server) <= files_before + 20, "they are let go")
        played.wait_until(lambda: self.connections() < 20, "none is counted any more")


class HandshakeTest(unittest.TestCase):
    def test_who_never_finishes_the_handshake_is_cut_off(self):
        with harness.Server("--handshake-timeout", "1") as server:
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as silent:
                began = time.monotonic()
                while silent.recv(1000):
                    pass
                self.assertLess(time.monotonic() - began, 8)

    def test_plain_text_to_a_port_with_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = tls_files(pathlib.Path(folder))
            with harness.Server(
                "--tls-cert", certificate, "--tls-key", key, "--metrics-listen", "127.0.0.1:0"
            ) as server:
                done = harness.run(harness.CLI, "platforms", "--server", server.address)
                self.assertEqual(1, done.returncode)
                self.assertIn("if the server uses TLS, add --tls or --tls-ca", done.stderr)
                with LatimerClient(server.address, timeout_s=5) as client, self.assertRaises(LatimerError) as caught:
                    client.list_platforms()
                self.assertEqual(grpc.StatusCode.UNAVAILABLE, caught.exception.code)
                played.wait_until(lambda: "TLS handshake failed" in server.log(), "the log says so", 10)
                self.assertIn("plain text", server.log())
                self.assertRegex(server.metrics(), r"(?m)^latimer_tls_handshake_failures_total [1-9]")
                good = harness.run(
                    harness.CLI, "platforms", "--server", f"localhost:{server.port}", "--tls-ca", certificate
                )
                self.assertEqual(0, good.returncode, good.stderr)


class BoardsOverloadTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = harness.Server("--data-dir", folder.name, "--heartbeat", "0.3", "--lease", "2")
        self.addCleanup(lambda: self.server.stop(signal.SIGKILL))

    def test_an_agent_that_never_reads(self):
        channel = self.server.channel()
        self.addCleanup(channel.close)
        token = fleet_service_pb2_grpc.FleetServiceStub(channel).CreateToken(fleet_service_pb2.CreateTokenRequest())
        stub = agent_service_pb2_grpc.AgentServiceStub(channel)
        credential = stub.Enroll(
            agent_service_pb2.EnrollRequest(
                token=token.token, platform="board", display_name="b", backend="played", fingerprint=played.fingerprint()
            )
        ).credential
        sent = [0]
        stop = threading.Event()
        timing = measurement_pb2.Timing(median_ms=1, min_ms=1, lower_quartile_ms=1, upper_quartile_ms=1, runs=1)

        def messages():
            yield agent_service_pb2.SessionRequest(
                hello=agent_service_pb2.Hello(agent_version="played", fingerprint=played.fingerprint())
            )
            while not stop.is_set() and sent[0] < 300_000:
                sent[0] += 1
                name = f"{sent[0]}-" + "x" * 1000  # comes back in the acknowledgement
                yield agent_service_pb2.SessionRequest(
                    measurement=measurement_pb2.Measurement(measurement_id=name, timing=timing)
                )

        before, _ = memory(self.server)
        session = stub.Session(messages(), metadata=played.bearer(credential))
        settled = -1
        while sent[0] != settled:
            settled = sent[0]
            time.sleep(1.5)
        after, _ = memory(self.server)
        print(f"\nan agent that never reads: {settled} results sent, then it had to wait; {before:.0f} -> {after:.0f} MiB")
        self.assertLess(settled, 20_000)
        self.assertLess(after, before + 50)
        done = harness.run(harness.CLI, "agents", "--server", self.server.address)
        self.assertEqual(0, done.returncode, done.stderr)
        stop.set()
        session.cancel()

    def test_many_watchers_of_which_none_reads(self):
        agent = played.PlayedAgent(self.server.address)
        self.addCleanup(agent.stop)
        channel = self.server.channel()
        self.addCleanup(channel.close)
        stub = campaign_service_pb2_grpc.CampaignServiceStub(channel)
        campaign = stub.CreateCampaign(
            campaign_service_pb2.CreateCampaignRequest(platform="board", max_measurements=1500), timeout=30
        )
        before, _ = memory(self.server)
        watches = [
            stub.WatchCampaign(campaign_service_pb2.WatchCampaignRequest(name=campaign.name)) for _ in range(90)
        ]
        start = len(agent.acknowledged)
        played.wait_until(lambda: len(agent.acknowledged) > start + 300, "work goes on", 120)
        after, _ = memory(self.server)
        print(f"\n90 watchers that never read: {before:.0f} -> {after:.0f} MiB")
        self.assertLess(after, before + 150)  # with the fits of the campaign
        for watch in watches:
            watch.cancel()
        stub.CancelCampaign(campaign_service_pb2.CancelCampaignRequest(name=campaign.name), timeout=20)


class QueueTest(unittest.TestCase):
    def test_a_full_queue_says_when_to_come_back(self):
        names = [f"n{i}" for i in range(30_001)]
        nodes = [wire.onnx_node("Relu", [a], [b]) for a, b in zip(names, names[1:])]
        large = wire.onnx_model(nodes, [(names[0], [1, 64])], [(names[-1], [1, 64])])
        with harness.Server("--threads", "1", "--max-queued", "2") as server, server.channel() as channel:
            stub = estimation_service_pb2_grpc.EstimationServiceStub(channel)
            futures = [
                stub.Estimate.future(
                    estimation_service_pb2.EstimateRequest(
                        platform="zcu102-dnndk", network=network_pb2.NetworkSource(onnx_model=large, display_name=str(i))
                    ),
                    timeout=60,
                )
                for i in range(16)
            ]
            refused = []
            for future in futures:
                try:
                    future.result()
                except grpc.RpcError as error:
                    refused.append(errors.from_rpc_error(error))
        self.assertGreater(len(refused), 0)
        self.assertLess(len(refused), 16)
        for error in refused:
            self.assertEqual((grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"), (error.code, error.reason))
            self.assertGreater(error.retry_after_s, 0)


if __name__ == "__main__":
    unittest.main()
