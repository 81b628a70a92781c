#include "server/campaign/import_desk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/fleet/fleet.h"
#include "server/measured_latency.h"
#include "server/rpc_support.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

absl::Status Stopping() {
  return absl::UnavailableError("the server is shutting down; what was imported is stored, and the next fit has it");
}

}  // namespace

absl::StatusOr<bool> ImportDesk::Begin(const v1::ImportReportsRequest& request, v1::ImportReportsResponse* response) {
  LATIMER_ASSIGN_OR_RETURN(PreparedImport prepared, PrepareImport(request, limits_, NowMs()));
  const std::string& platform = prepared.board.platform;
  if (source_->IsShipped(platform)) {
    return Error(absl::StatusCode::kFailedPrecondition, "PLATFORM_IS_PUBLISHED",
                 absl::StrCat("platform '", platform, "' has published models; import the reports under another id"))
        .Field("platform");
  }
  LATIMER_ASSIGN_OR_RETURN(const std::optional<BoardRecord> board, store_->FindBoard(platform));
  if (board.has_value()) {
    LATIMER_RETURN_IF_ERROR(CheckSameKind(request, *board));
  }
  *response = std::move(prepared.response);
  if (request.dry_run()) return false;
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Stored> stored,
                           store_->AddImports(prepared.board, prepared.imports, NowMs()));
  bool news = false;
  for (size_t i = 0; i < stored.size(); ++i) {
    const bool duplicate = stored[i] == Stored::kDuplicate;
    response->mutable_reports(static_cast<int>(i))->set_duplicate(duplicate);
    if (duplicate) continue;
    news = true;
    source_->AddMeasured(platform, {{prepared.network_hash, MeasuredLatencyOf(prepared.imports[i].measurement)}});
  }
  if (!news) response->set_message("everything was imported before; nothing is new to fit");
  return news;
}

void ImportDesk::Import(const v1::ImportReportsRequest* request, const Done& done) {
  const bool queued = executor_.TryPost([this, request, done] {
    v1::ImportReportsResponse response;
    bool fit = false;
    const absl::Status status = RunGuarded([&]() -> absl::Status {
      LATIMER_ASSIGN_OR_RETURN(fit, Begin(*request, &response));
      return absl::OkStatus();
    });
    if (!status.ok() || !fit) {
      done(status, std::move(response));
      return;
    }
    std::string platform(absl::StripPrefix(response.platform(), "platforms/"));
    int64_t call = 0;
    {
      MutexLock lock(&mutex_);
      if (!draining_) {
        call = next_++;
        waiting_[call] = {std::move(response), done};
      }
    }
    if (call == 0) {
      done(Stopping(), {});
      return;
    }
    refitter_->Request(std::move(platform), /*campaign=*/0,
                       [this, call](const absl::StatusOr<RefitResult>& result) { Finish(call, result); });
  });
  if (!queued) done(Overloaded(), {});
}

void ImportDesk::Finish(int64_t call, const absl::StatusOr<RefitResult>& fit) {
  std::optional<Call> ended;
  {
    MutexLock lock(&mutex_);
    const auto found = waiting_.find(call);
    if (found == waiting_.end()) return;
    ended = std::move(found->second);
    waiting_.erase(found);
  }
  v1::ImportReportsResponse& response = ended->response;
  if (fit.ok()) {
    response.set_model_version(fit->version.version);
    response.set_promoted(fit->version.active);
    response.set_message(fit->version.rejection);
    for (const v1::Accuracy& accuracy : fit->accuracy) *response.add_accuracy() = accuracy;
  } else if (absl::IsFailedPrecondition(fit.status())) {
    // Too little for a model so far: what was imported is kept for when there is more.
    response.set_message(absl::StrCat("stored, but there is no model yet: ", std::string(fit.status().message())));
  } else {
    ended->done(fit.status(), {});
    return;
  }
  ended->done(absl::OkStatus(), std::move(response));
}

void ImportDesk::Drain() {
  std::map<int64_t, Call> ended;
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    ended.swap(waiting_);
  }
  for (auto& [call, waiting] : ended) waiting.done(Stopping(), {});
}

}  // namespace latimer::server
