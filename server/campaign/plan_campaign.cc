#include "server/campaign/plan_campaign.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_export.h"
#include "server/fleet/secrets.h"

namespace latimer::server {

std::vector<TaskRecord> MakeTasks(const std::vector<benchmark::PlannedMeasurement>& measurements, int stage,
                                  const std::string& platform) {
  std::vector<TaskRecord> tasks;
  const std::string prefix = NewId();
  for (size_t i = 0; i < measurements.size(); ++i) {
    const benchmark::PlannedMeasurement& planned = measurements[i];
    TaskRecord& task = tasks.emplace_back();
    task.measurement_id = absl::StrCat(prefix, "-", stage, "-", i);
    task.platform = platform;
    task.stage = stage;
    task.position = static_cast<int32_t>(i);
    task.kind = static_cast<int>(planned.kind);
    task.name = planned.key;
    v1::NetworkSource source;
    // As ONNX, the engine gets exactly the planned nodes; the compact form knows constants by their number only.
    absl::StatusOr<std::string> onnx = ExportOnnx(planned.runs());
    if (onnx.ok()) {
      source.set_onnx_model(*std::move(onnx));
    } else {
      *source.mutable_network() = NetworkToProto(planned.runs());
    }
    task.network = source.SerializeAsString();
    if (!planned.network.layers.empty()) task.subject = NetworkToProto(planned.subject).SerializeAsString();
    task.layer_report = planned.layer_report;
    task.flush_bytes = planned.flush_bytes;
  }
  return tasks;
}

absl::StatusOr<PlannedCampaign> PlanCampaign(const CampaignOrder& order) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<benchmark::PlanStage> plan, benchmark::MakePlan(order.plan));
  PlannedCampaign planned;
  planned.record.set_platform(absl::StrCat("platforms/", order.platform));
  planned.record.set_state(v1::CAMPAIGN_STATE_RUNNING);
  planned.record.set_method(static_cast<v1::BenchmarkMethod>(order.plan.method));
  planned.record.set_max_measurements(order.plan.max_measurements);
  planned.record.set_max_board_seconds(order.max_board_seconds);
  planned.record.set_seed(order.plan.seed);
  for (size_t stage = 0; stage < plan.size(); ++stage) {
    v1::CampaignStage* described = planned.record.add_stages();
    described->set_name(plan[stage].name);
    described->set_planned(static_cast<int64_t>(plan[stage].measurements.size()));
    for (TaskRecord& task : MakeTasks(plan[stage].measurements, static_cast<int>(stage), order.platform)) {
      task.held = plan[stage].name == benchmark::kRefinementStage;
      planned.tasks.push_back(std::move(task));
    }
  }
  return planned;
}

}  // namespace latimer::server
