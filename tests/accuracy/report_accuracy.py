#!/usr/bin/python3
"""Models trained on public reports of vendors' toolchains, judged on the networks they have not seen.

For each group of reports of one board, every network in turn is held out: the reports of the others are imported into
a new platform of a server that this starts (`latimer import-report`), and its model estimates the network held out, as
a whole and layer by layer. Beside it stand the published parameters of the same board, where there are any.

The reports are not part of the repository (see tests/data/vendor-reports/README.md); networks other than the two in
tests/data/annette are rebuilt by report_networks.py.
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile

import report_csv
import report_networks

ROOT = pathlib.Path(__file__).resolve().parents[2]


class AccuracyError(Exception):
    """Something that was asked for cannot be done; the message says why."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """One network with its reports."""
    network: str  # of tests/data/annette, or of report_networks
    files: tuple  # below the folder of reports
    subject: str = ""
    precision: str = ""


@dataclasses.dataclass(frozen=True)
class Group:
    """Networks on one board."""
    title: str
    toolchain: str
    precision: str
    published: str  # platform; empty: none
    subjects: tuple


GROUPS = {
    "ncs2": Group("Intel NCS2, OpenVINO", "openvino", "FP16", "ncs2-openvino", (
        Subject("tf_resnet50", ("openvino-myriad/tf_resnet50_imagenet_224_224_6.97G_avg_cnt_rep.csv",)),
        Subject("tf_inceptionv1", ("openvino-myriad/tf_inceptionv1_imagenet_224_224_3G_avg_cnt_rep.csv",)))),
    "zcu102": Group("Xilinx ZCU102, DNNDK", "dnndk", "INT8", "zcu102-dnndk", (
        Subject("alexnet_dnndk", ("dnndk/alexnet_zcu102_dnndk_profile.log",)),
        Subject("fcn8_dnndk", ("dnndk/fcn8_zcu102_dnndk_profile.log",), "fcn8"),
        Subject("fcn8ups_dnndk", ("dnndk/fcn8_zcu102_dnndk_profile.log",), "fcn8ups"))),
    "jetson": Group("Jetson AGX Xavier, TensorRT 7", "tensorrt", "INT8", "", (
        Subject("googlenet_caffe", ("tensorrt-jetson/googlenet_gpu_transition_at_none.profile.json",)),)),
    "jetson-dla": Group("Jetson AGX Xavier with its DLA, TensorRT 7", "tensorrt", "INT8", "", (
        Subject("googlenet_caffe", ("tensorrt-jetson/googlenet_gpu_transition_at_53.profile.json",)),
        Subject("googlenet_caffe", ("tensorrt-jetson/googlenet_gpu_transition_at_124.profile.json",)),
        Subject("googlenet_caffe", ("tensorrt-jetson/googlenet_dla_transition_at_10.profile.json",)))),
    "a100-fp32": Group("A100, TensorRT 8", "tensorrt", "FP32", "", (
        Subject("resnet18_torch", ("tensorrt/resnet18-A100-fp32.profile.json", "tensorrt/resnet18-A100-fp32.graph.json",
                                   "tensorrt/resnet18-A100-fp32.timing.json")),)),
    "a100-fp16": Group("A100, TensorRT 8", "tensorrt", "FP16", "", (
        Subject("resnet18_torch", ("tensorrt/resnet18-A100-fp16.profile.json",
                                   "tensorrt/resnet18-A100-fp16.graph.json")),)),
    "rtx3090": Group("RTX 3090, TensorRT 8", "tensorrt", "FP32", "", (
        Subject("resnet50_keras", ("tensorrt/tf-resnet50-RTX3090-fp32.profile.json",
                                   "tensorrt/tf-resnet50-RTX3090-fp32.timing.json")),)),
}


class Lab:
    """A server with a data folder, and the tool."""

    def __init__(self, arguments, folder):
        self.latimer = str(arguments.latimer)
        self.reports = pathlib.Path(arguments.reports)
        self.networks = folder / "networks"
        report_networks.write(self.networks)
        for path in (ROOT / "tests/data/annette").glob("*.annette.json"):
            (self.networks / path.name).write_bytes(path.read_bytes())
        self.log = open(folder / "server.log", "wb")
        command = [str(arguments.server_program), "--listen", "127.0.0.1:0", "--data-dir", str(folder / "data")]
        try:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise AccuracyError(f"{command[0]}: {error.strerror}; build it or name it with --server-program") from error
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline().decode() if ready else ""
        if not line.startswith("listening on "):
            raise AccuracyError(f"the server did not start; see {folder / 'server.log'}")
        self.address = line.removeprefix("listening on ").strip()

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def network(self, name):
        annette = self.networks / f"{name}.annette.json"
        return annette if annette.exists() else self.networks / f"{name}.onnx"

    def run(self, *words):
        done = subprocess.run([self.latimer, *map(str, words), "--format", "json", "--server", self.address],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise AccuracyError(done.stderr.strip() or done.stdout.strip())
        return json.loads(done.stdout)

    def bring(self, group, subject, platform, *words):
        return self.run("import-report", "--platform", platform, "--toolchain", group.toolchain, "--precision",
                        group.precision, "--network", self.network(subject.network),
                        *(["--subject", subject.subject] if subject.subject else []), *words,
                        *(self.reports / name for name in subject.files))

    def estimate(self, subject, platform, kind):
        return self.run("estimate", self.network(subject.network), "--platform", platform, "--model-kind",
                        kind)["estimates"][0]


# --- Reports, read a second time without Latimer's parsers: (nodes, ms) of every row ---


def _openvino(path, _, __):
    return [([row.name], row.ms) for row in report_csv.read(path).executed]


def _dnndk(path, subject, nodes):
    """Names have '_' for '/', and a '*' where they are cut."""
    rows, kernel = [], ""
    plain = {node.replace("/", "_"): node for node in nodes}
    for line in path.read_text(errors="replace").splitlines():
        found = re.search(r'DPU Kernel "([^"]*)"', line)
        if found:
            kernel = found.group(1)
        fields = line.split()
        if len(fields) != 8 or not fields[0].isdigit() or not fields[6].endswith("%") or subject not in ("", kernel):
            continue
        stem = fields[1].rstrip("*")
        cut = [node for name, node in plain.items() if fields[1].endswith("*") and name.startswith(stem)]
        rows.append(([plain[stem]] if stem in plain else cut[:1] or [fields[1]], float(fields[4])))
    return rows


def _tensorrt(path, _, __):
    """A row names all its nodes; layout changes belong to the row they are made for."""
    rows = []
    for layer in json.loads(path.read_text())[1:]:
        name = re.sub(r"^Reformatting CopyNode for (Input|Output) Tensor \d+ to ", "", layer["name"])
        name = re.sub(r" (input|output) reformatter \d+$| copy$| copy finish$| finish$", "", name)
        parts = re.split(r" \+ | \|\| |,", name.replace("{", "").replace("}", ""))
        rows.append(([part.removeprefix("reshape_after_") for part in parts], layer["averageMs"]))
    return rows


READERS = {"openvino": _openvino, "dnndk": _dnndk, "tensorrt": _tensorrt}


def _pairs(rows, estimate):
    """(estimated, measured) ms of the smallest sets of units and rows that stand for each other."""
    owner = {node: i for i, unit in enumerate(estimate["units"]) for node in [unit["name"], *unit["nodes"]]}
    groups = {}  # unit -> [units, ms], shared by the units of a group
    for nodes, ms in rows:
        units = {owner[n] for n in nodes if n in owner}
        if not units:
            units = {owner[n] for n in (node.rpartition("/")[0] for node in nodes) if n in owner}
        merged = [set(units), ms if units else 0.0]
        for group in {id(groups[u]): groups[u] for u in units if u in groups}.values():
            merged = [merged[0] | group[0], merged[1] + group[1]]
        for unit in merged[0]:
            groups[unit] = merged
    distinct = {id(group): group for group in groups.values()}.values()
    return [(math.fsum(estimate["units"][u]["latency"]["estimateMs"] for u in units), ms)
            for units, ms in distinct if ms > 0]


def _judge(lab, group, subject, measured_ms, model, platform, kind):
    estimate = lab.estimate(subject, platform, kind)
    nodes = [node for unit in estimate["units"] for node in [unit["name"], *unit["nodes"]]]
    pairs = _pairs(READERS[group.toolchain](lab.reports / subject.files[0], subject.subject, nodes), estimate)
    latency = estimate["latency"]
    return {
        "model": model, "kind": kind, "measuredMs": measured_ms, "estimatedMs": latency["estimateMs"],
        "error": latency["estimateMs"] / measured_ms - 1,
        "inInterval": latency["lowerMs"] <= measured_ms <= latency["upperMs"], "layers": len(pairs),
        "layerMape": math.fsum(abs(e - m) / m for e, m in pairs) / len(pairs) if pairs else None,
        "layerWeighted": math.fsum(abs(e - m) for e, m in pairs) / math.fsum(m for _, m in pairs) if pairs else None,
    }


def _hold_out(lab, key, group, held):
    """Trains on the others (on the network itself where there are none: then nothing is held out)."""
    others = [s for i, s in enumerate(group.subjects) if i != held]
    subject = group.subjects[held]
    platform = f"{key}-without-{held}" if others else f"{key}-itself"
    answer = None
    for other in others or [subject]:
        answer = lab.bring(group, other, platform)
    if not answer["modelVersion"]:
        raise AccuracyError(f"{platform}: {answer['message']}")
    shown = lab.bring(group, subject, f"{key}-shown-{held}", "--dry-run")["reports"][0]
    measured = shown["latencyMs"]
    rows = []
    if group.published:
        rows.append(_judge(lab, group, subject, measured, "published roofline", group.published, "roofline"))
    trained = "trained on the others" if others else "trained on itself"
    for kind in ("roofline", "auto"):
        rows.append(_judge(lab, group, subject, measured, trained, platform, kind))
    return {"network": subject.network, "files": list(subject.files), "report": shown, "heldOut": bool(others),
            "models": rows, "crossValidated": answer["accuracy"]}


def evaluate(arguments):
    results = {}
    with tempfile.TemporaryDirectory(prefix="latimer-reports-") as folder:
        lab = Lab(arguments, pathlib.Path(folder))
        try:
            for key in arguments.groups or GROUPS:
                group = GROUPS[key]
                missing = [n for s in group.subjects for n in s.files if not (lab.reports / n).exists()]
                if missing:
                    raise AccuracyError(f"{lab.reports / missing[0]}: no such report; name their folder with --reports")
                results[key] = {"title": group.title, "precision": group.precision,
                                "networks": [_hold_out(lab, key, group, i) for i in range(len(group.subjects))]}
        finally:
            lab.stop()
    return results


# --- Printing ---


def _percent(value, sign=False):
    return "" if value is None else f"{100 * value:{'+' if sign else ''}.1f} %"


def _table(head, rows, right):
    lines = ["| " + " | ".join(head) + " |",
             "| " + " | ".join("---:" if i >= right else "---" for i in range(len(head))) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def render(results):
    text = "### What the reports say of known networks\n\n"
    rows = []
    for group in results.values():
        for network in group["networks"]:
            report = network["report"]
            what = ", ".join(f"{r['name'][:60]} {r['timeMs']:.3g} ms" for r in report["unmatchedRows"][:2])
            rows.append([group["title"], network["network"], pathlib.Path(network["files"][0]).name,
                         str(report["executedRows"]), f"{report['executedMs']:.3f}", str(report["matchedRows"]),
                         _percent(report["matchedShare"]), what])
    text += _table(["board", "network", "report", "rows", "ms", "rows matched", "time matched", "not matched"], rows, 3)
    text = text.replace("---: |\n", "--- |\n", 1)
    text += "\n### Networks held out\n\n"
    rows, single = [], []
    for group in results.values():
        for network in group["networks"]:
            for model in network["models"]:
                (rows if network["heldOut"] else single).append(
                    [group["title"] + ", " + group["precision"], network["network"], f"{model['model']}, {model['kind']}",
                     f"{model['measuredMs']:.2f}", f"{model['estimatedMs']:.2f}", _percent(model["error"], True),
                     str(model["layers"]), _percent(model["layerMape"]), _percent(model["layerWeighted"])])
    head = ["board", "network", "model", "measured ms", "estimated ms", "error", "layers", "layer MAPE", "by time"]
    text += _table(head, rows, 3)
    if single:
        text += "\n### Boards with a report of one network alone\n\n" + _table(head, single, 3)
    return text


def _arguments():
    parser = argparse.ArgumentParser(prog="report_accuracy.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", metavar="DIR", default=os.environ.get("LATIMER_VENDOR_REPORTS",
                                                                           ROOT.parent / "shared/vendor-reports"),
                        help="folder of reports (default: LATIMER_VENDOR_REPORTS, or ../shared/vendor-reports)")
    parser.add_argument("--latimer", metavar="PROGRAM", default=ROOT / "build/release/bin/latimer")
    parser.add_argument("--server-program", metavar="PROGRAM", default=ROOT / "build/release/bin/latimer-server")
    parser.add_argument("--format", choices=["markdown", "json"], default="markdown")
    parser.add_argument("--groups", metavar="GROUP", nargs="+", choices=list(GROUPS),
                        help=f"only these: {', '.join(GROUPS)}")
    return parser.parse_args()


def main():
    arguments = _arguments()
    try:
        results = evaluate(arguments)
    except (AccuracyError, report_csv.ReportError) as error:
        print(f"report_accuracy.py: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(json.dumps(results, indent=2) + "\n" if arguments.format == "json" else render(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
