"""Takes the weights out of a serialised ONNX model: latency depends on their shapes, not on their values.

Works on the bytes of the protobuf encoding, so neither the onnx package nor a second copy of the weights is needed.
"""

# Small constants stay: Reshape, Resize, Clip and others read their parameters from them.
KEPT_BYTES = 1024

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_ATTRIBUTE = 5
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH = 5, 6
_TENSOR_DATA = frozenset((4, 5, 6, 7, 9, 10, 11))  # the typed lists and raw_data
_TENSOR_EXTERNAL = frozenset((13, 14))  # external_data, data_location

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def strip_weights(model: bytes) -> bytes:
    """The model without the values of its large constants; their dimensions and types stay.

    External data is forgotten in the same way. Raises ValueError where `model` is no protobuf message.
    """
    return _rewrite(memoryview(model), {_MODEL_GRAPH: _strip_graph})


def _strip_graph(graph):
    return _rewrite(graph, {_GRAPH_NODE: _strip_node, _GRAPH_INITIALIZER: _strip_tensor})


def _strip_node(node):
    return _rewrite(node, {_NODE_ATTRIBUTE: _strip_attribute})


def _strip_attribute(attribute):
    return _rewrite(attribute, {_ATTRIBUTE_TENSOR: _strip_tensor, _ATTRIBUTE_GRAPH: _strip_graph})


def _strip_tensor(tensor):
    fields = list(_fields(tensor))
    data_bytes = sum(end - payload for number, _, _, payload, end in fields if number in _TENSOR_DATA)
    dropped = _TENSOR_EXTERNAL | (_TENSOR_DATA if data_bytes > KEPT_BYTES else frozenset())
    return b"".join(tensor[start:end] for number, _, start, _, end in fields if number not in dropped)


def _rewrite(message, handlers):
    """`message` with the sub-messages that have a handler replaced by what it returns."""
    parts = []
    for number, wire_type, start, payload, end in _fields(message):
        handler = handlers.get(number)
        if handler is None or wire_type != _LENGTH:
            parts.append(message[start:end])
            continue
        body = handler(message[payload:end])
        parts += (_varint(number << 3 | _LENGTH), _varint(len(body)), body)
    return b"".join(parts)


def _fields(message):
    """Yields (field number, wire type, start, start of the payload, end) of every field."""
    position, size = 0, len(message)
    while position < size:
        start = position
        key, position = _read_varint(message, position)
        wire_type = key & 7
        payload = position
        if wire_type == _VARINT:
            _, position = _read_varint(message, position)
        elif wire_type == _LENGTH:
            length, payload = _read_varint(message, position)
            position = payload + length
        elif wire_type in (_FIXED64, _FIXED32):
            position += 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError("not a serialised ONNX model")
        if position > size:
            raise ValueError("not a serialised ONNX model, or cut short")
        yield key >> 3, wire_type, start, payload, position


def _read_varint(message, position):
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise ValueError("not a serialised ONNX model, or cut short")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("not a serialised ONNX model")


def _varint(value):
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
