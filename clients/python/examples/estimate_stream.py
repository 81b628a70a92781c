"""Estimates 100 networks over one stream. usage: estimate_stream.py SERVER PLATFORM FOLDER"""
import glob
import itertools
import sys
import time

from latimer_client import LatimerClient

server, platform, folder = sys.argv[1:]
networks = itertools.islice(itertools.cycle(sorted(glob.glob(f"{folder}/*.onnx"))), 100)
with LatimerClient(server) as client:
    start = time.perf_counter()
    for n, answer in enumerate(client.estimate_many(networks, platform, summary=True), 1):
        print(answer.network, answer.error or f"{answer.estimate.latency.estimate_ms:.3f} ms")
    print(f"{n} networks, {n / (time.perf_counter() - start):.0f} per second")
