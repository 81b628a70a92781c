// Platform files: protobuf text, with errors that say where.
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/model/platform_model.h"

namespace latimer {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

constexpr size_t kMostBytes = 4 << 20;
constexpr int kDeepestNesting = 20;

// Collects the first error of the text with its place.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (!text.empty()) return;
    text = line < 0 ? absl::StrCat(" ", message) : absl::StrCat(line + 1, ":", column + 1, ": ", message);
  }
  std::string text;
};

// One step of a path such as "layer_models[3]": a field and, for repeated ones, which of its values.
struct Step {
  const FieldDescriptor* field = nullptr;
  int index = -1;
};

std::optional<Step> ReadStep(const Descriptor& message, absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::ByAnyChar("[]"));
  Step step;
  step.field = message.FindFieldByName(std::string(parts[0]));
  if (step.field == nullptr || step.field->is_map()) return std::nullopt;
  if (!step.field->is_repeated()) return step;
  step.index = 0;
  if (parts.size() > 1 && !absl::SimpleAtoi(parts[1], &step.index)) return std::nullopt;
  return step;
}

// ":12:3" of the field, or of the message it is missing from; empty: the file as a whole.
std::string PlaceOf(absl::string_view path, const TextFormat::ParseInfoTree& root) {
  const Descriptor* message = model::v1::PlatformModel::descriptor();
  const TextFormat::ParseInfoTree* tree = &root;
  std::string place;
  for (absl::string_view text : absl::StrSplit(path, '.')) {
    if (message == nullptr || tree == nullptr) break;
    const std::optional<Step> step = ReadStep(*message, text);
    if (!step.has_value()) break;
    const TextFormat::ParseLocation location = tree->GetLocation(step->field, step->index);
    if (location.line < 0) break;
    place = absl::StrCat(":", location.line + 1, ":", location.column + 1);
    message = step->field->message_type();
    if (message != nullptr) tree = tree->GetTreeForNested(step->field, step->index);
  }
  return place;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PlatformModel>> ParsePlatformModel(absl::string_view text,
                                                                        absl::string_view origin) {
  if (text.size() > kMostBytes) {
    return InvalidArgument("BAD_PLATFORM_FILE", absl::StrCat(origin, ": the file has ", text.size(),
                                                             " bytes; a platform file has at most ", kMostBytes))
        .With("file", origin);
  }
  model::v1::PlatformModel definition;
  TextFormat::Parser parser;
  TextFormat::ParseInfoTree places;
  FirstError error;
  parser.RecordErrorsTo(&error);
  parser.WriteLocationsTo(&places);
  parser.SetRecursionLimit(kDeepestNesting);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &definition)) {
    return InvalidArgument("BAD_PLATFORM_FILE", absl::StrCat(origin, ":", error.text)).With("file", origin);
  }
  absl::StatusOr<std::shared_ptr<const PlatformModel>> platform = PlatformModel::Create(std::move(definition));
  if (platform.ok()) return platform;
  const std::optional<ErrorDetails> details = GetErrorDetails(platform.status());
  const std::string place = details.has_value() ? PlaceOf(details->field, places) : "";
  return Annotate(platform.status(), absl::StrCat(origin, place));
}

}  // namespace latimer
