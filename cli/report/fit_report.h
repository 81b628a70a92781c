// What a platform's models learnt and how well: parameters, cross-validated errors, measured space, sweeps.
#ifndef LATIMER_CLI_REPORT_FIT_REPORT_H_
#define LATIMER_CLI_REPORT_FIT_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/terminal/terminal.h"
#include "latimer/v1/platform.pb.h"
#include "latimer/v1/platform_service.pb.h"

namespace latimer::cli {

// The kind whose line is drawn through a sweep: the staircase of the refined roofline, else that of the roofline.
v1::ModelKind StaircaseKind(const v1::Sweep& sweep);

// The sweep's time by that kind at a point; nullptr: the unit type has no such model.
const v1::ModelTime* TimeOf(const v1::SweepPoint& point, v1::ModelKind kind);

// Whether the kind that estimates take says something else than the staircase anywhere, and there is something to
// compare both with.
bool ShowsChosenKind(const v1::Sweep& sweep);

// Mean relative distance of the models of that kind to the measured intervals' middles; negative: nothing to compare.
double SweepError(const v1::Sweep& sweep, v1::ModelKind kind);

// How much of the staircase's growth its eighth of largest increments makes: about 0.125 for a slope, near 1 for steps.
double Stepness(const v1::Sweep& sweep);

// The sweep that says most: with steps and with many measurements. -1: there is none.
int MostTellingSweep(const std::vector<v1::Sweep>& sweeps);

// Sweeps `wanted` names: "all", a number from 1, or a part of the name, whatever its case; empty: the most telling one.
// Indices. INVALID_ARGUMENT lists what there is.
absl::StatusOr<std::vector<int>> ChooseSweeps(const std::vector<v1::Sweep>& sweeps, const std::string& wanted);

// Facts, tables per unit type, and the sweeps of these indices drawn.
std::string FitReport(const v1::Platform& platform, const std::vector<v1::Sweep>& sweeps, const std::vector<int>& drawn,
                      const Terminal& terminal);

// "c_out 16 (0.12), h 8 (0.51)": dimension, s and alpha; empty: nothing is unrolled.
std::string UnrollingText(const v1::AnalyticalModel& model);

// "0.0125 ms"; empty where nothing of it would be noticed.
std::string OverheadText(double seconds);

// "1 to 129"; "3" where all are the same.
std::string RangeText(const v1::FeatureRange& range);

// Unit types whose measured space is the same: they share their trees.
struct ExtentGroup {
  std::vector<std::string> unit_types;
  const v1::LayerModelDescription* model = nullptr;  // of the first
};
std::vector<ExtentGroup> GroupExtents(const v1::Platform& platform);

// The range of that feature; null: not known.
const v1::FeatureRange* ExtentOf(const v1::LayerModelDescription& model, absl::string_view feature);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_FIT_REPORT_H_
