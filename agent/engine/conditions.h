// State of the board as a message.
#ifndef LATIMER_AGENT_ENGINE_CONDITIONS_H_
#define LATIMER_AGENT_ENGINE_CONDITIONS_H_

#include "latimer/v1/measurement.pb.h"

namespace latimer::agent {

// What the machine says now.
v1::BoardConditions ReadConditions();

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_ENGINE_CONDITIONS_H_
