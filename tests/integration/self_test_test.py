"""latimer-agent --self-test, on this machine and on boards of files."""

import json
import os
import pathlib
import tempfile
import unittest

import harness

AGENT = os.environ["LATIMER_AGENT"]


class SelfTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def check(self, *arguments, expected=0):
        environment = {**os.environ, "LATIMER_BOARD_ROOT": str(self.root)}
        done = harness.run(AGENT, "--self-test", *arguments, "--format", "json", timeout=60, env=environment)
        self.assertEqual(expected, done.returncode, done.stdout + done.stderr)
        answer = json.loads(done.stdout)
        outcomes = [check["outcome"] for check in answer["checks"]]
        self.assertEqual((answer["passed"], answer["failed"], answer["notHere"]),
                         tuple(outcomes.count(word) for word in ("PASS", "FAIL", "NOT HERE")))
        return {check["name"]: check for check in answer["checks"]}

    def jetson(self):
        self.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "schedutil\n")
        self.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1510400\n")
        self.write("sys/class/devfreq/17000000.ga10b/cur_freq", "612000000\n")
        self.write("sys/class/thermal/thermal_zone0/temp", "47500\n")
        self.write("var/lib/nvpmodel/status", "pmode:0001\n")
        self.write("etc/nvpmodel.conf", "< POWER_MODEL ID=1 NAME=MODE_15W >\n")
        self.write("sys/class/hwmon/hwmon0/name", "ina3221\n")
        for i, (label, milliamperes) in enumerate([("VDD_IN", 900), ("VDD_SOC", 200), ("NC", 0)], 1):
            self.write(f"sys/class/hwmon/hwmon0/in{i}_label", label)
            self.write(f"sys/class/hwmon/hwmon0/in{i}_input", "5000\n")
            self.write(f"sys/class/hwmon/hwmon0/curr{i}_input", f"{milliamperes}\n")
        self.write("sys/class/hwmon/hwmon1/oc1_event_cnt", "0\n")

    def test_a_simulated_board_passes_and_says_what_is_not_here(self):
        checks = self.check("--backend", "simulated:xavier")
        for name in ("tool", "version", "network", "spread", "repeats", "layer report", "report matches", "profiler"):
            self.assertEqual("PASS", checks[name]["outcome"], checks[name])
        for name in ("governor", "clocks", "temperature", "power mode", "throttling", "power", "server", "state folder"):
            self.assertEqual("NOT HERE", checks[name]["outcome"], checks[name])

    def test_a_board_of_files_shows_its_state(self):
        self.jetson()
        checks = self.check("--backend", "simulated:imx93", "--state-dir", self.root)
        self.assertIn("schedutil", checks["governor"]["detail"])
        self.assertIn("612 MHz", checks["clocks"]["detail"])
        self.assertEqual("MODE_15W", checks["power mode"]["detail"])
        self.assertIn("48 C", checks["temperature"]["detail"])
        self.assertEqual("PASS", checks["throttling"]["outcome"])
        self.assertIn("4.50 W", checks["power"]["detail"])
        self.assertEqual("PASS", checks["state folder"]["outcome"])

    def test_what_is_wrong_fails(self):
        self.write("sys/class/thermal/thermal_zone0/temp", "97000\n")
        self.write("sys/class/thermal/cooling_device0/type", "thermal-cpufreq-0\n")
        self.write("sys/class/thermal/cooling_device0/cur_state", "3\n")
        checks = self.check("--backend", "simulated:imx93", "--state-dir", self.root / "absent", "--server",
                            "127.0.0.1:1", expected=1)
        for name in ("temperature", "throttling", "state folder", "server"):
            self.assertEqual("FAIL", checks[name]["outcome"], checks[name])

    def test_a_tool_that_does_not_start_fails_alone(self):
        checks = self.check("--backend", "no-such-engine", expected=1)
        self.assertEqual("FAIL", checks["tool"]["outcome"])
        self.assertEqual("NOT HERE", checks["network"]["outcome"])

    def test_the_way_to_a_server(self):
        with harness.Server() as server:
            checks = self.check("--backend", "simulated:imx93", "--server", server.address)
        self.assertEqual("PASS", checks["server"]["outcome"])

    def test_lines_for_people(self):
        done = harness.run(AGENT, "--self-test", "--backend", "simulated:imx93", timeout=60)
        self.assertEqual(0, done.returncode, done.stdout)
        lines = done.stdout.splitlines()
        self.assertTrue(all(line.startswith(("PASS", "FAIL", "NOT HERE")) for line in lines), done.stdout)
        self.assertGreater(len(lines), 15)

    def test_usage(self):
        self.assertEqual(2, harness.run(AGENT, "--self-test").returncode)
        self.assertEqual(2, harness.run(AGENT, "--self-test", "--backend", "opencv", "--format", "xml").returncode)


if __name__ == "__main__":
    unittest.main()
