// Execution units of quick networks: the mapper's rules over numbered layers, and every unit's time known by what it is
// made of.
#ifndef LATIMER_CORE_ESTIMATION_QUICK_UNITS_H_
#define LATIMER_CORE_ESTIMATION_QUICK_UNITS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "core/estimation/estimate_parts.h"
#include "core/estimation/quick_layers.h"
#include "core/estimation/quick_network.h"
#include "core/estimation/quick_places.h"
#include "core/model/platform_model.h"

namespace latimer {

// What one model says about units of one kind. Pointers and views live as long as the platform model.
struct UnitRecord {
  UnitTime time;
  UnitFeatures features;
  ModelKind kind = ModelKind::kUnspecified;
  bool type_fallback = false;
  bool kind_fallback = false;
  const UnitTypeModels* models = nullptr;
  absl::string_view unit_type;

  bool warns() const { return type_fallback || kind_fallback || time.outside_data; }
};

struct QuickUnit {
  const UnitRecord* record = nullptr;
  uint32_t first = 0;   // in QuickUnits::members, the primary layer; of a change of layout the tensor
  uint32_t layers = 0;  // 0: a change of layout
};

struct QuickUnits {
  std::vector<QuickUnit> units;  // in execution order
  std::vector<LayerId> members;
  std::vector<LayerId> free_layers;

  absl::Span<const LayerId> Layers(const QuickUnit& unit) const { return {members.data() + unit.first, unit.layers}; }
};

// The memo of one platform model and one kind of model asked for. Not thread-safe. Void once `table` was cleared.
class UnitTable {
 public:
  UnitTable(const PlatformModel& platform, ModelKind wanted, const LayerTable& table);

  uint64_t instance() const { return instance_; }
  ModelKind wanted() const { return wanted_; }
  size_t size() const { return records_.size(); }
  int64_t hits() const { return hits_; }
  int64_t misses() const { return misses_; }

  // The network as the platform's toolchain sees it, which the functions below want; valid until the next call.
  const QuickNetwork& Merge(const QuickNetwork& network) {
    return places_ == nullptr ? network : places_->Merge(network);
  }

  // As ComputeMemory() on the platform's numbers of bits.
  MemoryNeed Memory(const QuickNetwork& network);

  // As MapNetwork(), with every unit's time. False: the other estimator's network. `platform` is that of the
  // constructor.
  bool Map(const QuickNetwork& network, const PlatformModel& platform, const MemoryNeed& memory, QuickUnits* units);

 private:
  using Key = absl::InlinedVector<uint32_t, 12>;
  // A unit in order of execution.
  struct Turn {
    int64_t turn = 0;
    QuickUnit unit;
  };

  // A unit under construction.
  struct Draft {
    const QuickNetwork* network = nullptr;
    const PlatformModel* platform = nullptr;
    absl::Span<const LayerId> layers;
    uint32_t type = 0;  // in types_
  };

  uint32_t TypeNumber(absl::string_view name);
  uint32_t Fuse(const QuickNetwork& network, const PlatformModel& platform, QuickUnits* units);
  int FindRule(const QuickNetwork& network, const PlatformModel& platform, LayerType primary, LayerId next,
               absl::Span<const LayerId> unit, bool retyped) const;
  bool AddUnit(const Draft& draft, bool plain, QuickUnits* units);
  const UnitRecord* Make(const Draft& draft);
  void Estimate(const PlatformModel& platform, UnitRecord* record) const;
  const UnitRecord* AtPlace(const PlatformModel& platform, const UnitRecord& unit, const UnitPlace& place);
  const UnitRecord* ChangeAtPlace(const PlatformModel& platform, KindId kind, const LayoutChange& change);
  void AddChangesAndSort(const QuickNetwork& network, const PlatformModel& platform, QuickUnits* units);
  int64_t Bytes(KindId kind);
  int64_t WeightBytes(RecordId layer);

  const uint64_t instance_;
  const ModelKind wanted_;
  const int activation_bits_;
  const int weight_bits_;
  const LayerTable& table_;
  std::vector<absl::string_view> types_;                      // names of unit types, wanted ones
  std::array<uint32_t, kNumLayerTypes> default_types_{};      // of a layer alone
  std::vector<uint32_t> fused_types_;                         // of each fusion rule; 0: the primary's
  std::array<std::vector<uint32_t>, kNumLayerTypes> splits_;  // of each layer type
  std::vector<const UnitRecord*> plain_;                      // by layer record: it alone, each input once
  absl::flat_hash_map<Key, const UnitRecord*> by_key_;
  std::unique_ptr<QuickPlaces> places_;  // null: units are the same wherever they stand
  absl::flat_hash_map<std::pair<const UnitRecord*, UnitPlace>, const UnitRecord*> placed_;
  absl::flat_hash_map<std::pair<uint32_t, UnitPlace>, const UnitRecord*> changes_;  // by kind and direction
  std::vector<std::unique_ptr<UnitRecord>> records_;
  std::vector<int64_t> kind_bytes_;    // -1: not computed yet
  std::vector<int64_t> weight_bytes_;  // likewise, by layer record
  int64_t hits_ = 0;
  int64_t misses_ = 0;
  // Scratch.
  std::vector<uint8_t> taken_;
  std::vector<TensorId> roots_;
  std::vector<LayerId> last_use_;
  std::vector<uint8_t> live_;
  std::vector<Turn> turns_;
};

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_QUICK_UNITS_H_
