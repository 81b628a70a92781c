// Kinds of models in words.
#ifndef LATIMER_CLI_FORMAT_KINDS_H_
#define LATIMER_CLI_FORMAT_KINDS_H_

#include <string>

#include "latimer/v1/estimate.pb.h"
#include "latimer/v1/platform.pb.h"

namespace latimer::cli {

// "refined roofline".
std::string KindWords(v1::ModelKind kind);

// The error of that kind among `model`'s, the last if there are several; null: not known.
const v1::Accuracy* AccuracyOf(const v1::LayerModelDescription& model, v1::ModelKind kind);

// The most refined analytical description; null: there is none.
const v1::AnalyticalModel* MostRefined(const v1::LayerModelDescription& model);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FORMAT_KINDS_H_
