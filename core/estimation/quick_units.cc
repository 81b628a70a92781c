#include "core/estimation/quick_units.h"

#include <algorithm>

#include "core/mapping/features.h"
#include "core/mapping/graph_context.h"
#include "core/network/network_proto.h"

namespace latimer {
namespace {

constexpr uint32_t kInside = 1U << 31;

// Rounded up to whole bytes, as ComputeMemory() does.
int64_t ByteCount(int64_t elements, int bits) { return elements / 8 * bits + (elements % 8 * bits + 7) / 8; }

bool WindowFits(const FusionRule& rule, const LayerAttributes& attributes) {
  if (rule.pool_kernel.empty() && rule.pool_stride.empty()) return true;
  const auto* pool = std::get_if<PoolAttributes>(&attributes);
  if (pool == nullptr) return false;
  return (rule.pool_kernel.empty() || pool->kernel == rule.pool_kernel) &&
         (rule.pool_stride.empty() || pool->stride == rule.pool_stride);
}

}  // namespace

UnitTable::UnitTable(const PlatformModel& platform, ModelKind wanted, const LayerTable& table)
    : instance_(platform.instance()),
      wanted_(wanted),
      activation_bits_(platform.activation_bits()),
      weight_bits_(platform.weight_bits()),
      table_(table),
      types_{absl::string_view()} {
  const MappingRules& rules = platform.mapping();
  for (size_t type = 1; type < kNumLayerTypes; ++type) {
    default_types_[type] = TypeNumber(UnitTypeName(static_cast<LayerType>(type)));
    for (const std::string& name : rules.splits[type].unit_types) splits_[type].push_back(TypeNumber(name));
  }
  for (const FusionRule& rule : rules.fusions) {
    fused_types_.push_back(rule.unit_type.empty() ? 0 : TypeNumber(rule.unit_type));
  }
  if (!HasPlainRules(platform)) places_ = std::make_unique<QuickPlaces>(platform, table);
}

uint32_t UnitTable::TypeNumber(absl::string_view name) {
  const auto found = std::find(types_.begin(), types_.end(), name);
  if (found == types_.end()) types_.push_back(name);
  return static_cast<uint32_t>(std::find(types_.begin(), types_.end(), name) - types_.begin());
}

int64_t UnitTable::Bytes(KindId kind) {
  if (kind >= kind_bytes_.size()) kind_bytes_.resize(kind + 64, -1);
  int64_t& bytes = kind_bytes_[kind];
  if (bytes < 0) {
    const TensorKind& described = table_.kind(kind);
    const bool scaled = activation_bits_ > 0 && IsFloatingPoint(described.type);
    bytes = ByteCount(described.elements, scaled ? activation_bits_ : BitWidth(described.type));
  }
  return bytes;
}

int64_t UnitTable::WeightBytes(RecordId layer) {
  if (layer >= weight_bytes_.size()) weight_bytes_.resize(layer + 256, -1);
  int64_t& bytes = weight_bytes_[layer];
  if (bytes < 0) {
    bytes = 0;
    for (const TensorKind& constant : table_.record(layer).constants) {
      const bool scaled = weight_bits_ > 0 && IsFloatingPoint(constant.type);
      bytes += ByteCount(constant.elements, scaled ? weight_bits_ : BitWidth(constant.type));
    }
  }
  return bytes;
}

MemoryNeed UnitTable::Memory(const QuickNetwork& network) {
  MemoryNeed need;
  const size_t tensors = network.tensors.size();
  const auto last_layer = static_cast<LayerId>(network.layers.size());
  roots_.resize(tensors);
  last_use_.resize(tensors);
  live_.assign(tensors, 0);
  for (size_t id = 0; id < tensors; ++id) {
    const QuickTensor& tensor = network.tensors[id];
    TensorId root = static_cast<TensorId>(id);
    if (tensor.producer != kNone) {
      const QuickLayer& layer = network.layers[static_cast<size_t>(tensor.producer)];
      need.weight_bytes += WeightBytes(layer.record);
      // A reshape's output is its input under another name.
      if (layer.type == LayerType::kReshape && layer.inputs == 1) {
        root = roots_[static_cast<size_t>(network.operands[layer.first_input])];
      }
    }
    roots_[id] = root;
    const LayerId use = tensor.is_output ? last_layer : std::max(tensor.producer, tensor.last_reader);
    last_use_[id] = use;
    if (root != static_cast<TensorId>(id)) {
      LayerId& root_use = last_use_[static_cast<size_t>(root)];
      root_use = std::max(root_use, use);
    }
  }
  int64_t alive = 0;
  auto begin = [&](TensorId root) {
    if (live_[static_cast<size_t>(root)] != 0) return;
    live_[static_cast<size_t>(root)] = 1;
    alive += Bytes(network.tensors[static_cast<size_t>(root)].kind);
  };
  auto end = [&](TensorId root, LayerId now) {
    if (last_use_[static_cast<size_t>(root)] > now || live_[static_cast<size_t>(root)] == 0) return;
    live_[static_cast<size_t>(root)] = 0;
    alive -= Bytes(network.tensors[static_cast<size_t>(root)].kind);
  };
  for (size_t id = 0; id < network.inputs; ++id) begin(static_cast<TensorId>(id));
  need.peak_activation_bytes = alive;
  for (LayerId id = 0; id < last_layer; ++id) {
    const TensorId output = roots_[static_cast<size_t>(network.Output(id))];
    begin(output);
    need.peak_activation_bytes = std::max(need.peak_activation_bytes, alive);
    for (TensorId input : network.Inputs(network.layers[static_cast<size_t>(id)])) {
      end(roots_[static_cast<size_t>(input)], id);
    }
    end(output, id);
  }
  return need;
}

bool UnitTable::Map(const QuickNetwork& network, const PlatformModel& platform, const MemoryNeed& memory,
                    QuickUnits* units) {
  units->units.clear();
  units->members.clear();
  units->free_layers.clear();
  if (places_ != nullptr && !places_->Look(network, memory.weight_bytes)) return false;
  taken_.assign(network.layers.size(), 0);
  const MappingRules& rules = platform.mapping();
  Draft draft{&network, &platform, {}, 0};
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    if (taken_[static_cast<size_t>(id)] != 0) continue;
    const auto type = static_cast<size_t>(network.layers[static_cast<size_t>(id)].type);
    if (rules.free[type]) {
      units->free_layers.push_back(id);
      continue;
    }
    const size_t first = units->members.size();
    units->members.push_back(id);
    if (!splits_[type].empty()) {
      for (uint32_t part : splits_[type]) {
        draft.type = part;
        draft.layers = {units->members.data() + first, 1};
        if (!AddUnit(draft, /*plain=*/false, units)) return false;
      }
      continue;
    }
    draft.type = default_types_[type];
    if (rules.fusion_primaries[type]) {
      const uint32_t fused = Fuse(network, platform, units);
      if (fused != 0) draft.type = fused;
    }
    draft.layers = {units->members.data() + first, units->members.size() - first};
    if (!AddUnit(draft, /*plain=*/draft.layers.size() == 1, units)) return false;
  }
  if (places_ != nullptr) AddChangesAndSort(network, platform, units);
  return true;
}

// A unit runs when all that its last layer reads is there, a change just before its first reader.
void UnitTable::AddChangesAndSort(const QuickNetwork& network, const PlatformModel& platform, QuickUnits* units) {
  const absl::Span<const LayoutChange> changes = places_->changes();
  if (!places_->has_trees() && changes.empty()) return;
  const auto before = [](const Turn& a, const Turn& b) { return a.turn < b.turn; };
  turns_.clear();
  for (const QuickUnit& unit : units->units) turns_.push_back({2 * int64_t{units->Layers(unit).back()}, unit});
  if (!std::is_sorted(turns_.begin(), turns_.end(), before)) std::stable_sort(turns_.begin(), turns_.end(), before);
  const auto count = static_cast<std::ptrdiff_t>(turns_.size());
  for (const LayoutChange& change : changes) {
    const KindId kind = network.tensors[static_cast<size_t>(change.tensor)].kind;
    turns_.push_back({change.readers.empty() ? INT64_MAX : 2 * int64_t{change.readers[0]} - 1,
                      {ChangeAtPlace(platform, kind, change), static_cast<uint32_t>(change.tensor), 0}});
  }
  std::inplace_merge(turns_.begin(), turns_.begin() + count, turns_.end(), before);
  units->units.clear();
  for (const Turn& turn : turns_) units->units.push_back(turn.unit);
}

void UnitTable::Estimate(const PlatformModel& platform, UnitRecord* record) const {
  record->features.unit_type = platform.FindUnitType(record->unit_type);
  record->models = &platform.unit_type_models(record->features.unit_type);
  const Answering answering = ChooseModel(*record->models, wanted_);
  record->kind = answering.kind;
  record->kind_fallback = answering.fallback;
  record->type_fallback = record->models->unit_type != record->unit_type;
  record->time = answering.model->Estimate(record->features);
}

const UnitRecord* UnitTable::AtPlace(const PlatformModel& platform, const UnitRecord& unit, const UnitPlace& place) {
  const UnitRecord*& slot = placed_[{&unit, place}];
  if (slot != nullptr) {
    ++hits_;
    return slot;
  }
  ++misses_;
  auto record = std::make_unique<UnitRecord>();
  record->features = unit.features;
  record->unit_type = unit.unit_type;
  place.Write(record->features);
  Estimate(platform, record.get());
  records_.push_back(std::move(record));
  return slot = records_.back().get();
}

const UnitRecord* UnitTable::ChangeAtPlace(const PlatformModel& platform, KindId kind, const LayoutChange& change) {
  const UnitPlace place = places_->PlaceOf(change);
  const UnitRecord*& slot = changes_[{kind << 1 | (change.to_blocks ? 1U : 0U), place}];
  if (slot != nullptr) {
    ++hits_;
    return slot;
  }
  ++misses_;
  Network tensor;
  tensor.tensors.push_back({"", table_.kind(kind).shape, table_.kind(kind).type, kNone});
  auto record = std::make_unique<UnitRecord>();
  record->features =
      LayoutChangeFeatures(tensor, {.tensor = 0, .to_blocks = change.to_blocks, .readers = {}}, activation_bits_);
  record->unit_type = kLayoutChange;
  if (platform.reads_context()) place.Write(record->features);
  Estimate(platform, record.get());
  records_.push_back(std::move(record));
  return slot = records_.back().get();
}

// Adds to the last member of `units`, a primary layer, what fuses with it. The unit's type, 0: the layer's own.
uint32_t UnitTable::Fuse(const QuickNetwork& network, const PlatformModel& platform, QuickUnits* units) {
  const size_t first = units->members.size() - 1;
  const LayerType primary = network.layers[static_cast<size_t>(units->members[first])].type;
  uint32_t type = 0;
  while (true) {
    const QuickTensor& last = network.tensors[static_cast<size_t>(network.Output(units->members.back()))];
    if (last.readers != 1 || last.last_reader == kNone) break;
    const LayerId next = last.last_reader;
    if (taken_[static_cast<size_t>(next)] != 0) break;
    const absl::Span<const LayerId> unit(units->members.data() + first, units->members.size() - first);
    if (places_ != nullptr) {
      if (const std::optional<bool> fused = places_->IsFused(unit, next)) {
        if (!*fused) break;
        taken_[static_cast<size_t>(next)] = 1;
        units->members.push_back(next);
        continue;
      }
    }
    const int rule = FindRule(network, platform, primary, next, unit, type != 0);
    if (rule < 0) break;
    taken_[static_cast<size_t>(next)] = 1;
    units->members.push_back(next);
    if (fused_types_[static_cast<size_t>(rule)] != 0) type = fused_types_[static_cast<size_t>(rule)];
  }
  return type;
}

int UnitTable::FindRule(const QuickNetwork& network, const PlatformModel& platform, LayerType primary, LayerId next,
                        absl::Span<const LayerId> unit, bool retyped) const {
  const std::vector<FusionRule>& rules = platform.mapping().fusions;
  const QuickLayer& layer = network.layers[static_cast<size_t>(next)];
  for (size_t i = 0; i < rules.size(); ++i) {
    const FusionRule& rule = rules[i];
    if (!rule.primary[static_cast<size_t>(primary)] || !rule.secondary[static_cast<size_t>(layer.type)]) continue;
    if ((retyped && !rule.unit_type.empty()) || !WindowFits(rule, table_.record(layer.record).attributes)) continue;
    // Other operands must exist when the unit runs.
    const absl::Span<const TensorId> inputs = network.Inputs(layer);
    const bool ready = std::all_of(inputs.begin(), inputs.end(), [&](TensorId input) {
      const LayerId producer = network.tensors[static_cast<size_t>(input)].producer;
      return producer == kNone || producer == unit.back() || producer < unit.front();
    });
    if (ready) return static_cast<int>(i);
  }
  return -1;
}

bool UnitTable::AddUnit(const Draft& draft, bool plain, QuickUnits* units) {
  const QuickNetwork& network = *draft.network;
  const auto first = static_cast<uint32_t>(draft.layers.data() - units->members.data());
  const QuickLayer& primary = network.layers[static_cast<size_t>(draft.layers[0])];
  const absl::Span<const TensorId> inputs = network.Inputs(primary);
  plain = plain && (inputs.size() == 1 || (inputs.size() == 2 && inputs[0] != inputs[1]));
  const UnitRecord* found = nullptr;
  if (plain) {
    if (primary.record >= plain_.size()) plain_.resize(primary.record + 256, nullptr);
    found = plain_[primary.record];
    if (found == nullptr) {
      found = Make(draft);
      plain_[primary.record] = found;
    } else if (places_ == nullptr) {
      ++hits_;
    }
  } else {
    Key key{draft.type};
    absl::InlinedVector<TensorId, 8> read;
    for (LayerId id : draft.layers) {
      const QuickLayer& layer = network.layers[static_cast<size_t>(id)];
      key.push_back(layer.record);
      for (TensorId input : network.Inputs(layer)) {
        const LayerId producer = network.tensors[static_cast<size_t>(input)].producer;
        const auto inside = std::find(draft.layers.begin(), draft.layers.end(), producer);
        if (inside != draft.layers.end()) {
          key.push_back(kInside | static_cast<uint32_t>(inside - draft.layers.begin()));
          continue;
        }
        const auto place = std::find(read.begin(), read.end(), input);
        key.push_back(static_cast<uint32_t>(place - read.begin()));
        if (place == read.end()) read.push_back(input);
      }
    }
    const UnitRecord*& slot = by_key_[key];
    if (slot == nullptr) {
      slot = Make(draft);
    } else if (places_ == nullptr) {
      ++hits_;
    }
    found = slot;
  }
  if (found == nullptr) return false;
  if (places_ != nullptr) found = AtPlace(*draft.platform, *found, places_->PlaceOf(draft.layers));
  units->units.push_back({found, first, static_cast<uint32_t>(draft.layers.size())});
  return true;
}

// Computes a unit's features, and its time where that does not depend on its place, on a network of nothing else, by
// the code that does it for all networks.
const UnitRecord* UnitTable::Make(const Draft& draft) {
  const QuickNetwork& network = *draft.network;
  std::vector<RecordId> layers;
  std::vector<absl::InlinedVector<int32_t, 3>> operands;
  std::vector<TensorId> read;
  std::vector<KindId> kinds;
  std::vector<LayerId> ids;
  for (LayerId id : draft.layers) {
    const QuickLayer& layer = network.layers[static_cast<size_t>(id)];
    layers.push_back(layer.record);
    ids.push_back(static_cast<LayerId>(ids.size()));
    absl::InlinedVector<int32_t, 3>& list = operands.emplace_back();
    for (TensorId input : network.Inputs(layer)) {
      const LayerId producer = network.tensors[static_cast<size_t>(input)].producer;
      const auto inside = std::find(draft.layers.begin(), draft.layers.end(), producer);
      if (inside != draft.layers.end()) {
        list.push_back(-1 - static_cast<int32_t>(inside - draft.layers.begin()));
        continue;
      }
      const auto place = std::find(read.begin(), read.end(), input);
      list.push_back(static_cast<int32_t>(place - read.begin()));
      if (place != read.end()) continue;
      read.push_back(input);
      kinds.push_back(network.tensors[static_cast<size_t>(input)].kind);
    }
  }
  const absl::StatusOr<Network> excerpt = NetworkFromProto(ExcerptOf(table_, layers, operands, kinds));
  if (!excerpt.ok()) return nullptr;
  auto record = std::make_unique<UnitRecord>();
  record->features = ComputeFeatures(*excerpt, ids, activation_bits_, weight_bits_);
  record->unit_type = types_[draft.type];
  if (draft.platform->reads_context()) DescribeChain(*excerpt, ids, record->features);
  if (places_ == nullptr) {
    ++misses_;
    Estimate(*draft.platform, record.get());
  }
  records_.push_back(std::move(record));
  return records_.back().get();
}

}  // namespace latimer
