// Every call of the API with an empty request, with mutants of it and of useful ones, and with bytes that are none. The
// same ones in every run; LATIMER_FUZZ_SECONDS lets it go on for longer, and prints the slowest call of each method.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "latimer/v1/admin_service.pb.h"
#include "latimer/v1/agent_service.pb.h"
#include "latimer/v1/campaign_service.pb.h"
#include "latimer/v1/estimation_service.pb.h"
#include "latimer/v1/fleet_service.pb.h"
#include "latimer/v1/measurement_service.pb.h"
#include "latimer/v1/network_service.pb.h"
#include "latimer/v1/platform_service.pb.h"
#include "tests/fuzz/exercise_rpc.h"

namespace latimer::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

v1::NetworkSource SmallNetwork() {
  v1::NetworkSource source;
  v1::Network* network = source.mutable_network();
  v1::NetworkInput* input = network->add_inputs();
  input->set_name("x");
  for (const int64_t dim : {1, 3, 8, 8}) input->mutable_shape()->add_dims(dim);
  v1::Layer* layer = network->add_layers();
  layer->set_name("y");
  layer->set_type(v1::LAYER_TYPE_RELU);
  layer->add_inputs("x");
  return source;
}

// Requests that do something, by call.
std::map<std::string, std::string> Seeds() {
  std::map<std::string, std::string> seeds;
  for (const std::string& method : RpcMethods()) seeds[method] = "";
  auto name = [&](const std::string& method, auto request, const std::string& value) {
    request.set_name(value);
    seeds[method] = request.SerializeAsString();
  };
  v1::EstimateRequest estimate;
  estimate.set_platform("zcu102-dnndk");
  *estimate.mutable_network() = SmallNetwork();
  seeds["latimer.v1.EstimationService.Estimate"] = estimate.SerializeAsString();
  v1::EstimateStreamRequest streamed;
  streamed.set_id(7);
  *streamed.mutable_request() = estimate;
  seeds["latimer.v1.EstimationService.EstimateStream"] = streamed.SerializeAsString();
  v1::EstimatePlatformsRequest platforms;
  platforms.add_platforms("zcu102-dnndk");
  *platforms.mutable_network() = SmallNetwork();
  seeds["latimer.v1.EstimationService.EstimatePlatforms"] = platforms.SerializeAsString();
  v1::DescribeNetworkRequest describe;
  *describe.mutable_network() = SmallNetwork();
  seeds["latimer.v1.NetworkService.DescribeNetwork"] = describe.SerializeAsString();
  v1::MeasureNetworkRequest measure;
  measure.set_platform("board");
  *measure.mutable_network() = SmallNetwork();
  seeds["latimer.v1.MeasurementService.MeasureNetwork"] = measure.SerializeAsString();
  name("latimer.v1.PlatformService.GetPlatform", v1::GetPlatformRequest(), "zcu102-dnndk");
  name("latimer.v1.PlatformService.ListPlatformVersions", v1::ListPlatformVersionsRequest(), "zcu102-dnndk");
  name("latimer.v1.PlatformService.ListSweeps", v1::ListSweepsRequest(), "zcu102-dnndk");
  name("latimer.v1.PlatformService.ListEvaluations", v1::ListEvaluationsRequest(), "zcu102-dnndk");
  name("latimer.v1.PlatformService.RollbackPlatform", v1::RollbackPlatformRequest(), "board");
  name("latimer.v1.CampaignService.GetCampaign", v1::GetCampaignRequest(), "campaigns/1");
  name("latimer.v1.CampaignService.WatchCampaign", v1::WatchCampaignRequest(), "campaigns/1");
  name("latimer.v1.CampaignService.CancelCampaign", v1::CancelCampaignRequest(), "campaigns/1");
  name("latimer.v1.FleetService.RevokeAgent", v1::RevokeAgentRequest(), "agents/nobody");
  name("latimer.v1.FleetService.AcceptFingerprint", v1::AcceptFingerprintRequest(), "agents/nobody");
  name("latimer.v1.AdminService.RevokeClient", v1::RevokeClientRequest(), "clients/somebody");
  v1::CreateClientRequest client;
  client.set_name("somebody");
  client.set_role(v1::ROLE_OPERATE);
  seeds["latimer.v1.AdminService.CreateClient"] = client.SerializeAsString();
  v1::CreateCampaignRequest campaign;
  campaign.set_platform("board");
  campaign.set_max_measurements(20);
  seeds["latimer.v1.CampaignService.CreateCampaign"] = campaign.SerializeAsString();
  v1::SessionRequest session;
  session.mutable_measurement()->set_measurement_id("1-1");
  session.mutable_measurement()->mutable_timing()->set_median_ms(1);
  session.mutable_measurement()->mutable_timing()->set_runs(3);
  seeds["latimer.v1.AgentService.Session"] = session.SerializeAsString();
  v1::EnrollRequest enroll;
  enroll.set_token("latimer-token-none");
  enroll.set_backend("fuzz");
  (*enroll.mutable_fingerprint()->mutable_facts())["cpu"] = "fuzz";
  seeds["latimer.v1.AgentService.Enroll"] = enroll.SerializeAsString();
  return seeds;
}

struct Slowest {
  double seconds = 0;
  std::string what, request;
};

// A request as text, as far as it fits on a line.
std::string Readable(const std::string& method, const std::string& request) {
  const google::protobuf::Descriptor* const type =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(method)->input_type();
  const std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!message->ParseFromString(request)) return absl::StrCat(request.size(), " bytes that are no message");
  return message->ShortDebugString().substr(0, 200);
}

TEST(RpcReplay, AllServicesAreThere) {
  std::set<std::string> services;
  for (const std::string& method : RpcMethods()) services.insert(method.substr(0, method.rfind('.')));
  EXPECT_EQ(services.size(), 8u);
  EXPECT_GE(RpcMethods().size(), 26u);
}

TEST(RpcReplay, EveryCallKeepsItsPromisesWithAnyBytes) {
  double seconds = 10;
  bool print = false;
  if (const char* text = std::getenv("LATIMER_FUZZ_SECONDS"); text != nullptr) {
    ASSERT_TRUE(absl::SimpleAtod(text, &seconds)) << text;
    print = true;
  }
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  RpcTarget target;
  const std::map<std::string, std::string> seeds = Seeds();
  ASSERT_EQ(seeds.size(), RpcMethods().size()) << "a seed names a call there is not";
  std::map<std::string, Slowest> slowest;
  auto call = [&](const std::string& method, const std::string& request, const std::string& what) {
    const Clock::time_point began = Clock::now();
    const absl::Status status = target.Call(method, request);
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    if (took > slowest[method].seconds) slowest[method] = {took, what, request};
    return status;
  };
  for (const auto& [method, request] : seeds) {
    for (const std::string& bytes : {std::string(), request, std::string(40, '\xff'), request + "\x0a"}) {
      const absl::Status status = call(method, bytes, "a seed");
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  uint64_t mutants = 0;
  for (; Clock::now() < end; ++mutants) {
    for (const auto& [method, request] : seeds) {
      Random random(mutants * 1000 + std::hash<std::string>()(method) % 1000);
      std::string mutant = request;
      for (uint64_t round = 1 + random() % 4; round > 0; --round) mutant = MutateRequest(method, mutant, random);
      const absl::Status status = call(method, mutant, absl::StrCat("mutant ", mutants));
      ASSERT_TRUE(status.ok()) << "mutant " << mutants << " of " << method << ": " << status;
    }
  }
  RecordProperty("mutants", static_cast<int>(mutants));
  if (!print) return;
  std::printf("%llu mutants of each; the slowest calls:\n", static_cast<unsigned long long>(mutants));
  for (const auto& [method, worst] : slowest) {
    std::printf("%7.3f s %s (%s: %s)\n", worst.seconds, method.c_str(), worst.what.c_str(),
                Readable(method, worst.request).c_str());
  }
}

}  // namespace
}  // namespace latimer::fuzz
