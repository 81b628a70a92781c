#include "core/estimation/quick_network.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "core/estimation/wire_reader.h"

namespace latimer {
namespace {

constexpr size_t kFirstSlots = 256;
// Below NetworkBuilder's limits by more than one layer can add.
constexpr int64_t kMostMacs = int64_t{1} << 60;
constexpr int64_t kMostBytes = int64_t{1} << 59;
constexpr size_t kSuffixBytes = 16;  // what the importer adds to a layer's name for its constants
constexpr size_t kMostDefaultNames = 4096;

using Message = v1::Network;

// "layer7": what a layer without a name is called.
absl::string_view DefaultName(size_t index) {
  static const auto* const kNames = [] {
    auto* names = new std::array<std::string, kMostDefaultNames>();
    for (size_t i = 0; i < names->size(); ++i) (*names)[i] = absl::StrCat("layer", i);
    return names;
  }();
  return index < kNames->size() ? absl::string_view((*kNames)[index]) : absl::string_view();
}

class Reader {
 public:
  Reader(const ImportLimits& limits, int64_t batch_size, LayerTable& table, NameIndex& names, QuickNetwork& network)
      : limits_(limits), batch_size_(batch_size), table_(table), names_(names), network_(network) {}

  bool Read(absl::string_view bytes) {
    WireReader reader(bytes);
    absl::string_view field;
    uint32_t tag = reader.PeekTag();
    if (tag == BytesTag(Message::kNameFieldNumber)) {
      reader.SkipTag();
      if (!reader.Bytes(&network_.name) || !IsAscii(network_.name)) return false;
      tag = reader.PeekTag();
    }
    for (; tag == BytesTag(Message::kInputsFieldNumber); tag = reader.PeekTag()) {
      reader.SkipTag();
      if (!reader.Bytes(&field) || !ReadInput(field)) return false;
    }
    network_.inputs = network_.tensors.size();
    if (network_.inputs == 0) return false;
    for (; tag == BytesTag(Message::kLayersFieldNumber); tag = reader.PeekTag()) {
      reader.SkipTag();
      if (!reader.Bytes(&field) || !ReadLayer(field)) return false;
    }
    for (; tag == BytesTag(Message::kOutputsFieldNumber); tag = reader.PeekTag()) {
      reader.SkipTag();
      if (!reader.Bytes(&field) || !ReadOutput(field)) return false;
    }
    return reader.done() && !network_.layers.empty() && Finish();
  }

 private:
  bool IsNameToKeep(absl::string_view name) const {
    return !name.empty() && static_cast<int64_t>(name.size() + kSuffixBytes) <= limits_.max_name_bytes && IsAscii(name);
  }

  bool ReadInput(absl::string_view bytes) {
    WireReader reader(bytes);
    QuickTensor tensor;
    absl::string_view shape;
    absl::string_view dims;
    uint64_t type = 0;
    if (reader.PeekTag() != BytesTag(v1::NetworkInput::kNameFieldNumber)) return false;
    reader.SkipTag();
    if (!reader.Bytes(&tensor.name) || reader.PeekTag() != BytesTag(v1::NetworkInput::kShapeFieldNumber)) return false;
    reader.SkipTag();
    if (!reader.Bytes(&shape)) return false;
    if (reader.PeekTag() == VarintTag(v1::NetworkInput::kDataTypeFieldNumber)) {
      reader.SkipTag();
      if (!reader.Varint(&type)) return false;
    }
    if (!reader.done() || type > static_cast<uint64_t>(DataType::kBool) || !IsNameToKeep(tensor.name)) return false;
    WireReader shape_reader(shape);
    if (shape_reader.PeekTag() != BytesTag(v1::Shape::kDimsFieldNumber)) return false;
    shape_reader.SkipTag();
    if (!shape_reader.Bytes(&dims) || !shape_reader.done()) return false;
    Shape sizes;
    for (WireReader dim_reader(dims); !dim_reader.done();) {
      uint64_t dim = 0;
      if (!dim_reader.Varint(&dim) || static_cast<int64_t>(dim) < 1) return false;
      sizes.push_back(static_cast<int64_t>(dim));
    }
    if (static_cast<int64_t>(sizes.size()) > limits_.max_rank) return false;
    if (batch_size_ > 0 && !sizes.empty()) sizes[0] = batch_size_;
    const std::optional<KindId> kind = table_.FindKind(sizes, static_cast<DataType>(type));
    if (!kind.has_value()) return false;
    tensor.kind = *kind;
    bytes_ += 8 * std::min(table_.kind(*kind).elements, kMostBytes / 8);
    if (bytes_ >= kMostBytes) return false;
    return AddTensor(tensor);
  }

  bool ReadLayer(absl::string_view bytes) {
    const auto id = static_cast<LayerId>(network_.layers.size());
    if (id >= limits_.max_nodes) return false;
    WireReader reader(bytes);
    QuickTensor tensor;
    if (reader.PeekTag() == BytesTag(v1::Layer::kNameFieldNumber)) {
      reader.SkipTag();
      if (!reader.Bytes(&tensor.name)) return false;
    }
    if (tensor.name.empty()) tensor.name = DefaultName(static_cast<size_t>(id));
    if (!IsNameToKeep(tensor.name)) return false;
    uint64_t type = 0;
    if (reader.PeekTag() != VarintTag(v1::Layer::kTypeFieldNumber)) return false;
    reader.SkipTag();
    if (!reader.Varint(&type) || type >= kNumLayerTypes) return false;
    QuickLayer layer;
    layer.first_input = static_cast<uint32_t>(network_.operands.size());
    absl::InlinedVector<KindId, 8> kinds;
    while (reader.PeekTag() == BytesTag(v1::Layer::kInputsFieldNumber)) {
      reader.SkipTag();
      absl::string_view name;
      if (!reader.Bytes(&name)) return false;
      const TensorId input = FindInput(name);
      if (input == kNone) return false;
      QuickTensor& read = network_.tensors[static_cast<size_t>(input)];
      if (read.last_reader != id) {
        if (read.readers++ == 0) read.first_reader = id;
        read.last_reader = id;
      }
      network_.operands.push_back(input);
      kinds.push_back(read.kind);
    }
    if (static_cast<int64_t>(kinds.size()) > limits_.max_inputs_per_node) return false;
    const std::optional<RecordId> record = table_.FindLayer(static_cast<uint32_t>(type), reader.rest(), kinds);
    if (!record.has_value()) return false;
    layer.record = *record;
    layer.inputs = static_cast<uint32_t>(kinds.size());
    const LayerFacts& facts = table_.facts(*record);
    layer.type = facts.type;
    if (facts.look) {
      if (IsRewritten(layer, facts)) return false;
      if (ScalesWeighted(layer)) folds_unless_shared_.push_back(network_.operands[layer.first_input]);
    }
    network_.macs += facts.macs;
    bytes_ += facts.bytes;
    constants_ += facts.constants;
    if (facts.macs >= kMostMacs || network_.macs >= kMostMacs || facts.bytes >= kMostBytes || bytes_ >= kMostBytes) {
      return false;
    }
    tensor.kind = facts.output;
    tensor.producer = id;
    network_.layers.push_back(layer);
    return AddTensor(tensor);
  }

  bool AddTensor(const QuickTensor& tensor) {
    network_.tensors.push_back(tensor);
    return names_.Add(network_.tensors, static_cast<TensorId>(network_.tensors.size()) - 1);
  }

  // Most layers read what the one before them made.
  TensorId FindInput(absl::string_view name) const {
    if (network_.tensors.back().name == name) return static_cast<TensorId>(network_.tensors.size()) - 1;
    return names_.Find(network_.tensors, name);
  }

  const QuickLayer* Producer(TensorId tensor) const {
    const LayerId producer = network_.tensors[static_cast<size_t>(tensor)].producer;
    return producer == kNone ? nullptr : &network_.layers[static_cast<size_t>(producer)];
  }

  // Of a layer to look at: whether it scales or shifts what a layer with weights made.
  bool ScalesWeighted(const QuickLayer& layer) const {
    if (layer.inputs != 1 || layer.type == LayerType::kTranspose) return false;
    const QuickLayer* before = Producer(network_.operands[layer.first_input]);
    return before != nullptr && (IsConvolution(before->type) || before->type == LayerType::kFullyConnected);
  }

  // Whether simplification might do something with the layer, given what is before it: undo a transpose, join a gate
  // and its product.
  bool IsRewritten(const QuickLayer& layer, const LayerFacts& facts) const {
    const TensorId* inputs = network_.operands.data() + layer.first_input;
    const QuickLayer* first = Producer(inputs[0]);
    if (facts.type == LayerType::kTranspose) return first != nullptr && first->type == LayerType::kTranspose;
    if (layer.inputs == 1 || facts.type != LayerType::kMul) return false;
    for (uint32_t i = 0; i < layer.inputs; ++i) {
      const QuickLayer* gate = Producer(inputs[i]);
      if (gate == nullptr) continue;
      if (gate->type == LayerType::kTanh) return true;
      if (gate->type != LayerType::kSigmoid && gate->type != LayerType::kHardSigmoid) continue;
      const TensorId gated = network_.operands[gate->first_input];
      if (std::find(inputs, inputs + layer.inputs, gated) != inputs + layer.inputs) return true;
    }
    return false;
  }

  bool ReadOutput(absl::string_view name) {
    const TensorId id = names_.Find(network_.tensors, name);
    if (id == kNone) return false;
    QuickTensor& tensor = network_.tensors[static_cast<size_t>(id)];
    if (tensor.is_output) return true;
    tensor.is_output = true;
    network_.outputs.push_back(id);
    return true;
  }

  bool Finish() {
    const bool listed = !network_.outputs.empty();
    if (static_cast<int64_t>(network_.tensors.size()) + constants_ > limits_.max_tensors) return false;
    for (size_t id = network_.inputs; id < network_.tensors.size(); ++id) {
      QuickTensor& tensor = network_.tensors[id];
      if (tensor.readers > 0 || tensor.is_output) continue;
      if (listed) return false;  // simplification removes what nobody reads
      tensor.is_output = true;
      network_.outputs.push_back(static_cast<TensorId>(id));
    }
    for (TensorId output : network_.outputs) ++network_.tensors[static_cast<size_t>(output)].readers;
    return Fold();
  }

  // False where something but products by one number is folded.
  bool Fold() {
    for (size_t i = 0; i < folds_unless_shared_.size(); ++i) {
      const TensorId made = folds_unless_shared_[i];
      // What is behind a product that is folded is folded in turn.
      while (IsFoldedInto(made)) {
        const QuickTensor& tensor = network_.tensors[static_cast<size_t>(made)];
        if (!IsFoldedScale(tensor.producer, tensor.last_reader)) return false;
        const TensorId product = network_.Output(tensor.last_reader);
        FoldScale(made, product);
        for (TensorId& other : folds_unless_shared_) other -= other > product;
      }
    }
    return true;
  }

  // Whether the one reader of what a layer with weights made may go into them.
  bool IsFoldedInto(TensorId made) const {
    const QuickTensor& tensor = network_.tensors[static_cast<size_t>(made)];
    if (tensor.readers != 1 || tensor.is_output) return false;
    const QuickLayer& reader = network_.layers[static_cast<size_t>(tensor.last_reader)];
    return reader.inputs == 1 && table_.facts(reader.record).look;
  }

  bool IsFoldedScale(LayerId weighted, LayerId scale) const {
    const QuickLayer& layer = network_.layers[static_cast<size_t>(scale)];
    const QuickLayer& before = network_.layers[static_cast<size_t>(weighted)];
    const LayerRecord& record = table_.record(layer.record);
    if (layer.type != LayerType::kMul || record.constants.size() != 1 || record.constants[0].elements != 1 ||
        before.inputs != 1 || table_.record(before.record).constants.empty()) {
      return false;
    }
    const QuickTensor& product = network_.tensors[static_cast<size_t>(network_.Output(scale))];
    const KindId made = network_.tensors[static_cast<size_t>(network_.Output(weighted))].kind;
    return product.kind == made && record.constants[0].shape.size() <= table_.kind(made).shape.size();
  }

  // Readers of the product read what the layer with weights made.
  void FoldScale(TensorId made, TensorId product) {
    const auto scale = static_cast<LayerId>(product - static_cast<TensorId>(network_.inputs));
    network_.macs -= table_.facts(network_.layers[static_cast<size_t>(scale)].record).macs;
    QuickTensor& to = network_.tensors[static_cast<size_t>(made)];
    const QuickTensor& from = network_.tensors[static_cast<size_t>(product)];
    to.readers = from.readers;
    to.first_reader = from.first_reader;
    to.last_reader = from.last_reader;
    to.is_output = from.is_output;
    network_.tensors.erase(network_.tensors.begin() + product);
    network_.layers.erase(network_.layers.begin() + scale);
    const auto renumber = [&](TensorId& id) { id = id == product ? made : id - (id > product); };
    for (TensorId& id : network_.operands) renumber(id);
    for (TensorId& id : network_.outputs) renumber(id);
    for (QuickTensor& tensor : network_.tensors) {
      for (LayerId* id : {&tensor.producer, &tensor.first_reader, &tensor.last_reader}) *id -= *id > scale;
    }
    network_.folded = true;
  }

  const ImportLimits& limits_;
  const int64_t batch_size_;
  LayerTable& table_;
  NameIndex& names_;
  QuickNetwork& network_;
  // What is scaled or shifted right behind its weights: they take that in where nothing else reads the tensor.
  absl::InlinedVector<TensorId, 8> folds_unless_shared_;
  int64_t bytes_ = 0;
  int64_t constants_ = 0;
};

}  // namespace

NameIndex::NameIndex() : slots_(kFirstSlots) {}

void NameIndex::Clear() {
  count_ = 0;
  if (++round_ != 0) return;
  slots_.assign(slots_.size(), Slot());
  round_ = 1;
}

bool NameIndex::Add(const std::vector<QuickTensor>& tensors, TensorId id) {
  const absl::string_view name = tensors[static_cast<size_t>(id)].name;
  const auto hash = static_cast<uint32_t>(hash_(name));
  if (2 * ++count_ > slots_.size()) Grow();
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at].round == round_; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && tensors[static_cast<size_t>(slots_[at].tensor)].name == name) return false;
  }
  slots_[at] = {round_, hash, id};
  return true;
}

TensorId NameIndex::Find(const std::vector<QuickTensor>& tensors, absl::string_view name) const {
  const auto hash = static_cast<uint32_t>(hash_(name));
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at].round == round_; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && tensors[static_cast<size_t>(slots_[at].tensor)].name == name) {
      return slots_[at].tensor;
    }
  }
  return kNone;
}

void NameIndex::Grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.round != round_) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].round == round_) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

bool ReadQuickNetwork(absl::string_view bytes, const ImportLimits& limits, int64_t batch_size, LayerTable& layers,
                      NameIndex& names, QuickNetwork* network) {
  network->name = {};
  network->inputs = 0;
  network->tensors.clear();
  network->layers.clear();
  network->operands.clear();
  network->outputs.clear();
  network->macs = 0;
  network->folded = false;
  names.Clear();
  return Reader(limits, batch_size, layers, names, *network).Read(bytes);
}

Network ToNetwork(const QuickNetwork& from, const LayerTable& layers, absl::string_view name) {
  Network network;
  network.name = std::string(name);
  network.tensors.reserve(from.tensors.size());
  network.layers.reserve(from.layers.size());
  network.constants.reserve(from.layers.size());
  for (const QuickTensor& tensor : from.tensors) {
    const TensorKind& kind = layers.kind(tensor.kind);
    network.tensors.push_back({tensor.name, kind.shape, kind.type, tensor.producer});
  }
  for (size_t i = 0; i < from.inputs; ++i) network.inputs.push_back(static_cast<TensorId>(i));
  for (size_t i = 0; i < from.layers.size(); ++i) {
    const QuickLayer& layer = from.layers[i];
    const LayerRecord& record = layers.record(layer.record);
    const TensorId output = from.Output(static_cast<LayerId>(i));
    Layer& to = network.layers.emplace_back();
    to.name = from.tensors[static_cast<size_t>(output)].name;
    to.type = layer.type;
    to.source_operator = LayerTypeName(layer.type);
    const absl::Span<const TensorId> inputs = from.Inputs(layer);
    to.inputs.assign(inputs.begin(), inputs.end());
    to.outputs.push_back(output);
    for (const TensorKind& constant : record.constants) {
      to.constants.push_back(static_cast<ConstantId>(network.constants.size()));
      network.constants.push_back({to.name, constant.shape, constant.type, std::nullopt});
    }
    to.attributes = record.attributes;
    to.nodes.push_back(to.name);
    network.source_params += layers.facts(layer.record).params;
  }
  network.outputs = from.outputs;
  network.source_node_count = static_cast<int64_t>(from.layers.size());
  return network;
}

}  // namespace latimer
