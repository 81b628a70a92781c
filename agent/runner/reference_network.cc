#include "agent/runner/reference_network.h"

#include <string>

namespace latimer::agent {
namespace {

void AddConv(v1::Network* network, const std::string& name, const std::string& input) {
  v1::Layer* conv = network->add_layers();
  conv->set_name(name);
  conv->set_type(v1::LAYER_TYPE_CONV);
  conv->add_inputs(input);
  conv->mutable_conv()->set_output_channels(32);
  for (int dimension = 0; dimension < 2; ++dimension) {
    conv->mutable_conv()->add_kernel(3);
    conv->mutable_conv()->add_pad_begin(1);
    conv->mutable_conv()->add_pad_end(1);
  }
  v1::Layer* relu = network->add_layers();
  relu->set_name(name + "_relu");
  relu->set_type(v1::LAYER_TYPE_RELU);
  relu->add_inputs(name);
}

}  // namespace

v1::NetworkSource ReferenceNetwork() {
  v1::NetworkSource source;
  v1::Network* network = source.mutable_network();
  network->set_name("latimer reference");
  v1::NetworkInput* input = network->add_inputs();
  input->set_name("input");
  for (int dim : {1, 32, 28, 28}) input->mutable_shape()->add_dims(dim);
  AddConv(network, "conv1", "input");
  AddConv(network, "conv2", "conv1_relu");
  return source;
}

}  // namespace latimer::agent
