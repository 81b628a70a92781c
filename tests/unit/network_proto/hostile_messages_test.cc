// Messages that no client of ours writes: each is refused with the field at fault, none is believed.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "proto_helpers.h"

namespace latimer {
namespace {

struct Hostile {
  const char* what;
  const char* text;   // after kInputs
  const char* field;  // without "network."
  const char* message;
};

const Hostile kHostile[] = {
    {"an input that is not there",
     R"(layers { type: LAYER_TYPE_RELU inputs: "x" } layers { type: LAYER_TYPE_ADD inputs: "x" inputs: "y" })",
     "layers[1].inputs", "'y'"},
    {"no input", R"(layers { name: "a" type: LAYER_TYPE_RELU })", "layers[0].inputs", "no inputs"},
    {"a layer that reads itself", R"(layers { name: "a" type: LAYER_TYPE_ADD inputs: "x" inputs: "a" })",
     "layers[0].inputs", "'a'"},
    {"a cycle",
     R"(layers { name: "a" type: LAYER_TYPE_RELU inputs: "b" } layers { name: "b" type: LAYER_TYPE_RELU inputs: "a" })",
     "layers[0].inputs", "'b'"},
    {"an output of a split that is not there",
     R"(layers { name: "s" type: LAYER_TYPE_SPLIT inputs: "x" split { axis: 1 sizes: [2, 2] } } layers { type: LAYER_TYPE_RELU inputs: "s:2" })",
     "layers[1].inputs", "'s:2'"},
    {"two layers of one name",
     R"(layers { name: "a" type: LAYER_TYPE_RELU inputs: "x" } layers { name: "a" type: LAYER_TYPE_RELU inputs: "x" })",
     "layers[1]", "'a'"},
    {"a layer called like an input", R"(layers { name: "x" type: LAYER_TYPE_RELU inputs: "x" })", "layers[0]", "'x'"},
    {"two inputs of one name", R"(inputs { name: "x" shape { dims: 1 } } layers { type: LAYER_TYPE_RELU inputs: "x" })",
     "inputs[4]", "'x'"},
    {"no type", R"(layers { name: "a" inputs: "x" })", "layers[0].type", "(0)"},
    {"an input's dimension of 0",
     R"(inputs { name: "z" shape { dims: [1, 0] } } layers { type: LAYER_TYPE_RELU inputs: "z" })", "inputs[4].shape",
     "'z'"},
    {"a negative input dimension",
     R"(inputs { name: "z" shape { dims: [1, -9223372036854775808] } } layers { type: LAYER_TYPE_RELU inputs: "z" })",
     "inputs[4].shape", "-9223372036854775808"},
    {"an input of too many elements",
     R"(inputs { name: "z" shape { dims: [4611686018427387904, 4] } } layers { type: LAYER_TYPE_RELU inputs: "z" })",
     "inputs[4]", "'z'"},
    {"a sum of too many bytes",
     R"(inputs { name: "z" shape { dims: [100000000, 1000000000] } } layers { name: "a" type: LAYER_TYPE_RELU inputs: "z" })",
     "layers[0]", "bytes"},
    {"too many operations",
     R"(inputs { name: "z" shape { dims: [30000000, 30000000] } } layers { name: "a" type: LAYER_TYPE_FULLY_CONNECTED inputs: "z" fully_connected { output_features: 30000000 } })",
     "layers[0]", "operations"},
    {"parameters missing", R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" })", "layers[0].conv", "missing"},
    {"parameters of another type", R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" pool { kernel: [3, 3] } })",
     "layers[0].conv", "missing"},
    {"a kernel of another rank",
     R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: 3 output_channels: 2 } })",
     "layers[0].conv.kernel", "1x4x8x8"},
    {"a negative kernel",
     R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: [3, -3] output_channels: 2 } })",
     "layers[0]", "'a'"},
    {"a kernel larger than the input",
     R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: [9, 9] output_channels: 2 } })",
     "layers[0]", "'a'"},
    {"a stride of 0",
     R"(layers { name: "a" type: LAYER_TYPE_MAX_POOL inputs: "x" pool { kernel: [3, 3] stride: [0, 1] } })",
     "layers[0]", "'a'"},
    {"strides of another rank",
     R"(layers { name: "a" type: LAYER_TYPE_MAX_POOL inputs: "x" pool { kernel: [3, 3] stride: [1] } })", "layers[0]",
     "'a'"},
    {"a dilation that overflows",
     R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: [3, 3] dilation: [9223372036854775807, 1] output_channels: 2 } })",
     "layers[0]", "'a'"},
    {"padding that overflows",
     R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: [3, 3] pad_begin: [9223372036854775807, 9223372036854775807] output_channels: 2 } })",
     "layers[0]", "'a'"},
    {"groups that do not divide the channels",
     R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: [3, 3] groups: 3 output_channels: 3 } })",
     "layers[0]", "groups"},
    {"negative groups",
     R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: [3, 3] groups: -1 output_channels: 2 } })",
     "layers[0]", "groups"},
    {"no output channels", R"(layers { name: "a" type: LAYER_TYPE_CONV inputs: "x" conv { kernel: [3, 3] } })",
     "layers[0]", "channels"},
    {"negative features",
     R"(layers { name: "a" type: LAYER_TYPE_FULLY_CONNECTED inputs: "m" fully_connected { output_features: -5 } })",
     "layers[0]", "'a'"},
    {"matrices that do not fit", R"(layers { name: "a" type: LAYER_TYPE_MAT_MUL inputs: "m" inputs: "m" })",
     "layers[0]", "'a'"},
    {"one operand of a product", R"(layers { name: "a" type: LAYER_TYPE_MAT_MUL inputs: "m" })", "layers[0]", "'a'"},
    {"operands that do not broadcast", R"(layers { name: "a" type: LAYER_TYPE_ADD inputs: "m" inputs: "n" })",
     "layers[0]", "'a'"},
    {"an axis that is not there", R"(layers { name: "a" type: LAYER_TYPE_SOFTMAX inputs: "m" axis { axis: 3 } })",
     "layers[0].axis.axis", "3"},
    {"an axis far below",
     R"(layers { name: "a" type: LAYER_TYPE_REDUCE inputs: "m" reduce { axes: -9223372036854775808 } })",
     "layers[0].reduce.axes", "'a'"},
    {"an axis named twice", R"(layers { name: "a" type: LAYER_TYPE_REDUCE inputs: "m" reduce { axes: [1, -2] } })",
     "layers[0]", "'a'"},
    {"two axes where one is meant",
     R"(layers { name: "a" type: LAYER_TYPE_ARG_REDUCE inputs: "m" reduce { axes: [0, 1] } })", "layers[0].reduce.axes",
     "one axis"},
    {"pieces that do not sum up",
     R"(layers { name: "a" type: LAYER_TYPE_SPLIT inputs: "x" split { axis: 1 sizes: [2, 3] } })", "layers[0]", "'a'"},
    {"pieces of negative size",
     R"(layers { name: "a" type: LAYER_TYPE_SPLIT inputs: "x" split { axis: 1 sizes: [5, -1] } })", "layers[0]", "'a'"},
    {"pieces whose sum overflows",
     R"(layers { name: "a" type: LAYER_TYPE_SPLIT inputs: "x" split { axis: 1 sizes: [9223372036854775807, 9223372036854775807, 6] } })",
     "layers[0]", "'a'"},
    {"no pieces", R"(layers { name: "a" type: LAYER_TYPE_SPLIT inputs: "x" split { axis: 1 } })", "layers[0]", "'a'"},
    {"a slice of nothing",
     R"(layers { name: "a" type: LAYER_TYPE_SLICE inputs: "x" slice { axes: 2 starts: 5 ends: 5 } })", "layers[0]",
     "'a'"},
    {"a slice with step 0",
     R"(layers { name: "a" type: LAYER_TYPE_SLICE inputs: "x" slice { axes: 2 starts: 0 ends: 5 steps: 0 } })",
     "layers[0]", "'a'"},
    {"slice lists of different length",
     R"(layers { name: "a" type: LAYER_TYPE_SLICE inputs: "x" slice { axes: [1, 2] starts: 0 ends: 5 } })", "layers[0]",
     "'a'"},
    {"padding of another rank", R"(layers { name: "a" type: LAYER_TYPE_PAD inputs: "x" pad { begin: 1 end: 1 } })",
     "layers[0]", "'a'"},
    {"padding below nothing",
     R"(layers { name: "a" type: LAYER_TYPE_PAD inputs: "x" pad { begin: [0, 0, -8, 0] end: [0, 0, 0, 0] } })",
     "layers[0]", "'a'"},
    {"no permutation",
     R"(layers { name: "a" type: LAYER_TYPE_TRANSPOSE inputs: "m" transpose { permutation: [0, 0, 1] } })", "layers[0]",
     "'a'"},
    {"a permutation with negative places",
     R"(layers { name: "a" type: LAYER_TYPE_TRANSPOSE inputs: "m" transpose { permutation: [0, -1, 1] } })",
     "layers[0]", "'a'"},
    {"a reshape to other elements",
     R"(layers { name: "a" type: LAYER_TYPE_RESHAPE inputs: "m" output_shape { shape { dims: [7] } } })", "layers[0]",
     "'a'"},
    {"a reshape with two open dimensions",
     R"(layers { name: "a" type: LAYER_TYPE_RESHAPE inputs: "m" output_shape { shape { dims: [-1, -1] } } })",
     "layers[0]", "'a'"},
    {"a reshape whose product overflows",
     R"(layers { name: "a" type: LAYER_TYPE_RESHAPE inputs: "m" output_shape { shape { dims: [4294967296, 4294967296, 4294967296] } } })",
     "layers[0]", "'a'"},
    {"an expansion to negative",
     R"(layers { name: "a" type: LAYER_TYPE_EXPAND inputs: "i" output_shape { shape { dims: [-4, 6] } } })",
     "layers[0]", "'a'"},
    {"negative constants", R"(layers { name: "a" type: LAYER_TYPE_MUL inputs: "m" constant_elements: -1 })",
     "layers[0].constant_elements", "negative"},
    {"constants past all bytes",
     R"(layers { name: "a" type: LAYER_TYPE_MUL inputs: "m" constant_elements: 9223372036854775807 })", "layers[0]",
     "a.constant"},
    {"a constant that cannot be joined",
     R"(layers { name: "a" type: LAYER_TYPE_CONCAT inputs: "m" axis { axis: 1 } constant_elements: 21 })",
     "layers[0].constant_elements", "21"},
    {"an output that is not there", R"(layers { name: "a" type: LAYER_TYPE_RELU inputs: "m" } outputs: "b")", "outputs",
     "'b'"},
    {"no layers", "", "layers", "no layers"},
};

TEST(HostileMessages, AreRefusedWithTheFieldAtFault) {
  for (const Hostile& hostile : kHostile) {
    SCOPED_TRACE(hostile.what);
    const absl::StatusOr<Network> network = NetworkFromProto(Message(absl::StrCat(kInputs, hostile.text)));
    ASSERT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument) << network.status();
    EXPECT_THAT(std::string(network.status().message()), testing::HasSubstr(hostile.message));
    const std::optional<ErrorDetails> details = GetErrorDetails(network.status());
    ASSERT_TRUE(details.has_value());
    EXPECT_EQ(details->field, absl::StrCat("network.", hostile.field)) << network.status();
    EXPECT_FALSE(details->reason.empty());
  }
}

void ExpectExhausted(const v1::Network& message, const char* reason, const ImportOptions& options = {}) {
  const absl::StatusOr<Network> network = NetworkFromProto(message, options);
  ASSERT_EQ(network.status().code(), absl::StatusCode::kResourceExhausted) << network.status();
  EXPECT_EQ(GetErrorDetails(network.status())->reason, reason);
  EXPECT_THAT(GetErrorDetails(network.status())->field, testing::StartsWith("network."));
  EXPECT_LT(network.status().message().size(), 1000u);
}

v1::Network OneLayer(v1::LayerType type) {
  v1::Network message = Message(kInputs);
  v1::Layer* layer = message.add_layers();
  layer->set_type(type);
  layer->add_inputs("x");
  return message;
}

// Enums are open: numbers that a newer client sends, or nobody.
TEST(HostileMessages, NumbersOutsideTheEnums) {
  for (int number : {61, -1, 1 << 30}) {
    v1::Network message = OneLayer(static_cast<v1::LayerType>(number));
    absl::StatusOr<Network> network = NetworkFromProto(message);
    EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(GetErrorDetails(network.status())->field, "network.layers[0].type");
    message = OneLayer(v1::LAYER_TYPE_RELU);
    message.mutable_inputs(1)->set_data_type(static_cast<v1::DataType>(number));
    network = NetworkFromProto(message);
    EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(GetErrorDetails(network.status())->field, "network.inputs[1].data_type");
  }
}

TEST(HostileMessages, MoreLayersThanAllowed) {
  v1::Network message = OneLayer(v1::LAYER_TYPE_RELU);
  ImportOptions options;
  options.limits.max_nodes = 3;
  for (int i = 0; i < 2; ++i) *message.add_layers() = message.layers(0);
  EXPECT_TRUE(NetworkFromProto(message, options).ok());
  *message.add_layers() = message.layers(0);
  ExpectExhausted(message, "TOO_MANY_NODES", options);
}

TEST(HostileMessages, HugeLists) {
  constexpr int kHuge = 300'000;
  v1::Network many_inputs = OneLayer(v1::LAYER_TYPE_CONCAT);
  for (int i = 0; i < kHuge; ++i) many_inputs.mutable_layers(0)->add_inputs("x");
  ExpectExhausted(many_inputs, "TOO_MANY_INPUTS");

  v1::Network rank = Message("");
  rank.add_inputs()->set_name("x");
  for (int i = 0; i < kHuge; ++i) rank.mutable_inputs(0)->mutable_shape()->add_dims(1);
  rank.add_layers()->set_type(v1::LAYER_TYPE_RELU);
  rank.mutable_layers(0)->add_inputs("x");
  ExpectExhausted(rank, "TOO_MANY_DIMENSIONS");

  v1::Network output_rank = OneLayer(v1::LAYER_TYPE_EXPAND);
  for (int i = 0; i < kHuge; ++i) output_rank.mutable_layers(0)->mutable_output_shape()->mutable_shape()->add_dims(1);
  ExpectExhausted(output_rank, "TOO_MANY_DIMENSIONS");

  v1::Network pieces = OneLayer(v1::LAYER_TYPE_SPLIT);
  pieces.mutable_inputs(0)->mutable_shape()->set_dims(1, kHuge);
  pieces.mutable_layers(0)->mutable_split()->set_axis(1);
  for (int i = 0; i < kHuge; ++i) pieces.mutable_layers(0)->mutable_split()->add_sizes(1);
  ExpectExhausted(pieces, "TOO_MANY_TENSORS");

  v1::Network name = OneLayer(v1::LAYER_TYPE_RELU);
  name.mutable_layers(0)->set_name(std::string(kHuge, 'n'));
  ExpectExhausted(name, "NAME_TOO_LONG");
}

// Lists that are longer than the input has dimensions are wrong before they are large.
TEST(HostileMessages, HugeParameterLists) {
  auto huge = [](google::protobuf::RepeatedField<int64_t>* list) { list->Resize(300'000, 1); };
  std::vector<v1::Network> messages;
  huge(messages.emplace_back(OneLayer(v1::LAYER_TYPE_CONV)).mutable_layers(0)->mutable_conv()->mutable_kernel());
  v1::PoolParameters* pool = messages.emplace_back(OneLayer(v1::LAYER_TYPE_MAX_POOL)).mutable_layers(0)->mutable_pool();
  huge(pool->mutable_kernel());
  huge(pool->mutable_stride());
  huge(messages.emplace_back(OneLayer(v1::LAYER_TYPE_REDUCE)).mutable_layers(0)->mutable_reduce()->mutable_axes());
  v1::SliceParameters* slice = messages.emplace_back(OneLayer(v1::LAYER_TYPE_SLICE)).mutable_layers(0)->mutable_slice();
  huge(slice->mutable_axes());
  huge(slice->mutable_starts());
  huge(slice->mutable_ends());
  v1::PadParameters* pad = messages.emplace_back(OneLayer(v1::LAYER_TYPE_PAD)).mutable_layers(0)->mutable_pad();
  huge(pad->mutable_begin());
  huge(pad->mutable_end());
  huge(messages.emplace_back(OneLayer(v1::LAYER_TYPE_TRANSPOSE))
           .mutable_layers(0)
           ->mutable_transpose()
           ->mutable_permutation());
  for (const v1::Network& message : messages) {
    const absl::StatusOr<Network> network = NetworkFromProto(message);
    SCOPED_TRACE(v1::LayerType_Name(message.layers(0).type()));
    EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument) << network.status();
    EXPECT_LT(network.status().message().size(), 1000u);
  }
}

TEST(HostileMessages, NothingAtAll) {
  const absl::StatusOr<Network> network = NetworkFromProto(v1::Network());
  EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetails(network.status())->field, "network.inputs");
}

}  // namespace
}  // namespace latimer
