// From stored results to what fitting reads.
#ifndef LATIMER_SERVER_CAMPAIGN_FIT_INPUT_H_
#define LATIMER_SERVER_CAMPAIGN_FIT_INPUT_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/fitting/cut_excerpts.h"
#include "core/fitting/fit_platform.h"
#include "server/store/store.h"

namespace latimer::server {

// Fingerprints of the platform's measurements that count now: those of its agents, and of imported reports. What boards
// were before a change a person accepted is another platform's past.
absl::StatusOr<std::set<std::string>> CountedFingerprints(Store& store, const std::string& platform);

// Identity of the platform a board belongs to, without layer models.
model::v1::PlatformModel PlatformOfBoard(const BoardRecord& board);

// Samples and validation networks of the results measured under one of `fingerprints`. Results that make no sense by
// now (an unknown layer type of a newer server, a padding-only model that failed) are left out and counted.
struct CollectedResults {
  std::vector<fitting::Sample> samples;
  std::vector<fitting::PaddingSample> paddings;
  std::vector<fitting::ExcerptSample> excerpts;
  // Without a report; fitting::SplitCutExcerpts() makes samples of them. Each is of one agent and one campaign, and as
  // long as its longest cut measured so far.
  std::vector<fitting::CutExcerpt> cut_excerpts;
  std::vector<fitting::ValidationSample> validation;
  // The pace all times are brought to (core/evaluation/measured_pace.h); 0: boards told none.
  double pass_ns = 0;
  int64_t results = 0;
  int64_t left_out = 0;
};
CollectedResults CollectResults(const std::vector<MeasuredTask>& results, const std::set<std::string>& fingerprints);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_FIT_INPUT_H_
