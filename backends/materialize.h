// Gives a network without weights random ones, so that an engine can run it.
#ifndef LATIMER_BACKENDS_MATERIALIZE_H_
#define LATIMER_BACKENDS_MATERIALIZE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer {

// `onnx_model` is a serialised ModelProto whose initializers (and Constant nodes) may have dims without data. Those
// are filled: floating-point tensors with uniform values scaled by the fan-in, so that activations stay near 1 and
// never become denormal (denormals slow processors down by factors); variances and scales with values near 1; other
// types with small non-negative numbers. The same seed gives the same bytes. Data that is present stays.
// Errors: INVALID_ARGUMENT for bytes that are no model; RESOURCE_EXHAUSTED past `max_bytes` of weights.
absl::StatusOr<std::string> MaterializeWeights(absl::string_view onnx_model, uint64_t seed,
                                               int64_t max_bytes = int64_t{2'000'000'000});

}  // namespace latimer

#endif  // LATIMER_BACKENDS_MATERIALIZE_H_
