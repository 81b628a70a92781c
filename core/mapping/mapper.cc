#include "core/mapping/mapper.h"

#include <algorithm>
#include <optional>

#include "core/mapping/features.h"
#include "core/mapping/graph_context.h"

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
        readers_(network.tensors.size(), 0),
        reader_(network.tensors.size(), kNone),
        taken_(network.layers.size(), false) {
    if (platform.reads_context()) context_.emplace(network, platform.activation_bits(), platform.weight_bits());
    for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
      for (TensorId input : network.layers[id].inputs) {
        if (reader_[input] != id) ++readers_[input];
        reader_[input] = id;
      }
    }
    for (TensorId output : network.outputs) ++readers_[output];  // its result must exist outside the unit
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
      const Layer& last = network_.layers[unit.layers.back()];
      if (last.outputs.size() != 1 || readers_[last.outputs[0]] != 1 || reader_[last.outputs[0]] == kNone) break;
      const LayerId next = reader_[last.outputs[0]];
      const FusionRule* rule = taken_[next] ? nullptr : FindRule(primary, network_.layers[next], unit, retyped);
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
  std::vector<int32_t> readers_;  // of each tensor; a network output has one more
  std::vector<LayerId> reader_;   // the last of them
  std::vector<bool> taken_;
  std::optional<GraphContext> context_;
};

}  // namespace

MappedNetwork MapNetwork(const Network& network, const PlatformModel& platform) {
  return Mapper(network, platform).Run();
}

}  // namespace latimer
