// XGBoost's C interface with owned handles, and its trees in the flat form of the platform format. Internal to
// core/fitting.
#ifndef LATIMER_CORE_FITTING_XGBOOST_LIBRARY_H_
#define LATIMER_CORE_FITTING_XGBOOST_LIBRARY_H_

#include <xgboost/c_api.h>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"

namespace latimer::fitting {

// INTERNAL with XGBoost's own words unless `status` is 0.
absl::Status XgboostStatus(int status);

struct MatrixDeleter {
  void operator()(void* handle) const { XGDMatrixFree(handle); }
};
struct BoosterDeleter {
  void operator()(void* handle) const { XGBoosterFree(handle); }
};
using Matrix = std::unique_ptr<std::remove_pointer_t<DMatrixHandle>, MatrixDeleter>;
using Booster = std::unique_ptr<std::remove_pointer_t<BoosterHandle>, BoosterDeleter>;

// Per node: feature compared (-1: a leaf), threshold or the leaf's value, index of the left child (the right one
// follows). The root comes first, children lie side by side, breadth first.
struct FlatTree {
  std::vector<int32_t> feature;
  std::vector<float> value;
  std::vector<int32_t> left;
};

absl::StatusOr<std::vector<FlatTree>> ReadTrees(const Booster& booster);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_XGBOOST_LIBRARY_H_
