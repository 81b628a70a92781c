#include "metrics/endpoint.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "core/base/error.h"
#include "metrics/process_metrics.h"
#include "tests/unit/metrics/scrape.h"

namespace latimer::metrics {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::shared_ptr<prometheus::Collectable>> OfThisProcess() {
  return {std::make_shared<ProcessMetrics>("server", "1.2.3")};
}

std::string ReasonOf(const absl::Status& status) {
  const auto details = GetErrorDetails(status);
  return details.has_value() ? details->reason : "";
}

TEST(Endpoint, AnswersScrapes) {
  const auto endpoint = Endpoint::Start("127.0.0.1:0", OfThisProcess());
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_THAT((*endpoint)->address(), HasSubstr("127.0.0.1:"));
  EXPECT_THAT((*endpoint)->address(), Not(testing::EndsWith(":0")));
  const Exposition told = Parse(Get((*endpoint)->address()));
  EXPECT_EQ(told.Value("latimer_build_info", {{"component", "server"}, {"version", "1.2.3"}}), 1);
  EXPECT_THAT(Lint(told), IsEmpty());
  EXPECT_EQ(Get((*endpoint)->address(), "/secrets"), "");
}

TEST(Endpoint, TellsOfTheProcess) {
  const auto endpoint = Endpoint::Start("localhost:0", OfThisProcess());
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string port = (*endpoint)->address().substr((*endpoint)->address().rfind(':'));
  const Exposition told = Parse(Get("127.0.0.1" + port));
  EXPECT_GT(told.Value("process_resident_memory_bytes"), 1e6);
  EXPECT_LT(told.Value("process_resident_memory_bytes"), told.Value("process_virtual_memory_bytes"));
  EXPECT_GT(told.Value("process_open_fds"), 3);
  EXPECT_GT(told.Value("process_max_fds"), told.Value("process_open_fds"));
  EXPECT_GE(told.Value("process_threads"), 2);
  EXPECT_GE(told.Value("process_cpu_seconds_total"), 0);
  const double age = static_cast<double>(time(nullptr)) - *told.Value("process_start_time_seconds");
  EXPECT_GT(age, -2);
  EXPECT_LT(age, 600);
}

TEST(Endpoint, SaysWhichAddressIsTaken) {
  const auto first = Endpoint::Start("127.0.0.1:0", OfThisProcess());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Endpoint::Start((*first)->address(), OfThisProcess());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(second.status()), "METRICS_ADDRESS_UNAVAILABLE");
  EXPECT_THAT(std::string(second.status().message()), HasSubstr((*first)->address()));
}

TEST(Endpoint, TakesOneAddressWithHostAndPort) {
  for (const char* address :
       {"9464", ":9464", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:1,0.0.0.0:2"}) {
    const auto endpoint = Endpoint::Start(address, OfThisProcess());
    EXPECT_EQ(ReasonOf(endpoint.status()), "BAD_METRICS_ADDRESS") << address;
  }
}

TEST(Endpoint, MayBeStartedAgainOnItsPort) {
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < 3; ++i) {
    const auto endpoint = Endpoint::Start(address, OfThisProcess());
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    address = (*endpoint)->address();
    EXPECT_THAT(Get(address), HasSubstr("latimer_build_info"));
  }
}

}  // namespace
}  // namespace latimer::metrics
