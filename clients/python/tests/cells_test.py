"""Cells become the networks the search spaces describe."""

import unittest

from latimer.v1 import network_pb2

from latimer_client import nasbench101, nasbench201


def sizes(network):
    """Shape of every layer's output, by name; only what cells are made of."""
    shapes = {network.inputs[0].name: list(network.inputs[0].shape.dims)}
    for layer in network.layers:
        n, c, *space = shapes[layer.inputs[0]]
        kind = network_pb2.LayerType.Name(layer.type)[len("LAYER_TYPE_"):]
        window = layer.conv if kind == "CONV" else layer.pool
        if kind in ("CONV", "MAX_POOL", "AVERAGE_POOL"):
            c = window.output_channels if kind == "CONV" else c
            pad = list(window.pad_begin) or [0, 0]
            stride = list(window.stride) or [1, 1]
            space = [(s + 2 * p - k) // t + 1 for s, p, k, t in zip(space, pad, window.kernel, stride)]
        elif kind == "ADD":
            assert all(shapes[x] == shapes[layer.inputs[0]] for x in layer.inputs), layer
        elif kind == "CONCAT":
            c = sum(shapes[x][1] for x in layer.inputs)
        elif kind == "SLICE":
            c = layer.slice.ends[0]
        elif kind == "GLOBAL_AVERAGE_POOL":
            space = [1, 1]
        elif kind == "RESHAPE":
            space = []
        elif kind == "FULLY_CONNECTED":
            c = layer.fully_connected.output_features
        shapes[layer.name] = [n, c, *space]
    return shapes


def weights(network):
    """Parameters with biases."""
    shapes, total = sizes(network), 0
    for layer in network.layers:
        inputs = shapes[layer.inputs[0]][1]
        if layer.HasField("conv"):
            out = layer.conv.output_channels
            total += inputs * out * layer.conv.kernel[0] * layer.conv.kernel[1] + (out if layer.conv.bias else 0)
        elif layer.HasField("fully_connected"):
            total += (inputs + 1) * layer.fully_connected.output_features
    return total


class NasBench201(unittest.TestCase):
    CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"

    def test_parameters_are_those_of_the_benchmark(self):
        # 1.531546 million, as the benchmark says of this cell, with scale and shift of its 97 normalisations as biases
        # of convolutions: the benchmark counts both, the two after the sums included.
        network = nasbench201(self.CELL)
        self.assertEqual(network.name, self.CELL)
        convolutions = sum(layer.type == network_pb2.LAYER_TYPE_CONV for layer in network.layers)
        self.assertEqual(convolutions, 1 + 3 * 5 * 6 + 2 * 3)
        biases = sum(layer.conv.output_channels for layer in network.layers if layer.conv.bias)
        last_normalisation = 2 * 64
        self.assertEqual(weights(network) + biases + last_normalisation, 1_531_546)

    def test_stages_halve_the_size_and_double_the_channels(self):
        shapes = list(sizes(nasbench201(self.CELL)).values())
        for shape in ([1, 16, 32, 32], [1, 32, 16, 16], [1, 64, 8, 8]):
            self.assertIn(shape, shapes)
        self.assertEqual(shapes[-1], [1, 10])

    def test_what_leads_nowhere_is_left_out(self):
        used = nasbench201("|none~0|+|nor_conv_1x1~0|none~1|+|none~0|nor_conv_3x3~1|skip_connect~2|")
        same = nasbench201("|nor_conv_3x3~0|+|nor_conv_1x1~0|none~1|+|none~0|none~1|skip_connect~2|")
        self.assertEqual(list(used.layers), list(same.layers))

    def test_a_cell_without_a_way_through_makes_zeros(self):
        kinds = [layer.type for layer in nasbench201(["none"] * 6).layers]
        self.assertEqual(kinds.count(network_pb2.LAYER_TYPE_MUL), 15)

    def test_wrong_cells_are_refused(self):
        for cell in ("", "|conv~0|", self.CELL + "|none~0|", self.CELL.replace("~2", "~1"), ["none"] * 5, ["x"] * 6):
            with self.assertRaises(ValueError):
                nasbench201(cell)


class NasBench101(unittest.TestCase):
    def test_channels_of_a_known_cell(self):
        # A chain beside a direct way to the output: the output is the chain's end plus a projection of the input.
        matrix = [[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
        network = nasbench101(matrix, ["input", "conv3x3-bn-relu", "maxpool3x3", "output"])
        shapes = list(sizes(network).values())
        self.assertEqual(shapes[-1], [1, 10])
        for shape in ([1, 128, 32, 32], [1, 256, 16, 16], [1, 512, 8, 8]):
            self.assertIn(shape, shapes)

    def test_three_ways_into_the_output_share_the_channels(self):
        matrix = [[0, 1, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0] * 5]
        operations = ["input", "conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3", "output"]
        shapes = sizes(nasbench101(matrix, operations))
        channels = {shape[1] for shape in shapes.values() if len(shape) == 4}
        self.assertTrue({43, 42, 128, 86, 85, 256, 171, 170, 512} <= channels)

    def test_wrong_cells_are_refused(self):
        chain = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
        operations = ["input", "conv1x1-bn-relu", "output"]
        for matrix, names in (
            (chain[:2], operations),
            (chain, ["input", "conv5x5", "output"]),
            (chain, ["conv1x1-bn-relu"] * 3),
            ([[0, 1, 0], [0, 0, 0], [0, 0, 0]], operations),
            ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], operations),
        ):
            with self.assertRaises(ValueError):
                nasbench101(matrix, names)


if __name__ == "__main__":
    unittest.main()
