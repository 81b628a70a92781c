// Platform file contents -> checked parts of a PlatformModel. Internal to core/model.
#ifndef LATIMER_CORE_MODEL_READ_PLATFORM_H_
#define LATIMER_CORE_MODEL_READ_PLATFORM_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/confidence/difficulty.h"
#include "core/model/platform_field.h"
#include "core/model/platform_model.h"
#include "core/model/tree_ensemble.h"

namespace latimer {

// Everything outside layer models and mapping.
absl::Status CheckPlatformHeader(const model::v1::PlatformModel& definition);

// Network accuracy or that of a layer model.
absl::Status CheckAccuracy(absl::string_view path, const v1::Accuracy& accuracy);

absl::StatusOr<ErrorSpread> ReadErrorSpread(absl::string_view path, const model::v1::ErrorSpread& spread);

// What layer models of a platform share.
struct SharedParts {
  std::vector<std::shared_ptr<const TreeEnsemble>> trees;
  std::vector<std::shared_ptr<const confidence::Difficulty>> difficulties;
};

// `path` is that of the layer model.
absl::StatusOr<UnitTypeModels> ReadLayerModel(absl::string_view path, const model::v1::LayerModel& definition,
                                              const SharedParts& parts);

absl::StatusOr<MappingRules> ReadMapping(const model::v1::Mapping& definition);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_READ_PLATFORM_H_
