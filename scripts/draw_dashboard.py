#!/usr/bin/env python3
"""Draws the panels of a dashboard from the data of a Prometheus, as an SVG picture for the documents.

usage: scripts/draw_dashboard.py URL DASHBOARD.json PICTURE.svg [SECONDS]      SECONDS: how far back; default: all there is

It shows what Grafana would, with all variables at All, and plainer: lines, bars, numbers, tables, a heat map.
"""

import html
import json
import math
import pathlib
import re
import sys
import time
import urllib.parse
import urllib.request

COLUMN, ROW, GAP, HEAD = 46, 26, 4, 22
COLOURS = ("#3366aa", "#dd7722", "#339955", "#bb3344", "#8855aa", "#887744", "#cc66aa", "#667788", "#88aa33", "#22aabb")
THRESHOLDS = {"green": "#2b8a4a", "yellow": "#b58900", "red": "#c0392b"}
STYLE = """text{font:11px sans-serif;fill:#222}.title{font-weight:bold}.head{font-size:14px;font-weight:bold}
.dim{fill:#777;font-size:10px}.panel{fill:#fff;stroke:#d5d8dd}.grid{stroke:#eceef1}.back{fill:#f4f5f7}"""


class Source:
    """A Prometheus over the time that is drawn."""

    def __init__(self, address, seconds):
        self.address = address.rstrip("/")
        self.end = time.time()
        if not seconds:
            first = self._get("query", query="min(min_over_time(timestamp(up)[1d:10s]))")["result"]
            seconds = max(30, self.end - float(first[0]["value"][1])) if first else 3600
        self.start = self.end - seconds
        self.step = max(1, seconds / 150)
        self.rate = f"{max(15, round(4 * self.step))}s"
        self.range = f"{round(seconds) + 1}s"

    def _get(self, path, **parameters):
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=20) as response:
            return json.load(response)["data"]

    def ask(self, target):
        """[(labels, [(time, value)])]; an instant query has one point per series."""
        expression = target["expr"].replace("$__rate_interval", self.rate).replace("$__range", self.range)
        expression = re.sub(r"\$\w+", ".*", expression)
        if target.get("instant"):
            result = self._get("query", query=expression, time=self.end)["result"]
            series = [(one["metric"], [one["value"]]) for one in result]
        else:
            result = self._get("query_range", query=expression, start=self.start, end=self.end, step=self.step)["result"]
            series = [(one["metric"], one["values"]) for one in result]
        numbers = [(labels, [(at, float(value)) for at, value in points]) for labels, points in series]
        return [(labels, [p for p in points if math.isfinite(p[1])]) for labels, points in numbers
                if any(math.isfinite(value) for _, value in points)]


def legend(target, labels):
    text = re.sub(r"{{\s*(\w+)\s*}}", lambda match: labels.get(match[1], ""), target["legendFormat"])
    return re.sub(r"\s+", " ", text).strip()


def scaled(value, steps):
    for limit, factor, suffix in steps:
        if abs(value) >= limit:
            return f"{value / factor:.3g}{suffix}"
    return f"{value:.3g}"


def show(value, unit):
    """A value as people read it."""
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "s":
        return scaled(value, ((86400, 86400, " d"), (3600, 3600, " h"), (60, 60, " min"), (1, 1, " s"), (1e-3, 1e-3, " ms"),
                              (1e-9, 1e-6, " µs")))
    if unit in ("bytes", "hertz"):
        letter = "B" if unit == "bytes" else "Hz"
        return scaled(value, ((1e9, 1e9, f" G{letter}"), (1e6, 1e6, f" M{letter}"), (1e3, 1e3, f" k{letter}")))
    suffix = {"reqps": "/s", "ops": "/s", "celsius": " °C"}.get(unit, "")
    return scaled(value, ((1e6, 1e6, " M"), (1e4, 1e3, " k"))) + suffix


def colour(value, defaults, otherwise=COLOURS[0]):
    chosen = otherwise
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            chosen = THRESHOLDS[step["color"]]
    return chosen


def text(x, y, words, kind="", anchor="start", **more):
    extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{extra}>{html.escape(str(words))}</text>'


def rectangle(x, y, width, height, fill, kind=""):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0, width):.1f}" height="{max(0, height):.1f}" '
            + (f'class="{kind}"' if kind else f'fill="{fill}"') + "/>")


def cut(words, room):
    most = max(3, int(room / 5.6))
    return words if len(words) <= most else words[: most - 1] + "…"


def draw_lines(panel, source, x, y, width, height):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    lines = [(legend(target, labels), points) for target in panel["targets"] for labels, points in source.ask(target)]
    if not lines:
        return None
    shown = lines[:8]
    bottom = y + height - 14 * math.ceil(len(shown) / 2) - 14
    values = [value for _, points in shown for _, value in points]
    low, high = min(0, *values), max(values)
    high = high if high > low else low + 1
    left, right, top = x + 52, x + width - 8, y + 6
    out = []
    for i in range(4):
        value = low + (high - low) * i / 3
        at = bottom - (bottom - top) * i / 3
        out.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" class="grid"/>')
        out.append(text(left - 4, at + 3, show(value, unit), "dim", "end"))
    span = source.end - source.start
    for i in range(3):
        words = "now" if i == 2 else f"-{show(span * (2 - i) / 2, 's')}"
        out.append(text(left + (right - left) * i / 2, bottom + 12, words, "dim", ("start", "middle", "end")[i]))
    for i, (name, points) in enumerate(shown):
        path = " ".join(f"{left + (right - left) * (at - source.start) / span:.1f},"
                        f"{bottom - (bottom - top) * (value - low) / (high - low):.1f}" for at, value in points)
        stroke = COLOURS[i % len(COLOURS)]
        if len(points) == 1:
            cx, cy = path.split(",")
            out.append(f'<circle cx="{cx}" cy="{cy}" r="2" fill="{stroke}"/>')
        else:
            out.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="1.5"/>')
        lx, ly = x + 8 + (i % 2) * (width / 2 - 6), bottom + 26 + 14 * (i // 2)
        out.append(rectangle(lx, ly - 7, 8, 8, stroke))
        more = f" (+{len(lines) - len(shown)})" if i == len(shown) - 1 and len(lines) > len(shown) else ""
        out.append(text(lx + 12, ly, cut(name, width / 2 - 40) + more, "dim"))
    return out


def draw_stat(panel, source, x, y, width, height):
    defaults = panel["fieldConfig"]["defaults"]
    found = [(legend(t, labels), points[-1][1]) for t in panel["targets"] for labels, points in source.ask(t)]
    if not found:
        return None
    shown = found[:3]
    each = height / len(shown)
    size = min(26, each * 0.7)
    out = []
    for i, (name, value) in enumerate(shown):
        middle = y + each * (i + 0.5)
        fill = colour(value, defaults)
        out.append(text(x + width - 8, middle + size / 3, show(value, defaults["unit"]), "", "end",
                        style=f"font-size:{size:.0f}px;fill:{fill}"))
        out.append(text(x + 8, middle + 4, cut(name, width * 0.45), "dim"))
    return out


def draw_bars(panel, source, x, y, width, height):
    defaults = panel["fieldConfig"]["defaults"]
    found = [(legend(t, labels), points[-1][1]) for t in panel["targets"] for labels, points in source.ask(t)]
    if not found:
        return None
    each = min(20, height / len(found))
    most = max(value for _, value in found) or 1
    out = []
    for i, (name, value) in enumerate(found):
        top = y + each * i
        out.append(text(x + 8, top + each * 0.7, cut(name, 190), "dim"))
        room = width - 200 - 70
        out.append(rectangle(x + 200, top + 2, room * value / most, each - 4, colour(value, defaults)))
        out.append(text(x + 206 + room * value / most, top + each * 0.7, show(value, defaults["unit"]), "dim"))
    return out


def draw_table(panel, source, x, y, width, height):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    found = [(labels, points[-1][1]) for target in panel["targets"] for labels, points in source.ask(target)]
    if not found:
        return None
    hidden = {"__name__", "instance", "job"}
    columns = sorted({name for labels, _ in found for name in labels} - hidden)
    rows = [[labels.get(name, "") for name in columns] + [show(value, unit)] for labels, value in found]
    lengths = [max(len(cell) for cell in column) for column in zip(columns + ["value"], *rows)]
    room = (width - 16) / (sum(lengths) + len(lengths))
    out = []
    for r, cells in enumerate([columns + ["value"], *sorted(rows)][: int(height / 15)]):
        at = x + 8
        for cell, length in zip(cells, lengths):
            out.append(text(at, y + 12 + 15 * r, cut(cell, room * (length + 1)), "title" if r == 0 else "dim"))
            at += room * (length + 1)
    return out


def draw_heatmap(panel, source, x, y, width, height):
    found = sorted((float(labels["le"].replace("+Inf", "inf")), dict(points))
                   for target in panel["targets"] for labels, points in source.ask(target))
    if not found:
        return None
    times = sorted({at for _, points in found for at in points})
    cells = []
    for i, (_, points) in enumerate(found):
        below = found[i - 1][1] if i else {}
        cells.append({at: points.get(at, 0) - below.get(at, 0) for at in times})
    most = max((value for row in cells for value in row.values()), default=0) or 1
    left, each = x + 52, (height - 20) / len(found)
    span = source.end - source.start
    out = []
    for i, row in enumerate(cells):
        top = y + height - 14 - each * (i + 1)
        bound = found[i][0]
        words = "more" if math.isinf(bound) else "≤ " + show(bound, panel["fieldConfig"]["defaults"]["unit"])
        out.append(text(left - 4, top + each * 0.7, words, "dim", "end"))
        for at, value in row.items():
            if value > 0.01 * most:
                shade = f"rgb(255,{220 - 150 * value / most:.0f},{180 - 170 * value / most:.0f})"
                out.append(rectangle(left + (width - 60) * (at - source.start) / span, top,
                                     (width - 60) * source.step / span + 0.5, each - 1, shade))
    return out


DRAW = {"timeseries": draw_lines, "stat": draw_stat, "bargauge": draw_bars, "table": draw_table, "heatmap": draw_heatmap}


def draw(dashboard, source):
    out, bottom = [], 0
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        x, y = place["x"] * COLUMN, 30 + place["y"] * ROW
        width, height = place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
        bottom = max(bottom, y + height)
        if panel["type"] == "row":
            out.append(text(x + 4, y + 17, panel["title"], "head"))
            continue
        out.append(rectangle(x, y, width, height, "", "panel"))
        out.append(text(x + 8, y + 15, cut(panel["title"], width), "title"))
        drawn = DRAW[panel["type"]](panel, source, x, y + HEAD, width, height - HEAD - 4)
        out += drawn if drawn else [text(x + width / 2, y + height / 2, "no data", "dim", "middle")]
    width = 24 * COLUMN
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom + 8}" '
            f'viewBox="0 0 {width} {bottom + 8}"><style>{STYLE}</style>',
            rectangle(0, 0, width, bottom + 8, "", "back"), text(4, 20, dashboard["title"], "head")]
    return "\n".join([*head, *out, "</svg>", ""])


def main():
    if len(sys.argv) not in (4, 5):
        raise SystemExit(__doc__)
    address, dashboard, picture = sys.argv[1:4]
    source = Source(address, float(sys.argv[4]) if len(sys.argv) == 5 else 0)
    drawn = draw(json.loads(pathlib.Path(dashboard).read_text(encoding="utf-8")), source)
    pathlib.Path(picture).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
