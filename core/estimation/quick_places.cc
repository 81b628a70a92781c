#include "core/estimation/quick_places.h"

#include <algorithm>
#include <cmath>

#include "core/mapping/graph_context.h"
#include "core/network/canonical_order.h"
#include "core/network/network_proto.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

bool IsView(LayerType type) { return type == LayerType::kReshape; }

bool IsSum(const QuickLayer& layer) { return IsElementwiseBroadcast(layer.type) && layer.inputs > 1; }

}  // namespace

void UnitPlace::Write(UnitFeatures& features) const {
  features.producer_channels = producer_channels;
  features.residency = residency;
  features.freshness = freshness;
  features.producer = producer;
  features.consumer = consumer;
  features.blocked = blocked;
}

bool HasPlainRules(const PlatformModel& platform) {
  const MappingRules& rules = platform.mapping();
  return !platform.reads_context() && !rules.merges_duplicates && rules.fusion_trees.empty() && rules.layout_block < 2;
}

QuickPlaces::QuickPlaces(const PlatformModel& platform, const LayerTable& table)
    : table_(table),
      activation_bits_(platform.activation_bits()),
      block_(platform.mapping().layout_block),
      merges_(platform.mapping().merges_duplicates),
      reads_context_(platform.reads_context()) {
  const auto& trees = platform.mapping().fusion_trees;
  if (!trees.empty()) trees_.resize(size_t{kNumLayerTypes} * kNumLayerTypes, nullptr);
  for (const auto& [types, by_last] : trees) {
    trees_[static_cast<size_t>(types.first) * kNumLayerTypes + static_cast<size_t>(types.second)] = &by_last;
  }
}

// By the code that says it of layers of any network.
bool QuickPlaces::Learn(RecordId record) {
  const LayerRecord& layer = table_.record(record);
  absl::InlinedVector<int32_t, 3> operands;
  for (size_t i = 0; i < layer.inputs.size(); ++i) operands.push_back(static_cast<int32_t>(i));
  const absl::StatusOr<Network> excerpt =
      NetworkFromProto(ExcerptOf(table_, {record}, absl::MakeConstSpan(&operands, 1), layer.inputs));
  if (!excerpt.ok()) return false;
  const struct Layer& one = excerpt->layers[0];
  Facts& facts = facts_[record];
  if (block_ >= 2) facts.role = RoleIn(*excerpt, 0, block_);
  facts.content = static_cast<uint64_t>(one.type);
  for (int64_t dim : excerpt->OutputShape(one)) facts.content = MixContent(facts.content, static_cast<uint64_t>(dim));
  facts.content = MixContent(facts.content, static_cast<uint64_t>(ConstantElements(*excerpt, one)));
  if (!trees_.empty()) facts.pair = PrimaryPairFeatures(*excerpt, 0);
  if (const auto* pool = std::get_if<PoolAttributes>(&one.attributes); pool != nullptr && !pool->kernel.empty()) {
    facts.pool_kernel = static_cast<float>(pool->kernel.back());
    facts.pool_stride = static_cast<float>(pool->stride.back());
  }
  facts.known = true;
  return true;
}

bool QuickPlaces::MayMerge(const QuickLayer& layer) const {
  return layer.inputs == 1 && MayBeDuplicate(layer.type) && table_.facts(layer.record).constants == 0;
}

bool QuickPlaces::HasDuplicates(const QuickNetwork& network) {
  seen_.assign(network.tensors.size(), 0);
  for (const QuickLayer& layer : network.layers) {
    if (!MayMerge(layer)) continue;
    uint64_t& seen = seen_[static_cast<size_t>(network.operands[layer.first_input])];
    const uint64_t type = uint64_t{1} << static_cast<int>(layer.type);
    if ((seen & type) != 0) return true;
    seen |= type;
  }
  return false;
}

const QuickNetwork& QuickPlaces::Merge(const QuickNetwork& network) {
  if (!merges_ || !HasDuplicates(network)) return network;
  merged_.name = network.name;
  merged_.inputs = network.inputs;
  merged_.macs = network.macs;
  merged_.tensors.assign(network.tensors.begin(), network.tensors.begin() + static_cast<int64_t>(network.inputs));
  merged_.layers.clear();
  merged_.operands.clear();
  merged_.outputs.clear();
  renamed_.resize(network.tensors.size());
  last_reader_of_.assign(network.tensors.size(), kNone);
  reader_before_.clear();
  for (size_t i = 0; i < network.inputs; ++i) renamed_[i] = static_cast<TensorId>(i);
  for (size_t id = 0; id < network.layers.size(); ++id) {
    QuickLayer layer = network.layers[id];
    const auto output = static_cast<size_t>(network.Output(static_cast<LayerId>(id)));
    const auto kept = static_cast<LayerId>(merged_.layers.size());
    const auto first = static_cast<uint32_t>(merged_.operands.size());
    for (TensorId input : network.Inputs(layer)) merged_.operands.push_back(renamed_[static_cast<size_t>(input)]);
    layer.first_input = first;
    const bool mergeable = MayMerge(layer);
    if (mergeable && !network.tensors[output].is_output) {
      // The first of several.
      LayerId earlier = kNone;
      const auto input = static_cast<size_t>(merged_.operands[first]);
      for (LayerId other = last_reader_of_[input]; other != kNone; other = reader_before_[static_cast<size_t>(other)]) {
        const QuickLayer& candidate = merged_.layers[static_cast<size_t>(other)];
        if (candidate.type == layer.type &&
            (candidate.record == layer.record ||
             DoTheSame(table_.record(candidate.record).attributes, table_.record(layer.record).attributes))) {
          earlier = other;
        }
      }
      if (earlier != kNone) {
        merged_.operands.resize(first);
        renamed_[output] = merged_.Output(earlier);
        continue;
      }
    }
    reader_before_.push_back(kNone);
    if (mergeable) {
      LayerId& last = last_reader_of_[static_cast<size_t>(merged_.operands[first])];
      reader_before_.back() = last;
      last = kept;
    }
    renamed_[output] = merged_.Output(kept);
    merged_.layers.push_back(layer);
    merged_.tensors.push_back(network.tensors[output]);
    merged_.tensors.back().producer = kept;
  }
  for (TensorId output : network.outputs) merged_.outputs.push_back(renamed_[static_cast<size_t>(output)]);
  for (QuickTensor& tensor : merged_.tensors) {
    tensor.readers = 0;
    tensor.first_reader = tensor.last_reader = kNone;
  }
  for (size_t id = 0; id < merged_.layers.size(); ++id) {
    for (TensorId input : merged_.Inputs(merged_.layers[id])) {
      QuickTensor& tensor = merged_.tensors[static_cast<size_t>(input)];
      if (tensor.last_reader == static_cast<LayerId>(id)) continue;
      if (tensor.readers++ == 0) tensor.first_reader = static_cast<LayerId>(id);
      tensor.last_reader = static_cast<LayerId>(id);
    }
  }
  for (TensorId output : merged_.outputs) ++merged_.tensors[static_cast<size_t>(output)].readers;
  return merged_;
}

double QuickPlaces::Bytes(KindId kind) {
  if (kind >= bytes_.size()) bytes_.resize(kind + 64, -1);
  double& bytes = bytes_[kind];
  if (bytes < 0) bytes = static_cast<double>(table_.kind(kind).elements) * activation_bits_ / 8;
  return bytes;
}

bool QuickPlaces::Look(const QuickNetwork& network, int64_t weight_bytes) {
  network_ = &network;
  for (const QuickLayer& layer : network.layers) {
    if (layer.record >= facts_.size()) facts_.resize(layer.record + 256);
    if (!facts_[layer.record].known && !Learn(layer.record)) return false;
  }
  changes_.clear();
  blocked_.clear();
  if (block_ >= 2) FindLayout();
  if (reads_context_ || !trees_.empty()) FindOrder();
  if (!reads_context_) return true;
  const double activations = FindFreshMemory();
  residency_ =
      static_cast<int16_t>(std::lround(2 * std::log2(std::max(1.0, static_cast<double>(weight_bytes) + activations))));
  return true;
}

// As BlockedLayout.
void QuickPlaces::FindLayout() {
  const QuickNetwork& network = *network_;
  blocked_.assign(network.tensors.size(), 0);
  counts_.assign(network.tensors.size(), 0);
  change_of_.assign(network.tensors.size(), kNone);
  for (TensorId input : network.operands) ++counts_[static_cast<size_t>(input)];
  for (TensorId output : network.outputs) ++counts_[static_cast<size_t>(output)];
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    const QuickLayer& layer = Layer(id);
    const absl::Span<const TensorId> inputs = network.Inputs(layer);
    const LayoutRole role = facts_[layer.record].role;
    bool blocks = role == LayoutRole::kBlocks;
    if (role == LayoutRole::kFollows) {
      blocks = IsBlocked(inputs[0]);
    } else if (role == LayoutRole::kFollowsAll) {
      blocks = std::all_of(inputs.begin(), inputs.end(), [&](TensorId one) { return IsBlocked(one); });
    } else if (role == LayoutRole::kFollowsFused) {
      const LayerId producer = Tensor(inputs[0]).producer;
      blocks = IsBlocked(inputs[0]) && producer != kNone && counts_[static_cast<size_t>(inputs[0])] == 1 &&
               IsConvolution(Layer(producer).type);
    }
    for (TensorId input : inputs) {
      if (IsBlocked(input) != blocks) Change(input, blocks, id);
    }
    if (blocks || role == LayoutRole::kMakesBlocks) blocked_[static_cast<size_t>(network.Output(id))] = 1;
  }
  for (TensorId output : network.outputs) {
    if (IsBlocked(output)) Change(output, /*to_blocks=*/false, kNone);
  }
  const auto position = [](const LayoutChange& change) {
    return change.readers.empty() ? INT64_MAX : static_cast<int64_t>(change.readers[0]);
  };
  std::stable_sort(changes_.begin(), changes_.end(),
                   [&](const LayoutChange& a, const LayoutChange& b) { return position(a) < position(b); });
}

void QuickPlaces::Change(TensorId tensor, bool to_blocks, LayerId reader) {
  int32_t& change = change_of_[static_cast<size_t>(tensor)];
  if (change == kNone) {
    change = static_cast<int32_t>(changes_.size());
    changes_.push_back({.tensor = tensor, .to_blocks = to_blocks, .readers = {}});
  }
  auto& readers = changes_[static_cast<size_t>(change)].readers;
  if (reader != kNone && (readers.empty() || readers.back() != reader)) readers.push_back(reader);
}

// As CanonicalOrder(): levels are few layers wide.
void QuickPlaces::FindOrder() {
  const QuickNetwork& network = *network_;
  const size_t count = network.layers.size();
  content_.resize(count);
  level_.assign(count, 0);
  counts_.assign(count + 1, 0);
  for (size_t id = 0; id < count; ++id) {
    const QuickLayer& layer = network.layers[id];
    uint64_t hash = facts_[layer.record].content;
    int32_t level = 0;
    for (TensorId input : network.Inputs(layer)) {
      const LayerId producer = Tensor(input).producer;
      if (producer == kNone) {
        for (int64_t dim : ShapeOf(input)) hash = MixContent(hash, static_cast<uint64_t>(dim));
        continue;
      }
      level = std::max(level, level_[static_cast<size_t>(producer)] + 1);
      hash = MixContent(hash, content_[static_cast<size_t>(producer)]);
    }
    content_[id] = hash;
    level_[id] = level;
    ++counts_[static_cast<size_t>(level) + 1];
  }
  for (size_t level = 0; level < count; ++level) counts_[level + 1] += counts_[level];
  order_.resize(count);
  for (size_t id = 0; id < count; ++id) {
    order_[static_cast<size_t>(counts_[static_cast<size_t>(level_[id])]++)] = static_cast<LayerId>(id);
  }
  // counts_ now has the end of each level.
  int32_t begin = 0;
  for (size_t level = 0; begin < static_cast<int32_t>(count); ++level) {
    const int32_t end = counts_[level];
    std::sort(order_.begin() + begin, order_.begin() + end, [&](LayerId a, LayerId b) {
      const uint64_t i = content_[static_cast<size_t>(a)];
      const uint64_t k = content_[static_cast<size_t>(b)];
      return i != k ? i < k : a < b;
    });
    begin = end;
  }
  first_reader_.assign(network.tensors.size(), kNone);
  for (size_t i = count; i-- > 0;) {
    for (TensorId input : network.Inputs(Layer(order_[i]))) first_reader_[static_cast<size_t>(input)] = order_[i];
  }
}

// As GraphContext::FindFreshMemory(), sum by sum.
double QuickPlaces::FindFreshMemory() {
  const QuickNetwork& network = *network_;
  last_reader_.assign(network.tensors.size(), kNone);
  for (LayerId id : order_) {
    for (TensorId input : network.Inputs(Layer(id))) last_reader_[static_cast<size_t>(input)] = id;
  }
  for (TensorId output : network.outputs) last_reader_[static_cast<size_t>(output)] = kNone;
  fresh_.assign(network.layers.size(), 0);
  double alive = 0;
  double most = 0;
  for (LayerId id : order_) {
    const QuickLayer& layer = Layer(id);
    const absl::Span<const TensorId> inputs = network.Inputs(layer);
    double freed = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const TensorId input = inputs[i];
      const auto here = inputs.begin() + static_cast<std::ptrdiff_t>(i);
      if (last_reader_[static_cast<size_t>(input)] != id || Tensor(input).producer == kNone) continue;
      if (std::find(inputs.begin(), here, input) == here) freed += Bytes(Tensor(input).kind);
    }
    const double written = Bytes(Tensor(network.Output(id)).kind);
    const bool in_place = IsView(layer.type) || IsElementwiseUnary(layer.type) || IsElementwiseBroadcast(layer.type);
    alive += in_place ? std::max(0.0, written - freed) : written;
    if (alive > most) {
      fresh_[static_cast<size_t>(id)] = alive - most >= written / 2 ? 1 : 0;
      most = alive;
    }
    alive -= in_place ? std::max(0.0, freed - written) : freed;
  }
  return most;
}

const QuickPlaces::Trees* QuickPlaces::TreesOf(LayerType primary, LayerType next) const {
  return trees_[static_cast<size_t>(primary) * kNumLayerTypes + static_cast<size_t>(next)];
}

std::optional<bool> QuickPlaces::IsFused(absl::Span<const LayerId> unit, LayerId next) const {
  if (trees_.empty()) return std::nullopt;
  const Trees* const trees = TreesOf(Layer(unit[0]).type, Layer(next).type);
  if (trees == nullptr) return std::nullopt;
  const FusionTree* const tree = FindTree(trees, Layer(unit.back()).type);
  if (tree == nullptr) return false;
  const float own = tree->Value(PairOf(unit, next));
  const LayerId rival = unit.size() == 1 ? Rival(unit[0], next) : kNone;
  if (rival == kNone) return own > 0;
  const LayerType type = Layer(rival).type;
  const FusionTree* const other = FindTree(TreesOf(type, Layer(next).type), type);
  return TakesShared(own, other == nullptr ? -1 : other->Value(PairOf({&rival, 1}, next)));
}

const FusionTree* QuickPlaces::FindTree(const Trees* trees, LayerType last) {
  if (trees == nullptr) return nullptr;
  const auto tree = trees->find(last);
  return tree == trees->end() ? nullptr : &tree->second;
}

// As TensorReaders::Rival().
LayerId QuickPlaces::Rival(LayerId layer, LayerId next) const {
  const absl::Span<const TensorId> inputs = network_->Inputs(Layer(next));
  if (inputs.size() != 2 || inputs[0] == inputs[1] || !IsConvolution(Layer(layer).type)) return kNone;
  const QuickTensor& other = Tensor(inputs[Tensor(inputs[0]).producer == layer ? 1 : 0]);
  if (other.producer == kNone || !IsConvolution(Layer(other.producer).type)) return kNone;
  return other.readers == 1 && other.last_reader == next ? other.producer : kNone;
}

PairFeatures QuickPlaces::PairOf(absl::Span<const LayerId> unit, LayerId next) const {
  const QuickNetwork& network = *network_;
  const QuickLayer& layer = Layer(next);
  const TensorId between = network.Output(unit.back());
  PairPlace place;
  place.rank = static_cast<float>(ShapeOf(between).size());
  place.blocked = IsBlocked(between);
  for (LayerId id : unit.subspan(1)) (IsSum(Layer(id)) ? place.sums : place.activations) += 1;
  const absl::Span<const TensorId> inputs = network.Inputs(layer);
  place.inputs = static_cast<float>(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorId input = inputs[i];
    if (input == between) {
      place.index = static_cast<float>(i);
      continue;
    }
    place.other_blocked = IsBlocked(input) ? 1 : 0;
    place.other_type = 0;
    place.same_shape = ShapeOf(input) == ShapeOf(between) ? 1 : 0;
    const QuickTensor& other = Tensor(input);
    if (other.producer == kNone) continue;
    const LayerType type = Layer(other.producer).type;
    place.other_type = static_cast<float>(type);
    place.lead = LeadOf(level_[static_cast<size_t>(unit[0])], level_[static_cast<size_t>(other.producer)]);
    place.other_can_take = other.readers == 1 && other.last_reader == next && IsConvolution(type) ? 1 : 0;
  }
  const Facts& facts = FactsOf(next);
  place.pool_kernel = facts.pool_kernel;
  place.pool_stride = facts.pool_stride;
  const QuickTensor& written = Tensor(network.Output(next));
  if (written.is_output) {
    place.reader = kReadByCaller;
  } else if (written.readers == 1) {
    place.reader = static_cast<float>(Layer(written.last_reader).type);
  }
  return JoinPairFeatures(FactsOf(unit[0]).pair, place);
}

LayerId QuickPlaces::Producer(TensorId tensor) const {
  LayerId producer = Tensor(tensor).producer;
  for (int i = 0; i < kMostReshapes && producer != kNone && IsView(Layer(producer).type); ++i) {
    producer = Tensor(network_->operands[Layer(producer).first_input]).producer;
  }
  return producer;
}

UnitPlace QuickPlaces::PlaceOf(absl::Span<const LayerId> unit) const {
  UnitPlace place;
  if (!reads_context_) return place;
  const QuickNetwork& network = *network_;
  const QuickLayer& primary = Layer(unit[0]);
  place.residency = residency_;
  if (fresh_[static_cast<size_t>(unit[0])] != 0) place.freshness = residency_;
  const TensorId input = network.operands[primary.first_input];
  const LayerId producer = Producer(input);
  if (producer != kNone) place.producer = Layer(producer).type;
  const Shape& shape = ShapeOf(producer != kNone ? network.Output(producer) : input);
  place.producer_channels = shape.size() > 1 ? shape[1] : 1;
  place.blocked = IsBlocked(network.Output(unit[0])) ? 1 : 0;
  LayerId reader = first_reader_[static_cast<size_t>(network.Output(unit.back()))];
  for (int i = 0; i < kMostReshapes && reader != kNone && IsView(Layer(reader).type); ++i) {
    reader = first_reader_[static_cast<size_t>(network.Output(reader))];
  }
  if (reader != kNone) place.consumer = Layer(reader).type;
  return place;
}

UnitPlace QuickPlaces::PlaceOf(const LayoutChange& change) const {
  UnitPlace place;
  if (!reads_context_) return place;
  const LayerId producer = Producer(change.tensor);
  if (producer != kNone) place.producer = Layer(producer).type;
  for (size_t i = 0; i < change.readers.size(); ++i) {
    const LayerType type = Layer(change.readers[i]).type;
    place.consumer = i == 0 ? type : std::min(place.consumer, type);
  }
  const Shape& shape = ShapeOf(change.tensor);
  place.producer_channels = shape.size() == 4 ? shape[1] : 1;  // LayoutChangeFeatures()'s channels
  place.residency = residency_;
  place.blocked = change.to_blocks ? 1 : 0;
  return place;
}

}  // namespace latimer
