#include "backends/command/toolchain_file.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "backends/command/words.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::command {
namespace {

constexpr absl::string_view kSuffix = ".textproto";

Error Bad(absl::string_view problem) {
  return InvalidArgument("BAD_TOOLCHAIN", absl::StrCat("description of a toolchain: ", problem));
}

class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  std::string text;
};

bool IsName(absl::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return true;
}

absl::Status CheckPattern(const std::string& pattern) {
  try {
    const std::regex tried(pattern);
    return absl::OkStatus();
  } catch (const std::regex_error& error) {
    return Bad(absl::StrCat("'", pattern, "' is no regular expression: ", error.what()));
  }
}

// Checks one description part by part.
class Checker {
 public:
  Checker(const proto::Toolchain& toolchain, const ParserTable& parsers) : toolchain_(toolchain), parsers_(parsers) {}

  absl::Status Check() {
    if (!IsName(toolchain_.name())) return Bad("its name has to consist of letters, digits and '_'");
    LATIMER_RETURN_IF_ERROR(CollectPlaceholders());
    LATIMER_RETURN_IF_ERROR(CheckVariables(toolchain_.environment()));
    bool named = false;
    for (const proto::Fact& fact : toolchain_.facts()) {
      named = named || fact.name() == "toolchain";
      LATIMER_RETURN_IF_ERROR(CheckFact(fact));
    }
    if (!named) return Bad("it needs a fact 'toolchain', the version");
    for (const proto::Command& command : toolchain_.conversion()) LATIMER_RETURN_IF_ERROR(CheckCommand(command));
    LATIMER_RETURN_IF_ERROR(CheckMeasurement(toolchain_.latency()));
    if (toolchain_.has_profile()) LATIMER_RETURN_IF_ERROR(CheckMeasurement(toolchain_.profile()));
    if (toolchain_.has_compiler_estimate()) {
      const proto::CompilerEstimate& estimate = toolchain_.compiler_estimate();
      LATIMER_RETURN_IF_ERROR(Holds(estimate.when(), values_).status());
      LATIMER_RETURN_IF_ERROR(CheckParser(estimate.parser()));
      if (estimate.file().empty()) return Bad("its compiler_estimate names no file");
      LATIMER_RETURN_IF_ERROR(FillIn(estimate.file(), values_).status());
    }
    for (const proto::Failure& failure : toolchain_.failures()) LATIMER_RETURN_IF_ERROR(CheckFailure(failure));
    return absl::OkStatus();
  }

 private:
  absl::Status Declare(absl::string_view name, const std::string& value) {
    if (!IsName(name) || !values_.emplace(std::string(name), value).second) {
      return Bad(absl::StrCat("'", name, "' is no name, or stands for two things"));
    }
    return absl::OkStatus();
  }

  absl::Status CollectPlaceholders() {
    for (const char* name : {"onnx", "work", "run", "threads"}) LATIMER_RETURN_IF_ERROR(Declare(name, ""));
    for (const proto::Program& program : toolchain_.programs()) {
      LATIMER_RETURN_IF_ERROR(Declare(program.name(), ""));
      if (program.candidates().empty()) return Bad(absl::StrCat("program '", program.name(), "' has no candidates"));
    }
    for (const proto::Setting& setting : toolchain_.settings()) {
      LATIMER_RETURN_IF_ERROR(Declare(setting.name(), setting.default_value()));
      bool allowed = setting.choices().empty();
      for (const std::string& choice : setting.choices()) allowed = allowed || choice == setting.default_value();
      if (!allowed) return Bad(absl::StrCat("the default of setting '", setting.name(), "' is none of its choices"));
    }
    for (const proto::Program& program : toolchain_.programs()) {
      LATIMER_RETURN_IF_ERROR(Holds(program.when(), values_).status());
    }
    for (const proto::Derived& derived : toolchain_.derived()) {
      LATIMER_RETURN_IF_ERROR(Holds(derived.when(), values_).status());
      LATIMER_RETURN_IF_ERROR(FillIn(derived.value(), values_).status());
      if (derived_.insert(derived.name()).second) LATIMER_RETURN_IF_ERROR(Declare(derived.name(), ""));
    }
    return absl::OkStatus();
  }

  absl::Status CheckVariables(const google::protobuf::RepeatedPtrField<proto::Variable>& variables) {
    for (const proto::Variable& variable : variables) {
      if (!IsName(variable.name())) return Bad(absl::StrCat("'", variable.name(), "' is no variable"));
      LATIMER_RETURN_IF_ERROR(FillIn(variable.value(), values_).status());
    }
    return absl::OkStatus();
  }

  absl::Status CheckCommand(const proto::Command& command) {
    if (!IsName(command.name()) || !stages_.insert(command.name()).second) {
      return Bad(absl::StrCat("command '", command.name(), "' has no name, or one that another has"));
    }
    if (command.words().empty() || !(command.limit_seconds() > 0)) {
      return Bad(absl::StrCat("command '", command.name(), "' has no words, or no limit_seconds"));
    }
    LATIMER_RETURN_IF_ERROR(FillInWords(command.words(), values_).status());
    LATIMER_RETURN_IF_ERROR(Holds(command.when(), values_).status());
    for (const proto::Addition& addition : command.additions()) {
      LATIMER_RETURN_IF_ERROR(FillInWords(addition.words(), values_).status());
      LATIMER_RETURN_IF_ERROR(Holds(addition.when(), values_).status());
    }
    for (const std::string& file : command.produces()) LATIMER_RETURN_IF_ERROR(FillIn(file, values_).status());
    LATIMER_RETURN_IF_ERROR(CheckVariables(command.environment()));
    return CheckPattern(command.success());
  }

  absl::Status CheckFact(const proto::Fact& fact) {
    if (!IsName(fact.name())) return Bad(absl::StrCat("'", fact.name(), "' is no name of a fact"));
    LATIMER_RETURN_IF_ERROR(Holds(fact.when(), values_).status());
    LATIMER_RETURN_IF_ERROR(CheckPattern(fact.pattern()));
    LATIMER_RETURN_IF_ERROR(FillIn(fact.prefix(), values_).status());
    if (!fact.has_command()) return FillIn(fact.value(), values_).status();
    return CheckCommand(fact.command());
  }

  absl::Status CheckParser(const std::string& parser) {
    if (parsers_.contains(parser)) return absl::OkStatus();
    std::vector<absl::string_view> known;
    for (const auto& [name, function] : parsers_) known.push_back(name);
    return Bad(absl::StrCat("there is no parser '", parser, "'; there are: ", absl::StrJoin(known, ", ")));
  }

  absl::Status CheckMeasurement(const proto::Measurement& measurement) {
    LATIMER_RETURN_IF_ERROR(CheckCommand(measurement.command()));
    LATIMER_RETURN_IF_ERROR(CheckParser(measurement.parser()));
    LATIMER_RETURN_IF_ERROR(FillIn(measurement.last_samples(), values_).status());
    if (measurement.inputs().empty()) {
      return Bad(absl::StrCat("'", measurement.command().name(), "' does not say what its parser reads"));
    }
    for (absl::string_view input : measurement.inputs()) {
      if (input == "stdout" || input == "stderr" || input == "output") continue;
      if (!absl::ConsumePrefix(&input, "file:") && !absl::ConsumePrefix(&input, "file-if-there:")) {
        return Bad(absl::StrCat("'", input, "' is no input: stdout, stderr, output, file:… or file-if-there:…"));
      }
      LATIMER_RETURN_IF_ERROR(FillIn(input, values_).status());
    }
    return absl::OkStatus();
  }

  absl::Status CheckFailure(const proto::Failure& failure) {
    if (!IsName(failure.name())) return Bad(absl::StrCat("'", failure.name(), "' is no name of a failure"));
    const auto wrong = [&failure](absl::string_view what) {
      return Bad(absl::StrCat("failure '", failure.name(), "' ", what));
    };
    if (failure.action() == proto::ACTION_UNSPECIFIED) return wrong("has no action");
    if (failure.message().empty()) return wrong("has no message");
    if (failure.output().empty() && failure.exit_code() == 0 && failure.signal() == 0 && !failure.timed_out()) {
      return wrong("fits everything: give output, exit_code, signal or timed_out");
    }
    for (const std::string& stage : failure.stages()) {
      if (!stages_.contains(stage)) return wrong(absl::StrCat("names a command '", stage, "' that there is not"));
    }
    LATIMER_RETURN_IF_ERROR(CheckPattern(failure.output()));
    return Holds(failure.when(), values_).status();
  }

  const proto::Toolchain& toolchain_;
  const ParserTable& parsers_;
  Values values_;
  std::set<std::string> stages_;
  std::set<std::string> derived_;
};

}  // namespace

absl::StatusOr<proto::Toolchain> ParseToolchain(absl::string_view text, const ParserTable& parsers) {
  proto::Toolchain toolchain;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(std::string(text), &toolchain)) return Bad(error.text);
  LATIMER_RETURN_IF_ERROR(Checker(toolchain, parsers).Check());
  return toolchain;
}

std::vector<std::string> ToolchainNames(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& [name, text] : BuiltInToolchains()) names.insert(name);
  std::error_code error;
  if (!folder.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (absl::string_view(entry.path().extension().native()) == kSuffix) names.insert(entry.path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

absl::StatusOr<proto::Toolchain> FindToolchain(absl::string_view name, const std::string& folder,
                                               const ParserTable& parsers) {
  std::string text;
  if (IsName(name) && !folder.empty()) {
    std::ifstream file(absl::StrCat(folder, "/", name, kSuffix), std::ios::binary);
    std::ostringstream bytes;
    if (file && (bytes << file.rdbuf())) text = std::move(bytes).str();
  }
  if (text.empty()) {
    const auto found = BuiltInToolchains().find(std::string(name));
    if (found == BuiltInToolchains().end()) {
      return NotFound("UNKNOWN_TOOLCHAIN", absl::StrCat("there is no description of a toolchain '", name,
                                                        "'; there are: ", absl::StrJoin(ToolchainNames(folder), ", ")));
    }
    text = found->second;
  }
  absl::StatusOr<proto::Toolchain> toolchain = ParseToolchain(text, parsers);
  if (!toolchain.ok()) return Annotate(toolchain.status(), absl::StrCat(name, kSuffix));
  if (toolchain->name() != name) return Bad(absl::StrCat(name, kSuffix, " describes '", toolchain->name(), "'"));
  return toolchain;
}

}  // namespace latimer::command
