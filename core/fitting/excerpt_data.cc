#include "core/fitting/excerpt_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/evaluation/measured_pace.h"
#include "core/evaluation/statistics.h"
#include "core/fitting/cut_excerpts.h"
#include "core/fitting/pace_fit.h"
#include "core/mapping/features.h"
#include "core/mapping/graph_context.h"
#include "core/mapping/graph_matcher.h"
#include "core/model/mapping_rules.h"
#include "core/network/simplify.h"

namespace latimer::fitting {
namespace {

constexpr double kLeastSeconds = 2e-7;
constexpr double kLeastMatched = 0.9;    // share of an excerpt's time; below, the report says too little
constexpr double kRelativeDoubt = 0.01;  // a row of undisturbed runs repeats within about that
constexpr double kAbsoluteDoubt = 1e-7;  // and is counted in microseconds, by dozens of runs
constexpr double kUsualSeconds = 25e-6;  // of a row that counts as one
constexpr double kLargeDoubt = 0.1;      // of a row's time: halves its weight
constexpr double kMostOverhead = 5e-6;   // per unit
constexpr double kLinkShows = 0.8;       // what a price of transfers leaves of the unexplained time
constexpr int64_t kLeastSeen = 3;
constexpr double kFreeShare = 0.1;
constexpr double kMostScale = 1.25;     // rows of the profiled runs against the whole
constexpr double kLayoutKnown = 0.8;    // share of excerpts in which all changes of layout are where a block says
constexpr double kDisagreement = 0.05;  // of rows and whole: doubts about an excerpt that halve its weight

struct Total {
  double difference = 0;  // of the whole network's time and its rows'
  double units = 0;
  double transfer_bytes = 0;
  double seconds = 0;
};

struct Overheads {
  double per_unit = 0;
  double per_network = 0;
  double per_byte = 0;
  double error = 0;  // what is left, mean share of the networks' time
};

// difference = a * units + b + c * bytes, least absolute relative errors by reweighting; networks and bytes cost
// nothing less than nothing.
Overheads FitOverheads(const std::vector<Total>& totals, bool with_bytes) {
  constexpr size_t kTerms = 3;
  constexpr double kMegabyte = 1e6;  // keeps the terms of one size
  double x[kTerms] = {};
  for (int iteration = 0; iteration < 30; ++iteration) {
    double a[kTerms][kTerms] = {};
    double b[kTerms] = {};
    for (const Total& total : totals) {
      const double terms[kTerms] = {total.units, 1, with_bytes ? total.transfer_bytes / kMegabyte : 0};
      double fitted = 0;
      for (size_t i = 0; i < kTerms; ++i) fitted += x[i] * terms[i];
      const double residual = std::abs(total.difference - fitted) / total.seconds;
      const double weight = 1 / (total.seconds * total.seconds * std::max(residual, 1e-3));
      for (size_t i = 0; i < kTerms; ++i) {
        b[i] += weight * terms[i] * total.difference;
        for (size_t k = 0; k < kTerms; ++k) a[i][k] += weight * terms[i] * terms[k];
      }
    }
    for (int sweep = 0; sweep < 300; ++sweep) {
      for (size_t i = 0; i < kTerms; ++i) {
        if (!(a[i][i] > 0)) continue;
        double gradient = b[i];
        for (size_t k = 0; k < kTerms; ++k) gradient -= a[i][k] * x[k];
        x[i] += gradient / a[i][i];
        if (i > 0) x[i] = std::max(0.0, x[i]);
      }
    }
  }
  Overheads overheads{std::clamp(x[0], -kMostOverhead, kMostOverhead), x[1], x[2] / kMegabyte};
  for (const Total& total : totals) {
    const double fitted =
        overheads.per_unit * total.units + overheads.per_network + overheads.per_byte * total.transfer_bytes;
    overheads.error += std::abs(total.difference - fitted) / total.seconds / static_cast<double>(totals.size());
  }
  return overheads;
}

// Boards behind a link pay for bytes; where that explains little, it is noise.
Overheads FitOverheads(const std::vector<Total>& totals) {
  const Overheads plain = FitOverheads(totals, /*with_bytes=*/false);
  const Overheads linked = FitOverheads(totals, /*with_bytes=*/true);
  return linked.error < kLinkShows * plain.error ? linked : plain;
}

// Whether engines leave out an activation that is computed already: of duplicates only one has a row.
bool MergesDuplicates(const std::vector<ExcerptSample>& excerpts) {
  int64_t less = 0;
  int64_t as_many = 0;
  for (const ExcerptSample& excerpt : excerpts) {
    if (!HasDuplicates(excerpt.network)) continue;
    const Network without = MergeDuplicates(excerpt.network);
    if (without.layers.size() == excerpt.network.layers.size()) continue;
    const ReportMatch plain = MatchReport(excerpt.network, excerpt.rows);
    const ReportMatch merged = MatchReport(without, excerpt.rows);
    // Merged layers that ran apart show as one unit with several rows.
    (merged.units.size() == plain.units.size() ? less : as_many) += 1;
  }
  return less > as_many;
}

// Work of the engine's own is charged to the layer it is done for: the one after it, or, where it brings a result back
// into the usual layout, the one before.
void AttachOverhead(std::vector<ReportRow>& rows) {
  const auto named = [&](size_t i) { return i < rows.size() && rows[i].meaning != NameMeaning::kOverhead; };
  for (size_t i = 0; i < rows.size(); ++i) {
    if (named(i)) continue;
    size_t before = i;
    while (before < rows.size() && !named(before)) --before;  // wraps around at the first row
    size_t after = i;
    while (after < rows.size() && !named(after)) ++after;
    const bool brings_back = absl::StrContains(rows[i].kind, "Output");
    const size_t to = (brings_back || !named(after)) && named(before) ? before : after;
    if (named(to)) rows[i].original_names = rows[to].original_names;
  }
}

// A change of layout in a report.
struct ChangeRow {
  size_t position = 0;  // among the rows
  double seconds = 0;
};

// Those of a report, in order.
struct ChangeRows {
  std::vector<ChangeRow> to_blocks;
  std::vector<ChangeRow> from_blocks;
  bool other = false;  // work of the engine's own that is neither
  double seconds = 0;  // of all
};

struct Read {
  const ExcerptSample* excerpt = nullptr;
  std::unique_ptr<Network> merged;  // null: the excerpt's own
  ChangeRows changes;
  BlockedLayout layout;
  bool layout_fits = false;  // `changes` are those of `layout`
  ReportMatch match;

  const Network& network() const { return merged != nullptr ? *merged : excerpt->network; }
};

bool IsOwnWork(const ReportRow& row) { return row.meaning == NameMeaning::kOverhead && row.original_names.empty(); }

ChangeRows FindChanges(const std::vector<ReportRow>& rows) {
  ChangeRows changes;
  for (size_t i = 0; i < rows.size(); ++i) {
    const ReportRow& row = rows[i];
    if (!IsOwnWork(row)) continue;
    changes.seconds += row.seconds;
    if (!absl::StrContains(row.kind, "Reorder")) {
      changes.other = true;
    } else {
      (absl::StrContains(row.kind, "Output") ? changes.from_blocks : changes.to_blocks).push_back({i, row.seconds});
    }
  }
  return changes;
}

bool Fits(const ChangeRows& rows, const BlockedLayout& layout) {
  if (rows.other) return false;
  const auto to_blocks = static_cast<size_t>(std::count_if(layout.changes().begin(), layout.changes().end(),
                                                           [](const LayoutChange& one) { return one.to_blocks; }));
  return to_blocks == rows.to_blocks.size() && layout.changes().size() - to_blocks == rows.from_blocks.size();
}

// The block of channels whose changes of layout are those the reports show; 0: none's are.
int64_t FindLayoutBlock(const std::vector<Read>& reads) {
  int64_t best = 0;
  size_t most = 0;
  for (int64_t block : {0, 4, 8, 16, 32}) {
    size_t fitting = 0;
    for (const Read& read : reads) fitting += Fits(read.changes, BlockedLayout(read.network(), block)) ? 1 : 0;
    if (fitting <= most) continue;
    most = fitting;
    best = block;
  }
  return static_cast<double>(most) >= kLayoutKnown * static_cast<double>(reads.size()) ? best : 0;
}

// Of a whole to its rows, and of the pace of the one to that of the other; nullopt: one of the paces is not known.
std::optional<PacedSum> PacedSumOf(const Read& read, double row_seconds) {
  const ExcerptSample& excerpt = *read.excerpt;
  if (!(excerpt.pass_ns > 0) || !(excerpt.rows_pass_ns > 0) || !(row_seconds > 0)) return std::nullopt;
  return PacedSum{std::log(excerpt.seconds / row_seconds),
                  -std::log(PaceFactor(excerpt.pass_ns, excerpt.rows_pass_ns, 1))};
}

double LogPace(double pass_ns, const model::v1::PlatformModel& base) {
  return -std::log(PaceFactor(pass_ns, base.pass_ns(), 1));
}

// Rows at the pace of the whole.
void BringRowsToWhole(double exponent, Read& read) {
  const double factor = PaceFactor(read.excerpt->rows_pass_ns, read.excerpt->pass_ns, exponent);
  if (factor == 1) return;
  for (MatchedUnit& unit : read.match.units) {
    unit.seconds *= factor;
    unit.overhead_seconds *= factor;
  }
  read.match.executed_seconds *= factor;
  read.match.matched_seconds *= factor;
  for (auto* rows : {&read.changes.to_blocks, &read.changes.from_blocks}) {
    for (ChangeRow& row : *rows) row.seconds *= factor;
  }
  read.changes.seconds *= factor;
}

// Without the engine's own work, or with it where no layout says what it is.
ReportMatch Match(const Read& read, bool with_own_work) {
  std::vector<ReportRow> rows;
  for (const ReportRow& row : read.excerpt->rows) {
    if (with_own_work || !IsOwnWork(row)) rows.push_back(row);
  }
  if (with_own_work) AttachOverhead(rows);
  return MatchReport(read.network(), rows);
}

// Seconds of each change of the layout; negative: its row was not found. A row stands behind the row that writes the
// tensor and before those that read it; of several that fit, next to either.
std::vector<double> FindChangeSeconds(const Read& read) {
  const Network& network = read.network();
  std::vector<size_t> position_of_row;  // of rows in the match, among all rows
  for (size_t i = 0; i < read.excerpt->rows.size(); ++i) {
    if (!IsOwnWork(read.excerpt->rows[i])) position_of_row.push_back(i);
  }
  const auto end = static_cast<int64_t>(read.excerpt->rows.size());
  std::vector<int64_t> position(network.layers.size(), kNone);
  for (const MatchedUnit& unit : read.match.units) {
    for (LayerId layer : unit.layers) {
      position[static_cast<size_t>(layer)] = static_cast<int64_t>(position_of_row[static_cast<size_t>(unit.rows[0])]);
    }
  }
  struct Candidate {
    int64_t distance = 0;
    size_t change = 0;
    const ChangeRow* row = nullptr;
  };
  std::vector<Candidate> candidates;
  const absl::Span<const LayoutChange> changes = read.layout.changes();
  for (size_t i = 0; i < changes.size(); ++i) {
    const LayerId producer = network.tensors[changes[i].tensor].producer;
    const int64_t after = producer == kNone ? kNone : position[static_cast<size_t>(producer)];
    int64_t before = end;
    for (LayerId reader : changes[i].readers) {
      const int64_t at = position[static_cast<size_t>(reader)];
      if (at != kNone) before = std::min(before, at);
    }
    for (const ChangeRow& row : changes[i].to_blocks ? read.changes.to_blocks : read.changes.from_blocks) {
      const auto at = static_cast<int64_t>(row.position);
      if (after < at && at < before) candidates.push_back({std::min(at - after, before - at), i, &row});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; });
  std::vector<double> seconds(changes.size(), -1);
  std::vector<const ChangeRow*> taken;
  for (const Candidate& candidate : candidates) {
    if (seconds[candidate.change] >= 0 || std::find(taken.begin(), taken.end(), candidate.row) != taken.end()) continue;
    seconds[candidate.change] = candidate.row->seconds;
    taken.push_back(candidate.row);
  }
  return seconds;
}

// `own_doubt`: in seconds, beside what any row is uncertain by.
DataPoint MakePoint(std::string unit_type, const UnitFeatures& features, double seconds, double own_doubt,
                    double doubt_share, int group) {
  DataPoint point;
  const double doubt = kRelativeDoubt * seconds + kAbsoluteDoubt + own_doubt;
  point.unit_type = std::move(unit_type);
  point.features = features;
  point.log_target = std::log(seconds);
  point.log_lower = std::log(std::max(kLeastSeconds / 2, seconds - doubt));
  point.log_upper = std::log(seconds + doubt);
  // Of two layers the dearer one counts more in a network's time.
  point.weight = std::clamp(std::pow(seconds / kUsualSeconds, 0.3), 0.3, 9.0) * doubt_share /
                 (1 + std::pow(own_doubt / (kLargeDoubt * seconds), 2));
  point.group = group;
  point.trust = doubt_share;
  return point;
}

// Of a unit's rows as they are told (kDoubtFact).
double DoubtOf(const Read& read, const MatchedUnit& unit) {
  double doubt = 0;
  for (int32_t row : unit.rows) {
    for (const auto& [name, value] : read.excerpt->rows[static_cast<size_t>(row)].facts) {
      if (name == kDoubtFact) doubt = std::hypot(doubt, value);
    }
  }
  return doubt;
}

}  // namespace

ExcerptData ReadExcerpts(const std::vector<ExcerptSample>& excerpts, const model::v1::PlatformModel& base) {
  ExcerptData data;
  data.merges_duplicates = MergesDuplicates(excerpts);
  std::vector<Read> all;
  for (const ExcerptSample& excerpt : excerpts) {
    Read& read = all.emplace_back();
    read.excerpt = &excerpt;
    if (data.merges_duplicates && HasDuplicates(excerpt.network)) {
      read.merged = std::make_unique<Network>(MergeDuplicates(excerpt.network));
    }
    read.changes = FindChanges(excerpt.rows);
  }
  data.layout_block = FindLayoutBlock(all);

  std::vector<Read> reads;
  std::vector<PacedSum> sums;
  std::array<int64_t, kNumLayerTypes> seen{};
  std::array<int64_t, kNumLayerTypes> idle{};
  for (Read& read : all) {
    read.layout = BlockedLayout(read.network(), data.layout_block);
    read.layout_fits = data.layout_block > 0 && Fits(read.changes, read.layout);
    read.match = Match(read, /*with_own_work=*/data.layout_block == 0);
    const ReportMatch& match = read.match;
    if (!(read.excerpt->seconds > 0) || match.units.empty() || match.MatchedShare() < kLeastMatched) {
      ++data.left_out;
      continue;
    }
    if (const std::optional<PacedSum> sum = PacedSumOf(read, match.executed_seconds)) sums.push_back(*sum);
    for (const Layer& layer : read.network().layers) ++seen[static_cast<size_t>(layer.type)];
    for (LayerId id : match.free_layers) ++idle[static_cast<size_t>(read.network().layers[id].type)];
    reads.push_back(std::move(read));
  }
  if (reads.empty()) return data;
  data.pace_exponent = FitPaceExponent(sums);
  std::vector<Total> totals;
  for (Read& read : reads) {
    BringRowsToWhole(data.pace_exponent, read);
    const double own_work = data.layout_block == 0 ? 0 : read.changes.seconds;
    const size_t changes = read.changes.to_blocks.size() + read.changes.from_blocks.size();
    totals.push_back({read.excerpt->seconds - read.match.executed_seconds - own_work,
                      static_cast<double>(read.match.units.size() + (data.layout_block == 0 ? 0 : changes)),
                      TransferBytes(read.network(), base.activation_bits()), read.excerpt->seconds});
  }
  const Overheads overheads = FitOverheads(totals);
  data.seconds_per_unit = overheads.per_unit;
  data.seconds_per_network = overheads.per_network;
  data.transfer_seconds_per_byte = overheads.per_byte;
  for (size_t type = 0; type < seen.size(); ++type) {
    if (seen[type] >= kLeastSeen &&
        static_cast<double>(idle[type]) > (1 - kFreeShare) * static_cast<double>(seen[type])) {
      data.free.set(type);
    }
  }
  // What a row costs outside of the profiler.
  auto corrected = [&](double seconds) {
    return std::max(kLeastSeconds, std::max(0.3 * seconds, seconds + data.seconds_per_unit));
  };
  int group = 0;
  for (size_t i = 0; i < reads.size(); ++i, ++group) {
    const Read& read = reads[i];
    data.excerpt_of_group.push_back(static_cast<size_t>(read.excerpt - excerpts.data()));
    const Network& network = read.network();
    const GraphContext context(network, read.layout, base.activation_bits(), base.weight_bits(),
                               read.excerpt->flushed_bytes);
    CollectFusions(network, read.layout, read.match, group, &data.fusions);
    // The profiled runs and the whole ones are different runs: the rows are taken as shares of the whole.
    double sum = 0;
    for (const MatchedUnit& unit : read.match.units) sum += corrected(unit.seconds);
    for (const auto* rows : {&read.changes.to_blocks, &read.changes.from_blocks}) {
      if (data.layout_block == 0) break;
      for (const ChangeRow& row : *rows) sum += corrected(row.seconds);
    }
    const double unmatched = std::max(0.0, read.match.executed_seconds - read.match.matched_seconds);
    const double transfer = data.transfer_seconds_per_byte * TransferBytes(network, base.activation_bits());
    const double ratio = (read.excerpt->seconds - data.seconds_per_network - transfer - unmatched) / sum;
    const double scale = std::clamp(ratio, 1 / kMostScale, kMostScale);
    const double trust = 1 / (1 + std::pow((ratio - 1) / kDisagreement, 2));
    const double log_pace = LogPace(read.excerpt->pass_ns, base);
    const double log_rows_pace = LogPace(read.excerpt->rows_pass_ns, base);
    const bool paced = read.excerpt->pass_ns > 0 && read.excerpt->rows_pass_ns > 0 && base.pass_ns() > 0;
    for (const MatchedUnit& unit : read.match.units) {
      const Layer& primary = network.layers[unit.layers[0]];
      if (primary.type == LayerType::kReshape) continue;  // free in estimates, whatever the engine makes of it
      UnitFeatures features = ComputeFeatures(network, unit.layers, base.activation_bits(), base.weight_bits());
      context.Describe(unit.layers, features);
      data.points.push_back(MakePoint(std::string(UnitTypeName(primary.type)), features,
                                      scale * corrected(unit.seconds), DoubtOf(read, unit), trust, group));
      data.points.back().log_pace = log_pace;
      data.points.back().log_rows_pace = log_rows_pace;
      data.points.back().paced = paced;
    }
    if (!read.layout_fits) continue;
    const std::vector<double> seconds = FindChangeSeconds(read);
    for (size_t k = 0; k < seconds.size(); ++k) {
      if (seconds[k] < 0) continue;
      const LayoutChange& change = read.layout.changes()[k];
      UnitFeatures features = LayoutChangeFeatures(network, change, base.activation_bits());
      context.DescribeChange(change, features);
      data.points.push_back(
          MakePoint(std::string(kLayoutChange), features, scale * corrected(seconds[k]), 0, trust, group));
      data.points.back().log_pace = log_pace;
      data.points.back().log_rows_pace = log_rows_pace;
      data.points.back().paced = paced;
    }
  }
  return data;
}

absl::Status WriteMapping(const ExcerptData& data, uint64_t seed, model::v1::Mapping* mapping) {
  mapping->set_merges_duplicates(data.merges_duplicates);
  mapping->set_layout_block(static_cast<int32_t>(data.layout_block));
  LATIMER_RETURN_IF_ERROR(FitFusions(data.fusions, data.free, seed, mapping));
  for (size_t type = 0; type < data.free.size(); ++type) {
    const auto layer_type = static_cast<LayerType>(type);
    if (data.free.test(type) && layer_type != LayerType::kReshape) mapping->add_free(static_cast<v1::LayerType>(type));
  }
  return absl::OkStatus();
}

}  // namespace latimer::fitting
