// Families of operations coarse enough that all toolchains' words for them can be told apart. Internal to the graph
// matcher.
#ifndef LATIMER_CORE_MAPPING_OPERATION_FAMILY_H_
#define LATIMER_CORE_MAPPING_OPERATION_FAMILY_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "core/network/layer_type.h"

namespace latimer {

enum class OperationFamily : uint8_t {
  kNone,  // unknown, or none of these
  kConvolution,
  kDeconvolution,
  kProduct,
  kPooling,  // with means and other reductions
  kActivation,
  kElementwise,
  kSoftmax,
  kNormalization,
  kConcat,
  kSlice,
  kPad,
  kResize,
  kTranspose,
  kReshape,
};

OperationFamily FamilyOf(LayerType type);

// Of a toolchain's word: "MaxPool", "CONV_2D", "Fully Connected (NC, QS8) GEMM", "CaskConvolution", "Eltwise" …
OperationFamily FamilyOf(absl::string_view kind);

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_OPERATION_FAMILY_H_
