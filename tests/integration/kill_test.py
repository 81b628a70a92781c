"""The server is killed again and again while agents stream results: what it acknowledged is there, once.

LATIMER_KILLS: how often (5). LATIMER_SEED: of the moments. Run 100 kills with
    LATIMER_KILLS=100 ctest --preset release -R integration.kill --verbose
"""

import os
import pathlib
import random
import shutil
import signal
import sqlite3
import tempfile
import time
import unittest

import grpc
import harness
import played
from latimer.v1 import campaign_service_pb2, campaign_service_pb2_grpc, measurement_pb2

KILLS = int(os.environ.get("LATIMER_KILLS", "5"))
SEED = int(os.environ.get("LATIMER_SEED", time.time_ns() & 0xFFFFFF))
AGENTS = 3
MEASUREMENTS = 300 + 60 * KILLS  # so that there is work to the end: no campaign follows one whose last fit is running
MEASURED, FAILED = 2, 3


class KillTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.server = None
        self.start("127.0.0.1:0")
        self.address = self.server.address
        self.agents = [played.PlayedAgent(self.address) for _ in range(AGENTS)]
        self.addCleanup(self.stop)

    def start(self, listen):
        self.server = harness.Server("--data-dir", self.path / "data", "--lease", "10", "--heartbeat", "0.3", listen=listen)

    def stop(self):
        for agent in self.agents:
            agent.stop()
        self.server.stop(signal.SIGKILL)

    def keep_a_campaign_running(self):
        """Whether one was started."""
        with grpc.insecure_channel(self.address) as channel:
            stub = campaign_service_pb2_grpc.CampaignServiceStub(channel)
            try:
                stub.CreateCampaign(
                    campaign_service_pb2.CreateCampaignRequest(
                        platform="board", max_measurements=MEASUREMENTS, seed=random.randrange(1 << 30)
                    ),
                    timeout=300,
                )
                return True
            except grpc.RpcError as error:
                self.assertEqual(grpc.StatusCode.FAILED_PRECONDITION, error.code(), error.details())
                return False

    def acknowledged(self):
        found = {}
        for agent in self.agents:
            with agent.lock:
                found.update(agent.acknowledged)
        return found

    def stored(self, number):
        """Measurement -> median, from a copy of the files as the kill left them."""
        copy = self.path / f"copy{number}"
        copy.mkdir()
        for file in (self.path / "data").glob("latimer.sqlite*"):
            shutil.copy(file, copy)
        store = sqlite3.connect(copy / "latimer.sqlite")
        self.assertEqual("ok", store.execute("PRAGMA integrity_check").fetchone()[0])
        self.assertEqual([], store.execute("PRAGMA foreign_key_check").fetchall())
        rows = store.execute("SELECT measurement_id, record FROM measurements").fetchall()
        self.assertEqual(len(rows), len({name for name, _ in rows}))
        measured = {
            name for (name,) in store.execute("SELECT measurement_id FROM tasks WHERE state IN (?,?)", (MEASURED, FAILED))
        }
        self.assertEqual({name for name, _ in rows}, measured, "a task is measured if and only if its result is there")
        store.close()
        shutil.rmtree(copy)
        return {name: measurement_pb2.Measurement.FromString(record).timing.median_ms for name, record in rows}

    def check(self, number, acknowledged):
        """What is stored; what of the acknowledged is not; what is stored with a time no agent has measured."""
        stored = self.stored(number)
        lost = [name for name in acknowledged if name not in stored]
        # Two agents may measure the same after a lost lease; the first result stays.
        made = {name: {agent.made.get(name) for agent in self.agents} for name in acknowledged}
        changed = [name for name in acknowledged if name in stored and stored[name] not in made[name]]
        return stored, lost, changed

    def test_kills(self):
        choose = random.Random(SEED)
        random.seed(SEED)
        campaigns = lost = changed = 0
        slowest_start = 0.0
        for number in range(KILLS):
            before = len(self.acknowledged())
            campaigns += self.keep_a_campaign_running()
            deadline = time.monotonic() + 120
            while len(self.acknowledged()) == before:
                self.assertLess(time.monotonic(), deadline, self.server.log()[-2000:])
                time.sleep(0.005)
                if number and time.monotonic() > deadline - 110:
                    campaigns += self.keep_a_campaign_running()
            time.sleep(choose.uniform(0, 0.8))
            # What is acknowledged up to here must survive; a little more may come while the signal travels.
            acknowledged = self.acknowledged()
            self.server.stop(signal.SIGKILL)
            _, gone, other = self.check(number, acknowledged)
            lost += len(gone)
            changed += len(other)
            began = time.monotonic()
            self.start(self.address)
            slowest_start = max(slowest_start, time.monotonic() - began)
            if number % 10 == 9:
                print(f"{number + 1} kills, {len(acknowledged)} acknowledged, {lost} lost, {changed} changed", flush=True)
        # Everything that was ever made arrives now.
        played.wait_until(lambda: not any(agent.waiting for agent in self.agents), "all results are acknowledged", 120)
        for agent in self.agents:
            agent.stop()
        self.assertEqual(0, self.server.stop())
        acknowledged = self.acknowledged()
        stored, gone, other = self.check("end", acknowledged)
        lost += len(gone)
        changed += len(other)
        made = set().union(*(agent.made for agent in self.agents))
        print(
            f"\nseed {SEED}: {KILLS} kills, {campaigns} campaigns, {sum(a.sessions for a in self.agents)} sessions; "
            f"{sum(a.sent for a in self.agents)} results made, {len(acknowledged)} acknowledged, {len(stored)} stored; "
            f"lost {lost}, changed {changed}, doubled {len(stored) - len(set(stored))}, "
            f"stored though nobody made them {len(set(stored) - made)}; database intact {KILLS + 1} of {KILLS + 1} "
            f"times; slowest start {slowest_start:.2f} s",
            flush=True,
        )
        self.assertEqual((0, 0), (lost, changed))
        self.assertGreater(len(acknowledged), KILLS)
        self.assertEqual(set(), set(acknowledged) - set(stored))


if __name__ == "__main__":
    unittest.main()
