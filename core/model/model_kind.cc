#include "core/model/model_kind.h"

namespace latimer {

absl::string_view ModelKindName(ModelKind kind) {
  switch (kind) {
    case ModelKind::kUnspecified:
      return "unspecified";
    case ModelKind::kAuto:
      return "auto";
    case ModelKind::kRoofline:
      return "roofline";
    case ModelKind::kRefinedRoofline:
      return "refined_roofline";
    case ModelKind::kStatistical:
      return "statistical";
    case ModelKind::kMixed:
      return "mixed";
  }
  return "unspecified";
}

std::optional<ModelKind> ModelKindFromName(absl::string_view name) {
  if (name == "refined") return ModelKind::kRefinedRoofline;
  for (int i = 1; i < kNumModelKinds; ++i) {
    if (name == ModelKindName(static_cast<ModelKind>(i))) return static_cast<ModelKind>(i);
  }
  return std::nullopt;
}

}  // namespace latimer
