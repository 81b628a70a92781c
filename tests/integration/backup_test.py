"""Backups under load, restoring them, old and newer files, damage, and a full disk: with real processes."""

import collections
import contextlib
import json
import pathlib
import re
import resource
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
import unittest

import harness
import played
from latimer_client import LatimerClient, LatimerError
from latimer.v1 import measurement_pb2


class DataTestCase(unittest.TestCase):
    server_arguments = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.data = self.path / "data"
        self.agents = []
        self.server = None
        self.address = "127.0.0.1:0"
        self.addCleanup(self.stop_all)

    def start(self):
        self.server = harness.Server(
            "--data-dir", self.data, "--lease", "2", "--heartbeat", "0.3", *self.server_arguments, listen=self.address
        )
        self.address = self.server.address

    def stop_all(self):
        for agent in self.agents:
            agent.stop()
        if self.server is not None:
            self.server.stop(signal.SIGKILL)

    def play(self):
        agent = played.PlayedAgent(self.address)
        self.agents.append(agent)
        return agent

    def cli(self, *arguments, expected=0, timeout=90):
        done = harness.run(harness.CLI, *arguments, "--server", self.address, timeout=timeout)
        self.assertEqual(expected, done.returncode, done.stdout + done.stderr)
        return done.stdout if expected == 0 else done.stderr

    def refused_start(self, *arguments):
        done = harness.run(harness.SERVER, "--listen", "127.0.0.1:0", "--data-dir", self.data, *arguments)
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        return done.stderr

    def rows(self, file, query="SELECT count(*) FROM measurements"):
        with contextlib.closing(sqlite3.connect(file)) as store:
            self.assertEqual("ok", store.execute("PRAGMA integrity_check").fetchone()[0])
            return store.execute(query).fetchone()[0]


class BackupTest(DataTestCase):
    def test_backups_under_load_and_restoring_one(self):
        self.start()
        agents = [self.play(), self.play()]
        self.cli("campaign", "start", "--platform", "board", "--max-measurements", "5000")
        played.wait_until(lambda: len(agents[0].acknowledged) > 50, "results come")
        counts = []
        for number in range(3):
            file = self.path / f"backup{number}"
            before = sum(len(agent.acknowledged) for agent in agents)
            said = self.cli("admin", "backup", file)
            after = sum(agent.sent for agent in agents)
            self.assertIn("checked", said)
            self.assertFalse(file.with_name(file.name + ".part").exists())
            self.assertEqual(0o600, file.stat().st_mode & 0o777)
            counts.append(self.rows(file))
            self.assertLessEqual(before, counts[-1], "what was acknowledged before is in it")
            self.assertLessEqual(counts[-1], after)
            self.assertEqual(counts[-1], self.rows(file, "SELECT count(*) FROM tasks WHERE state IN (2, 3)"))
        self.assertEqual(sorted(counts), counts)
        self.assertEqual([], [f.name for f in self.data.iterdir() if f.name.startswith("backup-")])
        self.assertIn("there is such a file", self.cli("admin", "backup", self.path / "backup0", expected=1))
        # A running server keeps its folder.
        self.assertIn("another server uses it", self.refused_start("--restore", self.path / "backup0"))
        for agent in agents:
            agent.stop()
        self.assertEqual(0, self.server.stop())
        restored = harness.run(harness.SERVER, "--data-dir", self.data, "--restore", self.path / "backup0")
        self.assertEqual(0, restored.returncode, restored.stderr)
        self.assertIn(f"{counts[0]} measurements", restored.stdout)
        self.assertEqual(counts[0], self.rows(self.data / "latimer.sqlite"))
        # Life goes on: agents are known, the campaign too, and its lost results are measured again.
        self.start()
        listed = json.loads(self.cli("agents", "--format", "json"))["agents"]
        self.assertEqual(2, len(listed))
        self.assertEqual(
            "CAMPAIGN_STATE_RUNNING", json.loads(self.cli("campaign", "show", "1", "--format", "json"))["state"]
        )
        self.cli("campaign", "cancel", "1")

    def test_restoring_while_agents_stream_and_people_ask(self):
        """Nobody is told that the server goes back in time: agents and callers just go on."""
        self.start()
        agents = [self.play(), self.play(), self.play()]
        self.cli("campaign", "start", "--platform", "board", "--max-measurements", "1500")
        made = lambda: sum(len(agent.acknowledged) for agent in agents)  # noqa: E731
        played.wait_until(lambda: made() > 150, "results come")
        backup = self.path / "backup"
        self.cli("admin", "backup", backup)
        kept = self.stored(backup)
        played.wait_until(lambda: made() > len(kept) + 150, "more results come, which the backup lacks")
        asked, stop = collections.Counter(), threading.Event()
        asking = threading.Thread(target=self.ask, args=(stop, asked), daemon=True)
        asking.start()
        self.server.stop(signal.SIGKILL)
        copy = self.path / "copy"
        shutil.copytree(self.data, copy)  # reading the store itself would tidy up what the kill left
        later = self.stored(copy / "latimer.sqlite")
        self.assertLess(set(kept), set(later))
        restored = harness.run(harness.SERVER, "--data-dir", self.data, "--restore", backup)
        self.assertEqual(0, restored.returncode, restored.stderr)
        self.assertIn(f"{len(kept)} measurements", restored.stdout)
        (old,) = (f for f in self.data.iterdir() if re.fullmatch(r"latimer\.sqlite\.before-\d+", f.name))
        self.assertEqual(later, self.stored(old), "what was there before is kept, results the backup lacks included")
        heard, before = [agent.heard for agent in agents], asked["answered"]
        sent = sum(agent.sent for agent in agents)  # before the start: a fast board is soon done with all there is
        self.start()
        played.wait_until(lambda: all(a.heard > n for a, n in zip(agents, heard)), "all agents are back", 30)
        played.wait_until(lambda: asked["answered"] > before + 20, "callers are answered again", 30)
        played.wait_until(lambda: sum(agent.sent for agent in agents) > sent + 100, "the campaign goes on", 90)
        played.wait_until(lambda: not any(agent.waiting for agent in agents), "what was made is acknowledged", 30)
        stop.set()
        asking.join()
        for agent in agents:
            agent.stop()
        self.assertEqual(0, self.server.stop())
        stored = self.stored(self.data / "latimer.sqlite")
        self.assertEqual({}, {name: ms for name, ms in kept.items() if stored.get(name) != ms}, "lost or changed")
        times = collections.defaultdict(set)
        for agent in agents:
            for name, ms in agent.made.items():
                times[name].add(ms)
        self.assertEqual([], [name for name, ms in stored.items() if ms not in times[name]], "nobody measured that")
        done = "SELECT count(*) FROM tasks WHERE state IN (2, 3)"
        self.assertEqual(len(stored), self.rows(self.data / "latimer.sqlite", done))
        self.assertEqual({"answered", "UNAVAILABLE"}, set(asked), "callers see a server that is away, nothing else")
        print(f"\nbackup of {len(kept)}, then {len(later)} stored; restored, and {len(stored)} in the end; "
              f"{dict(asked)} estimates meanwhile")

    def ask(self, stop, counts):
        """Estimates, one after the other."""
        network = (harness.NETWORKS / "named/tv_alexnet.onnx").read_bytes()
        with LatimerClient(self.address, timeout_s=5) as client:
            while not stop.wait(0.02):
                try:
                    client.estimate(network, "zcu102-dnndk")
                    counts["answered"] += 1
                except LatimerError as error:
                    counts[error.code.name] += 1

    def stored(self, file):
        """Measurement -> median, each once, of an intact database."""
        self.rows(file)
        with contextlib.closing(sqlite3.connect(file)) as store:
            rows = store.execute("SELECT measurement_id, record FROM measurements").fetchall()
            self.assertEqual([], store.execute("PRAGMA foreign_key_check").fetchall())
        self.assertEqual(len(rows), len(dict(rows)))
        return {name: measurement_pb2.Measurement.FromString(record).timing.median_ms for name, record in rows}

    def test_only_one_backup_at_a_time(self):
        self.start()
        results = []

        def back_up(number):
            results.append(
                harness.run(harness.CLI, "admin", "backup", self.path / f"b{number}", "--server", self.address, timeout=60)
            )

        threads = [threading.Thread(target=back_up, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for done in results:
            if done.returncode:
                self.assertIn("one at a time", done.stderr)
        self.assertIn(0, [done.returncode for done in results])


class StartTest(DataTestCase):
    def test_old_files_are_brought_up_to_date_newer_and_damaged_ones_refused(self):
        for version in (1, 2):
            with self.subTest(version=version):
                self.data = self.path / f"v{version}"
                self.data.mkdir()
                file = self.data / "latimer.sqlite"
                with contextlib.closing(sqlite3.connect(file)) as store:
                    store.executescript((harness.SOURCE / f"tests/data/store/v{version}.sql").read_text())
                self.address = "127.0.0.1:0"
                self.start()
                self.assertIn("old board", self.cli("agents"))
                self.assertEqual(0, self.server.stop())
                self.assertTrue((self.data / f"latimer.sqlite.v{version}").exists())
        with contextlib.closing(sqlite3.connect(file)) as store:
            current = store.execute("PRAGMA user_version").fetchone()[0]
            store.execute(f"PRAGMA user_version={current + 1}")
        self.assertIn("use a newer latimer-server", self.refused_start())
        with contextlib.closing(sqlite3.connect(file)) as store:
            store.execute(f"PRAGMA user_version={current}")
        size = file.stat().st_size
        with open(file, "r+b") as damaged:
            for page in range(8192, size, 4096):
                damaged.seek(page)
                damaged.write(b"\x5a" * 300)
        said = self.refused_start()
        self.assertIn("is damaged", said)
        self.assertIn("--restore", said)
        # What the message advises works.
        done = harness.run(harness.SERVER, "--data-dir", self.data, "--restore", self.data / "latimer.sqlite.v2")
        self.assertEqual(0, done.returncode, done.stderr)
        self.address = "127.0.0.1:0"
        self.start()
        self.assertIn("old board", self.cli("agents"))

    def test_what_cannot_be_restored_is_refused(self):
        other = self.path / "other"
        other.write_text("no database")
        for file, words in ((self.path / "none", "there is no file"), (other, "is damaged")):
            self.assertIn(words, self.refused_start("--restore", file))
        done = harness.run(harness.SERVER, "--restore", other)
        self.assertEqual(2, done.returncode)
        self.assertIn("--data-dir", done.stderr)


class FullDiskTest(DataTestCase):
    """A limit on the size of files stands in for the full disk: write() fails in the same way."""

    def fill(self, full):
        _, hard = resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.server.process.pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))

    def test_nothing_is_acknowledged_and_nothing_is_lost(self):
        self.start()
        agent = self.play()
        self.cli("campaign", "start", "--platform", "board", "--max-measurements", "3000")
        played.wait_until(lambda: len(agent.acknowledged) > 50, "results come")
        self.fill(True)
        played.wait_until(lambda: agent.end is not None and "latimer.sqlite" in agent.end.details(), "the agent is told")
        time.sleep(0.5)
        stopped = len(agent.acknowledged)
        self.assertIn("disk", agent.end.details())
        self.assertIn("is the disk full", self.cli("token", "create", expected=1))
        # What needs no disk goes on.
        network = harness.NETWORKS / "named/tv_alexnet.onnx"
        self.assertIn("latency", self.cli("estimate", network, "--platform", "zcu102-dnndk"))
        self.assertIn("board", self.cli("agents"))
        time.sleep(0.5)
        self.assertEqual(stopped, len(agent.acknowledged))
        self.fill(False)
        played.wait_until(lambda: len(agent.acknowledged) > stopped + 50, "results come again")
        self.assertEqual(0, self.server.stop())
        agent.stop()
        with contextlib.closing(sqlite3.connect(self.data / "latimer.sqlite")) as store:
            stored = {name for (name,) in store.execute("SELECT measurement_id FROM measurements")}
        self.assertEqual(set(), set(agent.acknowledged) - stored)

    def test_backup_on_a_full_disk_fails_and_leaves_nothing(self):
        self.start()
        self.cli("token", "create")
        self.fill(True)
        self.assertIn("disk", self.cli("admin", "backup", self.path / "backup", expected=1))
        self.fill(False)
        self.assertEqual([], [f.name for f in self.data.iterdir() if f.name.startswith("backup-")])
        self.assertFalse((self.path / "backup").exists())
        self.assertFalse((self.path / "backup.part").exists())
        self.cli("admin", "backup", self.path / "backup")


if __name__ == "__main__":
    unittest.main()
