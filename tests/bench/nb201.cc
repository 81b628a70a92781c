#include "tests/bench/nb201.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace latimer::bench {
namespace {

using Operation = Nb201Operation;

constexpr int kOperations = 5;
constexpr int kCellsPerStage = 5;
constexpr int64_t kClasses = 10;
constexpr std::array<const char*, kOperations> kOperationNames = {"none", "skip_connect", "nor_conv_1x1",
                                                                  "nor_conv_3x3", "avg_pool_3x3"};
constexpr std::array<std::pair<int, int>, 6> kEdges = {{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}}};

// Adds layers to a message; each call returns the name of what it made.
class Writer {
 public:
  explicit Writer(v1::Network* network) : network_(network) {}

  std::string Conv(const std::string& input, int64_t kernel, int64_t stride, int64_t channels, bool bias = true) {
    v1::Layer* layer = Add(v1::LAYER_TYPE_CONV, {input});
    v1::ConvParameters* conv = layer->mutable_conv();
    for (int i = 0; i < 2; ++i) {
      conv->add_kernel(kernel);
      if (stride > 1) conv->add_stride(stride);
      if (kernel > 1) conv->add_pad_begin(kernel / 2);
    }
    conv->set_output_channels(channels);
    conv->set_bias(bias);
    return layer->name();
  }

  std::string Relu(const std::string& input) { return Add(v1::LAYER_TYPE_RELU, {input})->name(); }

  // The benchmark's unit: rectifier, convolution, normalisation (folded).
  std::string ReluConv(const std::string& input, int64_t kernel, int64_t stride, int64_t channels) {
    return Conv(Relu(input), kernel, stride, channels);
  }

  std::string AveragePool(const std::string& input, int64_t kernel, int64_t stride, int64_t pad) {
    v1::Layer* layer = Add(v1::LAYER_TYPE_AVERAGE_POOL, {input});
    v1::PoolParameters* pool = layer->mutable_pool();
    for (int i = 0; i < 2; ++i) {
      pool->add_kernel(kernel);
      if (stride > 1) pool->add_stride(stride);
      if (pad > 0) pool->add_pad_begin(pad);
    }
    return layer->name();
  }

  // The sum of all inputs, two at a time as the benchmark's code computes it.
  std::string Sum(const std::vector<std::string>& inputs) {
    std::string sum = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) sum = Add(v1::LAYER_TYPE_ADD, {sum, inputs[i]})->name();
    return sum;
  }

  // The input times zero: a cell no edge leads through.
  std::string Zero(const std::string& input) {
    v1::Layer* layer = Add(v1::LAYER_TYPE_MUL, {input});
    layer->set_constant_elements(1);
    return layer->name();
  }

  void Classify(const std::string& input) {
    const std::string pooled = Add(v1::LAYER_TYPE_GLOBAL_AVERAGE_POOL, {Relu(input)})->name();
    v1::Layer* flat = Add(v1::LAYER_TYPE_RESHAPE, {pooled});
    flat->mutable_output_shape()->mutable_shape()->add_dims(1);
    flat->mutable_output_shape()->mutable_shape()->add_dims(-1);
    v1::Layer* product = Add(v1::LAYER_TYPE_FULLY_CONNECTED, {flat->name()});
    product->mutable_fully_connected()->set_output_features(kClasses);
    product->mutable_fully_connected()->set_bias(true);
  }

 private:
  v1::Layer* Add(v1::LayerType type, const std::vector<std::string>& inputs) {
    v1::Layer* layer = network_->add_layers();
    layer->set_name(absl::StrCat("n", network_->layers_size()));
    layer->set_type(type);
    for (const std::string& input : inputs) layer->add_inputs(input);
    return layer;
  }

  v1::Network* const network_;
};

// Edges on a way from node 0 to node 3.
std::array<bool, 6> EdgesWithEffect(const Nb201Cell& cell) {
  std::array<bool, 4> reached{true, false, false, false};
  std::array<bool, 4> needed{false, false, false, true};
  for (size_t i = 0; i < kEdges.size(); ++i) {
    if (cell[i] != Operation::kNone && reached[kEdges[i].first]) reached[kEdges[i].second] = true;
  }
  for (size_t i = kEdges.size(); i-- > 0;) {
    if (cell[i] != Operation::kNone && needed[kEdges[i].second]) needed[kEdges[i].first] = true;
  }
  std::array<bool, 6> effect{};
  for (size_t i = 0; i < kEdges.size(); ++i) {
    effect[i] = cell[i] != Operation::kNone && reached[kEdges[i].first] && needed[kEdges[i].second];
  }
  return effect;
}

std::string WriteCell(Writer& writer, const Nb201Cell& cell, const std::string& input, int64_t channels) {
  const std::array<bool, 6> effect = EdgesWithEffect(cell);
  std::array<std::string, 4> nodes{input, "", "", ""};
  for (int node = 1; node < 4; ++node) {
    std::vector<std::string> terms;
    for (size_t i = 0; i < kEdges.size(); ++i) {
      if (kEdges[i].second != node || !effect[i]) continue;
      const std::string& from = nodes[kEdges[i].first];
      switch (cell[i]) {
        case Operation::kNone:
          break;
        case Operation::kSkip:
          terms.push_back(from);
          break;
        case Operation::kConv1x1:
          terms.push_back(writer.ReluConv(from, 1, 1, channels));
          break;
        case Operation::kConv3x3:
          terms.push_back(writer.ReluConv(from, 3, 1, channels));
          break;
        case Operation::kAveragePool:
          terms.push_back(writer.AveragePool(from, 3, 1, 1));
          break;
      }
    }
    if (!terms.empty()) nodes[node] = writer.Sum(terms);
  }
  return nodes[3].empty() ? writer.Zero(input) : nodes[3];
}

std::string WriteReduction(Writer& writer, const std::string& input, int64_t channels) {
  const std::string first = writer.ReluConv(input, 3, 2, channels);
  const std::string second = writer.ReluConv(first, 3, 1, channels);
  const std::string shortcut = writer.Conv(writer.AveragePool(input, 2, 2, 0), 1, 1, channels, /*bias=*/false);
  return writer.Sum({second, shortcut});
}

}  // namespace

Nb201Cell MakeNb201Cell(int index) {
  Nb201Cell cell{};
  for (Operation& operation : cell) {
    operation = static_cast<Operation>(index % kOperations);
    index /= kOperations;
  }
  return cell;
}

std::string Nb201CellName(const Nb201Cell& cell) {
  std::string name;
  for (size_t i = 0; i < kEdges.size(); ++i) {
    if (i > 0 && kEdges[i].second != kEdges[i - 1].second) name += "|+";
    absl::StrAppend(&name, "|", kOperationNames[static_cast<size_t>(cell[i])], "~", kEdges[i].first);
  }
  return name + "|";
}

std::optional<Nb201Cell> ParseNb201Cell(absl::string_view name) {
  Nb201Cell cell{};
  size_t edge = 0;
  for (absl::string_view part : absl::StrSplit(name, absl::ByAnyChar("|+"), absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(part, '~');
    if (edge >= cell.size() || halves.second != absl::StrCat(kEdges[edge].first)) return std::nullopt;
    size_t operation = 0;
    while (operation < kOperationNames.size() && halves.first != kOperationNames[operation]) ++operation;
    if (operation == kOperationNames.size()) return std::nullopt;
    cell[edge++] = static_cast<Operation>(operation);
  }
  if (edge != cell.size()) return std::nullopt;
  return cell;
}

v1::Network MakeNb201Network(const Nb201Cell& cell, int64_t channels) {
  v1::Network network;
  network.set_name(Nb201CellName(cell));
  v1::NetworkInput* input = network.add_inputs();
  input->set_name("x");
  input->set_data_type(v1::DATA_TYPE_FLOAT32);
  for (int64_t dim : {1, 3, 32, 32}) input->mutable_shape()->add_dims(dim);
  Writer writer(&network);
  std::string at = writer.Conv("x", 3, 1, channels);
  for (int stage = 0; stage < 3; ++stage) {
    if (stage > 0) at = WriteReduction(writer, at, channels << stage);
    for (int i = 0; i < kCellsPerStage; ++i) at = WriteCell(writer, cell, at, channels << stage);
  }
  writer.Classify(at);
  return network;
}

}  // namespace latimer::bench
