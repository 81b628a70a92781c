// Variants of a template are the networks they should be, as the server reads them.
#include "clients/cpp/network_template.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/network/read_network.h"

namespace latimer::client {
namespace {

std::string ReadFile(const std::string& name) {
  std::ifstream file(std::string(LATIMER_SOURCE_DIR "/tests/data/networks/") + name, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  EXPECT_TRUE(file.good()) << name;
  return bytes.str();
}

Network Read(const NetworkTemplate& variant) {
  v1::NetworkSource source;
  *source.mutable_network() = variant.network();
  absl::StatusOr<Network> network = ReadNetwork(source);
  EXPECT_TRUE(network.ok()) << network.status();
  return network.ok() ? *std::move(network) : Network();
}

Network ReadOnnx(const std::string& bytes, int64_t batch_size = 0) {
  v1::NetworkSource source;
  source.set_onnx_model(bytes);
  source.set_batch_size(batch_size);
  absl::StatusOr<Network> network = ReadNetwork(source);
  EXPECT_TRUE(network.ok()) << network.status();
  return network.ok() ? *std::move(network) : Network();
}

NetworkTemplate Chain() {
  v1::Network network;
  v1::NetworkInput* input = network.add_inputs();
  input->set_name("x");
  for (int64_t dim : {1, 8, 16, 16}) input->mutable_shape()->add_dims(dim);
  const char* before = "x";
  for (const char* name : {"a", "b", "c"}) {
    v1::Layer* layer = network.add_layers();
    layer->set_name(name);
    layer->add_inputs(before);
    layer->set_type(*name == 'b' ? v1::LAYER_TYPE_DEPTHWISE_CONV : v1::LAYER_TYPE_CONV);
    for (int i = 0; i < 2; ++i) layer->mutable_conv()->add_kernel(1);
    if (*name != 'b') layer->mutable_conv()->set_output_channels(8);
    before = name;
  }
  return NetworkTemplate::FromNetwork(network);
}

TEST(NetworkTemplate, AnOnnxModelIsItsFirstVariant) {
  const std::string bytes = ReadFile("nb201/nb201_000.onnx");
  const auto made = NetworkTemplate::FromOnnx(bytes);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Macs(Read(*made)), Macs(ReadOnnx(bytes)));
  EXPECT_LT(made->network().ByteSizeLong(), 20'000u);
}

TEST(NetworkTemplate, OtherSizesOfInputsGoThroughTheNetwork) {
  NetworkTemplate chain = Chain();
  const int64_t macs = Macs(Read(chain));
  chain.SetResolution(32);
  EXPECT_EQ(Macs(Read(chain)), 4 * macs);
  chain.SetBatchSize(3);
  EXPECT_EQ(Macs(Read(chain)), 12 * macs);
  ASSERT_TRUE(chain.SetInputShape("x", {1, 8, 16, 16}).ok());
  EXPECT_EQ(Macs(Read(chain)), macs);
  EXPECT_EQ(chain.SetInputShape("y", {1}).code(), absl::StatusCode::kNotFound);
}

TEST(NetworkTemplate, LayersChangeAndWhatFollowsFollows) {
  NetworkTemplate chain = Chain();
  ASSERT_TRUE(chain.SetOutputChannels("a", 24).ok());
  // 24 channels through a depth-wise layer into 8.
  EXPECT_EQ(Macs(Read(chain)), 256 * (8 * 24 + 24 + 24 * 8));
  ASSERT_TRUE(chain.SetKernel("b", 3).ok());
  EXPECT_EQ(Macs(Read(chain)), 256 * (8 * 24 + 24 * 9 + 24 * 8));
  ASSERT_TRUE(chain.SetStride("c", 2).ok());
  EXPECT_EQ(Macs(Read(chain)), 256 * (8 * 24 + 24 * 9) + 64 * 24 * 8);
  ASSERT_TRUE(chain.SetGroups("c", 8).ok());
  EXPECT_EQ(Macs(Read(chain)), 256 * (8 * 24 + 24 * 9) + 64 * 24);
}

TEST(NetworkTemplate, ALayerCanBeTakenOut) {
  NetworkTemplate chain = Chain();
  ASSERT_TRUE(chain.Bypass("b").ok());
  const Network network = Read(chain);
  EXPECT_EQ(network.layers.size(), 2u);
  EXPECT_EQ(Macs(network), 256 * (64 + 64));
  EXPECT_EQ(chain.Bypass("b").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(chain.SetKernel("c", 5).ok());
}

TEST(NetworkTemplate, WhatALayerDoesNotHaveCannotBeSet) {
  NetworkTemplate chain = Chain();
  EXPECT_EQ(chain.SetOutputChannels("b", 4).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(chain.SetKernel("a", 2).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(chain.SetStride("nobody", 2).code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(NetworkTemplate::FromOnnx("no model").ok());
}

}  // namespace
}  // namespace latimer::client
