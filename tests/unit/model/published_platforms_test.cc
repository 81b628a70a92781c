// The platforms that ship: their numbers are the published ones, and they come near real measurements where those are
// public.
#include <gtest/gtest.h>

#include <cmath>

#include "core/model/analytical_model.h"
#include "test_platform.h"

namespace latimer {
namespace {

UnitTime Estimate(const PlatformModel& platform, absl::string_view unit_type, ModelKind kind,
                  const UnitFeatures& features) {
  const UnitTypeModels& models = platform.unit_type_models(platform.FindUnitType(unit_type));
  EXPECT_EQ(models.unit_type, unit_type);
  const LayerModel* model = models.by_kind[static_cast<size_t>(kind)].get();
  EXPECT_NE(model, nullptr) << unit_type;
  return model == nullptr ? UnitTime() : model->Estimate(features);
}

// Square 3x3 convolution of stride 1 with equal padding, one byte per element.
UnitFeatures Conv3x3(int64_t size, int64_t c_in, int64_t c_out, int64_t bytes_per_element = 1) {
  UnitFeatures features;
  features.in_h = features.in_w = features.out_h = features.out_w = size;
  features.c_in = c_in;
  features.c_out = c_out;
  features.kernel_h = features.kernel_w = 3;
  const auto bytes = static_cast<double>(bytes_per_element);
  features.operations = 2.0 * 9 * static_cast<double>(size * size * c_in * c_out);
  features.input_bytes = bytes * static_cast<double>(size * size * c_in);
  features.output_bytes = bytes * static_cast<double>(size * size * c_out);
  features.weight_bytes = bytes * 9 * static_cast<double>(c_in * c_out);
  return features;
}

TEST(PublishedPlatformsTest, Zcu102RefinedConvolutionByHand) {
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  ASSERT_NE(platform, nullptr);
  // 28x28, 256 -> 512: 1849.688 MOP. h: 28/8 = 3.5 of 4 steps, alpha 1 - 0.485896; channels are multiples of 16.
  const double steps = 0.514104 + 0.485896 * 4 / 3.5;
  const UnitTime time = Estimate(*platform, "Conv", ModelKind::kRefinedRoofline, Conv3x3(28, 256, 512));
  EXPECT_NEAR(time.seconds, 1849688064.0 / 1173488332240.4373 * steps, 1e-12);
  EXPECT_EQ(time.bound, Bound::kCompute);
  EXPECT_NEAR(time.utilization, 1 / steps, 1e-12);
}

TEST(PublishedPlatformsTest, Zcu102ReplicatesSmallChannelsExceptBeforePooling) {
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  ASSERT_NE(platform, nullptr);
  UnitFeatures features = Conv3x3(224, 3, 64);
  features.input_bytes = features.output_bytes = 0;
  const double roofline = features.operations / 1173488332240.4373;
  EXPECT_NEAR(Estimate(*platform, "Conv", ModelKind::kRefinedRoofline, features).seconds, roofline, 1e-12);
  EXPECT_NEAR(Estimate(*platform, "ConvPool", ModelKind::kRefinedRoofline, features).seconds, roofline * 16 / 3, 1e-12);
}

// The convolutions of VGG in the public DNNDK profile of FCN8 on the ZCU102 (Xilinx Vitis-AI-Tutorials 1.2,
// Apache-2.0). The bounds keep the documented error honest: a change of units or of alpha's meaning breaks them.
TEST(PublishedPlatformsTest, Zcu102ComesNearThePublicProfileOfVgg) {
  struct Measured {
    int64_t size, c_in, c_out;
    double ms;
  };
  const Measured layers[] = {{224, 3, 64, 0.754},    {224, 64, 64, 3.254},  {112, 64, 128, 1.650},
                             {112, 128, 128, 3.255}, {56, 128, 256, 1.652}, {56, 256, 256, 3.261},
                             {56, 256, 256, 3.257},  {28, 256, 512, 1.877}, {28, 512, 512, 3.729},
                             {28, 512, 512, 3.730},  {14, 512, 512, 0.967}, {14, 512, 512, 0.965},
                             {14, 512, 512, 0.963}};
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  ASSERT_NE(platform, nullptr);
  double sum = 0;
  for (const Measured& layer : layers) {
    const UnitTime time =
        Estimate(*platform, "Conv", ModelKind::kRefinedRoofline, Conv3x3(layer.size, layer.c_in, layer.c_out));
    const double error = time.seconds * 1e3 / layer.ms - 1;
    sum += std::abs(error);
    EXPECT_LT(error, 0) << layer.size << " " << layer.c_in;
    EXPECT_GT(error, layer.c_in == 3 ? -0.75 : -0.17) << layer.size << " " << layer.c_in;
  }
  EXPECT_NEAR(sum / 13, 0.12, 0.02);
}

// fc6 and fc7 of AlexNet in the public DNNDK profile of the same collection.
TEST(PublishedPlatformsTest, Zcu102FullyConnectedIsBoundByItsWeights) {
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  ASSERT_NE(platform, nullptr);
  for (const auto& [in, ms] : {std::pair<int64_t, double>{9216, 7.485}, {4096, 3.192}}) {
    UnitFeatures features;
    features.c_in = in;
    features.c_out = 4096;
    features.operations = 2.0 * static_cast<double>(in) * 4096;
    features.weight_bytes = static_cast<double>(in) * 4096;
    features.input_bytes = static_cast<double>(in);
    features.output_bytes = 4096;
    const UnitTime time = Estimate(*platform, "FullyConnected", ModelKind::kRefinedRoofline, features);
    EXPECT_EQ(time.bound, Bound::kMemory);
    EXPECT_NEAR(time.seconds * 1e3, ms, 0.03 * ms);
  }
}

TEST(PublishedPlatformsTest, Ncs2RefinedConvolutionByHand) {
  const auto platform = LoadShippedPlatform("ncs2-openvino");
  ASSERT_NE(platform, nullptr);
  // 48 -> 80 channels on 32: e = 1.5/2 and 2.5/3; alpha = 1 - 0.145798 and 1 - 0.704677.
  const double u = 1 / ((0.854201584883 + 0.145798415117 / 0.75) * (0.295323455221 + 0.704676544779 / (2.5 / 3)));
  const UnitFeatures features = Conv3x3(56, 48, 80, 2);
  EXPECT_NEAR(Estimate(*platform, "Conv", ModelKind::kRefinedRoofline, features).seconds,
              features.operations / (319543476297.96844 * u), 1e-12);
  EXPECT_NEAR(Estimate(*platform, "Conv", ModelKind::kRoofline, features).seconds,
              features.operations / 319543476297.96844, 1e-12);
}

TEST(PublishedPlatformsTest, AccuracyIsThatOfThePaper) {
  struct Row {
    const char* id;
    double roofline, refined, conv_roofline, conv_refined;
  };
  for (const Row& row :
       {Row{"zcu102-dnndk", 0.3089, 0.2724, 0.1852, 0.1545}, Row{"ncs2-openvino", 0.2995, 0.2956, 0.3258, 0.3169}}) {
    const auto platform = LoadShippedPlatform(row.id);
    ASSERT_NE(platform, nullptr);
    EXPECT_EQ(platform->id(), row.id);
    const v1::Platform description = platform->Describe(true);
    ASSERT_GE(description.network_accuracy_size(), 2);
    EXPECT_EQ(description.network_accuracy(0).mape(), row.roofline);
    EXPECT_EQ(description.network_accuracy(1).mape(), row.refined);
    EXPECT_NEAR(platform->network_error(ModelKind::kRoofline).Factor(1 - std::exp(-1)), 1 + row.roofline, 1e-12);
    EXPECT_NEAR(platform->network_error(ModelKind::kRefinedRoofline).Factor(1 - std::exp(-1)), 1 + row.refined, 1e-12);
    const UnitTypeModels& conv = platform->unit_type_models(platform->FindUnitType("Conv"));
    EXPECT_NEAR(conv.error[2].Factor(1 - std::exp(-1)), 1 + row.conv_roofline, 1e-12);
    EXPECT_NEAR(conv.error[3].Factor(1 - std::exp(-1)), 1 + row.conv_refined, 1e-12);
  }
}

}  // namespace
}  // namespace latimer
