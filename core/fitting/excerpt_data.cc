#include "core/fitting/excerpt_data.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "core/evaluation/statistics.h"
#include "core/mapping/features.h"
#include "core/mapping/graph_context.h"
#include "core/mapping/graph_matcher.h"
#include "core/model/mapping_rules.h"
#include "core/network/simplify.h"

namespace latimer::fitting {
namespace {

constexpr double kLeastSeconds = 2e-7;
constexpr double kLeastMatched = 0.9;    // share of an excerpt's time; below, the report says too little
constexpr double kRelativeDoubt = 0.02;  // a row repeats within about that
constexpr double kAbsoluteDoubt = 3e-7;  // and is counted in microseconds
constexpr double kMostOverhead = 5e-6;   // per unit
constexpr int64_t kLeastSeen = 3;
constexpr double kFreeShare = 0.1;

struct Total {
  double difference = 0;  // of the whole network's time and its rows'
  double units = 0;
  double seconds = 0;
};

// difference = a * units + b, least absolute relative errors by reweighting.
std::pair<double, double> FitOverheads(const std::vector<Total>& totals) {
  double a = 0;
  double b = 0;
  for (int iteration = 0; iteration < 30; ++iteration) {
    double s = 1e-12, su = 0, suu = 1e-12, sd = 0, sud = 0;
    for (const Total& total : totals) {
      const double residual = std::abs(total.difference - a * total.units - b) / total.seconds;
      const double weight = 1 / (total.seconds * total.seconds * std::max(residual, 1e-3));
      s += weight;
      su += weight * total.units;
      suu += weight * total.units * total.units;
      sd += weight * total.difference;
      sud += weight * total.units * total.difference;
    }
    const double determinant = s * suu - su * su;
    if (!(std::abs(determinant) > 0)) break;
    a = (s * sud - su * sd) / determinant;
    b = (suu * sd - su * sud) / determinant;
    if (b < 0) {  // a network costs nothing less than nothing
      b = 0;
      a = sud / suu;
    }
  }
  return {std::clamp(a, -kMostOverhead, kMostOverhead), b};
}

// Layers that read the output of `layer`'s unit alone.
std::vector<LayerId> SoleReaders(const Network& network) {
  std::vector<LayerId> readers(network.tensors.size(), kNone);
  std::vector<int> counts(network.tensors.size(), 0);
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    for (TensorId input : network.layers[id].inputs) {
      if (readers[input] != id) ++counts[input];
      readers[input] = id;
    }
  }
  for (TensorId output : network.outputs) counts[output] += 2;
  for (size_t i = 0; i < readers.size(); ++i) {
    if (counts[i] != 1) readers[i] = kNone;
  }
  return readers;
}

// Whether engines leave out an activation that is computed already: of duplicates only one has a row.
bool MergesDuplicates(const std::vector<ExcerptSample>& excerpts) {
  int64_t less = 0;
  int64_t as_many = 0;
  for (const ExcerptSample& excerpt : excerpts) {
    if (!HasDuplicates(excerpt.network)) continue;
    const ReportMatch plain = MatchReport(excerpt.network, excerpt.rows);
    const ReportMatch merged = MatchReport(MergeDuplicates(excerpt.network), excerpt.rows);
    // Merged layers that ran apart show as one unit with several rows.
    (merged.units.size() == plain.units.size() ? less : as_many) += 1;
  }
  return less > as_many;
}

}  // namespace

ExcerptData ReadExcerpts(const std::vector<ExcerptSample>& excerpts, const model::v1::PlatformModel& base) {
  ExcerptData data;
  struct Read {
    const ExcerptSample* excerpt = nullptr;
    std::unique_ptr<Network> merged;  // null: the excerpt's own
    ReportMatch match;
    const Network& network() const { return merged != nullptr ? *merged : excerpt->network; }
  };
  data.merges_duplicates = MergesDuplicates(excerpts);
  std::vector<Read> reads;
  std::vector<Total> totals;
  std::array<int64_t, kNumLayerTypes> seen{};
  std::array<int64_t, kNumLayerTypes> idle{};
  for (const ExcerptSample& excerpt : excerpts) {
    Read read;
    read.excerpt = &excerpt;
    if (data.merges_duplicates && HasDuplicates(excerpt.network)) {
      read.merged = std::make_unique<Network>(MergeDuplicates(excerpt.network));
    }
    read.match = MatchReport(read.network(), excerpt.rows);
    const ReportMatch& match = read.match;
    if (!(excerpt.seconds > 0) || match.units.empty() || match.MatchedShare() < kLeastMatched) {
      ++data.left_out;
      continue;
    }
    totals.push_back(
        {excerpt.seconds - match.executed_seconds, static_cast<double>(match.units.size()), excerpt.seconds});
    for (const Layer& layer : read.network().layers) ++seen[static_cast<size_t>(layer.type)];
    for (LayerId id : match.free_layers) ++idle[static_cast<size_t>(read.network().layers[id].type)];
    reads.push_back(std::move(read));
  }
  if (reads.empty()) return data;
  std::tie(data.seconds_per_unit, data.seconds_per_network) = FitOverheads(totals);
  for (size_t type = 0; type < seen.size(); ++type) {
    if (seen[type] >= kLeastSeen &&
        static_cast<double>(idle[type]) > (1 - kFreeShare) * static_cast<double>(seen[type])) {
      data.free.set(type);
    }
  }
  int group = 0;
  for (const Read& read : reads) {
    const Network& network = read.network();
    const GraphContext context(network, base.activation_bits(), base.weight_bits(), read.excerpt->flushed_bytes);
    const std::vector<LayerId> readers = SoleReaders(network);
    for (const MatchedUnit& unit : read.match.units) {
      const Layer& primary = network.layers[unit.layers[0]];
      if (primary.type == LayerType::kReshape) continue;  // free in estimates, whatever the engine makes of it
      DataPoint point;
      point.unit_type = std::string(UnitTypeName(primary.type));
      point.features = ComputeFeatures(network, unit.layers, base.activation_bits(), base.weight_bits());
      context.Describe(unit.layers, point.features);
      const double seconds =
          std::max(kLeastSeconds, std::max(0.3 * unit.seconds, unit.seconds + data.seconds_per_unit));
      const double doubt = kRelativeDoubt * seconds + kAbsoluteDoubt;
      point.log_target = std::log(seconds);
      point.log_lower = std::log(std::max(kLeastSeconds / 2, seconds - doubt));
      point.log_upper = std::log(seconds + doubt);
      // Of two layers the dearer one counts more in a network's time.
      point.weight = std::clamp(std::pow(seconds / 1e-3, 0.3), 0.1, 3.0);
      point.group = group;
      data.points.push_back(std::move(point));
      for (size_t i = 1; i < unit.layers.size(); ++i) {
        ++data.fusions[{primary.type, network.layers[unit.layers[i]].type}].fused;
      }
      const Layer& last = network.layers[unit.layers.back()];
      const LayerId next = last.outputs.size() == 1 ? readers[last.outputs[0]] : kNone;
      if (next != kNone) ++data.fusions[{primary.type, network.layers[next].type}].apart;
    }
    ++group;
  }
  return data;
}

void WriteFusions(const ExcerptData& data, model::v1::Mapping* mapping) {
  mapping->set_merges_duplicates(data.merges_duplicates);
  std::map<LayerType, model::v1::Fusion> rules;
  for (const auto& [types, count] : data.fusions) {
    if (count.fused < 2 || count.fused <= count.apart || data.free.test(static_cast<size_t>(types.first))) continue;
    rules[types.first].add_secondary(static_cast<v1::LayerType>(types.second));
  }
  for (auto& [primary, rule] : rules) {
    rule.add_primary(static_cast<v1::LayerType>(primary));
    *mapping->add_fusions() = std::move(rule);
  }
  for (size_t type = 0; type < data.free.size(); ++type) {
    const auto layer_type = static_cast<LayerType>(type);
    if (data.free.test(type) && layer_type != LayerType::kReshape) mapping->add_free(static_cast<v1::LayerType>(type));
  }
}

}  // namespace latimer::fitting
