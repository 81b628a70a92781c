"""Metrics, dashboards and alerts with a real Prometheus, which scrapes a real server and a real agent through a
campaign: every expression gives data, every alert is evaluated.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

import boards
import grpc
import harness
import prometheus
from boards import PLATFORM
from latimer.v1 import agent_service_pb2, agent_service_pb2_grpc, estimation_service_pb2, estimation_service_pb2_grpc
from latimer.v1 import measurement_pb2, network_pb2

MEASUREMENTS = 150
ANY_PORT = ("--metrics-listen", "127.0.0.1:0")
NETWORK = (harness.NETWORKS / "named/tv_alexnet.onnx").read_bytes()


class Traffic(threading.Thread):
    """Estimates as callers ask for them: again and again the same, new ones, streams, and mistakes."""

    def __init__(self, channel):
        super().__init__(daemon=True)
        self._stub = estimation_service_pb2_grpc.EstimationServiceStub(channel)
        self._ended = threading.Event()

    def _request(self, platform, batch):
        network = network_pb2.NetworkSource(onnx_model=NETWORK)
        network.batch_size = batch
        return estimation_service_pb2.EstimateRequest(platform=platform, network=network)

    def run(self):
        batch = 0
        while not self._ended.wait(0.05):
            batch = batch % 64 + 1
            for platform in (*harness.PLATFORMS, PLATFORM, "nowhere"):
                for size in (1, batch):
                    try:
                        self._stub.Estimate(self._request(platform, size), timeout=10)
                    except grpc.RpcError as error:
                        if error.code() != grpc.StatusCode.NOT_FOUND:
                            raise
            streamed = estimation_service_pb2.EstimateStreamRequest(id=1, request=self._request(harness.PLATFORMS[0], 1))
            list(self._stub.EstimateStream(iter([streamed] * 3), timeout=10))

    def stop(self):
        self._ended.set()
        self.join(20)


class Sensors:
    """An agent with sensors, which simulated boards lack. It takes no work."""

    def __init__(self, channel, token):
        stub = agent_service_pb2_grpc.AgentServiceStub(channel)
        fingerprint = measurement_pb2.Fingerprint(facts={"cpu": "played"}, simulated=True, digest="0123456789abcdef")
        enrolled = stub.Enroll(agent_service_pb2.EnrollRequest(
            token=token, display_name="board with sensors", backend="played", fingerprint=fingerprint))
        self._open = threading.Event()
        hello = agent_service_pb2.SessionRequest(hello=agent_service_pb2.Hello(fingerprint=fingerprint))
        heartbeat = agent_service_pb2.SessionRequest(heartbeat=agent_service_pb2.Heartbeat(
            conditions=measurement_pb2.BoardConditions(clock_mhz=1500, temperature_celsius=61.5, load_average=0.4)))

        def messages():
            yield hello
            while not self._open.wait(0.3):
                yield heartbeat

        self.call = stub.Session(messages(), metadata=[("authorization", f"Bearer {enrolled.credential}")])
        next(self.call)

    def stop(self):
        self._open.set()
        self.call.cancel()


class MetricsTest(boards.BoardsTestCase):
    server_arguments = ANY_PORT

    def address_in(self, log, pattern):
        return self.wait_for(lambda: re.search(pattern, log()), f"'{pattern}' is logged")[1]

    def test_dashboards_and_alerts_have_data(self):
        agent = self.start_agent(arguments=ANY_PORT)
        server_metrics = self.address_in(self.server.log, r'"serving metrics","address":"([^"]+)"')
        agent_metrics = self.address_in(agent.log, r"metrics on (\S+)")
        self.prometheus = prometheus.Prometheus(self.path, server_metrics, agent_metrics)
        self.addCleanup(self.prometheus.stop)
        channel = self.server.channel()
        self.addCleanup(channel.close)
        sensors = Sensors(channel, self.token("sensors"))
        self.addCleanup(sensors.stop)
        traffic = Traffic(channel)
        traffic.start()
        self.addCleanup(traffic.stop)

        self.wait_for(lambda: len(self.prometheus.query("up == 1")) == 2, "Prometheus reaches server and agent")
        self.start_campaign(MEASUREMENTS)
        # At full speed a campaign is over between two looks.
        progress = "latimer_campaign_done_measurements / latimer_campaign_planned_measurements"
        self.wait_for(lambda: self.prometheus.query(progress), "the campaign's progress is seen")
        agent.full_speed()
        self.check_end()
        for name in ("tv_resnet34", "tv_alexnet"):
            self.cli("measure", harness.NETWORKS / f"named/{name}.onnx", "--platform", PLATFORM)
        judged = 'latimer_model_mape_ratio{set="requested"}'
        self.wait_for(lambda: self.prometheus.query(judged), "the model is judged on what people asked for")
        versions = 'latimer_model_judged_networks{set="validation"} > 0'
        self.wait_for(lambda: self.prometheus.query(versions), "the model is judged on its validation networks")
        compared = 'rate(latimer_prediction_error_ratio_count{requested_by="person"}[15s]) > 0'
        self.wait_for(lambda: self.prometheus.query(compared), "measured networks are compared with predictions")

        for rule in ("latimer:interval_coverage:shortfall", "latimer:prediction_inside:ratio1d"):
            self.wait_for(lambda name=rule: self.prometheus.query(name), f"{rule} is recorded")

        for name, check in (("panels", self.check_panels), ("rules", self.check_rules), ("exposition", self.check_text),
                            ("facts", self.check_facts), ("picture", self.check_picture)):
            with self.subTest(name):
                check(*((server_metrics, agent_metrics) if check == self.check_text else ()))

    def check_panels(self):
        names = self.prometheus.names()
        shown = 0
        for dashboard in prometheus.dashboards():
            for panel in prometheus.panels(dashboard):
                for target in panel["targets"]:
                    with self.subTest(dashboard=dashboard["uid"], panel=panel["title"], expression=target["expr"]):
                        expression = prometheus.substitute(target["expr"])
                        self.assertLessEqual(prometheus.metrics_of(expression), names)
                        self.wait_for(lambda e=expression: self.prometheus.query_range(e), f"{expression} has data", 15)
                        shown += 1
            for variable in dashboard["templating"]["list"]:
                if variable["type"] != "query":
                    continue
                with self.subTest(dashboard=dashboard["uid"], variable=variable["name"]):
                    metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
                    series = self.prometheus.query(prometheus.substitute(metric))
                    self.assertTrue(series)
                    self.assertTrue(all(label in one["metric"] for one in series))
        print(f"{shown} expressions of panels have data")

    def check_rules(self):
        # Servers with TLS have it; integration.tls reads it there.
        names = self.prometheus.names() | {"latimer_tls_certificate_expiry_timestamp_seconds"}
        groups = self.prometheus.get("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        kinds = [rule["type"] for rule in rules]
        self.assertGreater(kinds.count("alerting"), 15)
        for rule in rules:
            with self.subTest(rule=rule["name"]):
                self.assertEqual("ok", rule["health"], rule.get("lastError"))
                self.assertLessEqual(prometheus.metrics_of(rule["query"]), names)
                self.prometheus.query(rule["query"])
                if rule["type"] == "recording":
                    self.wait_for(lambda name=rule["name"]: self.prometheus.query(name), f"{rule['name']} has data", 15)
                else:
                    self.assertNotEqual("firing", rule["state"], rule["alerts"])
        print(f"{kinds.count('alerting')} alerts and {kinds.count('recording')} recorded series are evaluated")

    def check_text(self, *addresses):
        """promtool's own lint. What the library says of itself has names of its own."""
        for address in addresses:
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as response:
                text = response.read().decode()
            ours = "".join(line + "\n" for line in text.splitlines() if "exposer_" not in line)
            done = subprocess.run([prometheus.PROMTOOL, "check", "metrics"], input=ours, capture_output=True, text=True,
                                  timeout=20, check=False)
            self.assertEqual((0, ""), (done.returncode, done.stdout + done.stderr))

    def check_facts(self):
        """What Prometheus has is what the server itself says."""

        def value(expression):
            (result,) = self.prometheus.query(expression)
            return float(result["value"][1])

        campaign = self.campaign()
        self.assertEqual(value(f'latimer_measurements_total{{platform="{PLATFORM}",outcome="measured"}}'),
                         campaign["done"] + 2)
        active = json.loads(self.cli("platforms", "show", PLATFORM, "--format", "json"))["platform"]["activeVersion"]
        self.assertEqual(value(f'latimer_model_info{{platform="{PLATFORM}",version="{active}"}}'), 1)
        self.assertEqual(value('latimer_agent_temperature_celsius{platform="sensors"}'), 61.5)
        self.assertEqual(value('latimer_agent_clock_hertz{platform="sensors"}'), 1.5e9)
        series = len(self.prometheus.get("series", **{"match[]": '{__name__=~"latimer_.*"}'}))
        self.assertLess(series, 5000, "the number of series is bounded")

    def check_picture(self):
        """The script that draws the picture in docs/dashboards.md."""
        file = pathlib.Path(os.environ.get("LATIMER_DASHBOARD_PICTURE") or self.path / "picture.svg")
        done = harness.run(sys.executable, harness.SOURCE / "scripts/draw_dashboard.py", self.prometheus.address,
                           prometheus.DASHBOARDS / "latimer-model-quality.json", file, timeout=60)
        self.assertEqual(0, done.returncode, done.stderr)
        drawn = file.read_text(encoding="utf-8")
        for panel in prometheus.panels(prometheus.dashboards()[1]):
            self.assertIn(panel["title"], drawn)
        self.assertNotIn("no data", drawn)


if __name__ == "__main__":
    unittest.main()
