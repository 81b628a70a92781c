// Graphs with one thing wrong: each is refused, and the message names the layer and key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"
#include "core/network/annette/annette_import.h"
#include "small_graph.h"

namespace latimer {
namespace {

using nlohmann::json;

using ::testing::HasSubstr;

struct Wrong {
  const char* what;
  std::function<void(json& layers)> change;
  const char* layer;
  const char* key;  // empty: not said
};

const Wrong kWrong[] = {
    {"a parent that is not there", [](json& l) { l["relu"]["parents"] = {"nobody"}; }, "relu", "parents"},
    {"a missing layer", [](json& l) { l.erase("conv"); }, "bn", "parents"},
    {"a cycle",
     [](json& l) {
       l["conv"]["parents"] = {"image", "relu"};
     },
     "relu", "parents"},
    {"a layer that is its own parent", [](json& l) { l["relu"]["parents"] = {"relu"}; }, "relu", "parents"},
    {"no parents", [](json& l) { l["relu"]["parents"] = json::array(); }, "relu", "parents"},
    {"parents that are a text", [](json& l) { l["relu"]["parents"] = "bn"; }, "relu", "parents"},
    {"a parent that is a number", [](json& l) { l["relu"]["parents"] = {7}; }, "relu", "parents"},
    {"a layer that is a list", [](json& l) { l["relu"] = json::array(); }, "relu", ""},
    {"a layer that is null", [](json& l) { l["relu"] = nullptr; }, "relu", ""},
    {"no type", [](json& l) { l["relu"].erase("type"); }, "relu", "type"},
    {"a type that is a number", [](json& l) { l["relu"]["type"] = 3; }, "relu", "type"},
    {"no output shape of the input", [](json& l) { l["image"].erase("output_shape"); }, "image", "output_shape"},
    {"an output shape that is a text", [](json& l) { l["image"]["output_shape"] = "1x8"; }, "image", "output_shape"},
    {"an empty output shape", [](json& l) { l["image"]["output_shape"] = json::array(); }, "image", "output_shape"},
    {"a fraction as dimension", [](json& l) { l["image"]["output_shape"][1] = 8.5; }, "image", "output_shape"},
    {"null as dimension", [](json& l) { l["image"]["output_shape"][1] = nullptr; }, "image", "output_shape"},
    {"a list as dimension", [](json& l) { l["image"]["output_shape"][1] = {1}; }, "image", "output_shape"},
    {"a name as dimension", [](json& l) { l["image"]["output_shape"][1] = "k_size"; }, "image", "output_shape"},
    {"a dimension of 0", [](json& l) { l["image"]["output_shape"][1] = 0; }, "image", "output_shape"},
    {"an open dimension inside", [](json& l) { l["image"]["output_shape"][1] = -1; }, "image", "output_shape"},
    {"a dimension past 2^63", [](json& l) { l["image"]["output_shape"][1] = UINT64_MAX; }, "image", "output_shape"},
    {"nine dimensions", [](json& l) { l["image"]["output_shape"] = {1, 1, 1, 1, 1, 1, 1, 1, 1}; }, "image",
     "output_shape"},
    {"no kernel", [](json& l) { l["conv"].erase("kernel_shape"); }, "conv", "kernel_shape"},
    {"a kernel of three numbers",
     [](json& l) {
       l["conv"]["kernel_shape"] = {3, 3, 3};
     },
     "conv", "kernel_shape"},
    {"a kernel with a text", [](json& l) { l["conv"]["kernel_shape"][0] = "3"; }, "conv", "kernel_shape"},
    {"a kernel of 0", [](json& l) { l["conv"]["kernel_shape"][0] = 0; }, "conv", "kernel_shape"},
    {"a negative kernel", [](json& l) { l["conv"]["kernel_shape"][0] = -3; }, "conv", "kernel_shape"},
    {"a huge kernel", [](json& l) { l["conv"]["kernel_shape"][3] = INT64_MAX; }, "conv", "kernel_shape"},
    {"channels that do not divide", [](json& l) { l["conv"]["kernel_shape"][2] = 2; }, "conv", "kernel_shape"},
    {"no strides", [](json& l) { l["conv"].erase("strides"); }, "conv", "strides"},
    {"strides of 0",
     [](json& l) {
       l["conv"]["strides"] = {1, 0, 0, 1};
     },
     "conv", "kernel_shape"},
    {"strides that are an object", [](json& l) { l["conv"]["strides"] = json::object(); }, "conv", "strides"},
    {"four pads",
     [](json& l) {
       l["conv"]["pads"] = {0, 1, 1, 0};
     },
     "conv", "pads"},
    {"a negative pad", [](json& l) { l["conv"]["pads"][1] = -1; }, "conv", "pads"},
    {"a window of 0",
     [](json& l) {
       l["pool"]["kernel_shape"] = {1, 0, 2, 1};
     },
     "pool", "kernel_shape"},
    {"a window without strides", [](json& l) { l["pool"].erase("strides"); }, "pool", "strides"},
    {"no features", [](json& l) { l["dense"].erase("output_shape"); }, "dense", "output_shape"},
};

TEST(AnnetteErrors, NameLayerAndKey) {
  for (const Wrong& wrong : kWrong) {
    SCOPED_TRACE(wrong.what);
    json graph = SmallGraph();
    wrong.change(graph["layers"]);
    const absl::Status status = ImportAnnetteJson(graph.dump()).status();
    ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    const std::optional<ErrorDetails> details = GetErrorDetails(status);
    ASSERT_TRUE(details.has_value());
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string("'") + wrong.layer + "'"));
    EXPECT_EQ(details->metadata.count("layer") > 0 ? details->metadata.at("layer") : "", wrong.layer) << status;
    EXPECT_EQ(details->metadata.count("key") > 0 ? details->metadata.at("key") : "", wrong.key) << status;
  }
}

void ExpectRefused(const std::string& text, const char* says,
                   absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
  const absl::Status status = ImportAnnetteJson(text).status();
  EXPECT_EQ(status.code(), code) << text.substr(0, 100) << " " << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(says)) << text.substr(0, 100);
  EXPECT_LT(status.message().size(), 2000u);
}

TEST(AnnetteErrors, TextsThatAreNoGraph) {
  ExpectRefused("", "empty");
  ExpectRefused("   ", "not JSON");
  ExpectRefused("not json", "not JSON");
  ExpectRefused("[]", "not an object");
  ExpectRefused("7", "not an object");
  ExpectRefused("null", "not an object");
  ExpectRefused("{}", "'layers'");
  ExpectRefused(R"({"layers": []})", "'layers'");
  ExpectRefused(R"({"layers": {}})", "'layers'");
  ExpectRefused(R"({"layers": {"a": {"type": "Relu", "parents": ["a"]}}} x)", "not JSON");
  ExpectRefused("{\"layers\": {\"\xff\": {}}}", "not JSON");
  ExpectRefused(std::string("{\"layers\": \0}", 13), "not JSON");
  ExpectRefused(R"({"layers": {"a": {"type": "DataInput"}, "a": {"type": "DataInput"}}})", "two layers");
}

TEST(AnnetteErrors, NoInputAndNoLayer) {
  json graph = SmallGraph();
  graph["layers"]["image"]["type"] = "Relu";
  ExpectRefused(graph.dump(), "no DataInput");
  json alone = {{"layers", {{"image", SmallGraph()["layers"]["image"]}}}};
  ExpectRefused(alone.dump(), "no layers");
}

TEST(AnnetteErrors, DeepNestingIsRefusedBeforeItIsParsed) {
  for (const char* bracket : {"[", "{\"a\":"}) {
    std::string text = R"({"layers": )";
    for (int i = 0; i < 1'000'000; ++i) text += bracket;
    ExpectRefused(text, "nested", absl::StatusCode::kResourceExhausted);
  }
  // Brackets in a text are no nesting.
  json graph = SmallGraph();
  graph["name"] = "\"" + std::string(1000, '[') + "\\";
  EXPECT_TRUE(ImportAnnetteJson(graph.dump()).ok());
}

TEST(AnnetteErrors, Limits) {
  ImportOptions options;
  options.limits.max_nodes = 8;
  EXPECT_EQ(ImportAnnetteJson(SmallGraph().dump(), options).status().code(), absl::StatusCode::kResourceExhausted);
  options.limits.max_nodes = 9;
  EXPECT_TRUE(ImportAnnetteJson(SmallGraph().dump(), options).ok());
  options.limits.max_inputs_per_node = 1;
  EXPECT_EQ(ImportAnnetteJson(SmallGraph().dump(), options).status().code(), absl::StatusCode::kResourceExhausted);

  json graph = SmallGraph();
  graph["layers"][std::string(100'000, 'n')] = {
      {"type", "Relu"}, {"parents", {"relu"}}, {"output_shape", {-1, 8, 8, 4}}};
  ExpectRefused(graph.dump(), "bytes", absl::StatusCode::kResourceExhausted);
}

// Work and memory that no number holds.
TEST(AnnetteErrors, Overflow) {
  json graph = SmallGraph();
  graph["layers"]["image"]["output_shape"] = {-1, INT64_MAX, INT64_MAX, INT64_MAX};
  ExpectRefused(graph.dump(), "'image'");
  graph = SmallGraph();
  graph["layers"]["image"]["output_shape"] = {-1, 1 << 24, 1 << 24, 3};
  graph["layers"]["conv"]["output_shape"] = {-1, 1 << 24, 1 << 24, 1 << 24};
  graph["layers"]["conv"]["kernel_shape"] = {3, 3, 3, 1 << 24};
  ExpectRefused(graph.dump(), "'conv'");
}

}  // namespace
}  // namespace latimer
