// One task on one engine: build the model, prepare it, time it, profile it.
#ifndef LATIMER_AGENT_ENGINE_MEASURE_TASK_H_
#define LATIMER_AGENT_ENGINE_MEASURE_TASK_H_

#include "backends/backend.h"
#include "backends/pace.h"
#include "backends/timing.h"
#include "latimer/v1/agent_service.pb.h"

namespace latimer::agent {

// Never fails and never throws: what goes wrong is the measurement's `failure`. Conditions are those of this machine
// and left out for simulated boards. board_seconds and reference_ms are the caller's. `pace` is the processor's, for
// back ends that compute on it; nullptr: it is not measured.
v1::Measurement MeasureTask(Backend& backend, const v1::BenchmarkTask& task, const v1::TimingOptions& timing,
                            Pace* pace);

// Zero values take the defaults of backends/timing.h.
TimingOptions TimingFromProto(const v1::TimingOptions& message);

v1::Fingerprint FingerprintToProto(const Fingerprint& fingerprint);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_ENGINE_MEASURE_TASK_H_
