"""Whether the documents agree with the programs and the API.

usage: docs_check.py LATIMER LATIMER_SERVER DESCRIPTOR_SET

Links lead somewhere. docs/cli.md has one table row per option of each program and command, in the words of --help, and
every field of the JSON answers. docs/api.md has every call and every reason of an error, and none that is not. Every
field of a platform file is in docs/platform-format.md, every operator and layer type in docs/networks.md. The sample
files in the documents are read by the program.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

import report
import source_tree

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
ROW = re.compile(r"^\| `(?P<flag>[^`]+)` \|[^|]*\|(?P<words>[^|]*)\|$", re.MULTILINE)
NAME = re.compile(r"`([A-Za-z_][\w.]*)`")
# The first argument of whatever makes an error, with or without a code before it.
REASON = re.compile(r'\(\s*(?:absl::StatusCode::k\w+,\s*)?"([A-Z][A-Z0-9_]{5,})",')
# Reasons that come from status codes.
CODE_REASONS = {"CANCELLED", "UNAVAILABLE"}


def collapse(text):
    return re.sub(r"\s+", " ", text)


def section(text, title):
    """What stands under a heading, up to the next of the same or a higher level; "" if there is none."""
    start = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    if not start:
        return ""
    rest = text[start.end():]
    end = re.search(rf"^#{{1,{len(start.group(1))}}} ", rest, re.MULTILINE)
    return rest[:end.start()] if end else rest


def anchors(text):
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def check_links(path, text):
    for target, anchor in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        other = path.parent / target
        if target and not other.exists():
            yield f"link to {target}, which is not there"
        elif anchor:
            if anchor not in anchors(other.read_text(encoding="utf-8") if target else text):
                yield f"link to {target}#{anchor}: no such heading"


def options(help_text):
    """Options a --help lists: what its lines begin with."""
    beginnings = re.findall(r"^ {1,4}((?:-[\w-]+,?\s*)+)", help_text, re.MULTILINE)
    return {flag for beginning in beginnings for flag in FLAG.findall(beginning)}


def check_options(text, title, help_text):
    """One table row per option, in the words of --help."""
    body = section(text, title)
    if not body:
        yield f"no section '{title}'"
        return
    rows = {match["flag"]: match["words"].strip() for match in ROW.finditer(body)}
    listed = {flag for flag in rows if flag.startswith("--")}
    for flag in sorted(options(help_text) - listed):
        yield f"{title}: {flag} has no row"
    for flag in sorted(listed - options(help_text)):
        yield f"{title}: {flag} is no option"
    for flag, words in rows.items():
        if flag.startswith("--") and collapse(words) not in collapse(help_text):
            yield f"{title}: {flag}: --help does not say '{words}'"


def check_names(text, names, where):
    known = set(NAME.findall(text))
    # `conv.kernel`, and several names in one pair of marks, count as well.
    known |= {part for name in known for part in name.split(".")}
    for name in sorted(set(names) - known):
        yield f"{where}: {name} is described nowhere"


def reasons(texts):
    """Reasons of the errors that sources make."""
    return {reason for text in texts for reason in REASON.findall(text)}


def check_reasons(text, thrown):
    described = {name for name in re.findall(r"`([A-Z][A-Z0-9_]{5,})`", section(text, "Errors"))}
    for reason in sorted(thrown - described):
        yield f"the reason {reason} is described nowhere"
    for reason in sorted(described - thrown - CODE_REASONS):
        yield f"no source has the reason {reason}"


def operators(texts):
    """ONNX operators in the tables of the importer."""
    found = set()
    for text in texts:
        found |= set(re.findall(r'table\["(\w+)"\]', text))
        for group in re.findall(r"for \(absl::string_view op :\s*\{([^}]*)\}\)", text):
            found |= set(re.findall(r'"(\w+)"', group))
    return found


def texts(*beginnings):
    """All C++ sources whose path begins so."""
    return [p.read_text(encoding="utf-8") for p in source_tree.files("*.cc")
            if source_tree.name(p).startswith(beginnings)]


class Api:
    """Messages of a descriptor set, by full name."""

    def __init__(self, path):
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(path).read_bytes()).file
        self.messages = {f"{file.package}.{message.name}": message for file in files for message in file.message_type}
        self.services = [service for file in files if file.package == "latimer.v1" for service in file.service]

    def fields(self, name, json=False):
        return [field.json_name if json else field.name for field in self.messages[name].field]

    def reach(self, name, seen=None):
        """The message and all messages of ours below it."""
        seen = set() if seen is None else seen
        if name in seen or name not in self.messages or not name.startswith("latimer."):
            return seen
        seen.add(name)
        for field in self.messages[name].field:
            self.reach(field.type_name.lstrip("."), seen)
        return seen


def samples(text):
    return re.findall(r"^```textproto\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(command, **environment):
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def help_of(*command):
    return run([*command, "--help"]).stdout


def check_samples(latimer, platform, network):
    """The sample platform answers for the sample network."""
    with tempfile.TemporaryDirectory() as folder:
        platforms, file = pathlib.Path(folder) / "platforms", pathlib.Path(folder) / "network.textproto"
        platforms.mkdir()
        (platforms / "sample.textproto").write_text(platform, encoding="utf-8")
        file.write_text(network, encoding="utf-8")
        result = run([latimer, "estimate", file, "--platform", "my-board"], LATIMER_PLATFORMS_DIR=str(platforms))
        if result.returncode != 0:
            yield f"the samples of platform-format.md and networks.md do not work: {result.stderr.strip()}"


def main():
    latimer, server, descriptor_set = sys.argv[1:]
    api = Api(descriptor_set)
    docs = {source_tree.name(p): p.read_text(encoding="utf-8") for p in source_tree.files("*.md")}
    findings = []

    def add(name, found):
        findings.extend(f"{name}: {finding}" for finding in found)

    for name, text in docs.items():
        add(name, check_links(source_tree.ROOT / name, text))

    cli = docs["docs/cli.md"]
    add("docs/cli.md", check_options(cli, "latimer", help_of(latimer)))
    add("docs/cli.md", check_options(cli, "latimer-server", help_of(server)))
    for command in ("estimate", "platforms", "network", "token create", "agents", "agents revoke", "agents accept",
                    "campaign start", "campaign watch", "campaign list", "campaign show", "campaign cancel", "measure",
                    "import-report", "evaluate", "platforms versions", "platforms rollback"):
        add("docs/cli.md", check_options(cli, f"latimer {command}", help_of(latimer, *command.split())))
    answers = ["NetworkEstimate", "UnitEstimate", "Latency", "MemoryEstimate", "Warning", "Platform", "ModelVersion",
               "LayerModelDescription", "AnalyticalModel", "Unrolling", "Accuracy", "FusionRule",
               "DescribeNetworkResponse", "LayerDescription", "NetworkInput", "CreateTokenResponse", "Agent",
               "Fingerprint", "BoardConditions", "Campaign", "CampaignStage", "MeasureNetworkResponse", "Measurement",
               "Timing", "LayerTiming", "Power", "ImportedReport", "ImportReportsResponse", "ReportImport", "UnmatchedRow",
               "PlatformVersion"]
    for message in answers:
        add("docs/cli.md", check_names(cli, api.fields(f"latimer.v1.{message}", json=True), message))

    described = docs["docs/api.md"]
    add("docs/api.md", check_names(described, [m.name for s in api.services for m in s.method], "calls"))
    add("docs/api.md", check_reasons(described, reasons(texts("core/", "server/", "backends/reports/"))))

    platform = docs["docs/platform-format.md"]
    for message in sorted(api.reach("latimer.model.v1.PlatformModel")):
        title = message.rpartition(".")[2]
        if title.endswith("Entry"):
            continue
        body = section(platform, title)
        add("docs/platform-format.md", check_names(body, api.fields(message), title))

    networks = docs["docs/networks.md"]
    handlers = texts("core/network/onnx/handlers_")
    add("docs/networks.md", check_names(section(networks, "ONNX"), operators(handlers), "operators"))
    header = (source_tree.ROOT / "core/network/layer_type.h").read_text(encoding="utf-8")
    types = set(re.findall(r"^  X\((\w+), \d+\)", header, re.MULTILINE))
    listed = set(re.findall(r"\w+", section(networks, "Layer types")))
    add("docs/networks.md", [f"the layer type {t} is described nowhere" for t in sorted(types - listed)])

    add("docs", check_samples(latimer, samples(platform)[0], samples(networks)[0]))
    report.finish("docs", findings)


if __name__ == "__main__":
    main()
