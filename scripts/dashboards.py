#!/usr/bin/env python3
"""Writes Grafana's dashboards, deploy/grafana/dashboards/*.json, from the short descriptions below.

usage: scripts/dashboards.py [--check]      --check: changes nothing, fails where a file is not what would be written
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "deploy/grafana/dashboards"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
PLATFORM = 'platform=~"$platform"'
AGENT = f'{PLATFORM},agent=~"$agent"'
ESTIMATION = 'service="latimer.v1.EstimationService"'


class Panel:
    """One panel. queries: (expression, legend) each. Further keys of Grafana's go through `options` and `field`."""

    def __init__(self, kind, title, words, unit, *queries, width=8, height=8, options=None, field=None, instant=False):
        self.kind, self.title, self.words, self.unit, self.queries = kind, title, words, unit, queries
        self.width, self.height = width, height
        self.options, self.field, self.instant = options or {}, field or {}, instant

    def json(self, number, x, y):
        defaults = {"unit": self.unit, **self.field}
        targets = [
            {
                "refId": chr(ord("A") + i),
                "datasource": DATASOURCE,
                "expr": expression,
                "legendFormat": legend,
                **({"instant": True, "range": False} if self.instant else {"range": True}),
                **({"format": "table"} if self.kind == "table" else {}),
                **({"format": "heatmap"} if self.kind == "heatmap" else {}),
            }
            for i, (expression, legend) in enumerate(self.queries)
        ]
        panel = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.words,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": targets,
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": self.options,
        }
        if self.kind == "table":
            hidden = {name: True for name in ("Time", "__name__", "instance", "job")}
            panel["transformations"] = [
                {"id": "merge", "options": {}},
                {"id": "organize", "options": {"excludeByName": hidden}},
            ]
        return panel


class Row:
    def __init__(self, title):
        self.title = title


def line(title, words, unit, *queries, **more):
    more.setdefault("options", {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}})
    return Panel("timeseries", title, words, unit, *queries, **more)


def share(title, words, *queries, **more):
    return line(title, words, "percentunit", *queries, field={"min": 0, **more.pop("field", {})}, **more)


def stat(title, words, unit, *queries, **more):
    more.setdefault("width", 4)
    more.setdefault("height", 4)
    more.setdefault("options", {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"})
    return Panel("stat", title, words, unit, *queries, instant=True, **more)


def bars(title, words, unit, *queries, **more):
    more.setdefault("options", {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal"})
    return Panel("bargauge", title, words, unit, *queries, instant=True, **more)


def table(title, words, unit, *queries, **more):
    return Panel("table", title, words, unit, *queries, instant=True, **more)


def steps(*limits):
    """Colours by limits: green, then yellow, then red. Three limits: red, yellow, green from below."""
    colours = ["green", "yellow", "red"]
    return {
        "thresholds": {
            "mode": "absolute",
            "steps": [{"color": c, "value": v} for c, v in zip(colours, (None, *limits))],
        },
        "color": {"mode": "thresholds"},
    }


def rising(low, high):
    """The more the better."""
    return {
        "thresholds": {
            "mode": "absolute",
            "steps": [
                {"color": "red", "value": None},
                {"color": "yellow", "value": low},
                {"color": "green", "value": high},
            ],
        },
        "color": {"mode": "thresholds"},
    }


def query_variable(name, label, query):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


VALIDATION = f'{{{PLATFORM},set="validation"}}'

QUALITY = [
    Row("Now"),
    stat("Error on networks", "Mean relative error on the networks of the validation stage, which are never fitted.",
         "percentunit", (f"latimer_model_mape_ratio{VALIDATION}", "{{platform}}"), field=steps(0.1, 0.2)),
    stat("Inside the interval", "Share of the validation networks whose measured value lies in the predicted interval. "
         "It should be at the level of the intervals.", "percentunit",
         (f"latimer_model_interval_coverage_ratio{VALIDATION}", "{{platform}}"), field=rising(0.75, 0.85)),
    stat("Level", "Share of networks that is meant to lie in the interval.", "percentunit",
         (f"latimer_model_interval_level_ratio{{{PLATFORM}}}", "{{platform}}")),
    stat("Rank correlation", "Spearman's rho of predicted and measured: whether the faster network is told to be faster.",
         "none", (f"latimer_model_spearman_correlation{VALIDATION}", "{{platform}}"), field=rising(0.9, 0.97)),
    stat("Networks", "Validation networks the figures beside are from.", "short",
         (f"latimer_model_judged_networks{VALIDATION}", "{{platform}}"), field=rising(5, 10)),
    stat("Age of data", "Time since the newest result of the platform's boards.", "s",
         (f"time() - latimer_newest_measurement_timestamp_seconds{{{PLATFORM}}}", "{{platform}}"),
         field=steps(30 * 86400, 90 * 86400)),
    Row("Accuracy and coverage over time"),
    share("Error on networks", "Mean relative error of the version that answered at the time; validation: networks of "
          "campaigns, requested: networks people had measured.",
          (f"latimer_model_mape_ratio{{{PLATFORM}}}", "{{platform}} {{set}}")),
    share("Coverage and level", "Share of networks inside their interval, and the level it should be at.",
          (f"latimer_model_interval_coverage_ratio{VALIDATION}", "{{platform}}"),
          (f"max by (platform) (latimer_model_interval_level_ratio{{{PLATFORM}}})", "level of {{platform}}"),
          field={"max": 1}),
    share("Width of intervals", "Mean width over the measured value: what the coverage costs.",
          (f"latimer_model_interval_width_ratio{VALIDATION}", "{{platform}}")),
    line("Rank correlation", "Spearman's rho on the validation networks.", "none",
         (f"latimer_model_spearman_correlation{VALIDATION}", "{{platform}}"), field={"max": 1}),
    line("Measurements fitted", "How many measurements the version that answers was fitted to.", "short",
         (f"latimer_model_measurements{{{PLATFORM}}}", "{{platform}} {{version}}")),
    line("Measurements", "Results that boards deliver.", "ops",
         (f'sum by (platform) (rate(latimer_measurements_total{{{PLATFORM},outcome="measured"}}[$__rate_interval]))',
          "{{platform}}")),
    Row("Which layer types are weak"),
    bars("Largest errors by layer type", "Cross-validated (boards of ours) or published mean relative error of the kind "
         "of model that AUTO takes; the fifteen largest.", "percentunit",
         (f"topk(15, latimer_model_layer_mape_ratio{{{PLATFORM}}})", "{{layer_type}} on {{platform}}"),
         width=12, height=12, field={"min": 0, **steps(0.15, 0.3)}),
    table("Layer types", "Error, kind of model and how many layers it is from. Few samples: measure more.",
          "percentunit", (f"latimer_model_layer_mape_ratio{{{PLATFORM}}}", ""), width=12, height=12),
    bars("Layers measured by type", "Fewest first: what a campaign should look at.", "short",
         (f"bottomk(15, latimer_model_layer_samples{{{PLATFORM}}})", "{{layer_type}} on {{platform}}"), width=12),
    bars("Stated error by kind of model", "Mean relative error on networks as the model's own record has it.",
         "percentunit", (f"latimer_model_stated_mape_ratio{{{PLATFORM}}}", "{{platform}} {{model_kind}}"), width=12,
         field={"min": 0, **steps(0.1, 0.2)}),
    Row("Drift: every measured network against its prediction"),
    share("Error of new measurements", "Mean relative error of what was predicted for the networks measured in the time "
          "shown per point, and the error at validation.",
          (f"sum by (platform) (rate(latimer_prediction_error_ratio_sum{{{PLATFORM}}}[$__rate_interval])) / "
           f"sum by (platform) (rate(latimer_prediction_error_ratio_count{{{PLATFORM}}}[$__rate_interval]))",
           "{{platform}} now"),
          (f"max by (platform) (latimer_model_mape_ratio{VALIDATION})", "{{platform}} at validation")),
    share("Where the measured value lies", "Below, inside or above the predicted interval. Much above and little below: "
          "the board has become slower.",
          (f"sum by (platform, position) (increase(latimer_prediction_interval_total{{{PLATFORM}}}[$__range])) / "
           f"ignoring (position) group_left sum by (platform) "
           f"(increase(latimer_prediction_interval_total{{{PLATFORM}}}[$__range]))", "{{platform}} {{position}}"),
          field={"max": 1}),
    Panel("heatmap", "Errors", "How many of the networks measured had which relative error.", "percentunit",
          (f"sum by (le) (increase(latimer_prediction_error_ratio_bucket{{{PLATFORM}}}[$__rate_interval]))", "{{le}}"),
          options={"calculate": False, "yAxis": {"unit": "percentunit"}, "color": {"scheme": "Oranges", "steps": 64}}),
    Row("What estimates rest on"),
    share("Layers beyond the models", "Share of layers that a more general model answered for, by what was missing.",
          (f"sum by (platform, missing) (rate(latimer_estimate_fallback_layers_total{{{PLATFORM}}}[$__rate_interval])) / "
           f"ignoring (missing) group_left sum by (platform) "
           f"(rate(latimer_estimate_units_total{{{PLATFORM}}}[$__rate_interval]))", "{{platform}} {{missing}}")),
    share("Layers outside the benchmarked space", "Share of layers outside what the platform's boards measured.",
          (f"sum by (platform) (rate(latimer_estimate_outside_space_layers_total{{{PLATFORM}}}[$__rate_interval])) / "
           f"sum by (platform) (rate(latimer_estimate_units_total{{{PLATFORM}}}[$__rate_interval]))", "{{platform}}")),
    table("Models", "The version that answers for each platform, and where its intervals come from.", "none",
          (f"latimer_model_info{{{PLATFORM}}}", "")),
]

SERVICE = [
    Row("Now"),
    stat("Estimates", "Answers of Estimate, EstimatePlatforms and EstimateStream.", "reqps",
         ("sum(rate(latimer_estimates_total[5m]))", "")),
    stat("Failed", "Share of estimate calls that failed through the service's fault, of the last five minutes. The goal is "
         "0.1 %.", "percentunit", ("latimer:estimate_errors:ratio_rate5m", ""), field=steps(0.001, 0.01)),
    stat("99th percentile", "One Estimate in a hundred takes longer.", "s",
         ('latimer:rpc_duration_seconds:p99_rate5m{method="Estimate"}', ""), field=steps(0.02, 0.1)),
    stat("Calls open", "Calls that run now, streams included.", "short", ("sum(latimer_rpc_in_flight)", "")),
    stat("Answers from the cache", "Share of Estimate's answers the server remembered.", "percentunit",
         ('sum(rate(latimer_cache_hits_total{cache="response"}[5m])) / (sum(rate(latimer_cache_hits_total{cache="response"}'
          '[5m])) + sum(rate(latimer_cache_misses_total{cache="response"}[5m])))', "")),
    stat("Up", "Servers that Prometheus reaches.", "short", ('sum(up{job="latimer-server"})', ""), field=rising(1, 1)),
    Row("Calls"),
    line("Calls by method", "Calls that ended.", "reqps",
         ('sum by (method) (rate(latimer_rpc_requests_total{instance=~"$instance"}[$__rate_interval])) > 0', "{{method}}")),
    line("Time of Estimate", "From a call's arrival to its answer, without the network.", "s",
         *[(f'histogram_quantile({q}, sum by (le) (rate(latimer_rpc_duration_seconds_bucket{{instance=~"$instance",'
            f'{ESTIMATION},method="Estimate"}}[$__rate_interval])))', name)
           for q, name in ((0.5, "median"), (0.9, "90 %"), (0.99, "99 %"))]),
    line("99th percentile by method", "One call in a hundred takes longer.", "s",
         ('histogram_quantile(0.99, sum by (method, le) (rate(latimer_rpc_duration_seconds_bucket{instance=~"$instance"}'
          '[$__rate_interval])))', "{{method}}")),
    line("Refused calls by reason", "Reasons as in the errors clients get; docs/api.md lists them.", "reqps",
         ('sum by (reason) (rate(latimer_rpc_errors_total{instance=~"$instance"}[$__rate_interval]))', "{{reason}}"),
         ('sum(rate(latimer_tls_handshake_failures_total{instance=~"$instance"}[$__rate_interval]))', "TLS handshake")),
    share("Failed calls by method", "Share of calls that ended with another code than OK, whoever's fault it is.",
          ('sum by (method) (rate(latimer_rpc_requests_total{instance=~"$instance",code!="OK"}[$__rate_interval])) / '
           'sum by (method) (rate(latimer_rpc_requests_total{instance=~"$instance"}[$__rate_interval]))', "{{method}}")),
    line("Open calls", "Calls that run, streams included.", "short",
         ('sum by (method) (latimer_rpc_in_flight{instance=~"$instance"}) > 0', "{{method}}")),
    Row("Error budget: 99.9 % of estimate calls"),
    share("Failed through our fault", "Short and long windows; alerts fire when both are above a limit.",
          ("latimer:estimate_errors:ratio_rate5m", "5 min"), ("latimer:estimate_errors:ratio_rate1h", "1 h"),
          ("latimer:estimate_errors:ratio_rate6h", "6 h"), width=12),
    share("Budget left", "Of the failures that 30 days may have, on the time range shown.",
          (f'1 - sum(increase(latimer_rpc_errors_total{{{ESTIMATION},code=~"INTERNAL|UNKNOWN|UNAVAILABLE|DATA_LOSS|'
           f'DEADLINE_EXCEEDED"}}[$__range]) or increase(latimer_rpc_errors_total{{{ESTIMATION},'
           f'reason=~"OVERLOADED|OUT_OF_MEMORY"}}[$__range]) or vector(0)) / (0.001 * '
           f"sum(increase(latimer_rpc_requests_total{{{ESTIMATION}}}[$__range]) "
           f"or increase(latimer_rpc_stream_answers_total[$__range])))", "left"),
          width=12, field={"min": None, "max": 1}),
    Row("Estimates"),
    line("By platform", "Estimates answered.", "reqps",
         (f"sum by (platform) (rate(latimer_estimates_total{{{PLATFORM}}}[$__rate_interval])) > 0", "{{platform}}")),
    line("By kind of model", "Kind that was asked for; auto: each layer type has its own.", "reqps",
         (f"sum by (model_kind) (rate(latimer_estimates_total{{{PLATFORM}}}[$__rate_interval])) > 0", "{{model_kind}}")),
    line("Streamed answers", "Answers of EstimateStream by outcome.", "reqps",
         ('sum by (code) (rate(latimer_rpc_stream_answers_total{instance=~"$instance"}[$__rate_interval]))', "{{code}}")),
    share("Cache hits", "Of answers (response) and of layers (unit).",
          ('sum by (cache) (rate(latimer_cache_hits_total{instance=~"$instance"}[$__rate_interval])) / (sum by (cache) '
           '(rate(latimer_cache_hits_total{instance=~"$instance"}[$__rate_interval])) + sum by (cache) '
           '(rate(latimer_cache_misses_total{instance=~"$instance"}[$__rate_interval])))', "{{cache}}"), field={"max": 1}),
    line("Cache entries", "What is remembered.", "short",
         ('latimer_cache_entries{instance=~"$instance"}', "{{cache}}")),
    line("Cache size", "Memory of remembered answers.", "bytes",
         ('latimer_cache_size_bytes{instance=~"$instance"}', "{{cache}}")),
    Row("Machine"),
    line("Large requests waiting", "Requests too large for the thread that received them; at the limit they are refused.",
         "short", ('latimer_worker_queue_requests{instance=~"$instance"}', "waiting"),
         ('latimer_worker_queue_limit_requests{instance=~"$instance"}', "limit")),
    line("Processor", "Cores in use.", "none",
         ('rate(process_cpu_seconds_total{job="latimer-server",instance=~"$instance"}[$__rate_interval])', "{{instance}}")),
    line("Memory", "Resident memory of the server.", "bytes",
         ('process_resident_memory_bytes{job="latimer-server",instance=~"$instance"}', "{{instance}}")),
    line("Files and sockets", "Open ones, connections among them, and how many may be.", "short",
         ('process_open_fds{job="latimer-server",instance=~"$instance"}', "open"),
         ('latimer_connections{instance=~"$instance"}', "connections"),
         ('process_max_fds{job="latimer-server",instance=~"$instance"}', "limit")),
    line("Store", "Size of the store, and space left for it.", "bytes",
         ('latimer_store_size_bytes{instance=~"$instance"}', "store"),
         ('latimer_store_free_bytes{instance=~"$instance"}', "free")),
    table("Builds", "What runs where.", "none", ("latimer_build_info", "")),
]

BOARDS = [
    Row("Now"),
    stat("Agents up", "Connected, and heard of within their lease.", "short",
         (f"sum(latimer_agent_up{{{AGENT}}})", "")),
    stat("Agents away", "Enrolled, and neither revoked nor up.", "short",
         (f"count(latimer_agent_up{{{AGENT}}} == 0) or vector(0)", ""), field=steps(1, 5)),
    stat("Held or troubled", "Changed boards that wait for a person, full disks, clocks held back.", "short",
         (f"sum(latimer_agent_held{{{AGENT}}}) + sum(latimer_agent_troubled{{{AGENT}}}) + "
          f"sum(latimer_agent_throttled{{{AGENT}}})", ""), field=steps(1, 2)),
    stat("Waiting measurements", "Planned or asked for, and with no agent yet.", "short",
         (f'sum(latimer_queue_tasks{{{PLATFORM},state="waiting"}})', "")),
    stat("Leases lost", "Measurements given back in the last hour because an agent fell silent.", "short",
         ("sum(increase(latimer_leases_lost_total[1h]))", ""), field=steps(1, 50)),
    stat("Fits failed", "In the last day.", "short",
         (f'sum(increase(latimer_refits_total{{{PLATFORM},outcome="failed"}}[1d]))', ""), field=steps(1, 2)),
    Row("Agents"),
    table("Agents", "Every enrolled agent; the value is 1 where it is up.", "none",
          (f"latimer_agent_up{{{AGENT}}} * on (instance, agent, platform) group_left (board, backend, version, simulated) "
           f"latimer_agent_info{{{AGENT}}}", ""), width=16),
    line("Silent for", "Time since an agent was last heard of.", "s",
         (f"time() - latimer_agent_last_heartbeat_timestamp_seconds{{{AGENT}}}", "{{platform}} {{agent}}")),
    line("Jobs held", "Jobs each agent works on or has next.", "short",
         (f"latimer_agent_jobs{{{AGENT}}}", "{{platform}} {{agent}}")),
    line("Results on the agents' disks", "Not taken by the server yet.", "short",
         (f"latimer_agent_spooled_measurements{{{AGENT}}}", "{{platform}} {{agent}}")),
    line("Measurements", "Results stored, per agent.", "ops",
         (f'sum by (platform, agent) (rate(latimer_agent_measurements_total{{{AGENT}}}[$__rate_interval]))',
          "{{platform}} {{agent}}")),
    Row("Boards"),
    line("Temperature", "Hottest zone. Boards lower their clocks when hot.", "celsius",
         (f"latimer_agent_temperature_celsius{{{AGENT}}}", "{{platform}} {{agent}}")),
    line("Clock", "Mean clock of the processors in use.", "hertz",
         (f"latimer_agent_clock_hertz{{{AGENT}}}", "{{platform}} {{agent}}")),
    line("Load", "Load average over one minute: what else the board does.", "none",
         (f"latimer_agent_load_average{{{AGENT}}}", "{{platform}} {{agent}}")),
    line("Drift of the reference network", "Its newest time over its first one, less 1: how far the board is from what was "
         "measured at first.", "percentunit", (f"latimer_agent_reference_drift_ratio{{{AGENT}}}", "{{platform}} {{agent}}")),
    line("Reference network", "Its time, before every few measurements.", "s",
         (f"latimer_agent_reference_seconds{{{AGENT}}}", "{{platform}} {{agent}}")),
    share("Failed measurements", "Share of the results that say why there is none.",
          (f'sum by (platform) (rate(latimer_measurements_total{{{PLATFORM},outcome="failed"}}[$__rate_interval])) / '
           f"sum by (platform) (rate(latimer_measurements_total{{{PLATFORM}}}[$__rate_interval]))", "{{platform}}")),
    Row("Campaigns and fits"),
    line("Queue", "Measurements that wait, and those that are with an agent.", "short",
         (f"latimer_queue_tasks{{{PLATFORM}}}", "{{platform}} {{state}}")),
    share("Progress of campaigns", "Of the open ones.",
          (f"latimer_campaign_done_measurements{{{PLATFORM}}} / latimer_campaign_planned_measurements{{{PLATFORM}}}",
           "{{platform}}"), field={"max": 1}),
    line("Campaigns by state", "Ended ones included.", "short",
         (f"latimer_campaigns{{{PLATFORM}}}", "{{platform}} {{state}}")),
    line("Fits", "By outcome: promoted ones answer, rejected ones were worse, failed ones gave no model.", "short",
         (f"sum by (platform, outcome) (increase(latimer_refits_total{{{PLATFORM}}}[$__rate_interval]))",
          "{{platform}} {{outcome}}")),
    line("Time of fits", "Median and slowest tenth.", "s",
         *[(f"histogram_quantile({q}, sum by (platform, le) (rate(latimer_refit_duration_seconds_bucket{{{PLATFORM}}}"
            f"[$__range])))", "{{platform}} " + name) for q, name in ((0.5, "median"), (0.9, "90 %"))]),
    line("Board time", "Boards at work on stored results: 1 is one board all the time.", "none",
         (f"sum by (platform) (rate(latimer_board_seconds_total{{{PLATFORM}}}[$__rate_interval]))", "{{platform}}")),
    Row("Agents that Prometheus reaches"),
    line("Sessions", "1: the agent has a session with its server.", "none",
         ("latimer_board_session_open", "{{instance}}"), field={"min": 0, "max": 1}),
    line("Sessions lost", "Lost, or not to be opened.", "short",
         ("increase(latimer_board_lost_sessions_total[$__rate_interval])", "{{instance}}")),
    line("Time of measurements", "Preparation included.", "s",
         *[(f"histogram_quantile({q}, sum by (instance, le) (rate(latimer_board_task_duration_seconds_bucket"
            f"[$__rate_interval])))", "{{instance}} " + name) for q, name in ((0.5, "median"), (0.9, "90 %"))]),
    line("Tasks", "Measurements made, by outcome.", "ops",
         ("sum by (instance, outcome) (rate(latimer_board_tasks_total[$__rate_interval]))", "{{instance}} {{outcome}}")),
    line("Spool", "File of results on the agent's disk.", "bytes", ("latimer_board_spool_size_bytes", "{{instance}}")),
    line("Memory", "Resident memory of the agents.", "bytes",
         ('process_resident_memory_bytes{job="latimer-agent"}', "{{instance}}")),
]

PLATFORMS = query_variable("platform", "Platform", "label_values(latimer_model_info, platform)")
BOARD_PLATFORMS = query_variable("platform", "Platform", "label_values(latimer_agent_info, platform)")
AGENTS = query_variable("agent", "Agent", 'label_values(latimer_agent_info{platform=~"$platform"}, agent)')
INSTANCES = query_variable("instance", "Server", "label_values(latimer_rpc_in_flight, instance)")

DASHBOARDS = {
    "latimer-model-quality": ("Latimer: model quality", "6h", [PLATFORMS], QUALITY),
    "latimer-service": ("Latimer: service", "1h", [INSTANCES, PLATFORMS], SERVICE),
    "latimer-boards": ("Latimer: boards", "3h", [BOARD_PLATFORMS, AGENTS], BOARDS),
}


def lay_out(parts):
    """Panels in rows of 24 columns, numbered from 1."""
    panels, x, y, row_height = [], 0, 0, 0
    for number, part in enumerate(parts, 1):
        if isinstance(part, Row) or x + part.width > 24:
            x, y, row_height = 0, y + row_height, 0
        if isinstance(part, Row):
            panels.append({"id": number, "type": "row", "title": part.title, "collapsed": False, "panels": [],
                           "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
            y += 1
            continue
        panels.append(part.json(number, x, y))
        x, row_height = x + part.width, max(row_height, part.height)
    return panels


def dashboard(uid, title, time, variables, parts):
    datasource = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
                  "current": {}, "refresh": 1}
    links = [{"title": other, "type": "link", "url": f"/d/{name}", "keepTime": True, "includeVars": True}
             for name, (other, *_) in DASHBOARDS.items() if name != uid]
    return {
        "uid": uid,
        "title": title,
        "tags": ["latimer"],
        "schemaVersion": 38,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": f"now-{time}", "to": "now"},
        "timezone": "browser",
        "links": links,
        "templating": {"list": [datasource, *variables]},
        "annotations": {"list": []},
        "panels": lay_out(parts),
    }


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        raise SystemExit(__doc__)
    for uid, parts in DASHBOARDS.items():
        text = json.dumps(dashboard(uid, *parts), indent=2, ensure_ascii=False) + "\n"
        file = FOLDER / f"{uid}.json"
        if not check:
            FOLDER.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{file.name} is not what scripts/dashboards.py writes; run it")


if __name__ == "__main__":
    main()
