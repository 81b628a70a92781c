#!/usr/bin/python3
"""Compares estimates with per-layer counter reports of real boards.

Reads every report (*.csv, benchmark_app's average_counters) of a folder, estimates the graph beside it with the
`latimer` program, and prints errors per network and per layer type, coverage of the intervals, a constant-throughput
baseline, the noise floor, and the names only one side knows.
"""

import argparse
import json
import os
import pathlib
import sys

import evaluation
import render
import report_csv

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _levels(text):
    levels = [float(part) for part in text.split(",")]
    if not all(0 < level < 1 for level in levels):
        raise argparse.ArgumentTypeError(f"{text}: levels lie between 0 and 1")
    return levels


def _arguments():
    parser = argparse.ArgumentParser(prog="latimer_accuracy.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", metavar="DIR", default=ROOT.parent / "shared/vendor-reports/openvino-myriad",
                        help="folder with reports and graphs; a report's name begins with the stem of its graph "
                        "(default: ../shared/vendor-reports/openvino-myriad beside the project)")
    parser.add_argument("--platform", default="ncs2-openvino", help="platform to estimate for (default: %(default)s)")
    parser.add_argument("--confidence", metavar="LEVEL[,LEVEL]", type=_levels, default=[0.5, 0.9],
                        help="levels of the intervals (default: 0.5,0.9)")
    parser.add_argument("--format", choices=["text", "json", "markdown"], default="text",
                        help="how to print (default: text)")
    parser.add_argument("--layers", action="store_true", help="list every matched layer, too")
    parser.add_argument("--latimer", metavar="PROGRAM", default=ROOT / "build/release/bin/latimer",
                        help="the program to judge (default: build/release/bin/latimer)")
    return parser.parse_args()


def main():
    arguments = _arguments()
    try:
        result = evaluation.evaluate(str(arguments.latimer), arguments.platform, arguments.reports,
                                     arguments.confidence)
    except (evaluation.AccuracyError, report_csv.ReportError) as error:
        print(f"latimer_accuracy.py: {error}", file=sys.stderr)
        return 1
    if arguments.format == "json":
        text = json.dumps(result, indent=2) + "\n"
    else:
        text = render.render(result, arguments.format == "markdown", arguments.layers)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
