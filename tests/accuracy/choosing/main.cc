// latimer-choosing: network error against number of measurements, for campaigns that spread all their measurements and
// for those that spend a part of them where the fitted model is least sure. Simulated boards, smart padding: the same
// on every machine. Prints a Markdown table.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"
#include "core/mapping/mapper.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/read_network.h"
#include "core/refinement/refine_plan.h"
#include "tests/accuracy/choosing/simulated_campaign.h"

namespace latimer {
namespace {

struct Options {
  std::vector<std::string> boards = simulated::BoardNames();
  std::vector<int64_t> budgets = {150, 300, 600, 1200};
  std::string networks;
  int seeds = 2;
  double share = 0.3;
  int rounds = 2;
  std::vector<std::string> ways = {"spread", "unsure", "asked"};
};

struct Judged {
  std::string name;
  Network network;
  bool asked = false;  // callers ask about networks like it; the others tell whether that harms
};

// Every second network in the order of names is one callers ask about.
absl::StatusOr<std::vector<Judged>> ReadNetworks(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  if (error) return absl::NotFoundError(absl::StrCat("cannot read folder '", folder, "': ", error.message()));
  std::sort(files.begin(), files.end());
  std::vector<Judged> networks;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    v1::NetworkSource source;
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    LATIMER_ASSIGN_OR_RETURN(*source.mutable_onnx_model(), StripWeights(bytes));
    LATIMER_ASSIGN_OR_RETURN(Network network, ReadNetwork(source));
    networks.push_back({path.stem().string(), std::move(network), networks.size() % 2 == 0});
  }
  return networks;
}

// What a server remembers of requests for the networks callers ask about.
std::vector<refinement::QueriedUnit> Queries(const std::vector<Judged>& networks, const PlatformModel& platform) {
  std::vector<refinement::QueriedUnit> queries;
  for (const Judged& judged : networks) {
    if (!judged.asked) continue;
    const MappedNetwork mapped = MapNetwork(judged.network, platform);
    std::vector<double> seconds;
    double total = 1e-12;
    for (const ExecutionUnit& unit : mapped.units) {
      const UnitTypeModels& models = platform.unit_type_models(unit.features.unit_type);
      seconds.push_back(models.by_kind[static_cast<size_t>(models.auto_kind)]->Estimate(unit.features).seconds);
      total += seconds.back();
    }
    for (size_t i = 0; i < seconds.size(); ++i) queries.push_back({mapped.units[i].features, seconds[i] / total});
  }
  return queries;
}

struct Errors {
  double asked = 0, others = 0;  // mean absolute relative
  double covered = 0;            // share of all within their 90 % interval
  double width = 0;
  int runs = 0;
  void Add(const Errors& one) {
    asked += one.asked;
    others += one.others;
    covered += one.covered;
    width += one.width;
    ++runs;
  }
};

absl::StatusOr<Errors> Judge(const SimulatedCampaign& campaign, const PlatformModel& platform,
                             const std::vector<Judged>& networks) {
  Errors errors;
  double counts[2] = {0, 0};
  for (const Judged& judged : networks) {
    v1::NetworkEstimate estimate;
    EstimateSettings settings;
    settings.with_units = false;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(judged.network, platform, settings, nullptr, &estimate));
    const double truth = campaign.TrueSeconds(judged.network) * 1e3;
    const v1::Latency& latency = estimate.latency();
    (judged.asked ? errors.asked : errors.others) += std::abs(latency.estimate_ms() / truth - 1);
    counts[judged.asked ? 0 : 1] += 1;
    errors.covered += truth >= latency.lower_ms() && truth <= latency.upper_ms() ? 1 : 0;
    errors.width += (latency.upper_ms() - latency.lower_ms()) / truth;
  }
  errors.asked /= std::max(1.0, counts[0]);
  errors.others /= std::max(1.0, counts[1]);
  errors.covered /= static_cast<double>(networks.size());
  errors.width /= static_cast<double>(networks.size());
  return errors;
}

enum class Way { kSpread, kUnsure, kAsked, kCut };

struct NamedWay {
  Way way;
  const char* option;
  const char* words;
};
constexpr NamedWay kWays[] = {{Way::kSpread, "spread", "spread"},
                              {Way::kUnsure, "unsure", "unsure"},
                              {Way::kAsked, "asked", "unsure and asked"},
                              {Way::kCut, "cut-excerpts", "cut excerpts"}};

absl::StatusOr<Errors> Run(const simulated::Board& board, int64_t budget, Way way, uint64_t seed,
                           const Options& options, const std::vector<Judged>& networks) {
  benchmark::PlanOptions plan_options;
  plan_options.max_measurements = budget;
  plan_options.seed = seed;
  if (way == Way::kCut) plan_options.method = benchmark::Method::kCutExcerpts;
  plan_options.refinement_share = way == Way::kUnsure || way == Way::kAsked ? options.share : 0;
  LATIMER_ASSIGN_OR_RETURN(const std::vector<benchmark::PlanStage> plan, benchmark::MakePlan(plan_options));
  SimulatedCampaign campaign(board, seed);
  int64_t refined = 0;
  for (const benchmark::PlanStage& stage : plan) {
    if (stage.name == benchmark::kRefinementStage) {
      refined = static_cast<int64_t>(stage.measurements.size());
    } else {
      LATIMER_RETURN_IF_ERROR(campaign.Measure(stage.measurements));
    }
  }
  for (int round = 0; round < options.rounds && refined > 0; ++round) {
    LATIMER_ASSIGN_OR_RETURN(const fitting::FitResult fit, campaign.Fit());
    LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(fit.model));
    refinement::RefineOptions refine;
    refine.measurements = refined / (options.rounds - round);
    refine.seed = seed * 100 + static_cast<uint64_t>(round);
    refine.known = campaign.keys();
    std::vector<refinement::QueriedUnit> queries;
    if (way == Way::kAsked) queries = Queries(networks, *platform);
    LATIMER_ASSIGN_OR_RETURN(const std::vector<benchmark::PlannedMeasurement> chosen,
                             refinement::RefinePlan(*platform, queries, refine));
    LATIMER_RETURN_IF_ERROR(campaign.Measure(chosen));
    refined -= refine.measurements;
  }
  LATIMER_ASSIGN_OR_RETURN(const fitting::FitResult fit, campaign.Fit());
  LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(fit.model));
  return Judge(campaign, *platform, networks);
}

absl::Status Compare(const Options& options) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Judged> networks, ReadNetworks(options.networks));
  std::vector<NamedWay> ways;
  for (const NamedWay& way : kWays) {
    if (std::count(options.ways.begin(), options.ways.end(), way.option) > 0) ways.push_back(way);
  }
  std::printf(
      "%zu networks, %d seeds. spread: all measurements drawn at random; unsure: %.0f %% where the model is\n"
      "least sure; unsure and asked: weighted by the layers of every second network, which callers ask about; these\n"
      "three with smart padding. cut excerpts: drawn at random.\n\n",
      networks.size(), options.seeds, 100 * options.share);
  std::printf("| board | measurements | way | error, asked | error, others | covered at 90 %% | width |\n");
  std::printf("| --- | ---: | --- | ---: | ---: | ---: | ---: |\n");
  std::map<std::pair<int64_t, const char*>, Errors> all;
  const auto print = [](const std::string& board, int64_t budget, const char* way, const Errors& sum) {
    const double n = sum.runs;
    std::printf("| %s | %lld | %s | %.2f %% | %.2f %% | %.0f %% | %.0f %% |\n", board.c_str(),
                static_cast<long long>(budget), way, 100 * sum.asked / n, 100 * sum.others / n, 100 * sum.covered / n,
                100 * sum.width / n);
    std::fflush(stdout);
  };
  for (const std::string& name : options.boards) {
    LATIMER_ASSIGN_OR_RETURN(const simulated::Board board, simulated::FindBoard(name));
    for (const int64_t budget : options.budgets) {
      for (const auto& [way, option, word] : ways) {
        Errors sum;
        for (int seed = 1; seed <= options.seeds; ++seed) {
          LATIMER_ASSIGN_OR_RETURN(const Errors one,
                                   Run(board, budget, way, static_cast<uint64_t>(seed), options, networks));
          sum.Add(one);
          all[{budget, word}].Add(one);
        }
        print(name, budget, word, sum);
      }
    }
  }
  for (const int64_t budget : options.budgets) {
    for (const auto& [way, option, word] : ways) print("all", budget, word, all[{budget, word}]);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace latimer

int main(int argc, char** argv) {
  CLI::App app("Network error against number of measurements, on simulated boards");
  latimer::Options options;
  app.add_option("networks", options.networks, "Folder of ONNX models to judge on")->required();
  app.add_option("--board", options.boards, "Simulated boards")->capture_default_str();
  app.add_option("--budget", options.budgets, "Measurements of a campaign")->capture_default_str();
  app.add_option("--seeds", options.seeds, "Campaigns of each kind")->capture_default_str();
  app.add_option("--share", options.share, "Part of the measurements that is chosen")->capture_default_str();
  app.add_option("--rounds", options.rounds, "Fits between choices")->capture_default_str();
  app.add_option("--way", options.ways, "spread, unsure, asked, cut-excerpts")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = latimer::Compare(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "latimer-choosing: %s\n", std::string(status.message()).c_str());
  return 1;
}
