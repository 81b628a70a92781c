// Names of engine layers -> nodes of the source network.
#ifndef LATIMER_BACKENDS_REPORTS_TENSORRT_NAMES_H_
#define LATIMER_BACKENDS_REPORTS_TENSORRT_NAMES_H_

#include <vector>

#include "backends/reports/report.h"

namespace latimer {

// Sets original_names and meaning from row->name:
//   "A + B", "A || B", "PWN(PWN(A), B)"                 the nodes
//   "{ForeignNode[A...B]}"                              a region
//   "{A,B,C}"                                           the nodes of a DLA subgraph (TensorRT 7)
//   "Reformatting CopyNode for Input Tensor 0 to A + B",
//   "A + B input reformatter 0", "A copy"               overhead of A and B
//   "reshape_after_A"                                   overhead of A
// Tokens that are no nodes (weights, "(Unnamed Layer* 7) [Shuffle]") stay among the names; nothing will match them.
void ReadTensorRtName(ReportRow* row);

// A DLA runs on its own: its row shows only the time to submit the work, and the next rows wait for the result. Gives
// those rows, and those that copy its inputs, the nodes of their subgraph.
void JoinDlaRows(std::vector<ReportRow>* rows);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_TENSORRT_NAMES_H_
