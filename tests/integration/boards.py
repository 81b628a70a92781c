"""A server with boards for tests of the fleet: real agents on simulated boards, and what must hold in the end."""

import contextlib
import json
import os
import pathlib
import resource
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import harness

AGENT = os.environ["LATIMER_AGENT"]
BOARD = "simulated:imx93"
PLATFORM = "board"
MEASUREMENTS = 300
PATIENCE = 90
SHORT = ("--heartbeat", "0.3")  # so that what is lost is noticed soon


class Agent:
    """A latimer-agent. Without a token it was enrolled before, and its credential is in `state`."""

    def __init__(self, address, state, token=None, backend=BOARD, arguments=(), program=AGENT):
        self._log = b""
        command = [program, "--server", address, "--backend", backend, "--state-dir", str(state)]
        command += arguments
        self.process = subprocess.Popen(
            command + (["--token", token] if token else []),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        # Through a pipe, so that it can still speak when it may not write files.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._lock = threading.Lock()
        self._hanging = set()  # engine processes that are not to go on
        self._full_speed = threading.Event()
        self._brake = threading.Thread(target=self._slow_down, daemon=True)
        self._brake.start()

    def _read(self):
        with self.process.stderr as pipe:
            while words := os.read(pipe.fileno(), 1 << 16):
                self._log += words

    def _slow_down(self):
        """Lets the engine run a sixth of the time: simulated boards are done before anything could happen to them."""
        while not self._full_speed.wait(0.002) and self.process.poll() is None:
            children = self.children()
            self._signal(children, signal.SIGSTOP)
            self._full_speed.wait(0.01)
            self._signal(children, signal.SIGCONT)

    def _signal(self, processes, signal_number):
        with self._lock:
            for process in set(processes) - self._hanging:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal_number)

    def kill_engine(self):
        """How many processes that were."""
        children = self.children()
        self._signal(children, signal.SIGKILL)
        return len(children)

    def hang_engine(self):
        """It never returns from what it is doing."""
        with self._lock:
            for child in self.children():
                os.kill(child, signal.SIGSTOP)
                self._hanging.add(child)

    def full_speed(self):
        """From here on nothing slows the engine down."""
        self._full_speed.set()
        self._brake.join(harness.STOP_SECONDS)

    def log(self):
        return self._log.decode(errors="replace")

    def wait(self):
        """The exit code, once it has stopped."""
        code = self.process.wait(harness.STOP_SECONDS)
        self._reader.join(harness.STOP_SECONDS)
        return code

    def stop(self, signal_number=signal.SIGTERM):
        self.full_speed()
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        return self.wait()

    def children(self):
        """Of all its threads."""
        found = []
        for children in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
                found += [int(pid) for pid in children.read_text().split()]
        return found

    def fill_disk(self, full):
        """A limit on the size of files stands in for the full disk: write() fails in the same way."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))


class BoardsTestCase(unittest.TestCase):
    """Each test has a server of its own, with a data folder."""

    server_arguments = ()
    agent_program = AGENT
    pace = SHORT  # of agents and server; (): as by default

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.agents = []
        self.start_server("127.0.0.1:0")
        self.address = self.server.address
        self.addCleanup(self.stop_all)

    def start_server(self, listen):
        lease = ("--lease", "2") if self.pace else ()
        self.server = harness.Server(
            "--data-dir", str(self.path / "data"), *self.pace, *lease, *self.server_arguments, listen=listen
        )

    def stop_all(self):
        for agent in self.agents:
            agent.stop(signal.SIGKILL)
        self.server.stop(signal.SIGKILL)

    def cli(self, *arguments, expected=0):
        done = harness.run(harness.CLI, *arguments, "--server", self.address, timeout=PATIENCE)
        self.assertEqual(expected, done.returncode, done.stdout + done.stderr)
        return done.stdout if expected == 0 else done.stderr

    def token(self, platform=PLATFORM):
        return json.loads(self.cli("token", "create", "--platform", platform, "--format", "json"))["token"]

    def launch(self, name="agent", token=None, address=None, backend=BOARD, arguments=()):
        """Starts the program, and does not wait for it to take part."""
        state = self.path / name
        agent = Agent(address or self.address, state, token, backend, (*self.pace, *arguments), self.agent_program)
        self.agents.append(agent)
        return agent

    def start_agent(self, name="agent", **options):
        """Enrols it."""
        before = len(self.listed())
        agent = self.launch(name, self.token(), **options)
        self.wait_for(lambda: len(self.listed()) > before, "the agent is listed")
        return agent

    def listed(self):
        return json.loads(self.cli("agents", "--format", "json"))["agents"]

    def wait_for(self, condition, what, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            result = condition()
            if result:
                return result
            time.sleep(0.05)
        logs = [agent.log()[-800:] for agent in self.agents]
        server = self.server.log()[-1500:]
        self.fail(f"in vain: {what}; agents say: {logs}, the campaign: {self.campaign()}, the server: {server}")

    def start_campaign(self, measurements=MEASUREMENTS):
        self.cli("campaign", "start", "--platform", PLATFORM, "--method", "smart-padding", "--max-measurements", measurements)

    def campaign(self):
        done = harness.run(harness.CLI, "campaign", "show", "1", "--format", "json", "--server", self.address)
        return json.loads(done.stdout) if done.returncode == 0 else None  # the server may be down just now

    def wait_for_results(self, count):
        def reached():
            campaign = self.campaign()
            return campaign is not None and campaign["done"] >= count

        self.wait_for(reached, f"{count} results")

    def check_end(self, most_failed=0, others=0):
        """The campaign ends with a model; every planned measurement is there once, in every place that counts them.

        others: how many measurements were asked for beside it.
        """

        for agent in self.agents:
            agent.full_speed()

        def ended():
            campaign = self.campaign()
            return campaign if campaign is not None and campaign["endTimeUnixMs"] else None

        campaign = self.wait_for(ended, "the campaign ends")
        self.assertEqual("CAMPAIGN_STATE_SUCCEEDED", campaign["state"], campaign["message"])
        planned = sum(stage["planned"] for stage in campaign["stages"])
        self.assertEqual(planned, campaign["done"])
        self.assertLessEqual(campaign["failed"], most_failed, campaign["message"])
        self.assertEqual(planned + others, sum(agent["measurementCount"] for agent in self.listed()))
        self.wait_for(lambda: self.on_disk() == 0, "agents that are there have sent everything")
        with contextlib.closing(self.store()) as store:
            tasks = dict(store.execute("SELECT state, count(*) FROM tasks WHERE campaign=1 GROUP BY state"))
            self.assertEqual(planned - campaign["failed"], tasks.get(2, 0), "measured")
            self.assertEqual(campaign["failed"], tasks.get(3, 0), "failed")
            rows, ids, seconds = store.execute(
                "SELECT count(*), count(DISTINCT measurement_id), sum(board_seconds) FROM measurements WHERE campaign=1"
            ).fetchone()
        self.assertEqual((planned, planned), (rows, ids))
        self.assertAlmostEqual(seconds, campaign["boardSeconds"], places=6)
        return campaign

    def on_disk(self):
        return sum(a["spooledMeasurements"] for a in self.listed() if a["state"] != "AGENT_STATE_OFFLINE")

    def store(self):
        (file,) = (self.path / "data").glob("*.sqlite")
        return sqlite3.connect(f"file:{file}?mode=ro", uri=True)
