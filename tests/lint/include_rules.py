"""Dependencies point down only: server, cli -> core, backends -> proto; what each folder may include.

usage: include_rules.py
"""

import re

import report
import source_tree

# Folder -> folders of ours whose headers it may include.
ALLOWED = {
    "core": {"core"},
    "backends": {"backends", "core"},
    "metrics": {"metrics", "core"},
    "server": {"server", "metrics", "core"},
    # The tool is a client; only its main() puts a server into the process.
    "cli": {"cli", "core"},
}
# Reports of toolchains are read on the server; their parsers know no engine.
READS_REPORTS = ("server/campaign/", "backends/reports/")
EXCEPTIONS = {("cli/main.cc", "server/server.h"), ("cli/app.cc", "server/version.h")}
OURS = set(ALLOWED) | {"agent", "store", "tests"}

# Folder -> headers it must not include, with the reason.
FORBIDDEN = {
    "core": [
        (r"grpc|.*\.grpc\.pb\.h$|latimer/v1/.*_service\.pb\.h$", "core does not know gRPC"),
        (r"sqlite3|prometheus/|thread$|opencv2/|onnxruntime|CLI/", "core does not know stores, threads, engines"),
    ],
    # Descriptions of toolchains are messages of their own.
    "backends": [(r"grpc|(?!backends/command/).*\.pb\.h$", "backends do not know the API")],
    "metrics": [(r"grpc|.*\.pb\.h$", "server and agent share it")],
    "server": [(r"opencv2/|onnxruntime|onnx/", "the server does not know engines")],
    "cli": [(r"opencv2/|onnxruntime|sqlite3", "the tool is a client like any other")],
}

INCLUDE = re.compile(r'\s*#\s*include\s*[<"]([^>"]+)[>"]')
GUARD = re.compile(r"#ifndef (\w+)")


def check_include(path, header):
    folder, _, _ = path.partition("/")
    top, _, _ = header.partition("/")
    reads_reports = path.startswith(READS_REPORTS[0]) and header.startswith(READS_REPORTS[1])
    if top in OURS and top not in ALLOWED[folder] and (path, header) not in EXCEPTIONS and not reads_reports:
        yield f"{folder} must not include {header}"
    for pattern, reason in FORBIDDEN[folder]:
        if re.match(pattern, header):
            yield f"includes {header}: {reason}"


def check_text(path, text):
    """Findings of a file with that path and that text."""
    name = source_tree.name(path)
    if path.suffix == ".h":
        guard = "LATIMER_" + re.sub(r"[^A-Z0-9]", "_", name.upper()) + "_"
        found = GUARD.search(text)
        if not found or found.group(1) != guard:
            yield f"{name}: include guard should be {guard}"
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\bstd::string_view\b", line):
            yield f"{name}:{number}: std::string_view does not convert to absl::string_view here; use the latter"
        match = INCLUDE.match(line)
        if match:
            for finding in check_include(name, match.group(1)):
                yield f"{name}:{number}: {finding}"


def main():
    sources = [p for p in source_tree.files("*.h", "*.cc") if source_tree.name(p).partition("/")[0] in ALLOWED]
    if not sources:
        raise SystemExit("include_rules: no sources found")
    report.finish("include_rules", [finding for path in sources
                                    for finding in check_text(path, path.read_text(encoding="utf-8"))])


if __name__ == "__main__":
    main()
