"""Errors, coverage, baselines and noise floor. A pair is (estimated ms, measured ms), measured > 0."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Score:
    count: int
    measured_ms: float
    estimated_ms: float
    mae_ms: float
    mape: float  # mean of |estimated - measured| / measured
    rmspe: float

    @staticmethod
    def of(pairs):
        relative = [(estimated - measured) / measured for estimated, measured in pairs]
        count = len(pairs)
        return Score(
            count=count,
            measured_ms=math.fsum(measured for _, measured in pairs),
            estimated_ms=math.fsum(estimated for estimated, _ in pairs),
            mae_ms=math.fsum(abs(estimated - measured) for estimated, measured in pairs) / count,
            mape=math.fsum(map(abs, relative)) / count,
            rmspe=math.sqrt(math.fsum(r * r for r in relative) / count),
        )


@dataclasses.dataclass(frozen=True)
class Coverage:
    count: int
    covered: int
    mean_width: float  # (upper - lower) / estimate

    @staticmethod
    def of(latencies):
        """`latencies`: pairs of a Latency of the JSON and the measured time."""
        covered = sum(latency["lowerMs"] <= measured <= latency["upperMs"] for latency, measured in latencies)
        widths = [(latency["upperMs"] - latency["lowerMs"]) / latency["estimateMs"] for latency, _ in latencies
                  if latency["estimateMs"] > 0]
        return Coverage(len(latencies), covered, math.fsum(widths) / len(widths) if widths else 0.0)


def constant_throughput(operations, measured_ms):
    """Baseline, per network: operations per millisecond of all *other* networks together; with one network its own.

    Both lists hold one value per network. Returns the list and whether it was fitted on the networks it judges.
    """
    if len(operations) == 1:
        return [operations[0] / measured_ms[0]], True
    return [(sum(operations) - own) / (sum(measured_ms) - ms) for own, ms in zip(operations, measured_ms)], False


def same_layer(unit):
    """What two units share if no model that sees a layer alone can tell them apart."""
    shapes = [tuple(shape["dims"]) for key in ("inputShapes", "outputShapes") for shape in unit[key]]
    return (unit["unitType"], unit["layerType"], tuple(shapes), unit["operations"], unit["weightBytes"],
            tuple(unit["kernel"]), tuple(unit["stride"]), unit["groups"])


def twins(units):
    """`units`: pairs of a unit of the JSON and its measured time. Returns {position: mean of its twins' times}."""
    groups = {}
    for position, (unit, ms) in enumerate(units):
        groups.setdefault(same_layer(unit), []).append((position, ms))
    prediction = {}
    for group in groups.values():
        for position, ms in group:
            if len(group) > 1:
                prediction[position] = (math.fsum(other for _, other in group) - ms) / (len(group) - 1)
    return prediction
