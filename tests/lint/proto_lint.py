"""Style and compatibility of the API, read from a compiled descriptor set.

usage: proto_lint.py DESCRIPTOR_SET [--baseline DESCRIPTOR_SET]
The set is made by protoc --include_source_info --include_imports --descriptor_set_out=….

Style: package = folder with a version at its end; services end in Service; requests and answers belong to one call
(a call about one resource may return the resource itself); enum values carry the enum's name and start with _UNSPECIFIED = 0; fields are
lower_snake_case; everything is commented. Compatibility with the baseline: nothing removed without reserving its
number and name, nothing renumbered, renamed or retyped, on the wire or in JSON.
"""

import argparse
import re
import sys

from google.protobuf import descriptor_pb2

import report

OURS = "latimer/"
FIELD = descriptor_pb2.FieldDescriptorProto

# Paths of source code info (descriptor.proto).
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE = 4, 5, 6
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM, MESSAGE_ONEOF = 2, 3, 4, 8
ENUM_VALUE, SERVICE_METHOD = 2, 2


def load(path):
    with open(path, "rb") as file:
        return [f for f in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file if f.name.startswith(OURS)]


def upper_snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


class Style:
    """Findings of one file."""

    def __init__(self, file, files=()):
        self.file = file
        self.resources = resources([file, *files])
        self.comments = {
            tuple(l.path): (l.leading_comments or l.trailing_comments).strip()
            for l in file.source_code_info.location
        }
        self.findings = []

    def add(self, name, text):
        self.findings.append(f"{self.file.name}: {name}: {text}")

    def commented(self, path, name):
        if not self.comments.get(path):
            self.add(name, "no comment")

    def run(self):
        file = self.file
        folder = file.name.rpartition("/")[0]
        if file.package != folder.replace("/", "."):
            self.add(file.package, f"package should be {folder.replace('/', '.')}")
        if not re.search(r"\.v[1-9][0-9]*((alpha|beta)[1-9]?)?$", file.package):
            self.add(file.package, "package has no version at its end")
        if file.syntax != "proto3":
            self.add(file.name, "not proto3")
        if file.public_dependency:
            self.add(file.name, "public import")
        for i, message in enumerate(file.message_type):
            self.message(message, (FILE_MESSAGE, i), message.name)
        for i, enum in enumerate(file.enum_type):
            self.enum(enum, (FILE_ENUM, i), enum.name)
        for i, service in enumerate(file.service):
            self.service(service, (FILE_SERVICE, i))
        return self.findings

    def message(self, message, path, name):
        if message.options.map_entry:
            return
        self.commented(path, name)
        if not re.fullmatch(r"([A-Z][a-z0-9]+)+", message.name):
            self.add(name, "not UpperCamelCase")
        for i, field in enumerate(message.field):
            self.commented(path + (MESSAGE_FIELD, i), f"{name}.{field.name}")
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", field.name):
                self.add(f"{name}.{field.name}", "not lower_snake_case")
        optional = {field.oneof_index for field in message.field if field.proto3_optional}
        for i, oneof in enumerate(message.oneof_decl):
            if i in optional:
                continue  # made by protoc; the field's comment is the comment
            self.commented(path + (MESSAGE_ONEOF, i), f"{name}.{oneof.name}")
        for i, nested in enumerate(message.nested_type):
            self.message(nested, path + (MESSAGE_NESTED, i), f"{name}.{nested.name}")
        for i, enum in enumerate(message.enum_type):
            self.enum(enum, path + (MESSAGE_ENUM, i), f"{name}.{enum.name}")

    def enum(self, enum, path, name):
        self.commented(path, name)
        prefix = upper_snake(enum.name) + "_"
        if enum.options.allow_alias:
            self.add(name, "allow_alias")
        for i, value in enumerate(enum.value):
            self.commented(path + (ENUM_VALUE, i), f"{name}.{value.name}")
            if not value.name.startswith(prefix):
                self.add(f"{name}.{value.name}", f"does not start with {prefix}")
            if value.number == 0 and value.name != prefix + "UNSPECIFIED":
                self.add(f"{name}.{value.name}", f"the value 0 should be {prefix}UNSPECIFIED")

    def service(self, service, path):
        self.commented(path, service.name)
        if not service.name.endswith("Service"):
            self.add(service.name, "does not end in Service")
        for i, method in enumerate(service.method):
            name = f"{service.name}.{method.name}"
            self.commented(path + (SERVICE_METHOD, i), name)
            takes, gives = (t.rpartition(".")[2] for t in (method.input_type, method.output_type))
            if takes != f"{method.name}Request":
                self.add(name, f"takes {takes}, should take {method.name}Request")
            if gives != f"{method.name}Response" and method.output_type not in self.resources:
                self.add(name, f"returns {gives}, should return {method.name}Response")


def resources(files):
    """Full names of messages that stand for a thing with a name of its own, as against requests and answers."""
    return {f".{file.package}.{message.name}" for file in files for message in file.message_type
            if message.field and message.field[0].name == "name" and not message.name.endswith(("Request", "Response"))}


def unique_messages(files):
    """A request or answer belongs to one call, except for resources."""
    seen, findings, shared = {}, [], resources(files)
    for file in files:
        for service in file.service:
            for method in service.method:
                name = f"{service.name}.{method.name}"
                for kind in {method.input_type, method.output_type} - shared:
                    if kind in seen:
                        findings.append(f"{file.name}: {name}: shares {kind[1:]} with {seen[kind]}")
                    seen[kind] = name
    return findings


def index(files):
    """Everything that has a name on the wire or in JSON: messages, enums, methods."""
    messages, enums, methods = {}, {}, {}

    def message(prefix, m):
        messages[f"{prefix}.{m.name}"] = m
        for nested in m.nested_type:
            message(f"{prefix}.{m.name}", nested)
        for e in m.enum_type:
            enums[f"{prefix}.{m.name}.{e.name}"] = e

    for file in files:
        for m in file.message_type:
            message(file.package, m)
        for e in file.enum_type:
            enums[f"{file.package}.{e.name}"] = e
        for service in file.service:
            for method in service.method:
                methods[f"{file.package}.{service.name}.{method.name}"] = method
    return messages, enums, methods


def field_type(field):
    return (field.type, field.type_name, field.label == FIELD.LABEL_REPEATED, field.proto3_optional)


def is_reserved(message, number, name, last):
    """`last` is 1 for enums, whose reserved ranges include their end, 0 for messages, whose do not."""
    in_range = any(r.start <= number < r.end + last for r in message.reserved_range)
    return in_range and name in message.reserved_name


def breaking(old_files, new_files):
    old_messages, old_enums, old_methods = index(old_files)
    new_messages, new_enums, new_methods = index(new_files)
    findings = []
    for name, old in old_messages.items():
        new = new_messages.get(name)
        if new is None:
            findings.append(f"{name}: message removed")
            continue
        fields = {f.number: f for f in new.field}
        for field in old.field:
            now = fields.get(field.number)
            if now is None:
                if not is_reserved(new, field.number, field.name, 0):
                    findings.append(f"{name}.{field.name}: removed or renumbered without reserving number and name")
            elif now.name != field.name:
                findings.append(f"{name}.{field.name}: renamed to {now.name}")
            elif field_type(now) != field_type(field):
                findings.append(f"{name}.{field.name}: type changed")
            elif bool(now.HasField("oneof_index")) != bool(field.HasField("oneof_index")):
                findings.append(f"{name}.{field.name}: moved into or out of a oneof")
    for name, old in old_enums.items():
        new = new_enums.get(name)
        if new is None:
            findings.append(f"{name}: enum removed")
            continue
        values = {v.number: v for v in new.value}
        for value in old.value:
            now = values.get(value.number)
            if now is None:
                if not is_reserved(new, value.number, value.name, 1):
                    findings.append(f"{name}.{value.name}: removed or renumbered without reserving number and name")
            elif now.name != value.name:
                findings.append(f"{name}.{value.name}: renamed to {now.name}")
    for name, old in old_methods.items():
        new = new_methods.get(name)
        if new is None:
            findings.append(f"{name}: call removed")
        elif (new.input_type, new.output_type, new.client_streaming, new.server_streaming) != (
            old.input_type, old.output_type, old.client_streaming, old.server_streaming
        ):
            findings.append(f"{name}: type of request or answer changed")
    return findings


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("descriptor_set")
    parser.add_argument("--baseline")
    arguments = parser.parse_args()
    files = load(arguments.descriptor_set)
    if not files:
        sys.exit(f"{arguments.descriptor_set}: no file under {OURS}")
    findings = [finding for file in files for finding in Style(file, files).run()] + unique_messages(files)
    if arguments.baseline:
        findings += breaking(load(arguments.baseline), files)
    report.finish("proto_lint", findings)


if __name__ == "__main__":
    main()
