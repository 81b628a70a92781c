"""The comparison as text or Markdown tables."""


def _percent(value):
    return f"{100 * value:.1f} %"


def _signed(value):
    return f"{100 * value:+.1f} %"


def _ms(value):
    return f"{value:.3f}"


class Writer:
    """Collects paragraphs and tables; `markdown` decides how tables look. Cells of column 0 are left-aligned."""

    def __init__(self, markdown):
        self._markdown = markdown
        self._parts = []

    def heading(self, text):
        self._parts.append(f"### {text}" if self._markdown else f"{text}\n{'=' * len(text)}")

    def paragraph(self, text):
        self._parts.append(text)

    def table(self, header, rows, left=1):
        cells = [[str(cell) for cell in row] for row in rows]
        if self._markdown:
            lines = ["| " + " | ".join(header) + " |",
                     "| " + " | ".join("---" if i < left else "---:" for i in range(len(header))) + " |"]
            lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
        else:
            widths = [max(len(row[i]) for row in [header, *cells]) for i in range(len(header))]
            lines = ["  ".join(cell.ljust(w) if i < left else cell.rjust(w)
                               for i, (cell, w) in enumerate(zip(row, widths))).rstrip() for row in [header, *cells]]
        self._parts.append("\n".join(lines))

    def text(self):
        return "\n\n".join(self._parts) + "\n"


def _score_cells(score):
    return [score["count"], _ms(score["measured_ms"]), _ms(score["estimated_ms"]), _ms(score["mae_ms"]),
            _percent(score["mape"]), _percent(score["rmspe"])]


def _networks(writer, result):
    writer.heading("Networks")
    rows = []
    for network in result["networks"]:
        rows += [[network["graph"], model, _ms(network["measuredMs"]), _ms(e["ms"]), _signed(e["error"])]
                 for model, e in network["estimates"].items()]
    models = result["networks"][0]["estimates"]
    rows += [["mean of absolute errors", model, "", "",
              _percent(sum(abs(n["estimates"][model]["error"]) for n in result["networks"]) / len(result["networks"]))]
             for model in models]
    writer.table(["network", "model", "measured ms", "estimated ms", "error"], rows, left=2)
    writer.table(["network", "report", "units matched", "of units", "matched ms", "share of measured time"],
                 [[n["graph"], n["report"], n["matchedUnits"], n["units"], _ms(n["matchedMs"]),
                   _percent(n["matchedShare"])] for n in result["networks"]], left=2)


def _layers(writer, result):
    writer.heading("Layers, by type")
    writer.table(["layer type", "model", "units", "measured ms", "estimated ms", "MAE ms", "MAPE", "RMSPE"],
                 [[name, model, *_score_cells(score)] for name, by in result["layerErrors"].items()
                  for model, score in by.items()], left=2)
    writer.heading("Noise floor")
    if not result["noiseFloor"]:
        writer.paragraph("No two layers of these networks are the same: the reports give none.")
        return
    writer.paragraph("Layers that are there more than once (same type, shapes, kernel, stride, groups, fused operations), each "
                     "predicted by the mean of the others' measured times: noise and what the surroundings change. "
                     "No model that sees one layer alone gets below. The models on the same layers:")
    writer.table(["model", "units", "measured ms", "estimated ms", "MAE ms", "MAPE", "RMSPE"],
                 [[model, *_score_cells(score)] for model, score in result["noiseFloor"].items()])


def _coverage(writer, result):
    writer.heading("Intervals")
    writer.paragraph(f"Source of the intervals: {result['intervalSource']}. Width: (upper - lower) / estimate, mean.")
    rows = []
    for entry in result["coverage"]:
        for what in ("units", "networks"):
            c = entry[what]
            rows.append([entry["kind"], what, _percent(entry["level"]), f"{c['covered']} of {c['count']}",
                         _percent(c["covered"] / c["count"]), _percent(c["mean_width"])])
    writer.table(["model", "intervals of", "level", "covered", "coverage", "width"], rows, left=2)


def _unmatched(writer, result):
    writer.heading("Not matched")
    rows = []
    for network in result["networks"]:
        for key, side in (("measuredOnly", "measured only"), ("estimatedOnly", "estimated only")):
            rows += [[network["graph"], side, u["name"], u["why"], _ms(u["ms"])] for u in network[key]]
    if rows:
        writer.table(["network", "side", "name", "why", "ms"], rows, left=4)
    else:
        writer.paragraph("Everything was matched.")


def _every_layer(writer, result):
    writer.heading("Every layer")
    kinds = result["kinds"]
    writer.table(["layer", "type", "measured ms", *kinds],
                 [[layer["name"], layer["layerType"], _ms(layer["measuredMs"]), *[_ms(layer[k]) for k in kinds]]
                  for network in result["networks"] for layer in network["layers"]], left=2)


def render(result, markdown, every_layer):
    writer = Writer(markdown)
    notes = [f"Platform {result['platform']}, version {result['modelVersion']}."]
    if result["notModelled"]:
        notes.append(f"No models of kind {', '.join(result['notModelled'])} on this platform.")
    notes += [f"{kind}: same as {other}." for kind, other in result["sameAs"].items()]
    notes.append("Constant throughput: operations per second fitted on " +
                 ("the same network, there being one only." if result["baselineInSample"]
                  else "the other networks."))
    writer.paragraph(" ".join(notes))
    _networks(writer, result)
    _layers(writer, result)
    _coverage(writer, result)
    _unmatched(writer, result)
    if every_layer:
        _every_layer(writer, result)
    return writer.text()
