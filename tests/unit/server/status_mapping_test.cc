#include "server/status_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "core/base/error.h"
#include "test_server.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;

TEST(StatusMappingTest, KeepsCodeMessageReasonAndField) {
  const absl::Status status = InvalidArgument("BAD_SHAPE", "dimension 0").Field("shape").With("dim", "0");
  const grpc::Status seen = ToGrpcStatus(status);
  EXPECT_EQ(seen.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(seen.error_message(), "dimension 0");
  const SeenError error = Look(seen);
  EXPECT_EQ(error.reason, "BAD_SHAPE");
  EXPECT_EQ(error.field, "shape");
  EXPECT_FALSE(error.retry);
}

TEST(StatusMappingTest, EveryErrorHasOneErrorInfoOfOurDomain) {
  for (const absl::Status& status : {absl::Status(InvalidArgument("X", "y")), absl::InternalError("plain"),
                                     absl::CancelledError(""), absl::UnavailableError("later")}) {
    int infos = 0;
    const google::rpc::Status seen = ToRpcStatus(status);
    for (const google::protobuf::Any& any : seen.details()) {
      google::rpc::ErrorInfo info;
      if (!any.UnpackTo(&info)) continue;
      ++infos;
      EXPECT_EQ(info.domain(), std::string(kErrorDomain));
      EXPECT_FALSE(info.reason().empty());
    }
    EXPECT_EQ(infos, 1) << status;
  }
}

TEST(StatusMappingTest, PrefixPutsFieldsUnderTheirMessage) {
  EXPECT_EQ(Look(ToGrpcStatus(PrefixField(InvalidArgument("X", "y").Field("dims[2]"), "shape"))).field,
            "shape.dims[2]");
  EXPECT_EQ(Look(ToGrpcStatus(PrefixField(InvalidArgument("X", "y"), "shape"))).field, "shape");
  EXPECT_EQ(Look(ToGrpcStatus(PrefixField(absl::CancelledError("gone"), "shape"))).field, "");
}

TEST(StatusMappingTest, LongMessagesAreCut) {
  EXPECT_LE(ToRpcStatus(absl::InternalError(std::string(100'000, 'x'))).message().size(), 1024u);
}

TEST(StatusMappingTest, RetryDelayTravels) {
  EXPECT_TRUE(Look(ToGrpcStatus(WithRetryDelay(absl::ResourceExhaustedError("full"), std::chrono::seconds(1)))).retry);
}

TEST(StatusMappingTest, WhatIsThrownBecomesAStatus) {
  EXPECT_TRUE(RunGuarded([] { return absl::OkStatus(); }).ok());
  EXPECT_EQ(RunGuarded([]() -> absl::Status { throw std::bad_alloc(); }).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RunGuarded([]() -> absl::Status { throw std::runtime_error("odd"); }).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(RunGuarded([]() -> absl::Status { throw 7; }).code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace latimer::server
