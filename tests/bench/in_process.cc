#include "tests/bench/in_process.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "server/catalog.h"
#include "server/estimate_answer.h"
#include "server/estimation_engine.h"
#include "server/rpc_support.h"
#include "tests/bench/workloads.h"

namespace latimer::bench {
namespace {

using Clock = std::chrono::steady_clock;
using google::protobuf::Arena;

constexpr int kWarmUps = 2000;
constexpr size_t kMemoEntries = 1 << 17;  // the server's default

class Estimator {
 public:
  explicit Estimator(const server::Catalog& catalog) : catalog_(catalog) { Forget(); }

  void Forget() { engine_ = std::make_unique<server::EstimationEngine>(ImportLimits(), kMemoEntries); }

  // As server::AnswerEstimate() does after a look into its cache. A function of its own: instructions are counted in
  // it.
  ABSL_ATTRIBUTE_NOINLINE absl::Status Estimate(const std::string& bytes) {
    Arena arena(server::RequestArenaOptions());
    auto* answer = Arena::CreateMessage<v1::EstimateResponse>(&arena);
    if (!engine_->EstimateQuickly(catalog_, bytes, answer->mutable_estimate())) {
      auto* request = Arena::CreateMessage<v1::EstimateRequest>(&arena);
      LATIMER_RETURN_IF_ERROR(server::ParseRequest(bytes, request));
      LATIMER_RETURN_IF_ERROR(engine_->Estimate(catalog_, *request, answer->mutable_estimate()));
    }
    const grpc::Slice slice = server::Serialize(*answer);
    return slice.size() > 0 ? absl::OkStatus() : absl::InternalError("an empty answer");
  }

 private:
  const server::Catalog& catalog_;
  std::unique_ptr<server::EstimationEngine> engine_;
};

absl::StatusOr<std::shared_ptr<const server::Catalog>> Load(const InProcessOptions& options, std::string* platform) {
  if (options.model_file.empty()) {
    *platform = options.platform;
    std::string folder = options.platforms_dir;
    if (folder.empty()) {
      LATIMER_ASSIGN_OR_RETURN(folder, server::FindPlatformsDir());
    }
    return server::LoadCatalog({folder});
  }
  std::ifstream file(options.model_file, std::ios::binary);
  model::v1::PlatformModel definition;
  if (!definition.ParseFromIstream(&file)) {
    return absl::InvalidArgumentError(absl::StrCat(options.model_file, " is no platform model"));
  }
  auto catalog = std::make_shared<server::Catalog>();
  LATIMER_ASSIGN_OR_RETURN(std::shared_ptr<const PlatformModel> model, PlatformModel::Create(std::move(definition)));
  *platform = model->id();
  catalog->platforms.emplace(model->id(), std::move(model));
  catalog->generation = server::NextGeneration();
  return std::shared_ptr<const server::Catalog>(std::move(catalog));
}

// Everything a request passes in the server but gRPC, by several threads at one time.
absl::StatusOr<std::string> AnswerByThreads(const std::shared_ptr<const server::Catalog>& catalog,
                                            const std::vector<std::string>& requests, int threads) {
  server::CatalogHolder holder;
  holder.Set(catalog);
  server::EstimationEngine engine(ImportLimits(), kMemoEntries);
  server::ResponseCache cache(64 << 20);
  server::EstimateMetrics metrics(&holder);
  server::ServiceParts parts;
  parts.catalog = &holder;
  parts.engine = &engine;
  parts.cache = &cache;
  parts.estimate_metrics = &metrics;
  const size_t share = requests.size() / static_cast<size_t>(threads);
  std::atomic<int> failed = 0;
  auto answer = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (!server::AnswerEstimate(parts, *holder.Get(), requests[i]).ok()) ++failed;
    }
  };
  const size_t warm_ups = share / 4;
  std::vector<std::thread> running;
  std::atomic<int> ready = 0;
  std::atomic<bool> go = false;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      const size_t begin = static_cast<size_t>(i) * share;
      answer(begin, begin + warm_ups);
      ++ready;
      go.wait(false);
      answer(begin + warm_ups, begin + share);
    });
  }
  while (ready < threads) std::this_thread::yield();
  const Clock::time_point start = Clock::now();
  go = true;
  go.notify_all();
  for (std::thread& thread : running) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (failed > 0) return absl::InternalError(absl::StrCat(failed.load(), " estimates failed"));
  return absl::StrFormat("{\"threads\": %d, \"perSecond\": %.0f}\n", threads,
                         static_cast<double>(share - warm_ups) * threads / seconds);
}

}  // namespace

absl::StatusOr<std::string> EstimateInProcess(const InProcessOptions& options) {
  std::string platform;
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const server::Catalog> catalog, Load(options, &platform));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Workload> workload, MakeWorkload("nas-fresh", platform));
  std::vector<std::string> requests;
  const int count = options.count;
  if (options.threads > 0) {
    for (int i = 0; i < options.threads * count; ++i) requests.push_back(workload->Next().SerializeAsString());
    return AnswerByThreads(catalog, requests, options.threads);
  }
  const int warm_ups = options.cold ? 0 : kWarmUps;
  for (int i = 0; i < warm_ups + count; ++i) requests.push_back(workload->Next().SerializeAsString());
  Estimator estimator(*catalog);
  std::vector<double> microseconds;
  for (int i = 0; i < warm_ups + count; ++i) {
    if (options.cold) estimator.Forget();
    const Clock::time_point start = Clock::now();
    LATIMER_RETURN_IF_ERROR(estimator.Estimate(requests[static_cast<size_t>(i)]));
    const std::chrono::duration<double, std::micro> time = Clock::now() - start;
    if (i >= warm_ups) microseconds.push_back(time.count());
  }
  double sum = 0;
  for (double time : microseconds) sum += time;
  std::nth_element(microseconds.begin(), microseconds.begin() + count / 2, microseconds.end());
  return absl::StrFormat("{\"count\": %d, \"medianUs\": %.3f, \"meanUs\": %.3f}\n", count,
                         microseconds[static_cast<size_t>(count / 2)], sum / count);
}

}  // namespace latimer::bench
