#include "cli/format/kinds.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace latimer::cli {

std::string KindWords(v1::ModelKind kind) {
  absl::string_view name = v1::ModelKind_Name(kind);
  absl::ConsumePrefix(&name, "MODEL_KIND_");
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

const v1::Accuracy* AccuracyOf(const v1::LayerModelDescription& model, v1::ModelKind kind) {
  const v1::Accuracy* found = nullptr;
  for (const v1::Accuracy& accuracy : model.accuracy()) {
    if (accuracy.model_kind() == kind) found = &accuracy;
  }
  return found;
}

const v1::AnalyticalModel* MostRefined(const v1::LayerModelDescription& model) {
  const v1::AnalyticalModel* found = nullptr;
  for (const v1::AnalyticalModel& analytical : model.analytical()) {
    if (found == nullptr || analytical.model_kind() > found->model_kind()) found = &analytical;
  }
  return found;
}

}  // namespace latimer::cli
