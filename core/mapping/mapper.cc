#include "core/mapping/mapper.h"

#include <algorithm>
#include <optional>

#include "core/mapping/blocked_layout.h"
#include "core/mapping/features.h"
#include "core/mapping/graph_context.h"
#include "core/mapping/pair_features.h"

namespace latimer {
namespace {

bool WindowFits(const FusionRule& rule, const Layer& layer) {
  if (rule.pool_kernel.empty() && rule.pool_stride.empty()) return true;
  const auto* pool = std::get_if<PoolAttributes>(&layer.attributes);
  if (pool == nullptr) return false;
  return (rule.pool_kernel.empty() || pool->kernel == rule.pool_kernel) &&
         (rule.pool_stride.empty() || pool->stride == rule.pool_stride);
}

class Mapper {
 public:
  Mapper(const Network& network, const PlatformModel& platform)
      : network_(network),
        platform_(platform),
        rules_(platform.mapping()),
        readers_(network),
        layout_(network, platform.mapping().layout_block),
        taken_(network.layers.size(), false) {
    if (platform.reads_context()) {
      context_.emplace(network, layout_, platform.activation_bits(), platform.weight_bits());
    }
  }

  MappedNetwork Run() {
    MappedNetwork mapped;
    mapped.units.reserve(network_.layers.size());
    for (LayerId id = 0; id < static_cast<LayerId>(network_.layers.size()); ++id) {
      if (taken_[id]) continue;
      taken_[id] = true;
      const Layer& layer = network_.layers[id];
      if (rules_.free[static_cast<size_t>(layer.type)]) {
        mapped.free_layers.push_back(id);
        continue;
      }
      const SplitRule& split = rules_.splits[static_cast<size_t>(layer.type)];
      if (!split.unit_types.empty()) {
        for (const std::string& unit_type : split.unit_types) {
          ExecutionUnit unit;
          unit.primary = id;
          unit.layers.push_back(id);
          Complete(unit, unit_type, mapped);
        }
        continue;
      }
      ExecutionUnit unit;
      unit.primary = id;
      unit.layers.push_back(id);
      const absl::string_view unit_type = Fuse(unit);
      Complete(unit, unit_type, mapped);
    }
    AddLayoutChanges(mapped);
    // A unit runs when all that its last layer reads is there.
    if (!rules_.fusion_trees.empty() || !layout_.changes().empty()) {
      std::stable_sort(mapped.units.begin(), mapped.units.end(),
                       [](const ExecutionUnit& a, const ExecutionUnit& b) { return Turn(a) < Turn(b); });
    }
    return mapped;
  }

 private:
  // Adds to the unit what fuses into it; returns the type it becomes.
  absl::string_view Fuse(ExecutionUnit& unit) {
    const LayerType primary = network_.layers[unit.primary].type;
    absl::string_view unit_type = UnitTypeName(primary);
    if (!rules_.fusion_primaries[static_cast<size_t>(primary)]) return unit_type;
    bool retyped = false;
    while (true) {
      const LayerId next = readers_.Sole(network_.layers[unit.layers.back()]);
      if (next == kNone || taken_[next]) break;
      if (!rules_.fusion_trees.empty()) {
        const auto trees = rules_.fusion_trees.find({primary, network_.layers[next].type});
        if (trees != rules_.fusion_trees.end()) {
          const auto tree = trees->second.find(network_.layers[unit.layers.back()].type);
          if (tree == trees->second.end() || !IsFused(tree->second, unit.layers, next)) break;
          taken_[next] = true;
          unit.layers.push_back(next);
          continue;
        }
      }
      const FusionRule* rule = FindRule(primary, network_.layers[next], unit, retyped);
      if (rule == nullptr) break;
      taken_[next] = true;
      unit.layers.push_back(next);
      if (!rule->unit_type.empty()) {
        unit_type = rule->unit_type;
        retyped = true;
      }
    }
    return unit_type;
  }

  bool IsFused(const FusionTree& tree, absl::Span<const LayerId> unit, LayerId next) const {
    const auto value = [&](const FusionTree& of, absl::Span<const LayerId> layers) {
      return of.Value(MakePairFeatures(network_, layout_, readers_, layers, next));
    };
    const float own = value(tree, unit);
    const LayerId rival = unit.size() == 1 ? readers_.Rival(network_, unit[0], next) : kNone;
    if (rival == kNone) return own > 0;
    const FusionTree* const other = rules_.FindTree(network_.layers[rival].type, network_.layers[next].type);
    return TakesShared(own, other == nullptr ? -1 : value(*other, {&rival, 1}));
  }

  const FusionRule* FindRule(LayerType primary, const Layer& next, const ExecutionUnit& unit, bool retyped) const {
    for (const FusionRule& rule : rules_.fusions) {
      if (!rule.primary[static_cast<size_t>(primary)] || !rule.secondary[static_cast<size_t>(next.type)]) continue;
      if ((retyped && !rule.unit_type.empty()) || !WindowFits(rule, next)) continue;
      // Other operands must exist when the unit runs.
      const bool ready = std::all_of(next.inputs.begin(), next.inputs.end(), [&](TensorId input) {
        const LayerId producer = network_.tensors[input].producer;
        return producer == kNone || producer == unit.layers.back() || producer < unit.primary;
      });
      if (ready) return &rule;
    }
    return nullptr;
  }

  // Order of execution: by the last layer; changes just before their first reader.
  static int64_t Turn(const ExecutionUnit& unit) {
    if (!unit.layers.empty()) return 2 * static_cast<int64_t>(unit.layers.back());
    return unit.readers.empty() ? INT64_MAX : 2 * static_cast<int64_t>(unit.readers[0]) - 1;
  }

  void AddLayoutChanges(MappedNetwork& mapped) const {
    for (const LayoutChange& change : layout_.changes()) {
      ExecutionUnit unit;
      unit.changed = change.tensor;
      unit.readers = change.readers;
      if (!change.readers.empty()) unit.primary = change.readers[0];
      unit.unit_type = kLayoutChange;
      unit.features = LayoutChangeFeatures(network_, change, platform_.activation_bits());
      if (context_.has_value()) context_->DescribeChange(change, unit.features);
      unit.features.unit_type = platform_.FindUnitType(kLayoutChange);
      mapped.units.push_back(std::move(unit));
    }
  }

  void Complete(ExecutionUnit& unit, absl::string_view unit_type, MappedNetwork& mapped) const {
    unit.unit_type = unit_type;
    unit.features = ComputeFeatures(network_, unit.layers, platform_.activation_bits(), platform_.weight_bits());
    if (context_.has_value()) context_->Describe(unit.layers, unit.features);
    unit.features.unit_type = platform_.FindUnitType(unit_type);
    mapped.units.push_back(std::move(unit));
  }

  const Network& network_;
  const PlatformModel& platform_;
  const MappingRules& rules_;
  const TensorReaders readers_;
  const BlockedLayout layout_;
  std::vector<bool> taken_;
  std::optional<GraphContext> context_;
};

}  // namespace

MappedNetwork MapNetwork(const Network& network, const PlatformModel& platform) {
  return Mapper(network, platform).Run();
}

}  // namespace latimer
