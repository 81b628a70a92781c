// Networks as text, and units in words.
#ifndef LATIMER_TESTS_UNIT_MAPPING_MAPPING_HELPERS_H_
#define LATIMER_TESTS_UNIT_MAPPING_MAPPING_HELPERS_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/mapping/mapper.h"
#include "core/network/network_proto.h"
#include "core/network/simplify.h"

namespace latimer {

// The simplified network of these layers over an input x of 1 x 16 x 32 x 32.
inline Network MakeNetwork(const std::string& layers) {
  const std::string text = absl::StrCat(
      "name: 'small' inputs { name: 'x' shape { dims: [1, 16, 32, 32] } data_type: DATA_TYPE_FLOAT32 } ", layers);
  v1::Network message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  absl::StatusOr<Network> network = NetworkFromProto(message);
  EXPECT_TRUE(network.ok()) << network.status() << text;
  return Simplify(*std::move(network));
}

// One layer; `rest` holds its parameters.
inline std::string L(const std::string& name, const std::string& type, const std::vector<std::string>& inputs,
                     const std::string& rest = "") {
  std::string text = absl::StrCat("layers { name: '", name, "' type: LAYER_TYPE_", type);
  for (const std::string& input : inputs) absl::StrAppend(&text, " inputs: '", input, "'");
  return absl::StrCat(text, " ", rest, " } ");
}

// 3x3, stride 1, same size, 16 channels.
inline std::string Conv(const std::string& name, const std::string& input) {
  return L(name, "CONV", {input}, "conv { kernel: [3, 3] pad_begin: [1, 1] output_channels: 16 bias: true }");
}

inline std::string MaxPool(const std::string& name, const std::string& input, int kernel = 2, int stride = 2) {
  return L(name, "MAX_POOL", {input},
           absl::StrCat("pool { kernel: [", kernel, ", ", kernel, "] stride: [", stride, ", ", stride, "] }"));
}

// "Conv[a b] Base[c] free[d]": wanted types and layers of the units in order, then what is free.
inline std::string Units(const Network& network, const MappedNetwork& mapped) {
  std::string text;
  auto add = [&](absl::string_view type, auto&& layers) {
    absl::StrAppend(&text, text.empty() ? "" : " ", type, "[");
    for (size_t i = 0; i < layers.size(); ++i) {
      absl::StrAppend(&text, i == 0 ? "" : " ", network.layers[layers[i]].name);
    }
    text += "]";
  };
  for (const ExecutionUnit& unit : mapped.units) add(unit.unit_type, unit.layers);
  for (LayerId id : mapped.free_layers) add("free", std::vector<LayerId>{id});
  return text;
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_MAPPING_MAPPING_HELPERS_H_
