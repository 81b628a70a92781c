"""Networks of cell search spaces as latimer.v1.Network, without ONNX: a few hundred bytes to a few kilobytes each.

    network = nasbench201("|nor_conv_3x3~0|+|skip_connect~0|avg_pool_3x3~1|+|none~0|nor_conv_1x1~1|skip_connect~2|")
    network = nasbench101(matrix, ["input", "conv3x3-bn-relu", "maxpool3x3", "output"])

BatchNorm is folded into the convolutions, as every toolchain does; what no path from input to output uses is left out.
"""

from latimer.v1 import network_pb2

_NB201_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_NB201_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_NB101_OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


class NetworkWriter:
    """Writes a latimer.v1.Network layer by layer. Every method returns the name of what the layer makes."""

    def __init__(self, name="", shape=(1, 3, 32, 32), input_name="x"):
        self.network = network_pb2.Network(name=name)
        self.network.inputs.add(
            name=input_name, shape=network_pb2.Shape(dims=shape), data_type=network_pb2.DATA_TYPE_FLOAT32
        )

    def layer(self, layer_type, inputs, **parameters):
        """Any layer: type such as "RELU", names of inputs, parameters as latimer.v1.Layer has them."""
        name = f"n{len(self.network.layers) + 1}"
        layer_number = network_pb2.LayerType.Value("LAYER_TYPE_" + layer_type)
        self.network.layers.add(name=name, type=layer_number, inputs=inputs, **parameters)
        return name

    def conv(self, x, channels, kernel=1, stride=1, *, bias=True, groups=0):
        """A convolution, padded so that stride 1 keeps the size."""
        conv = {"kernel": [kernel] * 2, "output_channels": channels, "bias": bias, "groups": groups}
        if stride > 1:
            conv["stride"] = [stride] * 2
        if kernel > 1:
            conv["pad_begin"] = [kernel // 2] * 2
        return self.layer("CONV", [x], conv=conv)

    def relu(self, x):
        return self.layer("RELU", [x])

    def pool(self, x, kernel, stride=1, pad=0, *, average=False):
        pool = {"kernel": [kernel] * 2}
        if stride > 1:
            pool["stride"] = [stride] * 2
        if pad > 0:
            pool["pad_begin"] = [pad] * 2
        return self.layer("AVERAGE_POOL" if average else "MAX_POOL", [x], pool=pool)

    def add(self, terms):
        """The sum of one or more, two at a time."""
        total = terms[0]
        for term in terms[1:]:
            total = self.layer("ADD", [total, term])
        return total

    def concat(self, parts):
        return parts[0] if len(parts) == 1 else self.layer("CONCAT", parts)

    def classify(self, x, classes):
        """Global average pooling and a fully connected layer."""
        flat = self.layer("RESHAPE", [self.layer("GLOBAL_AVERAGE_POOL", [x])], output_shape={"shape": {"dims": [1, -1]}})
        return self.layer("FULLY_CONNECTED", [flat], fully_connected={"output_features": classes, "bias": True})


def _effective(edges, nodes):
    """Which edges lie on a way from node 0 to the last node; edges are (from, to) or None."""
    reached, needed = {0}, {nodes - 1}
    for edge in sorted(filter(None, edges), key=lambda e: e[1]):
        if edge[0] in reached:
            reached.add(edge[1])
    for edge in sorted(filter(None, edges), key=lambda e: -e[0]):
        if edge[1] in needed:
            needed.add(edge[0])
    return [edge is not None and edge[0] in reached and edge[1] in needed for edge in edges]


def parse_nasbench201(text):
    """The six operations of a cell written as NAS-Bench-201 does ("|nor_conv_3x3~0|+|…|"), in the order of its edges."""
    operations = []
    for part in text.replace("+", "|").split("|"):
        if not part:
            continue
        operation, _, source = part.partition("~")
        if operation not in _NB201_OPERATIONS or len(operations) >= 6 or source != str(_NB201_EDGES[len(operations)][0]):
            raise ValueError(f"not a NAS-Bench-201 cell: '{part}' in '{text}'")
        operations.append(operation)
    if len(operations) != 6:
        raise ValueError(f"not a NAS-Bench-201 cell: {len(operations)} edges instead of 6 in '{text}'")
    return operations


def nasbench201(cell, *, channels=16, cells_per_stage=5, classes=10, resolution=32):
    """The network of a NAS-Bench-201 cell: its text, or the six operations in the order of the text."""
    operations = parse_nasbench201(cell) if isinstance(cell, str) else list(cell)
    if len(operations) != 6 or any(operation not in _NB201_OPERATIONS for operation in operations):
        raise ValueError(f"not a NAS-Bench-201 cell: {cell!r}")
    effect = _effective([None if o == "none" else e for o, e in zip(operations, _NB201_EDGES)], 4)
    name = cell if isinstance(cell, str) else ""
    writer = NetworkWriter(name, (1, 3, resolution, resolution))
    x = writer.conv("x", channels, 3)
    for stage in range(3):
        width = channels << stage
        if stage > 0:
            first = writer.conv(writer.relu(x), width, 3, 2)
            second = writer.conv(writer.relu(first), width, 3)
            shortcut = writer.conv(writer.pool(x, 2, 2, average=True), width, bias=False)
            x = writer.add([second, shortcut])
        for _ in range(cells_per_stage):
            x = _nasbench201_cell(writer, operations, effect, x, width)
    writer.classify(writer.relu(x), classes)
    return writer.network


def _nasbench201_cell(writer, operations, effect, x, channels):
    nodes = [x, None, None, None]
    for node in range(1, 4):
        terms = []
        for operation, used, (source, target) in zip(operations, effect, _NB201_EDGES):
            if target != node or not used:
                continue
            value = nodes[source]
            if operation == "skip_connect":
                terms.append(value)
            elif operation == "avg_pool_3x3":
                terms.append(writer.pool(value, 3, 1, 1, average=True))
            else:
                terms.append(writer.conv(writer.relu(value), channels, 3 if operation == "nor_conv_3x3" else 1))
        if terms:
            nodes[node] = writer.add(terms)
    if nodes[3] is None:  # no way through: the cell's result is zero
        return writer.layer("MUL", [x], constant_elements=1)
    return nodes[3]


def nasbench101(matrix, operations, *, stem_channels=128, stacks=3, cells_per_stack=3, classes=10, resolution=32):
    """The network of a NAS-Bench-101 cell.

    matrix: upper triangular adjacency matrix, rows are sources. operations: one per vertex, "input" first, "output"
    last, between them conv3x3-bn-relu, conv1x1-bn-relu and maxpool3x3.
    """
    vertices = len(operations)
    if len(matrix) != vertices or any(len(row) != vertices for row in matrix):
        raise ValueError(f"a matrix of {len(matrix)} rows for {vertices} operations")
    if vertices < 2 or operations[0] != "input" or operations[-1] != "output":
        raise ValueError("the first operation is 'input', the last one 'output'")
    for operation in operations[1:-1]:
        if operation not in _NB101_OPERATIONS:
            raise ValueError(f"unknown operation '{operation}'; known: {', '.join(_NB101_OPERATIONS)}")
    if any(matrix[row][column] for row in range(vertices) for column in range(row + 1)):
        raise ValueError("the matrix is not upper triangular")
    edges = [(row, column) for row in range(vertices) for column in range(vertices) if matrix[row][column]]
    edges = [edge for edge, used in zip(edges, _effective(edges, vertices)) if used]
    if not edges:
        raise ValueError("no way leads from the input to the output")
    writer = NetworkWriter("", (1, 3, resolution, resolution))
    channels = stem_channels
    x, width = writer.relu(writer.conv("x", channels, 3)), stem_channels
    for stack in range(stacks):
        if stack > 0:
            x = writer.pool(x, 2, 2)
            channels *= 2
        for _ in range(cells_per_stack):
            x = _nasbench101_cell(writer, edges, operations, x, width, channels)
            width = channels
    writer.classify(x, classes)
    return writer.network


def _nasbench101_cell(writer, edges, operations, x, width, channels):
    last = len(operations) - 1
    sources = {vertex: [s for s, t in edges if t == vertex] for vertex in range(last + 1)}
    into_output = [s for s in sources[last] if s != 0]
    # Channels are shared out among what the output joins; the first get one more where they do not divide.
    depth = {last: channels}
    if into_output:
        share, rest = divmod(channels, len(into_output))
        for i, source in enumerate(into_output):
            depth[source] = share + (1 if i < rest else 0)
    for vertex in range(last - 1, 0, -1):
        targets = [t for s, t in edges if s == vertex and t != last]
        if vertex not in depth and targets:
            depth[vertex] = max(depth[t] for t in targets if t in depth)

    def project(target_channels):
        return writer.relu(writer.conv(x, target_channels))

    values = {}
    for vertex in range(1, last):
        if not sources[vertex]:
            continue
        terms = []
        for source in sources[vertex]:
            # A vertex with more channels than its reader is cut down to the reader's.
            if source == 0:
                terms.append(project(depth[vertex]))
            elif depth[source] > depth[vertex]:
                cut = {"axes": [1], "starts": [0], "ends": [depth[vertex]]}
                terms.append(writer.layer("SLICE", [values[source]], slice=cut))
            else:
                terms.append(values[source])
        total = writer.add(terms)
        if operations[vertex] == "maxpool3x3":
            values[vertex] = writer.pool(total, 3, 1, 1)
        else:
            kernel = 3 if operations[vertex].startswith("conv3x3") else 1
            values[vertex] = writer.relu(writer.conv(total, depth[vertex], kernel))
    if not into_output:
        return project(channels)
    joined = writer.concat([values[source] for source in into_output])
    return writer.add([joined, project(channels)]) if 0 in sources[last] else joined
