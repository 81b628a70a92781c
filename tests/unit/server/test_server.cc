#include "test_server.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace latimer::server {

ServerOptions InProcessOptions() {
  ServerOptions options;
  options.listen_address = "";
  options.platforms_dirs = {LATIMER_SOURCE_DIR "/data/platforms"};
  options.worker_threads = 2;
  options.drain_time = std::chrono::milliseconds(0);
  return options;
}

std::unique_ptr<Server> StartServer(ServerOptions options) {
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(std::move(options));
  if (!server.ok()) {
    std::fprintf(stderr, "the server under test did not start: %s\n", server.status().ToString().c_str());
    std::abort();
  }
  return *std::move(server);
}

std::string ReadTestData(const std::string& path) {
  std::ifstream file(LATIMER_SOURCE_DIR "/tests/data/" + path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  if (!file || contents.str().empty()) {
    std::fprintf(stderr, "tests/data/%s cannot be read\n", path.c_str());
    std::abort();
  }
  return contents.str();
}

v1::Network SmallNetwork(int64_t channels) {
  v1::Network network;
  network.set_name("small");
  v1::NetworkInput* input = network.add_inputs();
  input->set_name("image");
  for (int64_t dim : {1, 3, 32, 32}) input->mutable_shape()->add_dims(dim);
  input->set_data_type(v1::DATA_TYPE_FLOAT32);
  auto add = [&](const char* name, v1::LayerType type, const char* source) {
    v1::Layer* layer = network.add_layers();
    layer->set_name(name);
    layer->set_type(type);
    layer->add_inputs(source);
    return layer;
  };
  v1::ConvParameters* conv = add("conv", v1::LAYER_TYPE_CONV, "image")->mutable_conv();
  for (int i = 0; i < 2; ++i) {
    conv->add_kernel(3);
    conv->add_pad_begin(1);
    conv->add_pad_end(1);
  }
  conv->set_output_channels(channels);
  add("relu", v1::LAYER_TYPE_RELU, "conv");
  add("pool", v1::LAYER_TYPE_GLOBAL_AVERAGE_POOL, "relu");
  add("flat", v1::LAYER_TYPE_RESHAPE, "pool");
  v1::Shape* flat = network.mutable_layers(3)->mutable_output_shape()->mutable_shape();
  flat->add_dims(1);
  flat->add_dims(channels);
  add("fc", v1::LAYER_TYPE_FULLY_CONNECTED, "flat")->mutable_fully_connected()->set_output_features(10);
  network.add_outputs("fc");
  return network;
}

v1::EstimateRequest SmallRequest(const std::string& platform, int64_t channels) {
  v1::EstimateRequest request;
  request.set_platform(platform);
  *request.mutable_network()->mutable_network() = SmallNetwork(channels);
  return request;
}

SeenError Look(const google::rpc::Status& status) {
  SeenError seen{static_cast<grpc::StatusCode>(status.code()), status.message(), "", "", false};
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) seen.reason = info.reason();
    if (any.UnpackTo(&bad) && bad.field_violations_size() > 0) seen.field = bad.field_violations(0).field();
    if (any.UnpackTo(&retry)) seen.retry = true;
  }
  return seen;
}

SeenError Look(const grpc::Status& status) {
  google::rpc::Status details;
  if (!status.ok() && !details.ParseFromString(status.error_details())) return {status.error_code(), "", "", "", false};
  SeenError seen = Look(details);
  seen.code = status.error_code();
  seen.message = status.error_message();
  return seen;
}

}  // namespace latimer::server
