// The quick way to an estimate gives the general way's answers, bit by bit, or none.
#include "core/estimation/quick_estimator.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "core/mapping/pair_features.h"
#include "core/model/tree_features.h"
#include "core/network/read_network.h"
#include "core/network/structural_hash.h"
#include "tests/unit/estimation/estimation_helpers.h"

namespace latimer {
namespace {

v1::Network Parse(const std::string& layers) {
  v1::Network message;
  const std::string text = absl::StrCat(
      "name: 'small' inputs { name: 'x' shape { dims: [1, 16, 32, 32] } data_type: DATA_TYPE_FLOAT32 } ", layers);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

struct Both {
  bool quick = false;
  v1::NetworkEstimate quick_answer;
  absl::Status status;
  v1::NetworkEstimate answer;
  uint64_t quick_hash = 0;
  uint64_t hash = 0;
};

Both EstimateBoth(QuickEstimator& estimator, const v1::Network& network, const PlatformModel& platform,
                  const EstimateSettings& settings, int64_t batch_size = 0, const std::string& display_name = "") {
  Both both;
  QuickEstimator::Extras extras;
  extras.structural_hash = &both.quick_hash;
  both.quick = estimator.Estimate(network.SerializeAsString(), batch_size, display_name, platform, settings, extras,
                                  &both.quick_answer);
  v1::NetworkSource source;
  *source.mutable_network() = network;
  source.set_batch_size(batch_size);
  source.set_display_name(display_name);
  const absl::StatusOr<Network> read = ReadNetwork(source);
  both.status = read.ok() ? EstimateNetwork(*read, platform, settings, nullptr, &both.answer) : read.status();
  if (read.ok()) both.hash = StructuralHash(*read);
  return both;
}

// Serialised messages are equal where every bit of every number is.
void ExpectSame(const Both& both, const v1::Network& network) {
  if (!both.quick) return;
  ASSERT_TRUE(both.status.ok()) << both.status << network.ShortDebugString();
  EXPECT_EQ(both.quick_hash, both.hash) << network.ShortDebugString();
  if (both.quick_answer.SerializeAsString() == both.answer.SerializeAsString()) return;
  google::protobuf::util::MessageDifferencer differ;
  std::string differences;
  differ.ReportDifferencesToString(&differences);
  differ.Compare(both.answer, both.quick_answer);
  ADD_FAILURE() << differences << "\n" << network.ShortDebugString();
}

// Layers after a random walk over shapes; wrong networks are as welcome as right ones.
class RandomNetworks {
 public:
  explicit RandomNetworks(uint32_t seed) : random_(seed) {}

  v1::Network Next() {
    network_.Clear();
    names_.clear();
    v1::NetworkInput* input = network_.add_inputs();
    input->set_name("x");
    if (Below(4) != 0) input->set_data_type(v1::DATA_TYPE_FLOAT32);
    for (int64_t dim : {1, 8 << Below(3), 16, 16}) input->mutable_shape()->add_dims(dim);
    names_.push_back("x");
    network_.set_name(Below(2) == 0 ? "" : "random");
    const int layers = 1 + Below(30);
    for (int i = 0; i < layers; ++i) AddLayer(i);
    if (Below(6) == 0) network_.add_outputs(names_.back());
    return network_;
  }

 private:
  int Below(int limit) { return static_cast<int>(random_() % static_cast<uint32_t>(limit)); }

  std::string Some() {
    return Below(3) != 0 ? names_.back() : names_[static_cast<size_t>(Below(static_cast<int>(names_.size())))];
  }

  void AddLayer(int index) {
    v1::Layer* layer = network_.add_layers();
    std::string name = absl::StrCat("n", index);
    if (Below(10) == 0) {
      name = absl::StrCat("layer", index);
    } else {
      layer->set_name(Below(200) == 0 ? "n0" : name);
    }
    layer->add_inputs(Some());
    switch (Below(14)) {
      case 0:
      case 1:
      case 2: {
        layer->set_type(v1::LAYER_TYPE_CONV);
        const int kernel = 1 + 2 * Below(2);
        for (int i = 0; i < 2; ++i) {
          layer->mutable_conv()->add_kernel(kernel);
          layer->mutable_conv()->add_pad_begin(kernel / 2);
          if (Below(20) == 0) layer->mutable_conv()->add_stride(2);
        }
        layer->mutable_conv()->set_output_channels(8 << Below(3));
        layer->mutable_conv()->set_bias(Below(2) == 0);
        break;
      }
      case 3:
        layer->set_type(v1::LAYER_TYPE_DEPTHWISE_CONV);
        for (int i = 0; i < 2; ++i) layer->mutable_conv()->add_kernel(3);
        for (int i = 0; i < 2; ++i) layer->mutable_conv()->add_pad_begin(1);
        break;
      case 4:
        layer->set_type(Below(2) == 0 ? v1::LAYER_TYPE_MAX_POOL : v1::LAYER_TYPE_AVERAGE_POOL);
        for (int i = 0; i < 2; ++i) layer->mutable_pool()->add_kernel(2);
        for (int i = 0; i < 2; ++i) layer->mutable_pool()->add_stride(1 + Below(2));
        break;
      case 5:
      case 6:
        layer->set_type(Below(2) == 0 ? v1::LAYER_TYPE_RELU : v1::LAYER_TYPE_SOFTPLUS);
        break;
      case 7:
        layer->set_type(v1::LAYER_TYPE_ADD);
        layer->add_inputs(Some());
        break;
      case 8:
        layer->set_type(Below(2) == 0 ? v1::LAYER_TYPE_MUL : v1::LAYER_TYPE_ADD);
        if (Below(2) == 0) {
          layer->add_inputs(Some());
        } else {
          layer->set_constant_elements(Below(2) == 0 ? 1 : 16);
        }
        break;
      case 9:
        layer->set_type(v1::LAYER_TYPE_CONCAT);
        layer->add_inputs(Some());
        if (Below(3) == 0) layer->set_constant_elements(256);
        break;
      case 10:
        layer->set_type(static_cast<v1::LayerType>(1 + Below(kNumLayerTypes + 1)));
        break;
      case 11:
        layer->set_type(Below(2) == 0 ? v1::LAYER_TYPE_SIGMOID : v1::LAYER_TYPE_BATCH_NORM);
        break;
      case 12:
        layer->set_type(v1::LAYER_TYPE_RESHAPE);
        for (int64_t dim : {1, -1, 16}) layer->mutable_output_shape()->mutable_shape()->add_dims(dim);
        break;
      default:
        layer->set_type(Below(2) == 0 ? v1::LAYER_TYPE_FULLY_CONNECTED : v1::LAYER_TYPE_TRANSPOSE);
        if (layer->type() == v1::LAYER_TYPE_FULLY_CONNECTED) layer->mutable_fully_connected()->set_output_features(10);
    }
    names_.push_back(name);
  }

  std::mt19937 random_;
  v1::Network network_;
  std::vector<std::string> names_;
};

EstimateSettings Settings(ModelKind kind, bool with_units, double confidence = 0.9) {
  EstimateSettings settings;
  settings.model_kind = kind;
  settings.with_units = with_units;
  settings.confidence = confidence;
  return settings;
}

TEST(QuickEstimator, AnswersAsTheGeneralWayDoes) {
  std::vector<std::shared_ptr<const PlatformModel>> platforms = {
      MakeTestPlatform(), LoadShippedPlatform("zcu102-dnndk"), LoadShippedPlatform("ncs2-openvino"),
      MakePlatform(ChangedTestPlatform("free: LAYER_TYPE_CONCAT", "free: LAYER_TYPE_CONCAT merges_duplicates: true"))};
  QuickEstimator estimator(ImportLimits(), 4096);
  RandomNetworks networks(1);
  int answered = 0;
  int refused = 0;
  for (int i = 0; i < 6000; ++i) {
    const v1::Network network = networks.Next();
    const ModelKind kind = i % 3 == 0   ? ModelKind::kAuto
                           : i % 3 == 1 ? ModelKind::kRoofline
                                        : ModelKind::kRefinedRoofline;
    const Both both = EstimateBoth(estimator, network, *platforms[static_cast<size_t>(i) % platforms.size()],
                                   Settings(kind, i % 5 != 0, i % 7 == 0 ? 0.5 : 0.9), i % 11 == 0 ? 4 : 0,
                                   i % 13 == 0 ? "shown" : "");
    ExpectSame(both, network);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
    if (both.quick) ++answered;
    if (!both.quick && both.status.ok()) ++refused;
  }
  // Both ways are walked often enough for this to mean something.
  EXPECT_GT(answered, 1000);
  EXPECT_GT(refused, 100);
  EXPECT_GT(estimator.statistics().hits, 100);
}

// A platform as fits make them: times and fusions depend on where a unit stands, in every feature.
struct Looks {
  bool context = true;
  bool trees = true;
  bool layout = true;
  bool merges = true;
  bool transfers = false;
};
std::shared_ptr<const PlatformModel> FittedPlatform(const Looks& looks, uint32_t seed) {
  std::mt19937 random(seed);
  model::v1::PlatformModel definition;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kTestPlatform, &definition));
  if (looks.context) {
    model::v1::TreeEnsemble* leaf = definition.add_trees();
    leaf->set_feature_version(kTreeFeatureVersion);
    leaf->add_tree_size(1);
    leaf->add_feature(-1);
    leaf->add_value(0.25F);
    leaf->add_left(0);
    leaf->set_log_ratio_min(-50);
    leaf->set_log_ratio_max(50);
    for (size_t i = 0; i < kNumTreeFeatures; ++i) {
      leaf->add_feature_min(i % 7 == 0 ? 0.5F : -1e6F);  // some units lie outside
      leaf->add_feature_max(1e6F);
      leaf->add_linear(1e-3 * static_cast<double>(1 + random() % 1000) / 100);
    }
    (*definition.mutable_network_error())["statistical"] = definition.network_error().at("roofline");
    for (model::v1::LayerModel& model : *definition.mutable_layer_models()) {
      model.set_statistical_trees(1);
      model.set_auto_kind(v1::MODEL_KIND_STATISTICAL);
      *model.mutable_statistical_error() = model.roofline_error();
    }
  }
  if (seed % 2 == 1) {
    definition.set_pass_ns(300);
    for (model::v1::LayerModel& model : *definition.mutable_layer_models()) {
      model.set_pace_exponent(static_cast<double>(random() % 100) / 100);
    }
  }
  model::v1::Mapping* mapping = definition.mutable_mapping();
  mapping->set_merges_duplicates(looks.merges);
  if (looks.layout) mapping->set_layout_block(8);
  if (looks.transfers) definition.set_transfer_seconds_per_byte(1.0 / 3e9);
  for (v1::LayerType primary : {v1::LAYER_TYPE_CONV, v1::LAYER_TYPE_DEPTHWISE_CONV}) {
    for (v1::LayerType secondary : {v1::LAYER_TYPE_RELU, v1::LAYER_TYPE_ADD, v1::LAYER_TYPE_SIGMOID,
                                    v1::LAYER_TYPE_MAX_POOL, v1::LAYER_TYPE_MUL, v1::LAYER_TYPE_CONCAT}) {
      for (v1::LayerType after : {primary, v1::LAYER_TYPE_RELU, v1::LAYER_TYPE_ADD, v1::LAYER_TYPE_SIGMOID}) {
        if (!looks.trees || random() % 5 == 0) continue;
        model::v1::FusionTree* tree = mapping->add_fusion_trees();
        tree->set_primary(primary);
        tree->set_secondary(secondary);
        tree->set_after(after);
        tree->set_feature_version(kPairFeatureVersion);
        for (int node = 0; node < 7; ++node) {
          tree->add_feature(node < 3 ? static_cast<int>(random() % kNumPairFeatures) : -1);
          tree->add_value(node < 3 ? static_cast<float>(random() % 8) - 0.5F : random() % 3 == 0 ? -1.0F : 1.0F);
          tree->add_left(node < 3 ? 2 * node + 1 : 0);
        }
      }
    }
  }
  const auto platform = PlatformModel::Create(definition);
  EXPECT_TRUE(platform.ok()) << platform.status();
  return platform.ok() ? *platform : nullptr;
}

TEST(QuickEstimator, KnowsWhereUnitsStandAsTheGeneralWayDoes) {
  std::vector<std::shared_ptr<const PlatformModel>> platforms;
  for (uint32_t seed = 0; seed < 4; ++seed) platforms.push_back(FittedPlatform({}, seed));
  platforms.push_back(FittedPlatform({.trees = false}, 4));
  platforms.push_back(FittedPlatform({.layout = false}, 5));
  platforms.push_back(FittedPlatform({.merges = false, .transfers = true}, 6));
  platforms.push_back(FittedPlatform({.context = false}, 7));
  platforms.push_back(FittedPlatform({.context = false, .trees = false, .layout = false, .merges = false}, 8));
  QuickEstimator estimator(ImportLimits(), 8192);
  RandomNetworks networks(11);
  int answered = 0;
  for (int i = 0; i < 9000; ++i) {
    const v1::Network network = networks.Next();
    const Both both =
        EstimateBoth(estimator, network, *platforms[static_cast<size_t>(i) % platforms.size()],
                     Settings(i % 4 == 0 ? ModelKind::kRoofline : ModelKind::kAuto, i % 10 == 0), i % 11 == 0 ? 4 : 0);
    ExpectSame(both, network);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
    if (both.quick) ++answered;
  }
  EXPECT_GT(answered, 1000);
  EXPECT_GT(estimator.statistics().hits, 200) << "tables answered, not the general mapping";
}

// Cells whose every edge begins with a rectifier of the same tensor, as searches have them.
TEST(QuickEstimator, MergesDuplicatesAsTheGeneralWayDoes) {
  QuickEstimator estimator(ImportLimits(), 8192);
  const auto platform = FittedPlatform({}, 3);
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    std::string layers = Conv("n0", "x");
    for (int node = 1; node < 5; ++node) {
      std::vector<std::string> edges;
      for (int from = 0; from < node; ++from) {
        const std::string edge = absl::StrCat("e", node, from);
        const std::string source = absl::StrCat("n", from);
        switch (random() % 5) {
          case 0:
            continue;
          case 4:
            // Of the same size as the others.
            layers +=
                L(edge, random() % 3 == 0 ? "MAX_POOL" : "AVERAGE_POOL", {source},
                  absl::StrCat("pool { kernel: [3, 3] stride: [1, 1] pad_begin: [1, 1] pad_end: [1, 1] dilation: [1, ",
                               random() % 4 == 0 ? "1] ceil_mode: true }" : "1] }"));
            edges.push_back(edge);
            break;
          case 1:
            edges.push_back(source);
            break;
          case 2:
            layers += L(edge, random() % 4 == 0 ? "TANH" : "RELU", {source});
            edges.push_back(edge);
            break;
          default:
            layers += L(edge + "r", random() % 8 == 0 ? "CLIP" : "RELU", {source}) + Conv(edge, edge + "r");
            edges.push_back(edge);
        }
      }
      while (edges.size() < 2) edges.push_back(absl::StrCat("n", node - 1));
      layers += L(absl::StrCat("n", node), "ADD", edges);
    }
    if (i % 3 == 0) layers += "outputs: 'n4'";
    const v1::Network network = Parse(layers);
    ExpectSame(EstimateBoth(estimator, network, *platform, Settings(ModelKind::kAuto, false)), network);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  EXPECT_GT(estimator.statistics().hits, 500);
}

TEST(QuickEstimator, AnswersWhatSearchesAskFor) {
  QuickEstimator estimator(ImportLimits(), 4096);
  const std::string cell =
      Conv("stem", "x") + L("relu1", "RELU", {"stem"}) + Conv("a", "relu1") + L("relu2", "RELU", {"stem"}) +
      Conv("b", "relu2") + L("sum", "ADD", {"a", "b"}) + MaxPool("pool", "sum") +
      L("gap", "GLOBAL_AVERAGE_POOL", {"pool"}) +
      L("flat", "RESHAPE", {"gap"}, "output_shape { shape { dims: [1, -1] } }") +
      L("dense", "FULLY_CONNECTED", {"flat"}, "fully_connected { output_features: 10 bias: true }");
  for (bool with_units : {false, true}) {
    const v1::Network network = Parse(cell);
    const Both both =
        EstimateBoth(estimator, network, *LoadShippedPlatform("zcu102-dnndk"), Settings(ModelKind::kAuto, with_units));
    EXPECT_TRUE(both.quick);
    ExpectSame(both, network);
  }
}

// A product by one number goes into the convolution before it unless something else reads that: cells whose edges are
// "none" scale the stem by zero. Details and hashes of folded networks are the general way's.
TEST(QuickEstimator, FoldsScalesAsTheGeneralWayDoes) {
  const std::string scaled = Conv("conv", "x") + L("scale", "MUL", {"conv"}, "constant_elements: 1");
  const std::string again = L("again", "MUL", {"conv"}, "constant_elements: 1");
  const std::string sum = L("sum", "ADD", {"scale", "again"});
  struct Case {
    std::string layers;
    bool summary, whole;  // answered quickly
  };
  const std::vector<Case> cases = {
      {scaled, true, false},
      {scaled + L("relu", "RELU", {"scale"}) + Conv("next", "relu"), true, false},
      {scaled + L("relu", "RELU", {"scale"}) + L("sum", "ADD", {"scale", "relu"}), true, false},
      {Conv("late", "x") + scaled + L("scale2", "MUL", {"late"}, "constant_elements: 1") +
           L("sum", "ADD", {"scale", "scale2"}),
       true, false},
      {scaled + L("other", "RELU", {"conv"}) + L("sum", "ADD", {"scale", "other"}), true, true},
      {scaled + again + sum, true, true},
      {scaled + "outputs: ['conv', 'scale']", true, true},
      {scaled + L("more", "MUL", {"scale"}, "constant_elements: 1"), true, false},
      {scaled + L("more", "MUL", {"scale"}, "constant_elements: 1") +
           L("most", "MUL", {"more"}, "constant_elements: 1") + L("relu", "RELU", {"most"}) + Conv("next", "relu") +
           L("last", "MUL", {"next"}, "constant_elements: 1"),
       true, false},
      {scaled + L("more", "MUL", {"scale"}, "constant_elements: 1") + L("relu", "RELU", {"scale"}) +
           L("sum", "ADD", {"more", "relu"}),
       true, false},
      {scaled + L("bias", "ADD", {"scale"}, "constant_elements: 1"), false, false},
      {Conv("conv", "x") + L("bias", "ADD", {"conv"}, "constant_elements: 1"), false, false},
  };
  for (const auto& platform : {MakeTestPlatform(), LoadShippedPlatform("zcu102-dnndk")}) {
    for (const Case& one : cases) {
      const v1::Network network = Parse(one.layers);
      for (bool with_units : {false, true}) {
        QuickEstimator estimator(ImportLimits(), 4096);
        const EstimateSettings settings = Settings(ModelKind::kAuto, with_units);
        const Both both = EstimateBoth(estimator, network, *platform, settings);
        EXPECT_EQ(both.quick, one.whole) << one.layers;
        ExpectSame(both, network);
        v1::NetworkEstimate quick;
        EXPECT_EQ(estimator.Estimate(network.SerializeAsString(), 0, "", *platform, settings, {}, &quick),
                  with_units ? one.whole : one.summary)
            << one.layers;
        if (!with_units && one.summary) {
          EXPECT_EQ(quick.SerializeAsString(), both.answer.SerializeAsString()) << one.layers;
        }
      }
    }
  }
}

TEST(QuickEstimator, LeavesToTheGeneralWayWhatIsOutOfTheOrdinary) {
  QuickEstimator estimator(ImportLimits(), 4096);
  const auto platform = MakeTestPlatform();
  const std::string bias = L("bias", "ADD", {"conv"}, "constant_elements: 1");
  const std::string padded =
      L("pad", "PAD", {"x"}, "pad { begin: [0, 0, 1, 1] end: [0, 0, 1, 1] }") + Conv("conv", "pad");
  for (const std::string& layers :
       {std::string(), Conv("a", "nobody"), Conv("a", "x") + Conv("a", "x"), Conv("x", "x"), Conv("conv", "x") + bias,
        padded, Conv("a", "x") + L("same", "RESHAPE", {"a"}, "output_shape { shape { dims: [1, 16, 32, 32] } }"),
        L("gate", "SIGMOID", {"x"}) + L("silu", "MUL", {"x", "gate"}), Conv("a", "x") + Conv("b", "x") + "outputs: 'a'",
        Conv("a", "x") + "outputs: 'nobody'", Conv("ä", "x"),
        L("u", "UNKNOWN", {"x"}, "output_shape { shape { dims: [1, 4000] } }")}) {
    const v1::Network network = Parse(layers);
    EXPECT_FALSE(EstimateBoth(estimator, network, *platform, Settings(ModelKind::kAuto, true)).quick) << layers;
  }
  EXPECT_EQ(estimator.statistics().networks, 0);
}

TEST(QuickEstimator, KeepsToTheLimitsOfImports) {
  ImportLimits limits;
  limits.max_nodes = 3;
  QuickEstimator estimator(limits, 4096);
  std::string layers = Conv("a", "x") + Conv("b", "a") + Conv("c", "b");
  const auto platform = MakeTestPlatform();
  v1::NetworkEstimate result;
  const EstimateSettings settings = Settings(ModelKind::kAuto, false);
  EXPECT_TRUE(estimator.Estimate(Parse(layers).SerializeAsString(), 0, "", *platform, settings, {}, &result));
  layers += Conv("d", "c");
  EXPECT_FALSE(estimator.Estimate(Parse(layers).SerializeAsString(), 0, "", *platform, settings, {}, &result));
}

// Bytes as they may come from anywhere: whatever parses as another network must not be answered as this one.
TEST(QuickEstimator, AnswersDamagedMessagesAsTheGeneralWayDoes) {
  QuickEstimator estimator(ImportLimits(), 4096);
  const auto platform = MakeTestPlatform();
  const std::string bytes =
      Parse(Conv("a", "x") + L("r", "RELU", {"a"}) + L("s", "ADD", {"r", "x"})).SerializeAsString();
  std::mt19937 random(7);
  int answered = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = bytes;
    for (int change = static_cast<int>(random() % 3); change >= 0; --change) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    v1::NetworkEstimate quick;
    const EstimateSettings settings = Settings(ModelKind::kAuto, true);
    if (!estimator.Estimate(damaged, 0, "", *platform, settings, {}, &quick)) continue;
    ++answered;
    v1::NetworkSource source;
    ASSERT_TRUE(source.mutable_network()->ParseFromString(damaged));
    const absl::StatusOr<Network> network = ReadNetwork(source);
    ASSERT_TRUE(network.ok()) << network.status();
    v1::NetworkEstimate answer;
    ASSERT_TRUE(EstimateNetwork(*network, *platform, settings, nullptr, &answer).ok());
    EXPECT_EQ(quick.SerializeAsString(), answer.SerializeAsString()) << source.ShortDebugString();
  }
  EXPECT_GT(answered, 100);
}

TEST(QuickEstimator, ForgetsRatherThanGrows) {
  constexpr size_t kEntries = 600;
  QuickEstimator estimator(ImportLimits(), kEntries);
  const auto platform = MakeTestPlatform();
  const EstimateSettings settings = Settings(ModelKind::kAuto, false);
  int64_t most = 0;
  for (int width = 1; width <= 3000; ++width) {
    const std::string layers =
        L("a", "CONV", {"x"}, absl::StrCat("conv { kernel: [1, 1] output_channels: ", width, " }")) +
        L("r", "RELU", {"a"});
    const v1::Network network = Parse(layers);
    const Both both = EstimateBoth(estimator, network, *platform, settings);
    EXPECT_TRUE(both.quick);
    ExpectSame(both, network);
    most = std::max(most, estimator.statistics().entries);
  }
  const auto desks = static_cast<int64_t>(std::thread::hardware_concurrency());
  EXPECT_LT(most, std::max<int64_t>(kEntries, 256 * std::min<int64_t>(desks, 16)) + 16 * desks);
}

TEST(QuickEstimator, ServesManyThreads) {
  QuickEstimator estimator(ImportLimits(), 2048);
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      RandomNetworks networks(i);
      for (int round = 0; round < 300; ++round) {
        const v1::Network network = networks.Next();
        ExpectSame(EstimateBoth(estimator, network, *platform, Settings(ModelKind::kAuto, round % 2 == 0)), network);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace latimer
