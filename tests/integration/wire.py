"""Messages the tests put together by hand: gRPC's own services, whose Python packages Debian lacks, and ONNX models."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto


def varint(value):
    """A protobuf varint; negative numbers as 64 bits."""
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def field(number, value):
    """One protobuf field: an int as varint, text, bytes, or a list of encoded fields as a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    elif isinstance(value, (list, tuple)):
        value = b"".join(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor_info(name, dims):
    """onnx.ValueInfoProto of a float tensor."""
    shape = [field(1, [field(1, dim)]) for dim in dims]
    return [field(1, name), field(2, [field(1, [field(1, 1), field(2, shape)])])]


def onnx_node(operator, inputs, outputs, name=""):
    """onnx.NodeProto without attributes."""
    ends = [field(1, i) for i in inputs] + [field(2, o) for o in outputs]
    return [*ends, field(3, name or outputs[0]), field(4, operator)]


def onnx_model(nodes, inputs, outputs, opset=13):
    """A serialised onnx.ModelProto. inputs, outputs: lists of (name, dims)."""
    graph = [field(1, node) for node in nodes]
    graph.append(field(2, "graph"))
    graph += [field(11, tensor_info(*value)) for value in inputs]
    graph += [field(12, tensor_info(*value)) for value in outputs]
    return b"".join([field(1, 8), field(7, graph), field(8, [field(2, opset)])])


def _messages(package, definitions):
    """Message classes of a package. definitions: {message: [(field, number, type or message name, repeated)]}."""
    file = descriptor_pb2.FileDescriptorProto(name=package + ".test.proto", package=package, syntax="proto3")
    for name, fields in definitions.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind, repeated in fields:
            added = message.field.add(name=field_name, number=number)
            added.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
            if isinstance(kind, str):
                added.type, added.type_name = _FIELD.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                added.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(f"{package}.{name}")) for name in definitions}


_HEALTH = _messages(
    "grpc.health.v1",
    {
        "HealthCheckRequest": [("service", 1, _FIELD.TYPE_STRING, False)],
        "HealthCheckResponse": [("status", 1, _FIELD.TYPE_INT32, False)],
    },
)
_REFLECTION = _messages(
    "grpc.reflection.v1alpha",
    {
        "ServerReflectionRequest": [
            ("file_containing_symbol", 4, _FIELD.TYPE_STRING, False),
            ("list_services", 7, _FIELD.TYPE_STRING, False),
        ],
        "ServiceResponse": [("name", 1, _FIELD.TYPE_STRING, False)],
        "ListServiceResponse": [("service", 1, "ServiceResponse", True)],
        "FileDescriptorResponse": [("file_descriptor_proto", 1, _FIELD.TYPE_BYTES, True)],
        "ServerReflectionResponse": [
            ("file_descriptor_response", 4, "FileDescriptorResponse", False),
            ("list_services_response", 6, "ListServiceResponse", False),
        ],
    },
)

SERVING, NOT_SERVING = 1, 2


def health(channel, service=""):
    """The status of a service; raises grpc.RpcError."""
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=_HEALTH["HealthCheckRequest"].SerializeToString,
        response_deserializer=_HEALTH["HealthCheckResponse"].FromString,
    )
    return check(_HEALTH["HealthCheckRequest"](service=service), timeout=10).status


def _reflect(channel, **request):
    call = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=_REFLECTION["ServerReflectionRequest"].SerializeToString,
        response_deserializer=_REFLECTION["ServerReflectionResponse"].FromString,
    )
    return next(iter(call(iter([_REFLECTION["ServerReflectionRequest"](**request)]), timeout=10)))


def reflected_services(channel):
    """Names of the services reflection lists."""
    return [service.name for service in _reflect(channel, list_services="*").list_services_response.service]


def reflected_methods(channel, service):
    """Names of the methods of one service, from the descriptor reflection sends."""
    response = _reflect(channel, file_containing_symbol=service).file_descriptor_response
    for data in response.file_descriptor_proto:
        file = descriptor_pb2.FileDescriptorProto.FromString(data)
        for found in file.service:
            if f"{file.package}.{found.name}" == service:
                return [method.name for method in found.method]
    return []
