// A graph drawn beside its nodes, one row per node, as version control draws histories: a lane per result that is still
// needed.
#ifndef LATIMER_CLI_REPORT_GRAPH_LANES_H_
#define LATIMER_CLI_REPORT_GRAPH_LANES_H_

#include <string>
#include <vector>

namespace latimer::cli {

struct GraphNode {
  std::vector<int> inputs;  // nodes before this one
  bool is_source = false;   // drawn hollow
};

// One row per node, such as "├─● ". Inputs that are not before their node are ignored. Empty if any row needs more than
// `most_lanes` lanes: nobody can follow that many.
std::vector<std::string> DrawLanes(const std::vector<GraphNode>& nodes, bool ascii, int most_lanes = 14);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_GRAPH_LANES_H_
