#include "server/campaign/plan_tasks.h"

#include "absl/strings/str_cat.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_export.h"
#include "server/fleet/secrets.h"

namespace latimer::server {

std::vector<TaskRecord> PlanTasks(const std::vector<benchmark::PlanStage>& plan, const std::string& platform,
                                  v1::Campaign* campaign) {
  std::vector<TaskRecord> tasks;
  const std::string prefix = NewId();
  for (size_t stage = 0; stage < plan.size(); ++stage) {
    v1::CampaignStage* described = campaign->add_stages();
    described->set_name(plan[stage].name);
    described->set_planned(static_cast<int64_t>(plan[stage].measurements.size()));
    for (size_t i = 0; i < plan[stage].measurements.size(); ++i) {
      const benchmark::PlannedMeasurement& planned = plan[stage].measurements[i];
      TaskRecord& task = tasks.emplace_back();
      task.measurement_id = absl::StrCat(prefix, "-", stage, "-", i);
      task.platform = platform;
      task.stage = static_cast<int32_t>(stage);
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
  }
  return tasks;
}

}  // namespace latimer::server
