"""Writes ONNX models of known architectures, without weights and without the onnx package.

Only what such networks need: nodes with integer attributes, initializers that have a shape and no data. Shapes of
weights follow from those of the tensors, which are tracked here.
"""

import struct

FLOAT, INT64 = 1, 7


def _varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number, value):
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _attribute(name, value):
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    if isinstance(value, float):
        return _field(1, name) + _field(2, value) + _field(20, 1)
    if isinstance(value, str):
        return _field(1, name) + _field(4, value) + _field(20, 3)
    return _field(1, name) + b"".join(_field(8, i) for i in value) + _field(20, 7)


def _tensor(name, dims, values=(), kind=FLOAT):
    data = _field(9, struct.pack(f"<{len(values)}{'f' if kind == FLOAT else 'q'}", *values)) if values else b""
    return b"".join(_field(1, d) for d in dims) + _field(2, kind) + _field(8, name) + data


def _value(name, dims):
    shape = b"".join(_field(1, _field(1, d)) for d in dims)
    return _field(1, name) + _field(2, _field(1, _field(1, FLOAT) + _field(2, shape)))


class Model:
    """A network in the making. Tensors are named after the node that writes them."""

    def __init__(self, name, input_name, shape):
        self.name = name
        self.shapes = {input_name: list(shape)}
        self.inputs = [(input_name, list(shape))]
        self.nodes = []
        self.initializers = []
        self.last = input_name
        self.work = []  # multiply-accumulates of convolutions and products

    def node(self, op, name, inputs, shape, weights=(), **attributes):
        """Adds a node; `weights` are shapes of further inputs without data."""
        names = list(inputs)
        for i, dims in enumerate(weights):
            self.initializers.append((f"{name}.w{i}", dims))
            names.append(f"{name}.w{i}")
        body = b"".join(_field(1, n) for n in names) + _field(2, f"{name}:0") + _field(3, name) + _field(4, op)
        self.nodes.append(body + b"".join(_field(5, _attribute(k, v)) for k, v in attributes.items()))
        self.shapes[f"{name}:0"] = list(shape)
        self.last = f"{name}:0"
        return self.last

    @staticmethod
    def _window(size, kernel, stride, pads, ceil=False):
        room = size + pads[0] + pads[1] - kernel
        return (-(-room // stride) if ceil else room // stride) + 1

    def _pads(self, x, kernel, stride, pad):
        """(top, left, bottom, right); pad "same" as TensorFlow has it."""
        if pad != "same":
            return [pad] * 4
        begins, ends = [], []
        for size in self.shapes[x][2:]:
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            begins.append(total // 2)
            ends.append(total - total // 2)
        return begins + ends

    def conv(self, name, x, channels, kernel, stride=1, pad=0):
        batch, c, h, w = self.shapes[x]
        p = self._pads(x, kernel, stride, pad)
        shape = [batch, channels, self._window(h, kernel, stride, (p[0], p[2])),
                 self._window(w, kernel, stride, (p[1], p[3]))]
        self.work.append(batch * channels * shape[2] * shape[3] * c * kernel * kernel)
        return self.node("Conv", name, [x], shape, [[channels, c, kernel, kernel], [channels]],
                         kernel_shape=[kernel, kernel], strides=[stride, stride], pads=p)

    def transposed(self, name, x, channels, kernel, stride):
        """Without overlap: kernel and stride are the same in the networks here."""
        batch, c, h, w = self.shapes[x]
        shape = [batch, channels, (h - 1) * stride + kernel, (w - 1) * stride + kernel]
        self.work.append(batch * c * h * w * channels * kernel * kernel)
        return self.node("ConvTranspose", name, [x], shape, [[c, channels, kernel, kernel]],
                         kernel_shape=[kernel, kernel], strides=[stride, stride])

    def pool(self, name, x, op, kernel, stride, pad=0, ceil=False):
        batch, c, h, w = self.shapes[x]
        p = self._pads(x, kernel, stride, pad)
        shape = [batch, c, self._window(h, kernel, stride, (p[0], p[2]), ceil),
                 self._window(w, kernel, stride, (p[1], p[3]), ceil)]
        attributes = {"kernel_shape": [kernel, kernel], "strides": [stride, stride], "pads": p}
        if ceil:
            attributes["ceil_mode"] = 1
        return self.node(op + "Pool", name, [x], shape, **attributes)

    def pad(self, name, x, size):
        """Zeros around the image; the amounts are an attribute up to operator set 10, an input of integers after."""
        batch, c, h, w = self.shapes[x]
        self.initializers.append((f"{name}.pads", [8], (0, 0, size, size, 0, 0, size, size), INT64))
        return self.node("Pad", name, [x, f"{name}.pads"], [batch, c, h + 2 * size, w + 2 * size], mode="constant")

    def unary(self, op, name, x, **attributes):
        return self.node(op, name, [x], self.shapes[x], **attributes)

    def relu(self, name, x):
        return self.unary("Relu", name, x)

    def binary(self, op, name, a, b):
        return self.node(op, name, [a, b], self.shapes[a])

    def concat(self, name, parts):
        shape = list(self.shapes[parts[0]])
        shape[1] = sum(self.shapes[p][1] for p in parts)
        return self.node("Concat", name, parts, shape, axis=1)

    def resize(self, name, x, factor):
        batch, c, h, w = self.shapes[x]
        self.initializers.append((f"{name}.roi", [0]))
        self.initializers.append((f"{name}.scales", [4], (1.0, 1.0, float(factor), float(factor))))
        return self.node("Resize", name, [x, f"{name}.roi", f"{name}.scales"], [batch, c, h * factor, w * factor],
                         mode="linear")

    def gemm(self, name, x, units):
        batch = self.shapes[x][0]
        size = 1
        for d in self.shapes[x][1:]:
            size *= d
        self.work.append(batch * size * units)
        return self.node("Gemm", name, [x], [batch, units], [[size, units], [units]])

    def flatten(self, name, x):
        size = 1
        for d in self.shapes[x][1:]:
            size *= d
        return self.node("Flatten", name, [x], [self.shapes[x][0], size])

    def bytes(self):
        graph = b"".join(_field(1, n) for n in self.nodes) + _field(2, self.name)
        graph += b"".join(_field(5, _tensor(*i)) for i in self.initializers)
        graph += b"".join(_field(11, _value(*i)) for i in self.inputs)
        graph += _field(12, _value(self.last, self.shapes[self.last]))
        opset = _field(1, "") + _field(2, 11)
        return _field(1, 6) + _field(2, "latimer") + _field(7, graph) + _field(8, opset)
