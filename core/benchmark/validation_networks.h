// Networks on which a fitted model is judged: never fitted, made here so that a campaign needs no files. Shapes of
// layers follow the published architectures they are named after.
#ifndef LATIMER_CORE_BENCHMARK_VALIDATION_NETWORKS_H_
#define LATIMER_CORE_BENCHMARK_VALIDATION_NETWORKS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// Names, from cheap to expensive: "nasbench201-…" cells on 32x32 images, small ResNets, MobileNets, VGG-like,
// SqueezeNet modules, an encoder block of a transformer.
std::vector<absl::string_view> ValidationNetworkNames();

// Errors: NOT_FOUND.
absl::StatusOr<Network> ValidationNetwork(absl::string_view name);

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_VALIDATION_NETWORKS_H_
