#include "tests/bench/memory_growth.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "tests/bench/child_server.h"
#include "tests/bench/load.h"
#include "tests/bench/workloads.h"

namespace latimer::bench {
namespace {

constexpr int kPoints = 20;
constexpr int kClients = 4;
constexpr int kWindow = 16;
constexpr int64_t kBatch = 5'000;
constexpr std::chrono::hours kAsLongAsItTakes(1);

}  // namespace

absl::StatusOr<std::string> WatchMemory(const std::string& workload, const std::string& platform,
                                        const std::string& platforms_dir, int64_t networks) {
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Workload> requests, MakeWorkload(workload, platform));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<ChildServer> server,
                           ChildServer::Start(ServerKind::kLatimer, platforms_dir));
  LATIMER_ASSIGN_OR_RETURN(const Target target, Target::Connect(server->address(), kClients));
  std::vector<int64_t> resident = {server->resident_bytes()};
  std::vector<int64_t> sent = {0};
  while (sent.back() < networks) {
    const int64_t goal = networks * static_cast<int64_t>(sent.size()) / kPoints;
    for (int64_t left = goal - sent.back(); left > 0; left -= kBatch) {
      std::vector<grpc::Slice> batch;
      for (int64_t i = 0; i < std::min(left, kBatch); ++i) {
        v1::EstimateStreamRequest request;
        request.set_id(static_cast<uint64_t>(i + 1));
        *request.mutable_request() = requests->Next();
        batch.emplace_back(request.SerializeAsString());
      }
      LATIMER_RETURN_IF_ERROR(
          RunLoad(target, kClients, Mode::kStream, kWindow, batch, /*repeat=*/false, kAsLongAsItTakes).status());
    }
    sent.push_back(goal);
    resident.push_back(server->resident_bytes());
  }
  return absl::StrCat("{\"networks\": [", absl::StrJoin(sent, ", "), "], \"residentBytes\": [",
                      absl::StrJoin(resident, ", "), "]}\n");
}

}  // namespace latimer::bench
