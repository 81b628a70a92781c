#include "server/campaign/campaign_service.h"

#include <optional>
#include <utility>

#include "core/base/status_macros.h"
#include "server/fleet/on_executor.h"

namespace latimer::server {

// Sends the newest state only: who reads slowly misses states in between, never the last one.
class WatchReactor final : public grpc::ServerWriteReactor<v1::WatchCampaignResponse> {
 public:
  WatchReactor(CampaignServiceImpl* service, std::string name, absl::StatusOr<StreamPass> pass)
      : service_(service), name_(std::move(name)) {
    if (!pass.ok()) {
      End(pass.status());
      return;
    }
    {
      MutexLock lock(&mutex_);
      pass_ = *std::move(pass);
    }
    if (!service_->Add(this)) {
      End(absl::UnavailableError("the server is shutting down"));
      return;
    }
    service_->executor_->Post([this] {
      const absl::Status status =
          service_->manager_->Watch(name_, this, [this](const v1::Campaign& campaign, bool ended) {
            if (const absl::Status still = CheckPass(); !still.ok()) {
              End(still);
              return;
            }
            Update(campaign);
            if (ended) End(absl::OkStatus());
          });
      if (!status.ok()) End(status);
    });
  }

  // Sends what is there, then ends the call.
  void End(const absl::Status& status) {
    MutexLock lock(&mutex_);
    if (ending_) return;
    ending_ = true;
    end_ = ToGrpcStatus(status);
    ContinueLocked();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) next_.reset();
    ContinueLocked();
  }

  void OnCancel() override { End(absl::CancelledError("the caller went away")); }

  void OnDone() override {
    service_->Remove(this);
    service_->executor_->Post([this] {
      service_->manager_->Unwatch(this);
      delete this;
    });
  }

 private:
  absl::Status CheckPass() {
    MutexLock lock(&mutex_);
    return pass_.Check();
  }

  void Update(const v1::Campaign& campaign) {
    MutexLock lock(&mutex_);
    if (ending_) return;
    next_ = campaign;
    ContinueLocked();
  }

  void ContinueLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_) return;
    if (next_.has_value()) {
      writing_ = true;
      *outgoing_.mutable_campaign() = *std::move(next_);
      next_.reset();
      StartWrite(&outgoing_);
    } else if (ending_) {
      finished_ = true;
      pass_ = StreamPass();  // who hears the end may open the next stream at once
      Finish(end_);
    }
  }

  CampaignServiceImpl* const service_;
  const std::string name_;
  v1::WatchCampaignResponse outgoing_;  // gRPC's while writing_
  Mutex mutex_;
  StreamPass pass_ ABSL_GUARDED_BY(mutex_);
  std::optional<v1::Campaign> next_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);
};

bool CampaignServiceImpl::Add(WatchReactor* watch) {
  MutexLock lock(&mutex_);
  if (draining_) return false;
  watches_.insert(watch);
  return true;
}

void CampaignServiceImpl::Remove(WatchReactor* watch) {
  MutexLock lock(&mutex_);
  watches_.erase(watch);
}

void CampaignServiceImpl::Drain() {
  MutexLock lock(&mutex_);
  draining_ = true;
  for (WatchReactor* watch : watches_) watch->End(absl::UnavailableError("the server is shutting down"));
}

grpc::ServerUnaryReactor* CampaignServiceImpl::CreateCampaign(grpc::CallbackServerContext* context,
                                                              const v1::CreateCampaignRequest* request,
                                                              v1::Campaign* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  return OnExecutor(planner_, context, response, [this, request]() -> absl::StatusOr<v1::Campaign> {
    LATIMER_ASSIGN_OR_RETURN(const CampaignOrder order,
                             RunOn<CampaignOrder>(executor_, [&] { return manager_->Check(*request); }));
    LATIMER_ASSIGN_OR_RETURN(const PlannedCampaign planned, PlanCampaign(order));
    return RunOn<v1::Campaign>(executor_, [&] { return manager_->Begin(planned); });
  });
}

grpc::ServerUnaryReactor* CampaignServiceImpl::GetCampaign(grpc::CallbackServerContext* context,
                                                           const v1::GetCampaignRequest* request,
                                                           v1::Campaign* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return manager_->Get(request->name()); });
}

grpc::ServerUnaryReactor* CampaignServiceImpl::ListCampaigns(grpc::CallbackServerContext* context,
                                                             const v1::ListCampaignsRequest* request,
                                                             v1::ListCampaignsResponse* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return manager_->List(*request); });
}

grpc::ServerWriteReactor<v1::WatchCampaignResponse>* CampaignServiceImpl::WatchCampaign(
    grpc::CallbackServerContext* context, const v1::WatchCampaignRequest* request) {
  return new WatchReactor(this, request->name(), access_->AdmitStream(*context, Role::kOperate));  // deletes itself
}

grpc::ServerUnaryReactor* CampaignServiceImpl::CancelCampaign(grpc::CallbackServerContext* context,
                                                              const v1::CancelCampaignRequest* request,
                                                              v1::Campaign* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return manager_->Cancel(request->name()); });
}

}  // namespace latimer::server
