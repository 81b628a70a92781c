"""Whether all C++ sources look as .clang-format wants.

usage: format_check.py CLANG_FORMAT
"""

import subprocess
import sys

import report
import source_tree


def unformatted(clang_format, paths):
    """Those of the paths that clang-format would change."""
    result = subprocess.run([clang_format, "--style=file", "--dry-run", "--Werror", *paths],
                            capture_output=True, text=True)
    found = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "error:" in line})
    if result.returncode and not found:
        raise SystemExit(result.stderr)
    return found


def main():
    sources = source_tree.files("*.h", "*.cc")
    if not sources:
        raise SystemExit("format: no sources found")
    report.finish("format", [f"{name}: run clang-format -i" for name in unformatted(sys.argv[1], sources)])


if __name__ == "__main__":
    main()
