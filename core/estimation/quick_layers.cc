#include "core/estimation/quick_layers.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/network/network_proto.h"

namespace latimer {
namespace {

constexpr size_t kFirstSlots = 1024;
constexpr int64_t kBytesPerElement = 8;  // as NetworkBuilder counts

// Whether a transpose moves no data, as simplification has it.
bool MovesNothing(const TransposeAttributes& transpose, const Shape& input) {
  int64_t last = -1;
  for (int64_t from : transpose.permutation) {
    if (input[static_cast<size_t>(from)] == 1) continue;
    if (from < last) return false;
    last = from;
  }
  return true;
}

// Layers that simplification would take away or look behind: the other estimator's.
bool IsRewritten(const Network& network, const Layer& layer) {
  switch (layer.type) {
    case LayerType::kPad:
    case LayerType::kUnknown:
      return true;
    case LayerType::kReshape:
      return network.InputShape(layer, 0) == network.OutputShape(layer);
    case LayerType::kCast:
      return network.tensors[layer.inputs[0]].type == network.tensors[layer.outputs[0]].type;
    case LayerType::kTranspose:
      return MovesNothing(std::get<TransposeAttributes>(layer.attributes), network.InputShape(layer, 0));
    default:
      return false;
  }
}

bool NeedsLook(const Layer& layer) {
  switch (layer.type) {
    case LayerType::kBatchNorm:
    case LayerType::kTranspose:
    case LayerType::kMul:
      return true;
    case LayerType::kAdd:
    case LayerType::kSub:
      return layer.inputs.size() == 1;
    default:
      return false;
  }
}

}  // namespace

LayerTable::LayerTable(const ImportLimits& limits) : limits_(limits), slots_(kFirstSlots) {}

void LayerTable::Clear() {
  kinds_.clear();
  kind_ids_.clear();
  facts_.clear();
  records_.clear();
  slots_.assign(kFirstSlots, Slot());
}

std::optional<KindId> LayerTable::FindKind(const Shape& shape, DataType type) {
  if (type == DataType::kUnspecified) type = DataType::kFloat32;
  const auto [entry, is_new] = kind_ids_.try_emplace({shape, type}, static_cast<KindId>(kinds_.size()));
  if (!is_new) return entry->second;
  const absl::StatusOr<int64_t> elements = CheckedNumElements(shape);
  if (!elements.ok() || *elements < 1) {
    kind_ids_.erase(entry);
    return std::nullopt;
  }
  kinds_.push_back({shape, type, *elements});
  return entry->second;
}

bool LayerTable::IsLayer(RecordId id, uint32_t type, absl::string_view bytes, absl::Span<const KindId> inputs) const {
  const LayerRecord& known = *records_[id];
  return static_cast<uint32_t>(facts_[id].type) == type && known.inputs.size() == inputs.size() &&
         known.bytes == bytes && std::memcmp(known.inputs.data(), inputs.data(), inputs.size() * sizeof(KindId)) == 0;
}

std::optional<RecordId> LayerTable::FindLayer(uint32_t type, absl::string_view bytes, absl::Span<const KindId> inputs) {
  uint64_t hash = hash_(bytes, type);
  for (KindId input : inputs) hash = hash_.Add(hash, input);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at].record != kFree; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && IsLayer(slots_[at].record, type, bytes, inputs)) return slots_[at].record;
  }
  const std::optional<RecordId> id = AddLayer(type, bytes, inputs);
  if (!id.has_value()) return std::nullopt;
  if (2 * records_.size() > slots_.size()) Grow();
  const size_t wide = slots_.size() - 1;
  size_t at = hash & wide;
  while (slots_[at].record != kFree) at = (at + 1) & wide;
  slots_[at] = {hash, *id};
  return id;
}

void LayerTable::Grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.record == kFree) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].record != kFree) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

std::optional<RecordId> LayerTable::AddLayer(uint32_t type, absl::string_view bytes, absl::Span<const KindId> inputs) {
  if (inputs.empty() || type == 0 || type >= kNumLayerTypes) return std::nullopt;
  v1::Layer message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  // Fields out of order: another reader's business.
  if (!message.name().empty() || message.type() != 0 || message.inputs_size() != 0) return std::nullopt;
  if (message.ByteSizeLong() != bytes.size()) return std::nullopt;  // repeated or empty fields
  auto record = std::make_unique<LayerRecord>();
  record->bytes = std::string(bytes);
  record->inputs.assign(inputs.begin(), inputs.end());

  // One layer alone, by the code that reads every network.
  const auto id = static_cast<RecordId>(records_.size());
  records_.push_back(std::move(record));
  facts_.emplace_back().type = static_cast<LayerType>(type);
  auto refuse = [this]() -> std::optional<RecordId> {
    records_.pop_back();
    facts_.pop_back();
    return std::nullopt;
  };
  absl::InlinedVector<int32_t, 3> operands;
  for (size_t i = 0; i < inputs.size(); ++i) operands.push_back(static_cast<int32_t>(i));
  ImportOptions options;
  options.limits = limits_;
  const absl::StatusOr<Network> network =
      NetworkFromProto(ExcerptOf(*this, {id}, absl::MakeConstSpan(&operands, 1), inputs), options);
  if (!network.ok() || !network->warnings.empty()) return refuse();
  const Layer& layer = network->layers[0];
  if (layer.type != facts_[id].type || layer.outputs.size() != 1 || layer.inputs.size() != inputs.size() ||
      IsRewritten(*network, layer)) {
    return refuse();
  }
  const Tensor& output = network->tensors[layer.outputs[0]];
  const std::optional<KindId> output_kind = FindKind(output.shape, output.type);
  if (!output_kind.has_value()) return refuse();

  LayerFacts& facts = facts_[id];
  facts.output = *output_kind;
  facts.look = NeedsLook(layer);
  facts.constants = static_cast<uint16_t>(network->constants.size());
  facts.macs = Macs(*network, layer);
  facts.params = network->source_params;
  facts.bytes = kBytesPerElement * kind(*output_kind).elements;
  for (KindId input : inputs) facts.bytes += kBytesPerElement * kind(input).elements;
  LayerRecord& kept = *records_[id];
  for (ConstantId id_of_constant : layer.constants) {
    const Constant& constant = network->constants[id_of_constant];
    kept.constants.push_back({constant.shape, constant.type, NumElements(constant.shape)});
    facts.bytes += kBytesPerElement * kept.constants.back().elements;
  }
  kept.attributes = layer.attributes;
  return id;
}

v1::Network ExcerptOf(const LayerTable& table, absl::Span<const RecordId> layers,
                      absl::Span<const absl::InlinedVector<int32_t, 3>> operands, absl::Span<const KindId> inputs) {
  v1::Network message;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorKind& kind = table.kind(inputs[i]);
    v1::NetworkInput* input = message.add_inputs();
    input->set_name(absl::StrCat("i", i));
    ShapeToProto(kind.shape, input->mutable_shape());
    input->set_data_type(static_cast<v1::DataType>(kind.type));
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    v1::Layer* layer = message.add_layers();
    layer->ParseFromString(table.record(layers[i]).bytes);  // which AddLayer() has read once
    layer->set_type(static_cast<v1::LayerType>(table.facts(layers[i]).type));
    layer->set_name(absl::StrCat("l", i));
    for (int32_t operand : operands[i]) {
      layer->add_inputs(operand >= 0 ? absl::StrCat("i", operand) : absl::StrCat("l", -1 - operand));
    }
  }
  return message;
}

}  // namespace latimer
