"""What every check here does with its findings."""

import sys


def finish(check, findings):
    """Prints the findings, one a line, and exits: 0 without any, 1 with some."""
    for finding in findings:
        print(finding)
    print(f"{check}: {len(findings)} findings")
    sys.exit(1 if findings else 0)
