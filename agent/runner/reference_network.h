// The network that is measured again and again, so that a drift of the board shows.
#ifndef LATIMER_AGENT_RUNNER_REFERENCE_NETWORK_H_
#define LATIMER_AGENT_RUNNER_REFERENCE_NETWORK_H_

#include "latimer/v1/network.pb.h"

namespace latimer::agent {

// Two 3x3 convolutions of 32 channels over 28x28 with ReLUs: 14.5 million multiply-accumulates, which every engine
// runs, in well under a second on the smallest board. It never changes: results of years are compared with it.
v1::NetworkSource ReferenceNetwork();

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_RUNNER_REFERENCE_NETWORK_H_
