// How good the estimates of a platform are: every network predicted and measured, and the figures over all.
#ifndef LATIMER_CLI_REPORT_EVALUATION_REPORT_H_
#define LATIMER_CLI_REPORT_EVALUATION_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/measurement_report.h"
#include "cli/terminal/terminal.h"
#include "latimer/v1/estimate.pb.h"
#include "nlohmann/json.hpp"

namespace latimer::cli {

// One network. Either part may be missing; `failure` says why.
struct EvaluatedNetwork {
  std::string name;
  std::string file;
  std::optional<v1::Latency> predicted;
  std::optional<MeasuredLatency> measured;  // at the pace the model is for (core/evaluation/measured_pace.h)
  std::vector<double> as_measured_ms;       // medians as they were, in the same order
  int reused = 0;                           // measurements that were there already
  absl::Status failure;
};

struct Evaluation {
  std::string platform;       // as asked for
  std::string model_version;  // that answered; several are separated by commas
  v1::ModelKind model_kind = v1::MODEL_KIND_AUTO;
  double confidence = 0;
  std::vector<EvaluatedNetwork> networks;
};

// Figures over the networks that are both predicted and measured; nullopt where they are not defined.
struct EvaluationTotals {
  int compared = 0;
  int failed = 0;
  std::optional<double> mape;
  std::optional<double> mae_ms;
  std::optional<double> rmspe;
  std::optional<double> spearman;
  std::optional<double> kendall;
  std::optional<double> coverage;
  std::optional<double> mean_relative_width;
  std::optional<double> noise_floor_mape;
  std::optional<double>
      mean_pace_correction;  // |measured at the model's pace / as measured - 1|; nullopt: all are equal
  int measurements = 0;      // used, those that were there already included
  int reused = 0;
  double board_seconds = 0;  // spent on them
};

EvaluationTotals Totals(const Evaluation& evaluation);

std::string EvaluationTable(const Evaluation& evaluation, const Terminal& terminal);
std::string EvaluationMarkdown(const Evaluation& evaluation);
std::string EvaluationCsv(const Evaluation& evaluation);
nlohmann::ordered_json EvaluationJson(const Evaluation& evaluation);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_EVALUATION_REPORT_H_
