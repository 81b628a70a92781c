"""Agents played by the test: real sessions, no engines. They remember what was acknowledged."""

import queue
import random
import threading
import time

import grpc
from latimer.v1 import agent_service_pb2, agent_service_pb2_grpc, fleet_service_pb2, fleet_service_pb2_grpc
from latimer.v1 import measurement_pb2

FACTS = {"cpu": "played core", "toolchain": "played 1.0", "threads": "1", "precision": "FP32"}


def fingerprint():
    return measurement_pb2.Fingerprint(digest="played", facts=FACTS, simulated=True)


def plausible_ms(task):
    """A time that grows with the network, with a part nobody else would make up."""
    size = sum(len(layer.name) + 1 for layer in task.network.network.layers) or task.network.ByteSize()
    return 0.01 + size * 1e-4 + random.random() * 1e-3


def bearer(token):
    return [("authorization", f"Bearer {token}")]


class PlayedAgent:
    """Measures as fast as the server gives work, over as many sessions as it takes. Threads of its own until stop()."""

    def __init__(self, address, platform="board", metadata=(), read=True):
        self.address = address
        self.read = read
        channel = grpc.insecure_channel(address)
        token = fleet_service_pb2_grpc.FleetServiceStub(channel).CreateToken(
            fleet_service_pb2.CreateTokenRequest(platform=platform), timeout=20, metadata=metadata
        )
        enrolled = agent_service_pb2_grpc.AgentServiceStub(channel).Enroll(
            agent_service_pb2.EnrollRequest(
                token=token.token, display_name="played", backend="played", fingerprint=fingerprint()
            ),
            timeout=20,
        )
        channel.close()
        self.name = enrolled.agent
        self.credential = enrolled.credential
        self.lock = threading.Lock()
        self.made = {}  # measurement -> median in ms; all there ever were
        self.waiting = {}  # not acknowledged: sent again in every session
        self.acknowledged = {}
        self.sent = 0
        self.sessions = 0  # attempts included
        self.heard = 0  # messages of the server
        self.end = None  # the status that ended the last session
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join(20)

    def _work(self):
        while not self._stopping.is_set():
            channel = grpc.insecure_channel(
                self.address, [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100)]
            )
            try:
                self._session(channel)
            except grpc.RpcError as error:
                self.end = error
                if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                    return
            channel.close()
            self._stopping.wait(0.02)

    def _session(self, channel):
        outbox = queue.Queue()
        jobs = {}
        ended = threading.Event()
        request = agent_service_pb2.SessionRequest

        def put(**message):
            outbox.put(request(**message))

        def beat():
            while not ended.is_set() and not self._stopping.is_set():
                with self.lock:
                    spooled = len(self.waiting)
                put(
                    heartbeat=agent_service_pb2.Heartbeat(
                        job_ids=list(jobs), free_slots=max(0, 2 - len(jobs)), spooled_measurements=spooled
                    )
                )
                ended.wait(0.1)
            outbox.put(None)

        put(hello=agent_service_pb2.Hello(agent_version="played", fingerprint=fingerprint()))
        with self.lock:
            again = list(self.waiting.values())
        for measurement in again:
            put(measurement=measurement)
        call = agent_service_pb2_grpc.AgentServiceStub(channel).Session(
            iter(outbox.get, None), metadata=bearer(self.credential)
        )
        self.sessions += 1
        beats = threading.Thread(target=beat, daemon=True)
        beats.start()
        try:
            for response in call:
                self.heard += 1
                kind = response.WhichOneof("message")
                if kind == "acknowledge":
                    with self.lock:
                        for name in response.acknowledge.measurement_ids:
                            self.waiting.pop(name, None)
                            self.acknowledged[name] = self.made.get(name)
                elif kind == "job":
                    jobs[response.job.job_id] = True
                    for task in response.job.tasks:
                        put(measurement=self._measure(task))
                    jobs.pop(response.job.job_id)
                    put(job_done=agent_service_pb2.JobDone(job_id=response.job.job_id))
                if self._stopping.is_set():
                    call.cancel()
        finally:
            ended.set()
            beats.join(5)

    def _measure(self, task):
        with self.lock:
            ms = self.made.get(task.measurement_id) or plausible_ms(task)
            measurement = measurement_pb2.Measurement(
                measurement_id=task.measurement_id,
                fingerprint_digest="played",
                board_seconds=ms / 1000,
                timing=measurement_pb2.Timing(
                    median_ms=ms, min_ms=ms, lower_quartile_ms=ms, upper_quartile_ms=ms, runs=10
                ),
            )
            self.made[task.measurement_id] = ms
            self.waiting[task.measurement_id] = measurement
            self.sent += 1
            return measurement


def wait_until(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.02)
