// Kinds of layer models; numerically equal to latimer.v1.ModelKind, where each is described.
#ifndef LATIMER_CORE_MODEL_MODEL_KIND_H_
#define LATIMER_CORE_MODEL_MODEL_KIND_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace latimer {

enum class ModelKind : uint8_t {
  kUnspecified = 0,
  kAuto = 1,
  kRoofline = 2,
  kRefinedRoofline = 3,
  kStatistical = 4,
  kMixed = 5,
};

inline constexpr int kNumModelKinds = 6;

// "auto", "roofline", "refined_roofline", "statistical", "mixed".
absl::string_view ModelKindName(ModelKind kind);

// The kind of that name; "refined" is accepted for "refined_roofline". nullopt if there is none.
std::optional<ModelKind> ModelKindFromName(absl::string_view name);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_MODEL_KIND_H_
