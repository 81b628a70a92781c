#include "backends/command/words.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Values kValues{{"a", "1"}, {"empty", ""}, {"path", "two words"}, {"precision", "int8"}};

TEST(WordsTest, FillsInAfterSplitting) {
  EXPECT_THAT(FillInWords("tool  --x={a} {path}\n{empty} 'b c {a}' d'e f'", kValues).value(),
              ElementsAre("tool", "--x=1", "two words", "b c 1", "de f"));
  EXPECT_TRUE(FillInWords("", kValues)->empty());
  EXPECT_EQ(FillIn("{{a}}{a}", kValues).value(), "{a}}1");
}

TEST(WordsTest, SaysWhatIsWrong) {
  EXPECT_THAT(std::string(FillIn("{b}", kValues).status().message()), HasSubstr("nothing called {b}"));
  EXPECT_THAT(std::string(FillIn("{a", kValues).status().message()), HasSubstr("not closed"));
  EXPECT_THAT(std::string(FillInWords("'a", kValues).status().message()), HasSubstr("quote"));
}

TEST(WordsTest, Conditions) {
  for (const char* text : {"", "a=1", "a=2|1", "a=1,precision=int8", "empty=", "a!=", "a!=2|3", " a=1 , empty= "}) {
    EXPECT_TRUE(Holds(text, kValues).value()) << text;
  }
  for (const char* text : {"a=2", "a!=1", "a=1,empty!=", "precision=int", "a!=2|1", "a="}) {
    EXPECT_FALSE(Holds(text, kValues).value()) << text;
  }
  for (const char* text : {"a", "=1", "b=1", "a=1,", "!=2"}) EXPECT_FALSE(Holds(text, kValues).ok()) << text;
}

}  // namespace
}  // namespace latimer::command
