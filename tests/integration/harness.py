"""Starts the real programs for integration tests. The build passes their paths in the environment.

Nothing here skips: without gRPC for Python the import below fails, and with it the test.
"""

import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request

import grpc

SERVER = os.environ["LATIMER_SERVER"]
CLI = os.environ["LATIMER_CLI"]
SOURCE = pathlib.Path(os.environ["LATIMER_SOURCE_DIR"])
NETWORKS = SOURCE / "tests/data/networks"
PLATFORMS = ("ncs2-openvino", "zcu102-dnndk")
START_SECONDS = 20
STOP_SECONDS = 20


class Server:
    """A latimer-server of its own on a free port. Use as a context manager, or call stop()."""

    def __init__(self, *arguments, listen="127.0.0.1:0", drain="0", program=SERVER, environment=()):
        self._log = tempfile.TemporaryFile(buffering=0)
        self._whole_log = None  # what it was when the server stopped
        self.process = subprocess.Popen(
            [program, "--listen", listen, "--drain", drain, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **dict(environment)},
        )
        self.first_line = self._read_first_line()
        prefix = "listening on "
        if not self.first_line.startswith(prefix):
            self.stop(signal.SIGKILL)
            raise AssertionError(f"the server said '{self.first_line}' and logged: {self.log()}")
        self.address = self.first_line[len(prefix) :]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _read_first_line(self):
        line = b""
        deadline = time.monotonic() + START_SECONDS
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            byte = os.read(self.process.stdout.fileno(), 1) if readable else b""
            if not byte:
                break
            line += byte
        return line.decode().rstrip("\n")

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def log(self):
        """What the server wrote to stderr so far."""
        if self._whole_log is not None:
            return self._whole_log
        # Not by seeking: the server writes at the same offset.
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def metrics(self):
        """What /metrics says, as text; the server was started with --metrics-listen."""
        address = re.search(r'"msg":"serving metrics","address":"([^"]+)"', self.log())[1]
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as page:
            return page.read().decode()

    def channel(self):
        return grpc.insecure_channel(self.address, [("grpc.max_receive_message_length", -1)])

    def stop(self, signal_number=signal.SIGTERM):
        """Signals, then wait()."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        return self.wait()

    def wait(self):
        """The exit code. A server that does not stop in time is killed and raises."""
        if self._whole_log is not None:
            return self.process.returncode
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not stop; it logged: {self.log()}") from None
        finally:
            self._whole_log = self.log()
            self._log.close()
            self.process.stdout.close()


def run(program, *arguments, timeout=25, **options):
    """The finished process, with text in stdout and stderr."""
    command = [program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, **options)


class ServerTestCase(unittest.TestCase):
    """Tests of one class share one server, which must still run and stop cleanly when they are done."""

    server_arguments = ()
    server_environment = ()  # variables beside those of the test

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.server_arguments, environment=cls.server_environment)
        cls.channel = cls.server.channel()

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        alive = cls.server.process.poll() is None
        code = cls.server.stop()
        if not alive or code != 0:
            raise AssertionError(f"the server ended with {code}; it logged: {cls.server.log()}")
