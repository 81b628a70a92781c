// Which activations an engine keeps in blocks of channels, and where it has to change layouts.
//
// Engines for processors with vectors (and some accelerators) compute convolutions over blocks of channels, keep their
// results that way for as long as the layers behind understand it, and insert a change of layout where one does not.
// These changes are units of their own in an engine's report and cost as much as any layer that moves data. The rules
// are those that ONNX Runtime's and oneDNN's documentation and reports show; whether an engine follows them, and with
// which block, is read from its reports (core/fitting/excerpt_data.h).
#ifndef LATIMER_CORE_MAPPING_BLOCKED_LAYOUT_H_
#define LATIMER_CORE_MAPPING_BLOCKED_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "core/model/unit_features.h"
#include "core/network/network.h"

namespace latimer {

struct LayoutChange {
  TensorId tensor = kNone;
  bool to_blocks = false;
  // Layers that read the changed copy, ascending; a network output may read it besides, or alone.
  absl::InlinedVector<LayerId, 2> readers;
};

// What a layer does with blocks, as far as its own sizes say it.
enum class LayoutRole : uint8_t {
  kUsual,         // reads and writes the usual layout
  kMakesBlocks,   // reads the usual layout, writes blocks
  kBlocks,        // reads and writes blocks
  kFollows,       // the same where its first input is in blocks, else as kUsual
  kFollowsAll,    // the same where all inputs are
  kFollowsFused,  // as kFollows, but only where nobody else reads the convolution before it
};
LayoutRole RoleIn(const Network& network, LayerId layer, int64_t block);

class BlockedLayout {
 public:
  BlockedLayout() = default;  // no layout but the usual one

  // `block`: channels of a block, a power of two; below 2 there is only the usual layout. Linear in the network.
  BlockedLayout(const Network& network, int64_t block);

  // False for tensors of other networks and without blocks.
  bool IsBlocked(TensorId tensor) const {
    return static_cast<size_t>(tensor) < blocked_.size() && blocked_[static_cast<size_t>(tensor)];
  }

  // By first reader; those only the caller reads come last.
  absl::Span<const LayoutChange> changes() const { return changes_; }

 private:
  std::vector<bool> blocked_;
  std::vector<LayoutChange> changes_;
};

// Features of the unit that makes the change: bytes at that width, sizes of the tensor, no place yet.
UnitFeatures LayoutChangeFeatures(const Network& network, const LayoutChange& change, int activation_bits);

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_BLOCKED_LAYOUT_H_
