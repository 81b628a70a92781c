// Mapping model: which layers a platform's toolchain runs as one execution unit (paper I, section V-B).
#ifndef LATIMER_CORE_MAPPING_MAPPER_H_
#define LATIMER_CORE_MAPPING_MAPPER_H_

#include <vector>

#include "core/model/platform_model.h"
#include "core/model/unit_features.h"
#include "core/network/network.h"

namespace latimer {

// A primary layer and what runs in the same unit; or a change of layout, which runs no layer.
struct ExecutionUnit {
  LayerId primary = kNone;                  // of a change of layout: the layer it is made for, kNone for the caller
  absl::InlinedVector<LayerId, 4> layers;   // primary first, then fused layers in execution order; empty: a change
  TensorId changed = kNone;                 // the tensor whose layout changes
  absl::InlinedVector<LayerId, 2> readers;  // of the changed copy
  UnitFeatures features;                    // unit_type is the model that answers, Base after a fallback
  absl::string_view unit_type;              // wanted type, such as "ConvPool"; lives as long as the platform model
};

struct MappedNetwork {
  std::vector<ExecutionUnit> units;  // in execution order
  std::vector<LayerId> free_layers;  // cost nothing on this platform
};

// Applies the platform's fusion trees and rules to chains whose layers each have exactly one consumer, then its splits,
// adds changes of layout, and computes the features of every unit: operations summed over the unit's layers,
// activations those that cross the unit's boundary, weights summed. Reads `network` and `platform` only; both must
// outlive the result.
MappedNetwork MapNetwork(const Network& network, const PlatformModel& platform);

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_MAPPER_H_
