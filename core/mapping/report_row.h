// One row of a toolchain's per-layer report, whatever toolchain wrote it: what the parsers (backends/reports) produce
// and the graph matcher reads.
#ifndef LATIMER_CORE_MAPPING_REPORT_ROW_H_
#define LATIMER_CORE_MAPPING_REPORT_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace latimer {

enum class RowStatus : uint8_t {
  kExecuted,
  kNotRun,        // no work to do: a change of view, an input
  kOptimizedOut,  // part of another row
};

// What the names of a row stand for.
enum class NameMeaning : uint8_t {
  kNodes,     // the row runs these nodes, and what was fused into them without being named
  kOutputs,   // the row writes these tensors (or those of these nodes): what leads there without a row of its own, too
  kRegion,    // the first and the last node of a region: everything on the paths between them
  kOverhead,  // no node at all: work done for these nodes, such as a change of layout
  kGroupEnd,  // the row runs the group that ends with this node: back to its product, and the padding before that
};

struct ReportRow {
  std::string name;                         // as the report has it
  std::vector<std::string> original_names;  // nodes or tensors of the source network; empty: `name` is the only one
  NameMeaning meaning = NameMeaning::kNodes;
  std::string kind;    // the report's own word for the operation; may be empty
  std::string kernel;  // how it was executed: the report's word for implementation or tactic; may be empty
  RowStatus status = RowStatus::kExecuted;
  double seconds = 0;                   // per inference; finite, not negative
  std::optional<double> start_seconds;  // since the inference began
  // Further numbers of the row, such as {"npu_cycles", 7312}. Keys are literals and carry their unit.
  std::vector<std::pair<absl::string_view, double>> facts;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_REPORT_ROW_H_
