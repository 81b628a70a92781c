// Where the units of quick networks stand: what core/mapping's merged duplicates, blocked layouts, graph context and
// fusion trees say of a network, over numbered layers. Platforms fitted from measurements look at all of it.
#ifndef LATIMER_CORE_ESTIMATION_QUICK_PLACES_H_
#define LATIMER_CORE_ESTIMATION_QUICK_PLACES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "core/estimation/quick_layers.h"
#include "core/estimation/quick_network.h"
#include "core/mapping/blocked_layout.h"
#include "core/mapping/pair_features.h"
#include "core/model/platform_model.h"

namespace latimer {

// What features of a unit depend on its place, as GraphContext::Describe() fills them in.
struct UnitPlace {
  int64_t producer_channels = 0;
  int16_t residency = 0;
  int16_t freshness = 0;
  LayerType producer = LayerType::kUnspecified;
  LayerType consumer = LayerType::kUnspecified;
  uint8_t blocked = 0;

  bool operator==(const UnitPlace&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const UnitPlace& p) {
    return H::combine(std::move(h), p.producer_channels, p.residency, p.freshness, p.producer, p.consumer, p.blocked);
  }
  void Write(UnitFeatures& features) const;
};

// Whether the platform's units depend on nothing but their layers, and only chains are fused: no places are needed.
bool HasPlainRules(const PlatformModel& platform);

// Of one platform. Not thread-safe. Void once `table` was cleared.
class QuickPlaces {
 public:
  // `table` outlives this, `platform` the calls.
  QuickPlaces(const PlatformModel& platform, const LayerTable& table);

  // `network` without layers that are computed twice, where the platform merges them; valid until the next call.
  const QuickNetwork& Merge(const QuickNetwork& network);

  // Looks at a network, which the functions below are then about. `weight_bytes`: as in MemoryNeed. False: a layer is
  // not one for this way.
  bool Look(const QuickNetwork& network, int64_t weight_bytes);

  // Whether a tree says that `next` runs in the unit; empty: no tree is asked.
  std::optional<bool> IsFused(absl::Span<const LayerId> unit, LayerId next) const;
  bool has_trees() const { return !trees_.empty(); }

  UnitPlace PlaceOf(absl::Span<const LayerId> unit) const;

  // As BlockedLayout::changes().
  absl::Span<const LayoutChange> changes() const { return changes_; }
  UnitPlace PlaceOf(const LayoutChange& change) const;

 private:
  using Trees = std::map<LayerType, FusionTree>;

  // What a layer is wherever it stands.
  struct Facts {
    bool known = false;
    LayoutRole role = LayoutRole::kUsual;
    uint64_t content = 0;  // the beginning of CanonicalOrder()'s hash
    PairFeatures pair{};   // as a primary
    float pool_kernel = 0;
    float pool_stride = 0;
  };

  bool Learn(RecordId record);
  const Facts& FactsOf(LayerId layer) const { return facts_[Layer(layer).record]; }
  const QuickLayer& Layer(LayerId layer) const { return network_->layers[static_cast<size_t>(layer)]; }
  const QuickTensor& Tensor(TensorId tensor) const { return network_->tensors[static_cast<size_t>(tensor)]; }
  const Shape& ShapeOf(TensorId tensor) const { return table_.kind(Tensor(tensor).kind).shape; }
  bool IsBlocked(TensorId tensor) const { return !blocked_.empty() && blocked_[static_cast<size_t>(tensor)] != 0; }
  LayerId Producer(TensorId tensor) const;                                // behind reshapes
  const Trees* TreesOf(LayerType primary, LayerType next) const;          // null: there are none
  static const FusionTree* FindTree(const Trees* trees, LayerType last);  // null: there is none
  LayerId Rival(LayerId layer, LayerId next) const;
  PairFeatures PairOf(absl::Span<const LayerId> unit, LayerId next) const;
  bool MayMerge(const QuickLayer& layer) const;
  bool HasDuplicates(const QuickNetwork& network);
  void FindLayout();
  void Change(TensorId tensor, bool to_blocks, LayerId reader);
  void FindOrder();
  double FindFreshMemory();
  double Bytes(KindId kind);

  const LayerTable& table_;
  const int activation_bits_;
  const int64_t block_;
  const bool merges_;
  const bool reads_context_;
  std::vector<const Trees*> trees_;  // by types of primary and layer; empty: the platform has none
  std::vector<Facts> facts_;         // by layer record
  std::vector<double> bytes_;        // by kind; -1: not known yet
  QuickNetwork merged_;

  // Of the network looked at.
  const QuickNetwork* network_ = nullptr;
  int16_t residency_ = 0;
  std::vector<LayoutChange> changes_;
  std::vector<uint8_t> blocked_;       // by tensor; empty: one layout
  std::vector<uint8_t> fresh_;         // by layer
  std::vector<LayerId> first_reader_;  // by tensor, in canonical order
  std::vector<LayerId> order_;
  // Scratch.
  std::vector<int32_t> counts_;
  std::vector<int32_t> change_of_;
  std::vector<LayerId> last_reader_;
  std::vector<uint64_t> content_;
  std::vector<int32_t> level_;
  std::vector<TensorId> renamed_;
  std::vector<uint64_t> seen_;           // by tensor: types of its readers, a bit each
  std::vector<LayerId> last_reader_of_;  // by tensor, of those that may be duplicates
  std::vector<LayerId> reader_before_;   // by layer, of the same tensor
};

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_QUICK_PLACES_H_
