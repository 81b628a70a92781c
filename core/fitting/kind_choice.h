// Which kind of model answers when the caller leaves it to the platform. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_KIND_CHOICE_H_
#define LATIMER_CORE_FITTING_KIND_CHOICE_H_

#include <vector>

#include "absl/status/status.h"
#include "core/fitting/fit_platform.h"
#include "core/fitting/pace_fit.h"

namespace latimer::fitting {

// Types choose their kinds by their own cross-validation; errors of layers that add up in a network and errors that
// cancel look the same there. Where one kind for all types is clearly better on whole networks none of which was fitted
// (the validation networks, and excerpts predicted by models that had not seen them), it is taken instead: auto_kind of
// the model and `chosen` of the types change.
// `draft`: the model of `result`, loaded.
absl::Status ChooseKindOnNetworks(const std::vector<PacedNetwork>& networks, const PlatformModel& draft,
                                  FitResult& result);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_KIND_CHOICE_H_
