// What decision trees read of a unit and the layer behind it, to say whether the layer runs inside the unit. The list
// is part of the platform format (platform_model.proto, FusionTree.feature_version); what is appended to it leaves the
// trees of before as they are.
#ifndef LATIMER_CORE_MAPPING_PAIR_FEATURES_H_
#define LATIMER_CORE_MAPPING_PAIR_FEATURES_H_

#include <array>
#include <vector>

#include "absl/types/span.h"
#include "core/mapping/blocked_layout.h"
#include "core/model/mapping_rules.h"
#include "core/network/network.h"

namespace latimer {

using PairFeatures = std::array<float, kNumPairFeatures>;

// How often each tensor is read, by layers (a layer that reads it twice counts once) and as a network output.
class TensorReaders {
 public:
  explicit TensorReaders(const Network& network);
  // The only layer that reads what `layer` writes; kNone where others, or the caller, read it too.
  LayerId Sole(const Layer& layer) const;
  // Whether the caller reads what `layer` writes; others may as well.
  bool IsOutput(const Layer& layer) const;
  // What else could take `next`, which joins two tensors of which the convolution `layer` writes one: the convolution
  // that writes the other one for nobody else; kNone where there is no such layer.
  LayerId Rival(const Network& network, LayerId layer, LayerId next) const;
  // Layers on the longest way to it from an input: what is farther runs later, whatever order a file lists layers in.
  int32_t Level(LayerId layer) const { return level_[static_cast<size_t>(layer)]; }

 private:
  std::vector<int32_t> level_;  // by layer
  std::vector<int32_t> count_;
  std::vector<LayerId> last_;
  std::vector<bool> output_;  // by tensor
};

// The features that the primary layer alone decides; the others are 0.
PairFeatures PrimaryPairFeatures(const Network& network, LayerId primary);

// The lead below where there is no other input, or nothing makes it.
inline constexpr float kNothingToWaitFor = 9;
// The reader below of what the caller reads: some engines run nothing that makes an output inside of another layer.
inline constexpr float kReadByCaller = -1;
// A lead as the trees read it: from -8 to 8.
float LeadOf(int32_t primary_level, int32_t other_level);

// The others.
struct PairPlace {
  float rank = 0;            // of the tensor between
  bool blocked = false;      // it is in blocks
  float sums = 0;            // element-wise layers of two operands in the unit, behind the primary
  float activations = 0;     // others there
  float inputs = 0;          // of the layer behind the unit
  float index = 0;           // of the tensor between, among them
  float other_blocked = -1;  // -1: there is no other input
  float other_type = -1;     // what makes it
  float other_can_take = 0;  // a convolution that could run the layer as well
  float same_shape = 1;      // as the tensor between
  float pool_kernel = 0;
  float pool_stride = 0;
  float lead = kNothingToWaitFor;  // levels between the primary and what makes the other input, which runs before it
  float reader = 0;  // type of the only layer that reads the result of the layer behind; 0: several or none
};
PairFeatures JoinPairFeatures(PairFeatures primary, const PairPlace& place);

// `unit`: primary first, then in order; `next` reads what the last of them writes, and nothing else does.
PairFeatures MakePairFeatures(const Network& network, const BlockedLayout& layout, const TensorReaders& readers,
                              absl::Span<const LayerId> unit, LayerId next);

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_PAIR_FEATURES_H_
