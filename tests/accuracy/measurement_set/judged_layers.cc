#include "tests/accuracy/measurement_set/judged_layers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/base/status_macros.h"
#include "core/evaluation/statistics.h"
#include "core/fitting/excerpt_data.h"
#include "core/fitting/measured_excerpt.h"
#include "core/fitting/pace_fit.h"
#include "core/network/read_network.h"

namespace latimer {
namespace {

bool AreTheSame(const std::vector<fitting::DataPoint>& a, const std::vector<fitting::DataPoint>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const fitting::DataPoint& x, const fitting::DataPoint& y) {
                      return x.unit_type == y.unit_type && x.features == y.features;
                    });
}

}  // namespace

absl::StatusOr<ReportedNetworks> ReportedNetworksOf(const model::v1::MeasurementSet& set,
                                                    model::v1::MeasurementUse use) {
  ReportedNetworks networks;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() != use || one.measurement().layers().empty()) continue;
    LATIMER_ASSIGN_OR_RETURN(Network network, ReadNetwork(one.network()));
    absl::StatusOr<fitting::ExcerptSample> sample =
        fitting::MakeExcerpt(std::move(network), one.measurement(), static_cast<double>(one.flush_bytes()));
    if (!sample.ok()) continue;
    networks.names.push_back(one.name());
    networks.samples.push_back(*std::move(sample));
  }
  return networks;
}

std::vector<JudgedLayer> JudgedLayersOf(const ReportedNetworks& networks, const PlatformModel& platform) {
  fitting::ExcerptData data = fitting::ReadExcerpts(networks.samples, platform.definition());
  fitting::BringToPace(fitting::PaceExponentsOf(platform.definition()), data.pace_exponent, data.points);
  std::map<int, std::vector<fitting::DataPoint>> by_report;
  for (fitting::DataPoint& point : data.points) by_report[point.group].push_back(std::move(point));
  std::map<std::string, std::vector<const std::vector<fitting::DataPoint>*>> by_network;
  for (const auto& [group, points] : by_report) {
    auto& reports = by_network[networks.names[data.excerpt_of_group[static_cast<size_t>(group)]]];
    // A report with other rows than the first, as where one of them could not be matched, says nothing layer by layer.
    if (reports.empty() || AreTheSame(*reports.front(), points)) reports.push_back(&points);
  }
  std::vector<JudgedLayer> layers;
  for (const auto& [name, reports] : by_network) {
    for (size_t i = 0; i < reports.front()->size(); ++i) {
      std::vector<double> log_seconds;
      log_seconds.reserve(reports.size());
      for (const auto* report : reports) log_seconds.push_back((*report)[i].log_target);
      JudgedLayer& layer = layers.emplace_back(JudgedLayer{name, (*reports.front())[i], std::nullopt});
      if (log_seconds.size() > 1) layer.noise_floor = std::abs(std::expm1(log_seconds[1] - log_seconds[0]));
      layer.point.log_target = Median(std::move(log_seconds)).value_or(layer.point.log_target);
    }
  }
  return layers;
}

}  // namespace latimer
