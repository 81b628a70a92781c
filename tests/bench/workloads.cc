#include "tests/bench/workloads.h"

#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_import.h"
#include "tests/bench/nb201.h"
#include "tests/bench/onnx_networks.h"

namespace latimer::bench {
namespace {

constexpr int kRepeatedCells = 64;

v1::EstimateRequest CellRequest(const std::string& platform, int index, int64_t channels) {
  v1::EstimateRequest request;
  request.set_platform(platform);
  *request.mutable_network()->mutable_network() = MakeNb201Network(MakeNb201Cell(index), channels);
  request.mutable_options()->set_view(v1::ESTIMATE_VIEW_SUMMARY);
  return request;
}

// A walk through all cells that looks random and meets each once: 7 919 is prime and no divisor of the number of cells.
int Shuffled(int64_t step) { return static_cast<int>((step * 7'919 + 4'242) % kNb201Cells); }

class RepeatedRequests final : public Workload {
 public:
  RepeatedRequests(std::string name, std::string description, std::vector<v1::EstimateRequest> requests)
      : name_(std::move(name)), description_(std::move(description)), requests_(std::move(requests)) {}

  absl::string_view name() const override { return name_; }
  absl::string_view description() const override { return description_; }
  v1::EstimateRequest Next() override { return requests_[next_++ % requests_.size()]; }

 private:
  const std::string name_;
  const std::string description_;
  const std::vector<v1::EstimateRequest> requests_;
  size_t next_ = 0;
};

// Every cell once at the benchmark's width; should they run out, again at widths no cell of the benchmark has.
class FreshCells final : public Workload {
 public:
  explicit FreshCells(std::string platform) : platform_(std::move(platform)) {}

  absl::string_view name() const override { return "nas-fresh"; }
  absl::string_view description() const override { return "NAS-Bench-201 cells never asked for before"; }
  bool fresh() const override { return true; }
  v1::EstimateRequest Next() override {
    const int64_t step = next_++;
    return CellRequest(platform_, Shuffled(step), 16 + step / kNb201Cells);
  }

 private:
  const std::string platform_;
  int64_t next_ = kRepeatedCells;
};

// Every request at a width of its own: no layer was estimated before, or so long ago that every table has forgotten it.
class FreshLayers final : public Workload {
 public:
  explicit FreshLayers(std::string platform) : platform_(std::move(platform)) {}

  absl::string_view name() const override { return "nas-fresh-layers"; }
  absl::string_view description() const override {
    return "NAS cells of widths never asked for before: no layer known";
  }
  bool fresh() const override { return true; }
  v1::EstimateRequest Next() override {
    const int64_t step = next_++;
    return CellRequest(platform_, Shuffled(step), 1'000 + step % kWidths);
  }

 private:
  static constexpr int64_t kWidths = 49'999;  // no divisor in common with the number of cells: no request comes twice

  const std::string platform_;
  int64_t next_ = 0;
};

// One request that `change` makes another at each step.
class ChangedRequests final : public Workload {
 public:
  using Change = std::function<void(int64_t step, v1::NetworkSource* network)>;

  ChangedRequests(std::string name, std::string description, v1::EstimateRequest request, Change change)
      : name_(std::move(name)),
        description_(std::move(description)),
        request_(std::move(request)),
        change_(std::move(change)) {}

  absl::string_view name() const override { return name_; }
  absl::string_view description() const override { return description_; }
  bool fresh() const override { return true; }
  v1::EstimateRequest Next() override {
    change_(next_++, request_.mutable_network());
    return request_;
  }

 private:
  const std::string name_;
  const std::string description_;
  v1::EstimateRequest request_;
  const Change change_;
  int64_t next_ = 0;
};

// Another name: the layers are known, the answer is not.
void Rename(int64_t step, v1::NetworkSource* network) { network->set_display_name(absl::StrCat(1'000'000 + step)); }

// Never the same resolution twice: the caller sets the shape of the input beside the model.
void Resize(int64_t step, v1::NetworkSource* network) {
  constexpr int64_t kSizes = 400;
  network->clear_input_shapes();
  v1::Shape* shape = network->add_input_shapes()->mutable_shape();
  for (int64_t dim : {1 + step / (kSizes * kSizes), int64_t{3}, 64 + step % kSizes, 64 + step / kSizes % kSizes}) {
    shape->add_dims(dim);
  }
}

// `model` by a producer of another version: nothing that was read before helps.
void SetModel(const std::string& model, int64_t step, v1::NetworkSource* network) {
  const std::string version = absl::StrCat(step);
  // ModelProto.producer_version is field 3.
  network->set_onnx_model(absl::StrCat(model, "\x1a", std::string(1, static_cast<char>(version.size())), version));
}

v1::EstimateRequest FullRequest(const std::string& platform) {
  v1::EstimateRequest request;
  request.set_platform(platform);
  request.mutable_options()->set_view(v1::ESTIMATE_VIEW_FULL);
  return request;
}

std::vector<v1::EstimateRequest> RepeatedCells(const std::string& platform) {
  std::vector<v1::EstimateRequest> requests;
  for (int i = 0; i < kRepeatedCells; ++i) requests.push_back(CellRequest(platform, Shuffled(i), 16));
  return requests;
}

}  // namespace

std::vector<std::string> WorkloadNames() {
  return {"nas-repeated",     "nas-fresh",           "nas-fresh-layers",       "resnet18-onnx", "resnet18-compact",
          "mobilenetv2-onnx", "mobilenetv2-compact", "resnet18-onnx-repeated", "resnet50-onnx", "resnet152-onnx"};
}

absl::StatusOr<std::unique_ptr<Workload>> MakeWorkload(absl::string_view name, const std::string& platform) {
  const std::string word(name);
  if (word == "nas-repeated") {
    return std::make_unique<RepeatedRequests>(word, absl::StrCat(kRepeatedCells, " NAS-Bench-201 cells over and over"),
                                              RepeatedCells(platform));
  }
  if (word == "nas-fresh") return std::make_unique<FreshCells>(platform);
  if (word == "nas-fresh-layers") return std::make_unique<FreshLayers>(platform);
  if (word == "resnet50-onnx") {
    v1::EstimateRequest request = FullRequest(platform);
    request.mutable_options()->set_view(v1::ESTIMATE_VIEW_SUMMARY);
    request.mutable_network()->set_onnx_model(MakeResNet50());
    return std::make_unique<ChangedRequests>(word, "ONNX without weights, summary, a new resolution each time", request,
                                             Resize);
  }
  if (word == "resnet152-onnx") {
    v1::EstimateRequest request = FullRequest(platform);
    request.mutable_options()->set_view(v1::ESTIMATE_VIEW_SUMMARY);
    return std::make_unique<ChangedRequests>(
        word, "ONNX without weights, summary, another model each time", request,
        [model = MakeResNet152()](int64_t step, v1::NetworkSource* network) { SetModel(model, step, network); });
  }
  for (const char* network : {"resnet18", "mobilenetv2"}) {
    if (!absl::StartsWith(name, network)) continue;
    const std::string model = network == std::string("resnet18") ? MakeResNet18() : MakeMobileNetV2();
    v1::EstimateRequest request = FullRequest(platform);
    if (absl::EndsWith(name, "-compact")) {
      LATIMER_ASSIGN_OR_RETURN(const Network parsed, ImportOnnx(model));
      *request.mutable_network()->mutable_network() = NetworkToProto(parsed);
    } else {
      request.mutable_network()->set_onnx_model(model);
    }
    if (word == absl::StrCat(network, "-onnx-repeated")) {
      return std::make_unique<RepeatedRequests>(word, "ONNX without weights, all units, the same over and over",
                                                std::vector<v1::EstimateRequest>{request});
    }
    if (word == absl::StrCat(network, "-onnx")) {
      return std::make_unique<ChangedRequests>(word, "ONNX without weights, all units, a new name each time", request,
                                               Rename);
    }
    if (word == absl::StrCat(network, "-compact")) {
      return std::make_unique<ChangedRequests>(word, "the same as compact Network", request, Rename);
    }
  }
  return NotFound("UNKNOWN_WORKLOAD", absl::StrCat("there is no workload \"", word, "\"; there are ",
                                                   absl::StrJoin(WorkloadNames(), ", ")));
}

}  // namespace latimer::bench
