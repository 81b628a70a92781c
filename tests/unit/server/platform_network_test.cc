// PlatformService and NetworkService.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "latimer/v1/network_service.grpc.pb.h"
#include "latimer/v1/platform_service.grpc.pb.h"
#include "test_server.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(PlatformServiceTest, PagesThroughTheListInOrder) {
  const std::unique_ptr<Server> server = StartServer();
  auto stub = v1::PlatformService::NewStub(server->InProcessChannel());
  v1::ListPlatformsRequest request;
  request.set_page_size(1);
  std::vector<std::string> names;
  do {
    grpc::ClientContext context;
    v1::ListPlatformsResponse response;
    ASSERT_TRUE(stub->ListPlatforms(&context, request, &response).ok());
    ASSERT_THAT(response.platforms(), SizeIs(1));
    names.push_back(response.platforms(0).name());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ::testing::ElementsAre("platforms/ncs2-openvino", "platforms/zcu102-dnndk"));
}

TEST(PlatformServiceTest, RefusesPagesThatCannotBe) {
  const std::unique_ptr<Server> server = StartServer();
  auto stub = v1::PlatformService::NewStub(server->InProcessChannel());
  v1::ListPlatformsRequest request;
  request.set_page_size(-1);
  grpc::ClientContext context, token_context;
  v1::ListPlatformsResponse response;
  EXPECT_EQ(Look(stub->ListPlatforms(&context, request, &response)).field, "page_size");
  request.set_page_size(1);
  request.set_page_token("not a token of ours");
  EXPECT_EQ(Look(stub->ListPlatforms(&token_context, request, &response)).field, "page_token");
}

TEST(PlatformServiceTest, DescribesOneAndKnowsNoOther) {
  const std::unique_ptr<Server> server = StartServer();
  auto stub = v1::PlatformService::NewStub(server->InProcessChannel());
  v1::GetPlatformRequest request;
  request.set_name("platforms/zcu102-dnndk");
  grpc::ClientContext context, unknown_context;
  v1::Platform response;
  ASSERT_TRUE(stub->GetPlatform(&context, request, &response).ok());
  EXPECT_THAT(response.DebugString(), HasSubstr("DPU"));
  request.set_name("platforms/tpu");
  const SeenError unknown = Look(stub->GetPlatform(&unknown_context, request, &response));
  EXPECT_EQ(unknown.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(unknown.field, "name");
}

TEST(NetworkServiceTest, DescribesLayersWithoutAPlatform) {
  const std::unique_ptr<Server> server = StartServer();
  auto stub = v1::NetworkService::NewStub(server->InProcessChannel());
  v1::DescribeNetworkRequest request;
  *request.mutable_network()->mutable_network() = SmallNetwork();
  grpc::ClientContext context, empty_context;
  v1::DescribeNetworkResponse response;
  ASSERT_TRUE(stub->DescribeNetwork(&context, request, &response).ok());
  EXPECT_THAT(response.DebugString(), HasSubstr("conv"));
  const SeenError empty = Look(stub->DescribeNetwork(&empty_context, {}, &response));
  EXPECT_EQ(empty.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(empty.field, "network.source");
}

}  // namespace
}  // namespace latimer::server
