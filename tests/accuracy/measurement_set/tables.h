// The tables of the papers, on a measurement set: a model fitted to its excerpts, judged on its networks and their
// layers, none of which was fitted.
#ifndef LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_TABLES_H_
#define LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_TABLES_H_

#include <string>

#include "absl/status/status.h"
#include "latimer/model/v1/measurement_set.pb.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer {

// Prints, as Markdown: layer models (table 3 of paper I), mapping (4), networks (5), fidelity on the cells of searches
// (6), coverage and width of intervals by level (paper II, figures 10 to 13).
absl::Status PrintTables(const model::v1::MeasurementSet& set, const model::v1::PlatformModel& model);

// Writes every layer of the networks and of the excerpts, as CSV: network, unit type, microseconds measured (by the
// engine's report, scaled to the whole network's time) and estimated, and what the layer models know of it. To look for
// what is missed.
absl::Status WriteLayers(const model::v1::MeasurementSet& set, const model::v1::PlatformModel& model,
                         const std::string& path);

}  // namespace latimer

#endif  // LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_TABLES_H_
