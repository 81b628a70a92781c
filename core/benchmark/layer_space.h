// The space benchmark layers are drawn from: what real networks are made of.
//
// Feature maps shrink as channels grow, as in real networks. Sizes come from short lists, so that layers share their
// padding-only models; a part of the channels is odd on purpose, since steps show only there.
#ifndef LATIMER_CORE_BENCHMARK_LAYER_SPACE_H_
#define LATIMER_CORE_BENCHMARK_LAYER_SPACE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/benchmark/random.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// Kinds of subjects, drawn with different frequency.
enum class SubjectKind : uint8_t {
  kConv,            // 2-D, square kernels, strides 1 to 3, dilation
  kConvAsymmetric,  // 1x7, 7x1, 1x3 …
  kConvGrouped,
  kConv1d,
  kConv3d,
  kDepthwise,
  kConvTranspose,
  kFullyConnected,
  kTokens,  // fully connected over many rows, as in transformers
  kMatMul,
  kPool,
  kGlobalPool,
  kElementwise,
  kActivation,
  kConcat,
  kResize,
  kSoftmax,
  kNormalization,
  kTranspose,
  kReduce,
};

inline constexpr int kNumSubjectKinds = 20;

// "conv", "conv_asymmetric" ….
absl::string_view SubjectKindName(SubjectKind kind);

// Draws one subject. Its work is bounded (2 GMAC, 32 million elements), so that no board spends minutes on it.
absl::StatusOr<Network> SampleSubject(SubjectKind kind, Random& random);

// A sweep of one dimension of a layer around a base point, from which steps are read.
struct Sweep {
  std::string name;  // "conv c_out 28x28x64"
  std::vector<Network> points;
};

// Sweeps of c_in, c_out, h and w of convolutions, of channels of depth-wise layers and of features of fully connected
// ones, at several base points. `density` in (0, 1] thins them out for small budgets.
absl::StatusOr<std::vector<Sweep>> MakeSweeps(double density);

// The layers most networks have beside convolutions, each at `sizes` (1 to 4) sizes. Drawing at random leaves some of
// the many types without any measurement; these share their padding-only models, so that they cost little.
absl::StatusOr<std::vector<Network>> MakeStaples(int sizes);

// Pairs of layers that toolchains may fuse, next to the first layer alone.
struct FusionProbe {
  LayerType primary;
  LayerType secondary;
  Network alone;
  Network pair;
};
absl::StatusOr<std::vector<FusionProbe>> MakeFusionProbes();

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_LAYER_SPACE_H_
