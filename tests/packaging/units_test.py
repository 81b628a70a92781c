"""deploy/systemd and deploy/debian: units systemd accepts, hardened, with settings and users that fit together."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import programs
import services

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = {"latimer-server": ("latimer", "LATIMER_SERVER"), "latimer-agent": ("latimer-agent", "LATIMER_AGENT")}
SCRIPTS = ("postinst", "prerm", "postrm")
# Of 100, where 0 is best; what systemd-analyze calls "OK" begins at 50.
MOST_EXPOSED = 20


def text(path):
    return (ROOT / "deploy" / path).read_text(encoding="utf-8")


class UnitsTest(unittest.TestCase):
    def test_users_and_folders_are_those_of_the_packages(self):
        for name, (user, _) in SERVICES.items():
            with self.subTest(name):
                unit = services.read_unit(text(f"systemd/{name}.service"))["Service"]
                self.assertEqual([user], unit["User"])
                self.assertEqual([user], unit["Group"])
                state = f"/var/lib/{unit['StateDirectory'][0]}"
                self.assertIn(state, unit["ExecStart"][0].split())
                script = text(f"debian/{name}.postinst")
                self.assertIn(f"getent passwd {user} ", script)
                self.assertIn(f"--home {state} ", script)
                self.assertEqual([f"/etc/default/{name}"], [unit["EnvironmentFile"][0].lstrip("-")])

    def test_the_command_lines_are_ones_the_programs_know(self):
        for name, (_, program) in SERVICES.items():
            with self.subTest(name):
                unit = services.read_unit(text(f"systemd/{name}.service"))["Service"]
                settings = services.read_settings(text(f"debian/{name}.default"))
                command = unit["ExecStart"][0]
                self.assertEqual(set(re.findall(r"\$\{?(LATIMER_\w+)", command)), set(settings) - {"LATIMER_TOKEN"})
                words = services.expand(command, settings)
                self.assertEqual(f"/usr/bin/{name}", words[0])
                # Options in the comments of the settings count too: people copy them.
                comments = re.findall(r"(?<![\w-])--[a-z][a-z-]+", text(f"debian/{name}.default"))
                used = {word for word in words if word.startswith("--")} | set(comments)
                self.assertEqual(set(), used - programs.options(program) - {"--now", "--help"})

    def test_words_of_a_command_line_are_split_as_systemd_splits_them(self):
        settings = services.read_settings('# a comment\nA="x y"\nB=\n C="--one \'two three\'"\n')
        self.assertEqual({"A": "x y", "B": "", "C": "--one 'two three'"}, settings)
        self.assertEqual(["p", "x y", "", "--one", "two three"], services.expand("p ${A} ${B} $B $C", settings))

    def test_scripts_are_posix_shell_that_stops_at_errors(self):
        scripts = [path for path in (ROOT / "deploy/debian").iterdir() if path.suffix[1:] in SCRIPTS]
        self.assertEqual(6, len(scripts))
        for path in scripts:
            with self.subTest(path.name):
                lines = path.read_text(encoding="utf-8").splitlines()
                self.assertEqual(["#!/bin/sh", "set -e"], lines[:2])
                done = subprocess.run(["sh", "-n", path], capture_output=True, text=True, check=False)
                self.assertEqual(0, done.returncode, done.stderr)

    def test_manuals_name_the_files_there_are(self):
        for page, words in (("latimer-server.8", ["/etc/default/latimer", "/var/lib/latimer", "SIGHUP"]),
                            ("latimer-agent.8", ["/var/lib/latimer", "LATIMER_TOKEN"]), ("latimer.1", ["estimate"])):
            manual = text(f"man/{page}").replace("\\-", "-")
            for word in words:
                self.assertIn(word, manual, page)
        commands = re.findall(r"^\.TP\n\.B (\w+)$", text("man/latimer.1"), re.MULTILINE)
        for command in commands:
            if command.islower():
                self.assertTrue(programs.options("LATIMER_CLI", command), command)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is missing")
class SystemdTest(unittest.TestCase):
    def analyze(self, *words):
        return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60)

    def test_systemd_accepts_them_and_calls_them_hardened(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in SERVICES:
                # The program stands for those a package installs, which are not there while this runs.
                unit = pathlib.Path(folder) / f"{name}.service"
                unit.write_text(text(f"systemd/{name}.service").replace(f"/usr/bin/{name} ", "/bin/true "))
                with self.subTest(name):
                    done = self.analyze("verify", "--man=no", str(unit))
                    complaints = [line for line in done.stderr.splitlines() if name in line]
                    self.assertEqual([], complaints)
                    done = self.analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(unit))
                    self.assertEqual(0, done.returncode, done.stdout[-400:] + done.stderr)


if __name__ == "__main__":
    unittest.main()
