"""The checks find what they are there for: each is fed a fault."""

import os
import pathlib
import tempfile
import unittest

from google.protobuf import descriptor_pb2

import docs_check
import forbidden_words
import format_check
import include_rules
import proto_lint
import source_tree


class ForbiddenWords(unittest.TestCase):
    def found(self, line):
        return list(forbidden_words.check_line(line))

    def test_finds_each_kind(self):
        self.assertEqual(self.found("// TO" + "DO: later"), ["unfinished work"])
        self.assertEqual(self.found("  GTEST_SK" + "IP();"), ["a test that does not test"])
        self.assertEqual(self.found("see /ho" + "me/someone/main"), ["a path of one machine"])
        self.assertEqual(self.found('Read("/t' + 'mp/x")'), ["a path of one machine"])
        self.assertIn("packages.example.org", self.found("curl https:" + "//Packages.Example.org/x".lower())[0])

    def test_leaves_ordinary_text_alone(self):
        for line in ('#include "server/worker_pool.h"', "mktemp -d", '"${TMPDIR:-/tmp}"', "network/work/x", "crates",
                     "https://github.com/x", "dns://server:50051"):
            self.assertEqual(self.found(line), [], line)

    def test_refuses_long_and_large_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.cc"
            path.write_text("\n" * (forbidden_words.LONGEST_FILE + 1))
            self.assertTrue(list(forbidden_words.check(path, "core/x.cc")))
            path.write_text("x" * (forbidden_words.LARGEST_FILE + 1))
            self.assertTrue(list(forbidden_words.check(path, "core/x.cc")))


class IncludeRules(unittest.TestCase):
    def findings(self, path, header):
        return list(include_rules.check_include(path, header))

    def test_core_knows_nothing_above(self):
        self.assertTrue(self.findings("core/model/x.cc", "server/server.h"))
        self.assertTrue(self.findings("core/model/x.cc", "cli/app.h"))
        self.assertTrue(self.findings("core/model/x.cc", "grpcpp/grpcpp.h"))
        self.assertTrue(self.findings("core/model/x.cc", "latimer/v1/estimation_service.grpc.pb.h"))
        self.assertTrue(self.findings("core/model/x.cc", "thread"))

    def test_engines_stay_in_backends(self):
        self.assertTrue(self.findings("server/x.cc", "opencv2/dnn.hpp"))
        self.assertTrue(self.findings("server/x.cc", "backends/backend.h"))

    def test_guards_and_string_views(self):
        good = "#ifndef LATIMER_CORE_BASE_X_H_\n#define LATIMER_CORE_BASE_X_H_\n#endif\n"
        path = source_tree.ROOT / "core/base/x.h"
        self.assertFalse(list(include_rules.check_text(path, good)))
        self.assertTrue(list(include_rules.check_text(path, good.replace("BASE_X", "X"))))
        self.assertTrue(list(include_rules.check_text(path, good + "std::string_" + "view text;\n")))

    def test_downward_is_fine(self):
        self.assertFalse(self.findings("server/x.cc", "core/base/error.h"))
        self.assertFalse(self.findings("core/network/x.cc", "latimer/v1/network.pb.h"))
        self.assertFalse(self.findings("cli/main.cc", "server/server.h"))


HELP = """Usage: tool [OPTIONS]

Options:
  -h,     --help              Print this help
  --top N:POSITIVE            Print only the N slowest
                              layers
"""
TABLE = """## tool

| option | default | meaning |
| --- | --- | --- |
| `--help` | | Print this help |
| `--top` | all | Print only the N slowest layers |
"""


class Docs(unittest.TestCase):
    def test_options(self):
        self.assertEqual(docs_check.options(HELP), {"--help", "--top"})
        self.assertFalse(list(docs_check.check_options(TABLE, "tool", HELP)))
        for old, new in [("--top", "--least"), ("only the", "the"), ("| `--help` | | Print this help |\n", ""),
                         ("## tool", "## other")]:
            self.assertTrue(list(docs_check.check_options(TABLE.replace(old, new), "tool", HELP)), new)

    def test_links(self):
        path = source_tree.ROOT / "README.md"
        text = "## A heading\n[here](LICENSE) [there](#a-heading) [else](https://github.com)"
        self.assertFalse(list(docs_check.check_links(path, text)))
        for wrong in ("[x](no/such/file)", "[x](#no-heading)"):
            self.assertTrue(list(docs_check.check_links(path, text + wrong)))

    def test_reasons(self):
        thrown = docs_check.reasons(['return InvalidArgument("BAD_AXIS", x);',
                                     'Error(absl::StatusCode::kInternal,\n   "INTERNAL", y);'])
        self.assertEqual(thrown, {"BAD_AXIS", "INTERNAL"})
        good = "## Errors\n`BAD_AXIS` and `INTERNAL`\n## Other"
        self.assertFalse(list(docs_check.check_reasons(good, thrown)))
        self.assertTrue(list(docs_check.check_reasons(good.replace("BAD_AXIS", "x"), thrown)))
        self.assertTrue(list(docs_check.check_reasons(good.replace("and", "`NEVER_MADE`"), thrown)))

    def test_operators_and_names(self):
        found = docs_check.operators(['table["Conv"] = Conv;\nfor (absl::string_view op :\n {"Sin", "Cos"}) {'])
        self.assertEqual(found, {"Conv", "Sin", "Cos"})
        self.assertFalse(list(docs_check.check_names("`Conv`, `Sin`, `Cos`", found, "")))
        self.assertTrue(list(docs_check.check_names("`Conv`, `Sin`, Cos", found, "")))


class Format(unittest.TestCase):
    def test_finds_what_clang_format_would_change(self):
        clang_format = os.environ.get("LATIMER_CLANG_FORMAT")
        if not clang_format:
            return  # then there is no format check either
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / ".clang-format").write_text((source_tree.ROOT / ".clang-format").read_text())
            good, bad = pathlib.Path(folder) / "good.cc", pathlib.Path(folder) / "bad.cc"
            good.write_text("int* F(int a);\n")
            bad.write_text("int *F( int a );\n")
            self.assertEqual(format_check.unformatted(clang_format, [good, bad]), [str(bad)])


def file_with(message=None, enum=None):
    file = descriptor_pb2.FileDescriptorProto(name="latimer/v1/x.proto", package="latimer.v1", syntax="proto3")
    if message:
        file.message_type.append(message)
    if enum:
        file.enum_type.append(enum)
    return file


class ProtoLint(unittest.TestCase):
    def test_style(self):
        file = file_with(
            descriptor_pb2.DescriptorProto(name="bad_name", field=[{"name": "camelCase", "number": 1}]),
            descriptor_pb2.EnumDescriptorProto(name="SomeKind", value=[{"name": "NONE", "number": 0}]),
        )
        findings = "\n".join(proto_lint.Style(file).run())
        for text in ("not UpperCamelCase", "not lower_snake_case", "no comment", "does not start with SOME_KIND_",
                     "the value 0 should be SOME_KIND_UNSPECIFIED"):
            self.assertIn(text, findings)

    def test_package_is_the_folder(self):
        file = file_with()
        file.package = "latimer"
        self.assertTrue(proto_lint.Style(file).run())

    def test_calls_may_share_a_resource_and_nothing_else(self):
        file = file_with()
        for name, first in (("Board", "name"), ("StopBoardRequest", "name"), ("MendBoardRequest", "name"),
                            ("Answer", "value")):
            file.message_type.add(name=name).field.add(name=first, number=1)
        service = file.service.add(name="BoardService")
        for name in ("StopBoard", "MendBoard"):
            service.method.add(name=name, input_type=f".latimer.v1.{name}Request", output_type=".latimer.v1.Board")
        findings = "\n".join(proto_lint.Style(file).run() + proto_lint.unique_messages([file]))
        for text in ("returns", "shares"):
            self.assertNotIn(text, findings)
        for method in service.method:
            method.output_type = ".latimer.v1.Answer"
        findings = "\n".join(proto_lint.Style(file).run() + proto_lint.unique_messages([file]))
        for text in ("returns Answer, should return StopBoardResponse", "shares latimer.v1.Answer"):
            self.assertIn(text, findings)

    def test_breaking_changes(self):
        old = file_with(descriptor_pb2.DescriptorProto(name="M", field=[
            {"name": "a", "number": 1, "type": 3, "label": 1}, {"name": "b", "number": 2, "type": 3, "label": 1},
            {"name": "c", "number": 3, "type": 3, "label": 1}]))
        new = file_with(descriptor_pb2.DescriptorProto(name="M", field=[
            {"name": "renamed", "number": 1, "type": 3, "label": 1}, {"name": "b", "number": 2, "type": 9, "label": 1}]))
        findings = "\n".join(proto_lint.breaking([old], [new]))
        for text in ("M.a: renamed", "M.b: type changed", "M.c: removed"):
            self.assertIn(text, findings)
        self.assertEqual(proto_lint.breaking([old], [old]), [])


if __name__ == "__main__":
    unittest.main()
