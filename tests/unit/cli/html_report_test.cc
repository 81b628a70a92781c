// The report of a platform as a document: well-formed, on its own, and safe whatever names it holds.
#include "cli/report/html_report.h"

#include "cli/format/markup.h"
#include "cli/report/svg_plot.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/cli/fit_fixture.h"
#include "tests/unit/cli/xml_reader.h"

namespace latimer::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(XmlReaderTest, SeesWhatIsWrong) {
  EXPECT_EQ(XmlReader("<a b=\"1\"><c/>text &lt;</a>").error(), "");
  for (const char* bad : {"<a>", "<a></b>", "<a b=1/>", "<a>&x;</a>", "<a b=\"<\"/>", "<a/><b/>",
                          "<a b=\"1\" b=\"2\"/>", "<a>\x1b</a>", "text"}) {
    EXPECT_NE(XmlReader(bad).error(), "") << bad;
  }
}

TEST(MarkupTest, TextCannotBecomeMarkup) {
  EXPECT_EQ(Escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(Escape("\x1b[2J\xff\xef\xbf\xbf"), "\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(TextElement("p", {{"title", "\"<"}}, "<b>"), "<p title=\"&quot;&lt;\">&lt;b&gt;</p>");
}

TEST(MarkupTest, OnlyElementsThatHtmlLeavesEmptyCloseThemselves) {
  EXPECT_EQ(Element("line", {{"x", "1"}}), "<line x=\"1\"/>");
  EXPECT_EQ(Element("td", {}), "<td></td>");
}

TEST(MarkupTest, CoordinatesAreShortNumbers) {
  EXPECT_EQ(Coordinate(1.23456), "1.23");
  EXPECT_EQ(Coordinate(-3), "-3");
  EXPECT_EQ(Coordinate(std::numeric_limits<double>::quiet_NaN()), "0");
  EXPECT_EQ(Coordinate(std::numeric_limits<double>::infinity()), "0");
}

TEST(SvgPlotTest, IsWellFormedWhateverIsDrawn) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  SvgPlot plot(300, 200, {kHostile, 0, 10, false}, {"ms", 0.1, 100, true});
  plot.AddLine({{0, 1}, {5, nan}, {10, 50}}, true, "fit");
  plot.AddLine({{nan, nan}}, false, "fit");
  plot.AddMark(5, 0, 10, 1000, "mark", kHostile);
  plot.AddMark(nan, 1, 1, 1, "mark", "none");
  const std::string svg = plot.Render(kHostile);
  const XmlReader xml(svg);
  EXPECT_EQ(xml.error(), "");
  EXPECT_EQ(xml.Count("path"), 1);
  EXPECT_EQ(xml.Count("circle"), 1);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
}

TEST(SvgPlotTest, StairsRunLevelToTheNextPoint) {
  SvgPlot plot(168, 158, {"x", 0, 10, false}, {"y", 0, 10, false});  // 100 x 100 inside
  plot.AddLine({{0, 0}, {5, 0}, {10, 10}}, true, "fit");
  EXPECT_THAT(plot.Render(""), HasSubstr("d=\"M56 122H106H156V22\""));
}

TEST(SvgPlotTest, AxesWithoutExtentAreReplaced) {
  SvgPlot plot(300, 200, {"x", 3, 3, false}, {"y", 0, 5, true});
  plot.AddMark(1, 1, 1, 1, "mark", "");
  EXPECT_EQ(XmlReader(plot.Render("")).error(), "");
}

TEST(HtmlReportTest, HoldsFactsTablesSweepsAndNetworks) {
  const std::string html = HtmlReport(FittedReport());
  const XmlReader xml(html);
  ASSERT_EQ(xml.error(), "");
  EXPECT_EQ(xml.Count("svg"), 4);  // three sweeps and the scatter
  EXPECT_EQ(xml.Count("g", "mark"), 3 * 32);
  EXPECT_EQ(xml.Count("g", "in"), 1);
  EXPECT_EQ(xml.Count("g", "out"), 2);
  for (const char* text :
       {"Toy board", "SIMULATED", "toyc 1.2", "c_out 16 (0.12), h 8 (0.90)", "0.0125 ms", "4.1%", "120", "4 to 512",
        "Conv, ConvAdd", "fit-2", "net10", "calibrated", "(33%) lie inside their 90% interval"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
}

TEST(HtmlReportTest, NeedsNothingFromOutsideAndRunsNothing) {
  const XmlReader xml(HtmlReport(FittedReport()));
  for (const XmlReader::Tag& tag : xml.tags()) {
    EXPECT_TRUE(tag.name != "script" && tag.name != "link" && tag.name != "img" && tag.name != "iframe") << tag.name;
    for (const auto& [key, value] : tag.attributes) {
      EXPECT_NE(key.substr(0, 2), "on") << key;
      EXPECT_TRUE(key != "href" && key != "src" && key != "style") << key;
      EXPECT_EQ(value.find("//"), std::string::npos) << value;
    }
  }
}

// Puts the hostile name into every text field, however deep.
void Poison(google::protobuf::Message* message) {
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->is_map()) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
        if (field->is_repeated()) {
          reflection->SetRepeatedString(message, field, i, kHostile);
        } else {
          reflection->SetString(message, field, kHostile);
        }
      } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        Poison(field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                    : reflection->MutableMessage(message, field));
      }
    }
  }
}

TEST(HtmlReportTest, HostileNamesAreOnlyText) {
  ReportData data = FittedReport();
  Poison(&data.platform);
  (*data.platform.mutable_settings())[kHostile] = kHostile;
  for (v1::Sweep& sweep : data.sweeps) Poison(&sweep);
  for (v1::NetworkEvaluation& evaluation : data.evaluations) Poison(&evaluation);
  for (v1::PlatformVersion& version : data.versions) Poison(&version);
  data.made_by = kHostile;
  const std::string html = HtmlReport(data);
  const XmlReader xml(html);
  EXPECT_EQ(xml.error(), "");
  EXPECT_EQ(xml.Count("script"), 0);
  EXPECT_EQ(xml.Count("title"), 1 + 3 * 32 + 3);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
}

TEST(HtmlReportTest, APlatformWithoutMeasurementsSaysSo) {
  ReportData data;
  data.platform = FittedPlatform();
  data.sweeps = {StairSweep("c_out", false)};
  const std::string html = HtmlReport(data);
  EXPECT_EQ(XmlReader(html).error(), "");
  EXPECT_THAT(html, HasSubstr("Nothing of them was measured on boards enrolled with this server"));
  EXPECT_THAT(html, HasSubstr("No network was measured on boards enrolled with this server"));
}

TEST(HtmlReportTest, NothingIsADocumentToo) { EXPECT_EQ(XmlReader(HtmlReport({})).error(), ""); }

}  // namespace
}  // namespace latimer::cli
