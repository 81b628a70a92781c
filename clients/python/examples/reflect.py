"""Asks a server what it offers and calls it, with nothing but python3-grpcio: no generated code, no .proto file.

usage: reflect.py SERVER [PLATFORM NETWORK.onnx]
"""
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

# The reflection protocol itself (grpc/reflection/v1alpha/reflection.proto), as far as it is used here.
BYTES, STRING, MESSAGE = 12, 9, 11
PROTOCOL = {
    "Request": [("file_containing_symbol", 4, STRING, ""), ("list_services", 7, STRING, "")],
    "Files": [("file_descriptor_proto", 1, BYTES, "repeated")],
    "Service": [("name", 1, STRING, "")],
    "Services": [("service", 1, MESSAGE, "repeated Service")],
    "Answer": [("file_descriptor_response", 4, MESSAGE, "Files"), ("list_services_response", 6, MESSAGE, "Services")],
}


def message_class(pool, name):
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def protocol():
    file = descriptor_pb2.FileDescriptorProto(name="reflection.proto", package="reflection", syntax="proto3")
    for name, fields in PROTOCOL.items():
        message = file.message_type.add(name=name)
        for field, number, kind, more in fields:
            added = message.field.add(name=field, number=number, type=kind, label=3 if "repeated" in more else 1)
            if kind == MESSAGE:
                added.type_name = ".reflection." + more.split()[-1]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_class(pool, "reflection.Request"), message_class(pool, "reflection.Answer")


class Server:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.pool = descriptor_pool.DescriptorPool()
        self.request, answer = protocol()
        self.ask = self.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=self.request.SerializeToString, response_deserializer=answer.FromString)

    def services(self):
        answer = next(self.ask(iter([self.request(list_services="*")])))
        return [service.name for service in answer.list_services_response.service]

    def service(self, name):
        answer = next(self.ask(iter([self.request(file_containing_symbol=name)])))
        for data in reversed(answer.file_descriptor_response.file_descriptor_proto):  # what is imported comes last
            self.pool.AddSerializedFile(data)
        return self.pool.FindServiceByName(name)

    def call(self, method, **fields):
        request = message_class(self.pool, method.input_type.full_name)(**fields)
        answer = message_class(self.pool, method.output_type.full_name)
        path = f"/{method.containing_service.full_name}/{method.name}"
        return self.channel.unary_unary(path, type(request).SerializeToString, answer.FromString)(request, timeout=30)


def main():
    address, *query = sys.argv[1:]
    server = Server(address)
    if not query:
        print(*server.services(), sep="\n")
        return
    platform, network = query
    estimate = server.service("latimer.v1.EstimationService").methods_by_name["Estimate"]
    with open(network, "rb") as file:
        answer = server.call(estimate, platform=platform, network={"onnx_model": file.read()}, options={"view": 1})
    print(json_format.MessageToJson(answer))


if __name__ == "__main__":
    main()
