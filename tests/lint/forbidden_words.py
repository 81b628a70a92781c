"""What must not reach the tree: unfinished work, switched-off tests, one machine's paths, hosts nobody agreed on.

usage: forbidden_words.py
"""

import re

import report
import source_tree

# Patterns are put together from pieces, so that this file passes its own check.
UNFINISHED = [r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b", r"\bHA" + r"CK\b", r"\bnot implem" + r"ented\b"]
SWITCHED_OFF = [r"\bGTEST_SK" + r"IP\b", r"\bDISAB" + r"LED_[A-Z]", r"EXPECT_TRUE\(tr" + r"ue\)"]
MACHINE = [r"(?<![\w.>}])/(work|home|root|tmp|mnt|Users)/\w"]
GROUPS = [
    ("unfinished work", UNFINISHED),
    ("a test that does not test", SWITCHED_OFF),
    ("a path of one machine", MACHINE),
]
# Whom the tree may link to; this machine itself, and the name of SVG's language. Packages come from wherever the machine
# it is built on takes them: no other host belongs here.
HOSTS = {
    "www.apache.org", "github.com", "git-lfs.github.com", "google.aip.dev", "cloud.google.com", "grpc.io", "onnx.ai",
    "protobuf.dev", "doi.org", "gcc.gnu.org", "prometheus.io", "127.0.0.1", "www.w3.org",
}
URL = re.compile(r"\b[a-z]+://([\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
LONGEST_FILE = 700  # lines of source: one idea each
LARGEST_FILE = 2_000_000  # bytes
# Real reports are kept as they came.
VERBATIM = ("tests/data/",)


def check_line(line):
    """What is wrong with one line."""
    for what, patterns in GROUPS:
        for pattern in patterns:
            if re.search(pattern, line):
                yield what
    for host in URL.findall(line):
        if host.lower() not in HOSTS:
            yield f"a host that is not among HOSTS ({host})"


def check(path, name):
    """Findings of one file, called `name`."""
    if path.stat().st_size > LARGEST_FILE:
        yield f"{name}: larger than {LARGEST_FILE} bytes"
    if name.startswith(VERBATIM):
        return
    count = 0
    for count, line in source_tree.lines(path):
        for what in check_line(line):
            yield f"{name}:{count}: {what}: {line.strip()[:100]}"
    if path.suffix in (".cc", ".h", ".py", ".proto") and count > LONGEST_FILE:
        yield f"{name}: {count} lines; at most {LONGEST_FILE}"


def main():
    paths = source_tree.files()
    if not paths:
        raise SystemExit("forbidden_words: no files found")
    report.finish("forbidden_words", [finding for path in paths for finding in check(path, source_tree.name(path))])


if __name__ == "__main__":
    main()
