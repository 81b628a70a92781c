// Times per layer of boards that report none: an excerpt is also measured cut off behind its layers, and what a layer
// adds is its time. A layer that adds less than it would cost alone runs in a unit with the one before.
#ifndef LATIMER_CORE_FITTING_CUT_EXCERPTS_H_
#define LATIMER_CORE_FITTING_CUT_EXCERPTS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "core/fitting/fit_platform.h"

namespace latimer::fitting {

// Fact of a row (core/mapping/report_row.h): the deviation of its time, where it is no engine's own.
inline constexpr absl::string_view kDoubtFact = "doubt_seconds";

// The beginning of an excerpt, as it was run.
struct Beginning {
  Network network;  // simplified
  double seconds = 0;
  double relative_spread = 0;  // of the measurement
};

// One excerpt, cut off at several places; in any order. The one with the most layers is the excerpt.
struct CutExcerpt {
  std::vector<Beginning> beginnings;
  double flushed_bytes = 0;
};

// The excerpts with the rows a report would have, most likely. Where an excerpt was not cut between two layers, its
// share of the time is what the others say of such layers. Excerpts without a usable measurement are left out.
std::vector<ExcerptSample> SplitCutExcerpts(std::vector<CutExcerpt> excerpts, const model::v1::PlatformModel& base);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_CUT_EXCERPTS_H_
