// PlatformModel: everything Latimer knows about one platform, in one immutable version.
//
// Loaded once from its file, validated, then shared by all requests through shared_ptr<const PlatformModel>; a refit
// makes a new one. Safe to read from any number of threads.
#ifndef LATIMER_CORE_MODEL_PLATFORM_MODEL_H_
#define LATIMER_CORE_MODEL_PLATFORM_MODEL_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/confidence/network_confidence.h"
#include "core/confidence/score_sketch.h"
#include "core/model/error_spread.h"
#include "core/model/layer_model.h"
#include "core/model/mapping_rules.h"
#include "latimer/model/v1/platform_model.pb.h"
#include "latimer/v1/platform.pb.h"

namespace latimer {

// Models of one unit type.
struct UnitTypeModels {
  std::string unit_type;
  std::array<std::unique_ptr<const LayerModel>, kNumModelKinds> by_kind;  // null: the type has none of that kind
  std::array<ErrorSpread, kNumModelKinds> error;
  std::array<confidence::ScoreSketch, kNumModelKinds> scores;  // of errors over their local scale
  ModelKind auto_kind = ModelKind::kRoofline;
  double pace_exponent = 0;  // times grow with this power of the time of a pass (core/evaluation/measured_pace.h)
};

class PlatformModel {
 public:
  // Checks the file's contents and builds the models. Errors are INVALID_ARGUMENT and name the field.
  static absl::StatusOr<std::shared_ptr<const PlatformModel>> Create(model::v1::PlatformModel definition);

  const std::string& id() const { return definition_.id(); }
  const std::string& version() const { return definition_.version(); }
  const model::v1::PlatformModel& definition() const { return definition_; }
  int activation_bits() const { return definition_.activation_bits(); }
  int weight_bits() const { return definition_.weight_bits(); }

  // Index of the unit type of that name; that of "Base" where there is none (check with unit_type_models().unit_type).
  uint8_t FindUnitType(absl::string_view unit_type) const;
  const UnitTypeModels& unit_type_models(uint8_t index) const { return unit_types_[index]; }
  size_t unit_type_count() const { return unit_types_.size(); }

  // Whether any of its models looks at where a unit stands in the network.
  bool reads_context() const { return reads_context_; }

  const MappingRules& mapping() const { return mapping_; }

  // A number no other model of this process has: the key under which answers may be remembered.
  uint64_t instance() const { return instance_; }

  // Whether the name of an unit type is one of this platform's.
  bool HasUnitType(absl::string_view unit_type) const { return index_.contains(unit_type); }

  // Spread of network errors for a kind.
  const ErrorSpread& network_error(ModelKind kind) const { return network_error_[static_cast<size_t>(kind)]; }

  // How errors of units add up when that kind was asked for; nullptr: not calibrated, network_error() is all there is.
  const confidence::NetworkConfidence* network_confidence(ModelKind asked) const {
    const auto& found = network_confidence_[static_cast<size_t>(asked)];
    return found.has_value() ? &*found : nullptr;
  }

  // Description for callers; `full` adds layer models and fusion rules.
  v1::Platform Describe(bool full) const;

 private:
  PlatformModel() = default;

  // Parts of Create(); each names the field at fault.
  absl::Status ReadLayerModels();
  absl::Status CheckMappedTypes() const;
  absl::Status ReadNetworkErrors();
  absl::Status ReadNetworkCalibration();

  model::v1::PlatformModel definition_;
  std::vector<UnitTypeModels> unit_types_;
  absl::flat_hash_map<std::string, uint8_t> index_;
  uint8_t base_ = 0;
  std::array<ErrorSpread, kNumModelKinds> network_error_;
  std::array<std::optional<confidence::NetworkConfidence>, kNumModelKinds> network_confidence_;
  MappingRules mapping_;
  uint64_t instance_ = 0;
  bool reads_context_ = false;
};

// Reads a platform file (protobuf text). `origin` names it in errors, which say where the field at fault is
// ("zcu102-dnndk.textproto:12:3: layer_models[0]…").
absl::StatusOr<std::shared_ptr<const PlatformModel>> ParsePlatformModel(absl::string_view text,
                                                                        absl::string_view origin);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_PLATFORM_MODEL_H_
