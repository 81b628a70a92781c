"""deploy/boards and docker/boards: settings and units for each board, that fit the package's unit and the descriptions."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import programs
import services

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARDS = ROOT / "deploy/boards"
CONTAINER = ROOT / "docker/boards/tool-in-container"
NAMES = ("edgetpu", "imx8mp", "imx93", "jetson", "ncs2", "raspberry-pi", "zcu102")
SCRIPTS = ("latimer-reset", "reset-device-imx93", "reset-device-usb", "reset-device-zcu102")


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def names_in(description):
    """What `--set` may name for a toolchain: programs and settings."""
    return set(re.findall(r'^(?:programs|settings) \{\s*name: "(\w+)"', text(f"data/toolchains/{description}.textproto"),
                          re.MULTILINE)) | {"recover"}


class BoardsTest(unittest.TestCase):
    def test_every_board_has_settings_a_unit_and_a_page(self):
        self.assertEqual(list(NAMES), sorted(path.stem for path in BOARDS.glob("*.default")))
        page = text("docs/boards.md")
        for path in [*BOARDS.glob("*.default"), *BOARDS.glob("*.conf")]:
            self.assertIn(f"deploy/boards/{path.name}", page)
        for name in SCRIPTS:
            self.assertIn(name, page)

    def test_settings_are_the_packages_and_the_tools_know_them(self):
        package = services.read_settings(text("deploy/debian/latimer-agent.default"))
        for name in NAMES:
            with self.subTest(name):
                settings = services.read_settings(text(f"deploy/boards/{name}.default"))
                self.assertEqual(set(package), set(settings))
                words = settings["LATIMER_AGENT_ARGS"].split()
                self.assertLessEqual({w for w in words if w.startswith("--")}, programs.options("LATIMER_AGENT"))
                given = [words[i + 1].partition("=") for i, word in enumerate(words) if word == "--set"]
                self.assertLessEqual({key for key, _, _ in given}, names_in(settings["LATIMER_BACKEND"]))

    def test_the_agent_accepts_them(self):
        """With every program replaced by one that is there: then only wrong settings are left to complain about."""
        for name in NAMES:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                settings = services.read_settings(text(f"deploy/boards/{name}.default"))
                description = text(f"data/toolchains/{settings['LATIMER_BACKEND']}.textproto")
                found = re.findall(r'^programs \{\s*name: "(\w+)"', description, re.MULTILINE)
                words = settings["LATIMER_AGENT_ARGS"].split()
                words.remove("--tls")
                for program in found:
                    words += ["--set", f"{program}=/bin/false"]
                done = subprocess.run([os.environ["LATIMER_AGENT"], "--self-test", "--backend",
                                       settings["LATIMER_BACKEND"], "--state-dir", folder, *words],
                                      capture_output=True, text=True, timeout=60, check=False)
                self.assertNotIn("has no setting", done.stdout + done.stderr)
                self.assertNotIn("it may be:", done.stdout + done.stderr)
                self.assertRegex(done.stdout, r"(PASS|FAIL) +tool", done.stderr)

    def test_units_and_the_packages_unit_fit_together(self):
        accepted = {"Unit": {"After"}, "Service": {
            "ExecStartPre", "Environment", "PrivateDevices", "DevicePolicy", "DeviceAllow", "PrivateUsers",
            "SupplementaryGroups", "RestrictAddressFamilies"}}
        for path in BOARDS.glob("*.conf"):
            for section, keys in services.read_unit(path.read_text(encoding="utf-8")).items():
                self.assertLessEqual(set(keys), accepted[section], path.name)
        if not shutil.which("systemd-analyze"):
            return
        with tempfile.TemporaryDirectory() as folder:
            for name in [path.stem for path in BOARDS.glob("*.conf")]:
                unit = pathlib.Path(folder) / f"latimer-{name}.service"
                unit.write_text(text("deploy/systemd/latimer-agent.service").replace("/usr/bin/latimer-agent ", "/bin/true "))
                drop_in = pathlib.Path(folder) / f"latimer-{name}.service.d/board.conf"
                drop_in.parent.mkdir()
                drop_in.write_text(text(f"deploy/boards/{name}.conf").replace("/usr/bin/jetson_clocks", "/bin/true"))
                self.accepted(unit)
            reset = pathlib.Path(folder) / "latimer-reset.service"
            reset.write_text(text("deploy/boards/latimer-reset.service").replace(
                "/usr/local/sbin/latimer-reset-device", "/bin/true"))
            self.accepted(reset)
            path = pathlib.Path(folder) / "latimer-reset.path"
            path.write_text(text("deploy/boards/latimer-reset.path"))
            self.accepted(path)

    def accepted(self, unit):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{unit.parent}:"})
        self.assertEqual([], [line for line in done.stderr.splitlines() if unit.stem in line], unit.name)


class ScriptsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_script(self, script, *words, **environment):
        return subprocess.run([script, *words], capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.folder, env={**os.environ, **environment})

    def test_they_are_posix_shell_that_stops_at_errors(self):
        for path in [CONTAINER, *(BOARDS / name for name in SCRIPTS)]:
            lines = path.read_text(encoding="utf-8").splitlines()
            self.assertEqual("#!/bin/sh", lines[0], path.name)
            self.assertIn("set -eu", lines, path.name)
            self.assertEqual(0, subprocess.run(["sh", "-n", path], check=False).returncode, path.name)
            self.assertTrue(os.access(path, os.X_OK), path.name)

    def test_a_reset_is_asked_for_and_waited_for(self):
        request = self.folder / "request"
        for failed in (False, True):
            def answer(failed=failed):
                while not request.exists():
                    time.sleep(0.05)
                if failed:
                    request.with_name("request.failed").touch()
                request.unlink()

            helper = threading.Thread(target=answer)
            helper.start()
            done = self.run_script(BOARDS / "latimer-reset", LATIMER_RESET_REQUEST=str(request))
            helper.join()
            self.assertEqual(int(failed), done.returncode, done.stderr)
        done = self.run_script(BOARDS / "latimer-reset", LATIMER_RESET_REQUEST=str(request), LATIMER_RESET_SECONDS="1")
        self.assertEqual(1, done.returncode)
        self.assertIn("nobody reset the device", done.stderr)
        self.assertFalse(request.exists())
        service = services.read_unit(text("deploy/boards/latimer-reset.service"))["Service"]
        path = services.read_unit(text("deploy/boards/latimer-reset.path"))["Path"]["PathExists"][0]
        self.assertIn(path, service["ExecStopPost"][0])
        self.assertIn(path, text("deploy/boards/latimer-reset"))

    def test_the_processor_of_an_npu_is_started_again(self):
        state = self.folder / "sys/class/remoteproc/remoteproc0/state"
        done = self.run_script(BOARDS / "reset-device-imx93", LATIMER_BOARD_ROOT=str(self.folder))
        self.assertEqual(1, done.returncode)
        state.parent.mkdir(parents=True)
        state.write_text("running\n")
        done = self.run_script(BOARDS / "reset-device-imx93", LATIMER_BOARD_ROOT=str(self.folder))
        self.assertEqual((0, "start\n"), (done.returncode, state.read_text()), done.stderr)

    def test_tools_run_in_their_containers(self):
        engine = self.folder / "engine"
        engine.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
        engine.chmod(0o755)
        state = str(self.folder / "state")
        for tool, image, words in (("benchmark_app", "openvino/ubuntu20_dev:2022.3.0", ["-m", "a b", "--", "-d", "MYRIAD"]),
                                   ("vai_python", "xilinx/vitis-ai-pytorch-cpu:latest", ["-c", "x\ny", "in", "out"]),
                                   ("vai_c_xir", "xilinx/vitis-ai-pytorch-cpu:latest", ["-x", "q.onnx"]),
                                   ("onnx2tf", "", ["-i", "network.onnx"])):
            script = self.folder / tool
            shutil.copy(CONTAINER, script)
            given = {"CONTAINER_ENGINE": str(engine), "LATIMER_STATE": state}
            if not image:
                self.assertEqual(127, self.run_script(script, *words, **given).returncode)
                image = given["LATIMER_TOOL_IMAGE"] = "lab/onnx2tf:1"
            done = self.run_script(script, *words, **given)
            self.assertEqual(0, done.returncode, done.stderr)
            called = "python" if tool == "vai_python" else tool
            self.assertTrue(done.stdout.endswith("\n".join([image, called, *words]) + "\n"), done.stdout)
            self.assertTrue(done.stdout.startswith("run\n--rm\n--init\n"), done.stdout)
            self.assertIn(f"-v\n{state}:{state}\n", done.stdout)
            self.assertEqual(tool == "benchmark_app", "c 189:* rmw" in done.stdout)


if __name__ == "__main__":
    unittest.main()
