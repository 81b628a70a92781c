"""`cmake --install` into an empty folder: what is there works there, without the source tree and when moved."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness

CELL = harness.NETWORKS / "nb201/nb201_000.onnx"
ASK = """
import sys
from latimer_client import LatimerClient
with LatimerClient(sys.argv[1]) as client:
    print(client.estimate(sys.argv[2], "installed-board").platform, sys.modules["latimer_client"].__file__)
"""


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        first = pathlib.Path(folder.name) / "first"
        environment = {name: value for name, value in os.environ.items() if name != "DESTDIR"}
        command = [os.environ["LATIMER_CMAKE"], "--install", os.environ["LATIMER_BINARY_DIR"], "--prefix", str(first)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        cls.prefix = first.rename(pathlib.Path(folder.name) / "moved")
        # A platform that only the installed folder knows tells it from the source tree's.
        platforms = cls.prefix / "share/latimer/platforms"
        text = (platforms / "zcu102-dnndk.textproto").read_text(encoding="utf-8")
        renamed = text.replace('id: "zcu102-dnndk"', 'id: "installed-board"')
        if renamed == text:
            raise AssertionError("zcu102-dnndk.textproto no longer says its id")
        (platforms / "installed-board.textproto").write_text(renamed, encoding="utf-8")

    def listed(self, program, **environment):
        done = harness.run(program, "platforms", "--format", "json", cwd="/", env=environment)
        self.assertEqual(0, done.returncode, done.stderr)
        return [platform["name"] for platform in json.loads(done.stdout)["platforms"]]

    def test_the_command_line_finds_the_platforms_beside_it(self):
        expected = ["platforms/installed-board"] + [f"platforms/{platform}" for platform in harness.PLATFORMS]
        self.assertEqual(expected, self.listed(self.prefix / "bin/latimer"))
        link = self.prefix / "link"
        link.symlink_to(self.prefix / "bin/latimer")
        self.assertEqual(expected, self.listed(link))

    def test_a_folder_named_in_the_environment_comes_first(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(self.prefix / "share/latimer/platforms/ncs2-openvino.textproto", folder)
            named = self.listed(self.prefix / "bin/latimer", LATIMER_PLATFORMS_DIR=folder)
        self.assertEqual(["platforms/ncs2-openvino"], named)

    def test_server_and_python_client_work_from_there(self):
        environment = {"PYTHONPATH": str(self.prefix / "share/latimer/python")}
        with harness.Server(program=self.prefix / "bin/latimer-server") as server:
            done = harness.run(sys.executable, "-B", "-c", ASK, server.address, CELL, env=environment, cwd="/")
        self.assertEqual(0, done.returncode, done.stderr)
        platform, module = done.stdout.split()
        self.assertEqual("platforms/installed-board", platform)
        self.assertTrue(module.startswith(str(self.prefix)), module)

    def test_the_interface_is_complete(self):
        protos = self.prefix / "share/latimer/proto"
        files = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
        self.assertIn("latimer/v1/estimation_service.proto", files)
        self.assertIn("google/rpc/status.proto", files)
        command = [os.environ["LATIMER_PROTOC"], f"-I{protos}", "--descriptor_set_out", os.devnull, *files]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_nothing_but_what_belongs_there(self):
        top = sorted(path.name for path in self.prefix.iterdir() if not path.is_symlink())
        self.assertEqual(["bin", "share"], top)
        self.assertEqual(["latimer", "latimer-agent", "latimer-server"],
                         sorted(path.name for path in (self.prefix / "bin").iterdir()))
        self.assertTrue((self.prefix / "share/doc/latimer/LICENSE").is_file())


if __name__ == "__main__":
    unittest.main()
