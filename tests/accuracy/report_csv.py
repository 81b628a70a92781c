"""Reads per-layer counter reports of OpenVINO's benchmark_app (average_counters, one block, ';'-separated).

Meaning of a row's status: EXECUTED took the time it names; OPTIMIZED_OUT runs as part of another layer; NOT_RUN
needs no work. The time of a layer is that of all its stages, whatever `execType` (its last stage) says.
"""

import dataclasses
import math

HEADER = ["layerName", "execStatus", "layerType", "execType", "realTime (ms)", "cpuTime (ms)"]
STATUSES = {"EXECUTED", "OPTIMIZED_OUT", "NOT_RUN"}
# The tools print each row with three decimals at least, and the total with one.
_ROW_ROUNDING_MS = 0.0005
_TOTAL_ROUNDING_MS = 0.05


class ReportError(Exception):
    """A report that cannot be read; the message names file and line."""


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    status: str
    ms: float


@dataclasses.dataclass(frozen=True)
class Report:
    path: object  # pathlib.Path
    rows: list

    @property
    def executed(self):
        return [row for row in self.rows if row.status == "EXECUTED"]

    @property
    def measured_ms(self):
        return math.fsum(row.ms for row in self.executed)


def _milliseconds(text):
    value = float(text)  # ValueError names the text
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{text} is no time")
    return value


def _row(fields):
    if len(fields) != len(HEADER):
        raise ValueError(f"{len(fields)} fields instead of {len(HEADER)}, separated by ';'")
    name, status, _, _, real, cpu = fields
    status = status.removeprefix("Status.")  # some releases print the enumeration's name
    if not name:
        raise ValueError("the layer has no name")
    if status not in STATUSES:
        raise ValueError(f"status '{status}' is none of {', '.join(sorted(STATUSES))}")
    _milliseconds(cpu)
    return Row(name, status, _milliseconds(real))


def read(path):
    """The report in file `path`; ReportError if any line is not as the format says."""
    rows, names, total, ended = [], set(), None, False

    def fail(line, problem):
        raise ReportError(f"{path}:{line}: {problem}")

    lines = path.read_bytes().split(b"\n")
    for number, raw in enumerate(lines, 1):
        try:
            fields = raw.decode("utf-8").rstrip("\r").split(";")
        except UnicodeDecodeError:
            fail(number, "not UTF-8")
        if number == 1:
            if fields != HEADER:
                fail(number, f"the header is not '{';'.join(HEADER)}'")
        elif fields == [""]:
            ended = ended or total is not None
        elif ended:
            fail(number, "a second block; average_counters reports have one")
        elif total is not None:
            fail(number, "a line after the total")
        else:
            try:
                if fields[0] == "Total" and len(fields) == len(HEADER) and not fields[1]:
                    total = (number, _milliseconds(fields[4]))
                    continue
                row = _row(fields)
            except ValueError as error:
                fail(number, error)
            if row.name in names:
                fail(number, f"layer '{row.name}' is there twice")
            names.add(row.name)
            rows.append(row)
    report = Report(path, rows)
    if report.measured_ms <= 0:
        fail(len(lines), "the file ends without one executed layer that took time")
    slack = _TOTAL_ROUNDING_MS + _ROW_ROUNDING_MS * len(rows)
    if total is not None and abs(total[1] - report.measured_ms) > slack:
        fail(total[0], f"the total is {total[1]} ms, the executed layers' sum {report.measured_ms:.3f} ms")
    return report
