"""A real Prometheus for tests: started on loopback with the rules and, but for times and targets, the configuration
that ships in deploy/prometheus. Also reads the dashboards that ship in deploy/grafana.
"""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import harness

PROMETHEUS = shutil.which("prometheus") or "/usr/bin/prometheus"
PROMTOOL = shutil.which("promtool") or "/usr/bin/promtool"
CONFIGURATION = harness.SOURCE / "deploy/prometheus/prometheus.yml"
DASHBOARDS = harness.SOURCE / "deploy/grafana/dashboards"
# Names of metrics and recorded series in an expression; not functions, labels or keywords.
METRIC = re.compile(r"\b(?:latimer|process)[_:][a-zA-Z0-9_:]+\b|\bup\b(?=\{| )")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(server, agent):
    """The shipped configuration, every second and with these targets."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    text = re.sub(r"(scrape_interval|evaluation_interval): \w+", r"\1: 1s", text)
    text = text.replace("rules/", f"{CONFIGURATION.parent}/rules/")
    for shipped, wanted in (("127.0.0.1:9464", server), ("127.0.0.1:9465", agent)):
        if f'["{shipped}"]' not in text:
            raise AssertionError(f"{CONFIGURATION} does not scrape {shipped}")
        text = text.replace(f'["{shipped}"]', f'["{wanted}"]')
    return text


class Prometheus:
    def __init__(self, folder, server, agent):
        folder = pathlib.Path(folder)
        file = folder / "prometheus.yml"
        file.write_text(configuration(server, agent), encoding="utf-8")
        self.address = f"http://127.0.0.1:{free_port()}"
        self._log = (folder / "prometheus.log").open("w+b")
        self.process = subprocess.Popen(
            [PROMETHEUS, f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address={self.address[len('http://'):]}", "--storage.tsdb.retention.time=1d"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
        )
        self.start = time.time()
        while not self._ready():
            if self.process.poll() is not None or time.time() - self.start > harness.START_SECONDS:
                log = self.log()
                self.stop()
                raise AssertionError(f"Prometheus does not start: {log}")
            time.sleep(0.1)

    def _ready(self):
        try:
            with urllib.request.urlopen(f"{self.address}/-/ready", timeout=5) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-2000:]

    def stop(self):
        self.process.terminate()
        self.process.wait(harness.STOP_SECONDS)
        self._log.close()

    def get(self, path, **parameters):
        """`data` of an answer of the HTTP API; raises with Prometheus' words."""
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode(errors='replace')}") from None

    def query(self, expression):
        return self.get("query", query=expression)["result"]

    def query_range(self, expression, step=1):
        """Since this Prometheus was started."""
        return self.get("query_range", query=expression, start=self.start, end=time.time(), step=step)["result"]

    def names(self):
        return set(self.get("label/__name__/values"))


def dashboards():
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(DASHBOARDS.glob("*.json"))]


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def substitute(expression, rate_interval="15s", time_range="10m"):
    """The expression as Grafana sends it with all variables at All."""
    for name, value in (("__rate_interval", rate_interval), ("__range", time_range)):
        expression = expression.replace(f"${name}", value)
    return re.sub(r"\$\w+", ".*", expression)


def metrics_of(expression):
    return set(METRIC.findall(expression))
