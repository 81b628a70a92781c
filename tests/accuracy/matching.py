"""Joins the rows of a counter report with the units of an estimate, by the names of the source nodes."""

import dataclasses


@dataclasses.dataclass
class MatchedUnit:
    index: int  # among the estimate's units
    measured_ms: float = 0.0


@dataclasses.dataclass(frozen=True)
class Unmatched:
    name: str
    ms: float  # measured, or estimated by the first kind
    why: str


@dataclasses.dataclass(frozen=True)
class Matching:
    matched: list  # MatchedUnit, in the estimate's order
    measured_only: list  # Unmatched: executed rows
    estimated_only: list  # Unmatched: units

    @property
    def matched_ms(self):
        return sum(unit.measured_ms for unit in self.matched)


def match(report, estimate):
    """`estimate` is one element of `estimates` in the JSON of `latimer estimate`.

    A unit gets the time of every executed row that is named like one of its nodes, and of rows the toolchain
    inserted behind it ("x/Transpose" belongs to x).
    """
    owner = {}
    for index, unit in enumerate(estimate["units"]):
        for node in [unit["name"], *unit["nodes"]]:
            owner[node] = index
    free = set(estimate["freeNodes"])

    matched, measured_only = {}, []
    for row in report.executed:
        index = owner.get(row.name)
        if index is None and row.name not in free:
            index = owner.get(row.name.rpartition("/")[0])
        if index is None:
            why = "free in the estimate" if row.name in free else "no such node in the graph"
            measured_only.append(Unmatched(row.name, row.ms, why))
        else:
            matched.setdefault(index, MatchedUnit(index)).measured_ms += row.ms

    status = {row.name: row.status for row in report.rows}
    estimated_only = []
    for index, unit in enumerate(estimate["units"]):
        # A time of 0 is too short for the counters: no error relative to it can be given.
        if index in matched and matched[index].measured_ms > 0:
            continue
        matched.pop(index, None)
        why = " ".join(sorted({status[node] for node in unit["nodes"] if node in status})) or "no row"
        estimated_only.append(Unmatched(unit["name"], unit["latency"]["estimateMs"], f"{why} in the report"))
    return Matching([matched[index] for index in sorted(matched)], measured_only, estimated_only)
