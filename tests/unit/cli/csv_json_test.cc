#include <cmath>
#include <limits>

#include "cli/format/csv.h"
#include "cli/format/proto_json.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "latimer/v1/estimate.pb.h"
#include "latimer/v1/network.pb.h"
#include "latimer/v1/platform.pb.h"

namespace latimer::cli {
namespace {

using nlohmann::ordered_json;

TEST(CsvTest, QuotesWhatNeedsQuotes) {
  EXPECT_EQ(CsvField("plain name"), "plain name");
  EXPECT_EQ(CsvField(""), "");
  EXPECT_EQ(CsvField("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvField("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(CsvField("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(CsvField("carriage\rreturn"), "\"carriage\rreturn\"");
  EXPECT_EQ(CsvRow({"a", "", "b,c", "\""}), "a,,\"b,c\",\"\"\"\"\n");
}

v1::NetworkEstimate Sample() {
  v1::NetworkEstimate estimate;
  estimate.set_platform("platforms/board");
  estimate.mutable_latency()->set_estimate_ms(1.0 / 3);
  estimate.set_macs(int64_t{1} << 62);
  estimate.mutable_memory()->set_weight_bytes(std::numeric_limits<int64_t>::max());
  v1::UnitEstimate* unit = estimate.add_units();
  unit->set_name("l\xC3\xA4yer \"1\"\n");
  unit->set_layer_type(v1::LAYER_TYPE_CONV);
  unit->add_input_shapes()->add_dims(7);
  unit->add_kernel(3);
  v1::Warning* warning = estimate.add_warnings();
  warning->set_code(v1::WARNING_CODE_UNKNOWN_OPERATOR);
  warning->set_message("m");
  return estimate;
}

TEST(ProtoToJsonTest, ReadsBackAsTheSameMessage) {
  const v1::NetworkEstimate estimate = Sample();
  v1::NetworkEstimate back;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(JsonText(ProtoToJson(estimate)), &back).ok());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(estimate, back));
}

TEST(ProtoToJsonTest, EveryFieldIsThereUnderItsJsonName) {
  const ordered_json json = ProtoToJson(v1::NetworkEstimate());
  const google::protobuf::Descriptor* descriptor = v1::NetworkEstimate::descriptor();
  ASSERT_EQ(json.size(), static_cast<size_t>(descriptor->field_count()));
  for (int i = 0; i < descriptor->field_count(); ++i) EXPECT_TRUE(json.contains(descriptor->field(i)->json_name()));
  EXPECT_TRUE(json["latency"].is_null());
  EXPECT_EQ(json["macs"], 0);
  EXPECT_EQ(json["units"], ordered_json::array());
  EXPECT_EQ(json["modelKind"], "MODEL_KIND_UNSPECIFIED");
  EXPECT_EQ(json["simulated"], false);
}

TEST(ProtoToJsonTest, LargeIntegersAreNumbers) {
  const ordered_json json = ProtoToJson(Sample());
  EXPECT_TRUE(json["macs"].is_number_integer());
  EXPECT_EQ(json["macs"].get<int64_t>(), int64_t{1} << 62);
  EXPECT_EQ(json["memory"]["weightBytes"].get<int64_t>(), std::numeric_limits<int64_t>::max());
}

TEST(ProtoToJsonTest, ValuesThatAreNoNumberAreNull) {
  v1::Latency latency;
  latency.set_estimate_ms(std::nan(""));
  latency.set_upper_ms(std::numeric_limits<double>::infinity());
  EXPECT_EQ(JsonText(ProtoToJson(latency)), R"({"estimateMs": null, "lowerMs": 0.0, "upperMs": null})");
}

TEST(ProtoToJsonTest, AnEnumValueNobodyKnowsIsItsNumber) {
  v1::UnitEstimate unit;
  unit.set_bound(static_cast<v1::Bound>(77));
  EXPECT_EQ(ProtoToJson(unit)["bound"], 77);
}

TEST(ProtoToJsonTest, OfAOneofOnlyTheMemberThatIsSetAppears) {
  v1::Layer layer;
  layer.mutable_conv();
  const ordered_json json = ProtoToJson(layer);
  EXPECT_TRUE(json.contains("conv"));
  EXPECT_FALSE(json.contains("pool"));
}

TEST(ProtoToJsonTest, MapsAreObjects) {
  v1::Platform platform;
  (*platform.mutable_settings())["batch_size"] = "1";
  EXPECT_EQ(ProtoToJson(platform)["settings"], ordered_json({{"batch_size", "1"}}));
}

TEST(JsonTextTest, ShortValuesStandOnOneLineLongOnesDoNot) {
  EXPECT_EQ(JsonText({{"a", {1, 2, 3}}}), R"({"a": [1, 2, 3]})");
  EXPECT_EQ(JsonText({{"a", {1, 2, 3}}, {"b", "xyz"}}, 0, 20), "{\n  \"a\": [1, 2, 3],\n  \"b\": \"xyz\"\n}");
  EXPECT_EQ(JsonText(ordered_json::object()), "{}");
  EXPECT_EQ(JsonText(ordered_json::array()), "[]");
}

TEST(JsonTextTest, IndentsAllLinesButTheFirst) {
  EXPECT_EQ(JsonText({{"a", 1}, {"b", 2}}, 2, 6), "{\n      \"a\": 1,\n      \"b\": 2\n    }");
}

TEST(JsonTextTest, EscapesAndReplacesWhatJsonCannotHold) {
  EXPECT_EQ(JsonText(ordered_json("a\"\\\n\x01")), "\"a\\\"\\\\\\n\\u0001\"");
  const std::string text = JsonText(ordered_json("bad \xFF byte"));
  EXPECT_EQ(ordered_json::parse(text).get<std::string>(), "bad \xEF\xBF\xBD byte");
  const std::string key = JsonText({{"k\xFF", 1}});
  EXPECT_TRUE(ordered_json::accept(key)) << key;
}

}  // namespace
}  // namespace latimer::cli
