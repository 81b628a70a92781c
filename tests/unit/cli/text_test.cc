// Text on terminals: widths, shortening, wrapping, bars, tables, what a terminal can show.
#include <map>

#include "cli/terminal/bar.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/terminal.h"
#include "cli/terminal/text_width.h"
#include "cli/terminal/wrap.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(TextWidthTest, CountsColumns) {
  EXPECT_EQ(DisplayWidth("conv1"), 5);
  EXPECT_EQ(DisplayWidth("größe"), 5);
  EXPECT_EQ(DisplayWidth("層"), 2);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1) << "combining accent";
  EXPECT_EQ(DisplayWidth("\xFF\xFE"), 2) << "malformed bytes";
}

TEST(TextWidthTest, StrangersCannotMoveTheCursor) {
  EXPECT_EQ(Printable("a\x1b[2Jb\nc\td\x7f"), "a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFD");
  EXPECT_EQ(Printable("a\x1b[2J\xC2\x9B"
                      "1m\xFF",
                      true),
            "a?[2J?1m?");
  EXPECT_EQ(Printable("größe"), "größe");
  EXPECT_EQ(Printable("größe", true), "gr??e");
}

TEST(TextWidthTest, ShortensWithinTheWidth) {
  EXPECT_EQ(ShortenMiddle("layer1.0.conv1", 20), "layer1.0.conv1");
  EXPECT_EQ(ShortenEnd("some long prose", 6), "some …");
  EXPECT_EQ(ShortenEnd("some long prose", 6, true), "some..");
  for (int width = 1; width < 30; ++width) {
    for (const char* text : {"features.0.block.1.layers.conv", "層層層層層層層層層層層層層層層層"}) {
      EXPECT_LE(DisplayWidth(ShortenMiddle(text, width)), width) << text;
      EXPECT_LE(DisplayWidth(ShortenEnd(text, width)), width) << text;
      EXPECT_LE(DisplayWidth(ShortenMiddle(text, width, true)), width) << text;
    }
  }
  EXPECT_EQ(ShortenMiddle("features.0.block.conv", 11).substr(0, 4), "feat") << "keeps the start …";
  EXPECT_THAT(ShortenMiddle("features.0.block.conv", 11), testing::EndsWith(".conv")) << "… and more of the end";
}

TEST(TextWidthTest, PadsByColumnsNotBytes) {
  EXPECT_EQ(PadRight("ö", 3), "ö  ");
  EXPECT_EQ(PadLeft("層", 3), " 層");
  EXPECT_EQ(PadLeft("long", 2), "long");
}

TEST(WrapTest, BreaksAtSpacesAndKeepsLongWords) {
  EXPECT_THAT(Wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("a_word_that_sticks_out of line", 7), ElementsAre("a_word_that_sticks_out", "of line"));
  EXPECT_THAT(Wrap("first\n\nsecond", 20), ElementsAre("first", "", "second"));
  EXPECT_EQ(WrapHanging("one two three", "label ", 13), "label one two\n      three\n");
}

TEST(BarTest, ResolvesEighthsOfAColumn) {
  EXPECT_EQ(Bar(1, 3, false), "███");
  EXPECT_EQ(Bar(0.5, 3, false), "█▌");
  EXPECT_EQ(Bar(1e-9, 3, false), "▏") << "something is never nothing";
  EXPECT_EQ(Bar(0, 3, false), "");
  EXPECT_EQ(Bar(7, 3, false), "███");
  EXPECT_EQ(Bar(0.7, 10, true), "#######");
  EXPECT_EQ(Bar(0.001, 10, true), ".");
  EXPECT_EQ(Bar(std::numeric_limits<double>::quiet_NaN(), 10, true), "");
}

TEST(StyleTest, PaintsOnlyWhereColourIsWanted) {
  EXPECT_EQ(Paint("x", Style::kHot, false), "x");
  EXPECT_EQ(Paint("x", Style::kPlain, true), "x");
  EXPECT_THAT(Paint("x", Style::kHot, true), testing::MatchesRegex("\x1b\\[[0-9;]+mx\x1b\\[0?m"));
}

Terminal Describe(std::map<std::string, std::string> variables, bool is_tty = false, int columns = 0) {
  const Environment environment = [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return DescribeTerminal(environment, is_tty, columns, false, ColorMode::kAuto);
}

TEST(TerminalTest, WidthIsColumnsThenTheTerminalsThen100) {
  EXPECT_EQ(Describe({}).width, 100);
  EXPECT_EQ(Describe({}, true, 140).width, 140);
  EXPECT_EQ(Describe({{"COLUMNS", "120"}}, true, 140).width, 120);
  EXPECT_EQ(Describe({{"COLUMNS", "20"}}).width, 80);
  EXPECT_EQ(Describe({{"COLUMNS", "wide"}}, true, 90).width, 90);
  EXPECT_EQ(Describe({{"COLUMNS", "-5"}}).width, 100);
}

TEST(TerminalTest, AsciiUnlessTheLocaleIsUtf8) {
  EXPECT_TRUE(Describe({}).ascii);
  EXPECT_FALSE(Describe({{"LANG", "de_DE.UTF-8"}}).ascii);
  EXPECT_FALSE(Describe({{"LANG", "C.utf8"}}).ascii);
  EXPECT_TRUE(Describe({{"LC_ALL", "C"}, {"LANG", "de_DE.UTF-8"}}).ascii);
}

TEST(TerminalTest, ColourOnlyOnTerminalsThatWantIt) {
  EXPECT_TRUE(Describe({{"TERM", "xterm"}}, true).color);
  EXPECT_FALSE(Describe({{"TERM", "xterm"}}, false).color);
  EXPECT_FALSE(Describe({{"TERM", "dumb"}}, true).color);
  EXPECT_FALSE(Describe({{"TERM", "xterm"}, {"NO_COLOR", "1"}}, true).color);
  EXPECT_TRUE(Describe({{"TERM", "xterm"}, {"NO_COLOR", ""}}, true).color);
}

TEST(LayoutColumnsTest, DropsNiceToHaveThenShortensThenDrops) {
  const std::vector<Column> columns = {{.title = "a", .shorten = Shorten::kMiddle, .min_width = 10},
                                       {.title = "b", .drop = 1},
                                       {.title = "c", .drop = kNiceToHave}};
  const std::vector<int> natural = {30, 10, 10};
  EXPECT_THAT(LayoutColumns(columns, natural, 54), ElementsAre(30, 10, 10));
  EXPECT_THAT(LayoutColumns(columns, natural, 53), ElementsAre(30, 10, -1));
  EXPECT_THAT(LayoutColumns(columns, natural, 30), ElementsAre(18, 10, -1));
  EXPECT_THAT(LayoutColumns(columns, natural, 21), ElementsAre(21, -1, -1));
  EXPECT_THAT(LayoutColumns(columns, natural, 5), ElementsAre(10, -1, -1)) << "no narrower than that";
}

TEST(TableTest, AlignsAndDrawsARule) {
  Table table({{.title = "layer"}, {.title = "ms", .align = Align::kRight}});
  table.AddRow({{"conv"}, {"0.43"}});
  table.AddRow({{"größe"}});
  table.AddRule();
  const Terminal terminal{.width = 40, .ascii = true};
  EXPECT_EQ(table.Render(terminal), "layer    ms\n-----------\nconv   0.43\ngr??e\n-----------\n");
  EXPECT_THAT(table.Render({.width = 40}), HasSubstr("größe\n───"));
}

TEST(ProgressTest, SpeaksOnlyWhenThereIsMuchToDo) {
  StringOutput quiet;
  { Progress(&quiet, true, 1, Terminal()).Step("only.onnx"); }
  { Progress(&quiet, false, 9, Terminal()).Step("a.onnx"); }
  EXPECT_EQ(quiet.text(), "");
  StringOutput spoken;
  {
    Progress progress(&spoken, true, 9, Terminal());
    progress.Step("a.onnx");
    progress.Step("b\x1b.onnx");
  }
  EXPECT_THAT(spoken.text(), HasSubstr("[2/9] b"));
  EXPECT_THAT(spoken.text(), Not(HasSubstr("b\x1b")));
}

}  // namespace
}  // namespace latimer::cli
