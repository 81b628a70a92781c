#include "metrics/families.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include <thread>

#include "tests/unit/metrics/scrape.h"

namespace latimer::metrics {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Text(const Families& families) { return prometheus::TextSerializer().Serialize(families); }

TEST(Families, AreToldOnceWithTheirSeries) {
  Families families;
  Gauge(&families, "latimer_rest", "What is left").Add({{"platform", "a"}}, 1.5);
  {
    Counter counter(&families, "latimer_calls_total", "Calls");
    counter.Add({{"code", "OK"}}, 3);
    counter.Add({{"code", "INTERNAL"}}, 1);
  }
  { Gauge empty(&families, "latimer_nothing", "Has no series"); }
  const Exposition told = Parse(Text(families));
  EXPECT_EQ(told.Value("latimer_rest", {{"platform", "a"}}), 1.5);
  EXPECT_EQ(told.Value("latimer_calls_total", {{"code", "INTERNAL"}}), 1);
  EXPECT_EQ(told.type.at("latimer_calls_total"), "counter");
  EXPECT_EQ(told.type.size(), 2u);
  EXPECT_THAT(Lint(told), IsEmpty());
}

TEST(Families, CutLongLabelsBetweenCharacters) {
  std::string name = "x";
  for (int i = 0; i < 100; ++i) name += "ä";
  Families families;
  Gauge(&families, "latimer_rest", "What is left").Add({{"board", name}}, 1);
  const std::string& value = families[0].metric[0].label[0].value;
  EXPECT_LE(value.size(), 128u);
  EXPECT_GE(value.size(), 126u);
  EXPECT_EQ(value, name.substr(0, value.size()));
  EXPECT_EQ(value.size() % 2, 1u) << "an ä has two bytes";
}

TEST(Families, EscapeWhatPeopleCallTheirBoards) {
  Families families;
  Gauge(&families, "latimer_rest", "What is left").Add({{"board", "a\"b\\c\nd"}}, 1);
  const Exposition told = Parse(Text(families));
  ASSERT_EQ(told.samples.size(), 1u);
  EXPECT_EQ(told.samples[0].labels.at("board"), "a\\\"b\\\\c\\nd");
}

TEST(Histogram, CountsWhatIsAtMostTheBound) {
  Histogram histogram({1, 2});
  for (const double value : {0.5, 1.0, 1.5, 7.0}) histogram.Observe(value);
  Families families;
  {
    HistogramFamily family(&families, "latimer_work_seconds", "Work");
    histogram.AddTo(&family, {{"platform", "a"}});
  }
  const Exposition told = Parse(Text(families));
  EXPECT_EQ(told.Value("latimer_work_seconds_bucket", {{"le", "1"}}), 2);
  EXPECT_EQ(told.Value("latimer_work_seconds_bucket", {{"le", "2"}}), 3);
  EXPECT_EQ(told.Value("latimer_work_seconds_bucket", {{"le", "+Inf"}}), 4);
  EXPECT_EQ(told.Value("latimer_work_seconds_count"), 4);
  EXPECT_EQ(told.Value("latimer_work_seconds_sum"), 10);
  EXPECT_THAT(Lint(told), IsEmpty());
}

TEST(Histogram, LosesNothingToThreads) {
  Histogram histogram(CallSeconds());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) histogram.Observe(0.25);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.count(), 40'000u);
  Families families;
  {
    HistogramFamily family(&families, "latimer_work_seconds", "Work");
    histogram.AddTo(&family, {});
  }
  EXPECT_EQ(families[0].metric[0].histogram.sample_sum, 10'000);
}

// The judge itself: each of these is found.
TEST(Lint, FindsWhatBreaksTheConventions) {
  const auto lint = [](const std::string& text) { return Lint(Parse(text)); };
  const std::string help = "# HELP latimer_x_total H\n# TYPE latimer_x_total ";
  EXPECT_THAT(lint(help + "counter\nlatimer_x_total 1\n"), IsEmpty());
  EXPECT_THAT(lint(help + "gauge\nlatimer_x_total 1\n"), Contains(HasSubstr("is a gauge")));
  EXPECT_THAT(lint(help + "counter\nlatimer_x_total{network=\"a\"} 1\n"), Contains(HasSubstr("label network")));
  EXPECT_THAT(lint(help + "counter\nlatimer_x_total 1\nlatimer_x_total 2\n"), Contains(HasSubstr("told twice")));
  EXPECT_THAT(lint("# HELP latimer_x_ms H\n# TYPE latimer_x_ms gauge\nlatimer_x_ms 1\n"),
              Contains(HasSubstr("no base unit")));
  EXPECT_THAT(lint("# HELP x H\n# TYPE x gauge\nx 1\n"), Contains(HasSubstr("prefix")));
  EXPECT_THAT(lint("# TYPE latimer_x gauge\nlatimer_x 1\n"), Contains(HasSubstr("no help")));
  EXPECT_THAT(lint("latimer_x 1\n"), Contains(HasSubstr("no type")));
}

}  // namespace
}  // namespace latimer::metrics
