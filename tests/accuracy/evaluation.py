"""Estimates the networks of a folder of counter reports and compares: the result is plain data, ready for JSON."""

import dataclasses
import json
import pathlib
import subprocess

import matching
import report_csv
import scoring

KINDS = ["roofline", "refined", "statistical", "mixed", "auto"]
_PROTO_KINDS = {
    "roofline": "MODEL_KIND_ROOFLINE", "refined": "MODEL_KIND_REFINED_ROOFLINE",
    "statistical": "MODEL_KIND_STATISTICAL", "mixed": "MODEL_KIND_MIXED",
}
BASELINE = "constant throughput"
FLOOR = "same layer elsewhere"


class AccuracyError(Exception):
    """The comparison cannot be made; the message says why."""


@dataclasses.dataclass
class Pair:
    """One network: what was measured, and the estimates of every kind at every level."""
    report: report_csv.Report
    graph: pathlib.Path
    estimates: dict  # (kind, level) -> estimate
    matching: "matching.Matching" = None


def find_reports(folder):
    """Pairs of report and graph: the graph whose stem is the longest beginning of the report's name."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise AccuracyError(f"{folder}: no such folder")
    stems = {}
    for path in sorted(folder.iterdir()):
        for suffix in (".annette.json", ".onnx", ".textproto"):
            if path.name.endswith(suffix):
                stems[path.name[:-len(suffix)]] = path
    pairs = []
    for path in sorted(folder.glob("*.csv")):
        graphs = [stem for stem in stems if path.name.startswith(stem)]
        if not graphs:
            raise AccuracyError(f"{path}: there is no graph beside it (.annette.json, .onnx or .textproto) whose name "
                                "this report's name begins with")
        pairs.append(Pair(report_csv.read(path), stems[max(graphs, key=len)], {}))
    if not pairs:
        raise AccuracyError(f"{folder}: no reports (*.csv) there")
    return pairs


def _estimate(latimer, platform, graphs, kind, level):
    command = [latimer, "estimate", *map(str, graphs), "--platform", platform, "--model-kind", kind,
               "--confidence", str(level), "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise AccuracyError(f"{latimer}: {error.strerror}; build it or name it with --latimer") from error
    if done.returncode != 0:
        raise AccuracyError(done.stderr.strip() or done.stdout.strip())
    return json.loads(done.stdout)["estimates"]


def _pairs_of(pair, kind, level):
    units = pair.estimates[kind, level]["units"]
    return [(units[m.index], m.measured_ms) for m in pair.matching.matched]


def evaluate(latimer, platform, folder, levels):
    networks = find_reports(folder)
    kinds, same_as = [], {}
    for kind in KINDS:
        for level in levels:
            for pair, estimate in zip(networks, _estimate(latimer, platform, [p.graph for p in networks], kind, level)):
                pair.estimates[kind, level] = estimate
        units = [unit for pair in networks for unit in pair.estimates[kind, levels[0]]["units"]]
        if kind in _PROTO_KINDS and all(unit["modelKind"] != _PROTO_KINDS[kind] for unit in units):
            same_as[kind] = ""  # fallbacks only
            continue
        times = [unit["latency"]["estimateMs"] for unit in units]
        twin = next((k for k in kinds if times == [u["latency"]["estimateMs"] for p in networks
                                                   for u in p.estimates[k, levels[0]]["units"]]), None)
        if kind == "auto" and twin is not None:
            same_as[kind] = twin
        else:
            kinds.append(kind)

    level = levels[0]
    for pair in networks:
        pair.matching = matching.match(pair.report, pair.estimates[kinds[0], level])
        if not pair.matching.matched:
            raise AccuracyError(f"{pair.report.path}: none of its layers is in {pair.graph.name}")
    throughput, in_sample = scoring.constant_throughput(
        [pair.estimates[kinds[0], level]["operations"] for pair in networks],
        [pair.report.measured_ms for pair in networks])

    # One list of (unit, measured ms) and of the models' estimates, over all networks.
    measured = [entry for pair in networks for entry in _pairs_of(pair, kinds[0], level)]
    of_model = {BASELINE: [unit["operations"] / throughput[i] for i, pair in enumerate(networks)
                           for unit, _ in _pairs_of(pair, kinds[0], level)]}
    for kind in kinds:
        of_model[kind] = [unit["latency"]["estimateMs"] for pair in networks for unit, _ in _pairs_of(pair, kind, level)]

    def scores(positions):
        return {model: scoring.Score.of([(values[p], measured[p][1]) for p in positions])
                for model, values in of_model.items()}

    types = sorted({unit["layerType"] for unit, _ in measured})
    layers = {name.removeprefix("LAYER_TYPE_"): scores([p for p, (unit, _) in enumerate(measured)
                                                         if unit["layerType"] == name]) for name in types}
    layers = dict(sorted(layers.items(), key=lambda item: -item[1][kinds[0]].measured_ms))
    layers["all"] = scores(range(len(measured)))
    floor = scoring.twins(measured)
    floor_scores = {}
    if floor:
        floor_scores = {FLOOR: scoring.Score.of([(ms, measured[p][1]) for p, ms in floor.items()]),
                        **scores(list(floor))}

    results = []
    for i, pair in enumerate(networks):
        totals = {BASELINE: pair.estimates[kinds[0], level]["operations"] / throughput[i]}
        totals |= {kind: pair.estimates[kind, level]["latency"]["estimateMs"] for kind in kinds}
        ms = pair.report.measured_ms
        results.append({
            "report": pair.report.path.name, "graph": pair.graph.name, "measuredMs": ms,
            "matchedMs": pair.matching.matched_ms, "matchedShare": pair.matching.matched_ms / ms,
            "matchedUnits": len(pair.matching.matched),
            "units": len(pair.estimates[kinds[0], level]["units"]),
            "estimates": {model: {"ms": total, "error": total / ms - 1} for model, total in totals.items()},
            "measuredOnly": [dataclasses.asdict(u) for u in pair.matching.measured_only],
            "estimatedOnly": [dataclasses.asdict(u) for u in pair.matching.estimated_only],
            "layers": [{"name": unit["name"], "layerType": unit["layerType"].removeprefix("LAYER_TYPE_"),
                        "measuredMs": ms_of_unit,
                        **{kind: pair.estimates[kind, level]["units"][m.index]["latency"]["estimateMs"]
                           for kind in kinds}}
                       for m, (unit, ms_of_unit) in zip(pair.matching.matched, _pairs_of(pair, kinds[0], level))],
        })
    coverage = []
    for kind in kinds:
        for at in levels:
            units = [(unit["latency"], ms) for pair in networks for unit, ms in _pairs_of(pair, kind, at)]
            totals = [(pair.estimates[kind, at]["latency"], pair.report.measured_ms) for pair in networks]
            coverage.append({"kind": kind, "level": at, "units": dataclasses.asdict(scoring.Coverage.of(units)),
                             "networks": dataclasses.asdict(scoring.Coverage.of(totals))})
    first = networks[0].estimates[kinds[0], level]
    as_data = dataclasses.asdict
    return {
        "platform": platform, "modelVersion": first["modelVersion"], "intervalSource": first["intervalSource"],
        "kinds": kinds, "notModelled": [k for k, other in same_as.items() if not other],
        "sameAs": {k: other for k, other in same_as.items() if other},
        "baselineInSample": in_sample,
        "networks": results,
        "layerErrors": {name: {model: as_data(s) for model, s in by.items()} for name, by in layers.items()},
        "noiseFloor": {model: as_data(s) for model, s in floor_scores.items()},
        "coverage": coverage,
    }
