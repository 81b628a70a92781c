// Graph matcher: which layers of the original network each row of a toolchain's report stands for, what ran fused
// into one unit, and how much of the reported time that explains (paper I, section V-B).
//
//   LATIMER_ASSIGN_OR_RETURN(Report report, ParseOpenVinoCounters(bytes));
//   const ReportMatch match = MatchReport(network, report.rows);
//   if (match.MatchedShare() < 0.98) …
//
// Any engine's rows will do: name, operation as `kind`, and seconds are enough. Where the engine also tells its
// optimised graph, put the output tensors of the executed node in `original_names` with NameMeaning::kOutputs: then
// groups follow the data flow and not the engine's habit of naming them.
#ifndef LATIMER_CORE_MAPPING_GRAPH_MATCHER_H_
#define LATIMER_CORE_MAPPING_GRAPH_MATCHER_H_

#include <cstdint>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "core/mapping/report_row.h"
#include "core/network/network.h"

namespace latimer {

// How the main row of a unit was found, from certain to likely.
enum class MatchBasis : uint8_t {
  kName,     // the row names a layer, one of its source nodes, or its output tensor
  kSimilar,  // the name continues that of a layer ("pool5/Pool"), or is cut ("up_sampling2d_2_*")
  kKind,     // same operation, in order, between rows matched by name, with as many layers as rows
};

struct MatchedUnit {
  absl::InlinedVector<LayerId, 4> layers;  // primary (most multiply-accumulates, else first) first, then in order
  absl::InlinedVector<int32_t, 2> rows;    // indices into the rows given; the row that names the unit first
  double seconds = 0;                      // of all its rows
  double overhead_seconds = 0;             // the part of `seconds` of rows of layout changes and inserted layers
  MatchBasis basis = MatchBasis::kName;
};

enum class FusionFlag : uint8_t { kNotFused, kFused, kPossiblyFused };

// One edge of the network between layers that both ran.
struct EdgeFusion {
  LayerId producer = kNone;
  LayerId consumer = kNone;
  // kPossiblyFused: the consumer has no row and reads several units, so it was fused into one of them.
  FusionFlag flag = FusionFlag::kNotFused;
};

struct ReportMatch {
  std::vector<MatchedUnit> units;         // in the order of their first rows
  std::vector<EdgeFusion> edges;          // in the order of consumers; none to or from free or unmatched layers
  std::vector<LayerId> free_layers;       // no work: reported as not run, or reshapes and concats without a row
  std::vector<LayerId> unmatched_layers;  // no row stands for them
  std::vector<int32_t> unmatched_rows;    // executed rows that stand for no layer
  double executed_seconds = 0;            // of all executed rows
  double matched_seconds = 0;             // of those in units

  // Part of the executed time that is in units; 1 where there is none.
  double MatchedShare() const { return executed_seconds > 0 ? matched_seconds / executed_seconds : 1; }
};

// Every layer of `network` is afterwards in exactly one of a unit, `free_layers` and `unmatched_layers`, every executed
// row in one unit or in `unmatched_rows`. `network` may be the source network or a simplified one: names of source
// nodes are known through Layer::nodes. Rows are taken to be in execution order; reads only its arguments;
// deterministic.
//
// 1. Rows claim the layers they name; of two rows that claim the same layer the first has it and the second becomes a
//    further row of that unit.
// 2. Names that are not found: without the engine's decorations, then the longest name they continue, or are cut from.
// 3. Rows still without a layer: by kind, where layers and rows between two matched rows count the same.
// 4. Layers without a row: those on the way back from kOutputs and kGroupEnd and inside regions belong to that row;
//    padding goes forwards, convolutions and products forwards to a unit that has none, all others backwards to the
//    producer that ran last. None does where a row of the same kind is still unmatched: that row may be the layer's
//    own.
ReportMatch MatchReport(const Network& network, absl::Span<const ReportRow> rows);

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_GRAPH_MATCHER_H_
