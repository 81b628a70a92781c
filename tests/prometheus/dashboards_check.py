"""Whether what Grafana and Prometheus are given is sound, and described.

usage: dashboards_check.py

Dashboards: what scripts/dashboards.py writes; ids of panels and dashboards are unique; every query asks the data source
of the variable; units and descriptions are set; panels neither overlap nor stick out; variables exist. Alerts: each has
severity, texts, a runbook in docs/alerts.md, and a test in rules_test.yml. Metrics: each that is used is described in
docs/metrics.md, and each that is described exists in the sources.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
KNOWN_VARIABLES = {"__rate_interval", "__range"}
METRIC = re.compile(r"\b(latimer_[a-z0-9_]+?)(?:_bucket|_sum|_count)?\b(?![:\w])")


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def check_panel(panel, variables):
    if not panel.get("description"):
        yield "has no description"
    if panel["fieldConfig"]["defaults"].get("unit", "") == "":
        yield "has no unit"
    if panel["datasource"].get("uid") != "${datasource}":
        yield "does not ask the data source that is chosen"
    if not panel["targets"]:
        yield "asks nothing"
    for target in panel["targets"]:
        if target["datasource"].get("uid") != "${datasource}":
            yield "a query does not ask the data source that is chosen"
        for used in re.findall(r"\$(\w+)", target["expr"]):
            if used not in variables | KNOWN_VARIABLES:
                yield f"there is no variable {used}"
    ids = [target["refId"] for target in panel["targets"]]
    if len(ids) != len(set(ids)):
        yield "two queries have one refId"


def check_dashboard(dashboard):
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    if variables.get("datasource", {}).get("type") != "datasource":
        yield "has no data source variable"
    for name, variable in variables.items():
        if variable["type"] == "query" and variable["datasource"].get("uid") != "${datasource}":
            yield f"variable {name} does not ask the data source that is chosen"
    panels = dashboard["panels"]
    ids = [panel["id"] for panel in panels]
    if len(ids) != len(set(ids)):
        yield "two panels have one id"
    for i, panel in enumerate(panels):
        place = panel["gridPos"]
        if place["x"] < 0 or place["x"] + place["w"] > 24:
            yield f"{panel['title']}: sticks out"
        for other in panels[i + 1:]:
            if overlap(place, other["gridPos"]):
                yield f"{panel['title']} overlaps {other['title']}"
        if panel["type"] != "row":
            for finding in check_panel(panel, set(variables)):
                yield f"{panel['title']}: {finding}"


def alerts(text):
    """[(name, body)] of a file of rules."""
    parts = re.split(r"^ +- alert: (\w+)$", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def check_alerts(text, tests, documents):
    headings = set(re.findall(r"^## (\w+)$", documents, re.MULTILINE))
    found = alerts(text)
    names = [name for name, _ in found]
    if len(names) != len(set(names)):
        yield "two alerts have one name"
    for name, body in found:
        if not re.search(r"severity: (page|ticket)\b", body):
            yield f"{name}: severity is neither page nor ticket"
        for key in ("summary", "description"):
            if not re.search(rf"^ +{key}: \S", body, re.MULTILINE):
                yield f"{name}: has no {key}"
        if f"runbook: docs/alerts.md#{name.lower()}\n" not in body + "\n":
            yield f"{name}: its runbook is not docs/alerts.md#{name.lower()}"
        if name not in headings:
            yield f"{name}: docs/alerts.md does not describe it"
        if f'"{name}"' not in tests:
            yield f"{name}: rules_test.yml does not let it fire"
    for name in sorted(headings - set(names)):
        yield f"docs/alerts.md describes {name}, which is no alert"


def told():
    """Metrics that the sources make."""
    sources = [p for folder in ("metrics", "server", "agent") for p in (ROOT / folder).rglob("*.cc")]
    return {name for p in sources
            for name in re.findall(r'"((?:latimer|process)_[a-z0-9_]+)"', p.read_text(encoding="utf-8"))}


def main():
    findings = []
    dashboards = {p.name: json.loads(p.read_text(encoding="utf-8"))
                  for p in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))}
    if len(dashboards) != 3 or len({d["uid"] for d in dashboards.values()}) != 3:
        findings.append("there are not three dashboards of their own uid")
    for name, dashboard in dashboards.items():
        findings += [f"{name}: {finding}" for finding in check_dashboard(dashboard)]
    done = subprocess.run([sys.executable, ROOT / "scripts/dashboards.py", "--check"], capture_output=True, text=True)
    findings += [done.stderr.strip()] if done.returncode else []

    rules = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "deploy/prometheus/rules").glob("*.yml")}
    tests = pathlib.Path(__file__).with_name("rules_test.yml").read_text(encoding="utf-8")
    documents = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    findings += check_alerts("".join(rules.values()), tests, documents)

    exist = told()
    expressions = [target["expr"] for d in dashboards.values() for p in d["panels"] for target in p.get("targets", [])]
    used = {name for text in (*rules.values(), *expressions) for name in METRIC.findall(text)}
    findings += [f"{name} is used and told by no source" for name in sorted(used - exist)]
    described = set(re.findall(r"^\| `((?:latimer|process)_[a-z0-9_]+)`", (ROOT / "docs/metrics.md").read_text(encoding="utf-8"),
                               re.MULTILINE))
    findings += [f"docs/metrics.md does not describe {name}" for name in sorted(exist - described)]
    findings += [f"docs/metrics.md describes {name}, which no source tells" for name in sorted(described - exist)]
    if findings:
        print("\n".join(f"dashboards: {finding}" for finding in findings), file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
