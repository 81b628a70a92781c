"""docker/compose.yaml: images that can be built, options and files there are, nothing open to others."""

import pathlib
import unittest

import yaml

import dockerfile
import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
PROGRAMS = {"server": "LATIMER_SERVER", "agent": "LATIMER_AGENT"}


class ComposeTest(unittest.TestCase):
    def setUp(self):
        self.compose = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
        self.services = self.compose["services"]

    def command(self, name):
        words = self.services[name]["command"]
        return {word: words[i + 1] if i + 1 < len(words) else "" for i, word in enumerate(words) if word[:2] == "--"}

    def test_images_are_built_from_stages_there_are(self):
        stages = dockerfile.read((DOCKER / "Dockerfile").read_text(encoding="utf-8"))
        for name in PROGRAMS:
            build = self.services[name]["build"]
            self.assertEqual(ROOT, (DOCKER / build["context"]).resolve())
            self.assertTrue((ROOT / build["dockerfile"]).is_file())
            self.assertIn(build["target"], stages)
            place = stages[build["target"]].last("VOLUME")
            self.assertIn(place, [volume.split(":")[1] for volume in self.services[name]["volumes"]])

    def test_options_are_those_of_the_programs(self):
        for name, program in PROGRAMS.items():
            self.assertEqual(set(), set(self.command(name)) - programs.options(program))

    def test_nothing_is_open_to_other_machines(self):
        for name, service in self.services.items():
            for port in service.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), f"{name}: {port}")

    def test_services_have_few_rights_and_pinned_images(self):
        for name, service in self.services.items():
            self.assertEqual(["ALL"], service["cap_drop"], name)
            self.assertTrue(service["read_only"], name)
            self.assertRegex(service["image"], r":v?\d+\.\d+\.\d+$")

    def test_what_is_mounted_exists(self):
        for name, service in self.services.items():
            for volume in service["volumes"]:
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((DOCKER / source).exists(), f"{name}: {source}")
                    self.assertTrue(volume.endswith(":ro"), volume)
                else:
                    self.assertIn(source, self.compose["volumes"])

    def test_prometheus_scrapes_where_the_programs_listen(self):
        settings = yaml.safe_load((DOCKER / "prometheus.yml").read_text(encoding="utf-8"))
        targets = {t for job in settings["scrape_configs"] for s in job["static_configs"] for t in s["targets"]}
        listening = {f"{name}:{self.command(name)['--metrics-listen'].split(':')[1]}" for name in PROGRAMS}
        self.assertEqual(listening, targets)
        mounts = dict(volume.split(":")[1::-1] for volume in self.services["prometheus"]["volumes"])
        for pattern in settings["rule_files"]:
            folder, name = pattern.rsplit("/", 1)
            self.assertTrue(list((DOCKER / mounts[folder]).glob(name)), f"no rules in {mounts[folder]}")

    def test_grafana_finds_prometheus_and_the_dashboards(self):
        grafana = self.services["grafana"]
        self.assertEqual("http://prometheus:9090", grafana["environment"]["LATIMER_PROMETHEUS_URL"])
        sources = ROOT / "deploy/grafana/provisioning"
        self.assertIn("${LATIMER_PROMETHEUS_URL}", (sources / "datasources/latimer.yml").read_text(encoding="utf-8"))
        providers = yaml.safe_load((sources / "dashboards/latimer.yml").read_text(encoding="utf-8"))["providers"]
        mounts = dict(volume.split(":")[1::-1] for volume in grafana["volumes"])
        for provider in providers:
            self.assertTrue(list((DOCKER / mounts[provider["options"]["path"]]).glob("*.json")))

    def test_rules_and_jobs_are_those_of_deploy(self):
        ours = yaml.safe_load((DOCKER / "prometheus.yml").read_text(encoding="utf-8"))
        theirs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
        self.assertEqual([job["job_name"] for job in theirs["scrape_configs"]],
                         [job["job_name"] for job in ours["scrape_configs"]])


if __name__ == "__main__":
    unittest.main()
