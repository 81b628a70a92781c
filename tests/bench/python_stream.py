"""How many unique networks a second the Python client gets estimated over one stream, and what an echo would allow.

usage: python_stream.py LATIMER_BENCH SECONDS; JSON on standard output.
"""

import itertools
import json
import queue
import subprocess
import sys
import time

import grpc

from latimer_client import CompactNetwork, LatimerClient
from latimer_client.cells import nasbench201

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
WINDOW = 64
ANSWER_BYTES = 300


class Child:
    """A server of latimer-bench in a process of its own."""

    def __init__(self, program, kind):
        self.process = subprocess.Popen([program, "--serve", kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def cells(count):
    """Different networks: a walk through all cells, 7 919 at a time."""
    for step in range(count):
        number, width = step * 7919 % 15625, 16 + step // 15625
        yield nasbench201([OPERATIONS[number // 5**i % 5] for i in range(6)], channels=width)


def echo_rate(address, payloads, seconds):
    """Answers per second of a stream of bytes."""
    with grpc.insecure_channel(address) as channel:
        service = "/latimer.v1.EstimationService/"
        channel.unary_unary(service + "EstimatePlatforms")(str(ANSWER_BYTES).encode())
        requests = queue.SimpleQueue()
        source = itertools.cycle(payloads)
        responses = channel.stream_stream(service + "EstimateStream")(iter(requests.get, None))
        for _ in range(WINDOW):
            requests.put(next(source))
        start, count = time.perf_counter(), 0
        while time.perf_counter() < start + seconds:
            next(responses)
            requests.put(next(source))
            count += 1
        rate = count / (time.perf_counter() - start)
        responses.cancel()
        return rate


def client_rate(address, networks, seconds):
    with LatimerClient(address) as client:
        start, count = time.perf_counter(), 0
        for answer in client.estimate_many(networks, "zcu102-dnndk", window=WINDOW, summary=True):
            if answer.error is not None:
                raise answer.error
            count += 1
            if time.perf_counter() > start + seconds:
                break
        return count / (time.perf_counter() - start)


def main():
    program, seconds = sys.argv[1], float(sys.argv[2])
    networks = [CompactNetwork(network) for network in cells(int(min(15_000, 8_000 * seconds)))]
    payloads = [network.data for network in networks[:1000]]
    with Child(program, "latimer") as latimer, Child(program, "echo") as echo:
        echoed = echo_rate(echo.address, payloads, seconds)
        rate = client_rate(latimer.address, networks, seconds)
    print(json.dumps({"perSecond": rate, "echoPerSecond": echoed}))


if __name__ == "__main__":
    main()
