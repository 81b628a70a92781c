// Platform file contents -> checked parts of a PlatformModel. Internal to core/model.
#ifndef LATIMER_CORE_MODEL_READ_PLATFORM_H_
#define LATIMER_CORE_MODEL_READ_PLATFORM_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/model/platform_model.h"
#include "core/model/tree_ensemble.h"

namespace latimer {

// INVALID_ARGUMENT about one field, named by its path in the file: "layer_models[3].roofline.peak_ops_per_second".
Error BadPlatformField(absl::string_view path, absl::string_view problem);

// Everything outside layer models and mapping.
absl::Status CheckPlatformHeader(const model::v1::PlatformModel& definition);

// Network accuracy or that of a layer model.
absl::Status CheckAccuracy(absl::string_view path, const v1::Accuracy& accuracy);

absl::StatusOr<ErrorSpread> ReadErrorSpread(absl::string_view path, const model::v1::ErrorSpread& spread);

using SharedTrees = std::vector<std::shared_ptr<const TreeEnsemble>>;

// `path` is that of the layer model; `trees` are the platform's.
absl::StatusOr<UnitTypeModels> ReadLayerModel(absl::string_view path, const model::v1::LayerModel& definition,
                                              const SharedTrees& trees);

absl::StatusOr<MappingRules> ReadMapping(const model::v1::Mapping& definition);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_READ_PLATFORM_H_
