// The execution graph a platform is predicted to run: units with what is fused into them, their times and edges.
#ifndef LATIMER_CLI_REPORT_MAPPING_REPORT_H_
#define LATIMER_CLI_REPORT_MAPPING_REPORT_H_

#include <string>
#include <vector>

#include "cli/terminal/terminal.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer::cli {

// Source nodes that run in the unit beside its primary layer, in order. Folders they share with the primary layer are
// left out where that saves space: "/block/conv/Conv" and "/block/relu/Relu" give "relu/Relu".
std::vector<std::string> FusedNodes(const v1::UnitEstimate& unit);

// A row per unit beside a drawing of the graph.
std::string MappingText(const v1::NetworkEstimate& estimate, const Terminal& terminal);

// The same in Graphviz's language: `dot -Tsvg`.
std::string MappingDot(const v1::NetworkEstimate& estimate);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_MAPPING_REPORT_H_
