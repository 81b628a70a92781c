#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace latimer {
namespace {

// Encodes any number as UTF-8 would, also those that are no characters.
std::string Encode(unsigned code) {
  auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000) {
    return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  }
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)),
          byte(0x80 | (code & 0x3F))};
}

TEST(Utf8Test, AcceptsEveryCharacterAndNoSurrogate) {
  for (unsigned code = 0; code < 0x120000; ++code) {
    const std::string text = Encode(code);
    const bool character = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    ASSERT_EQ(Utf8SequenceLength(text), character ? text.size() : 0u) << code;
  }
}

TEST(Utf8Test, RefusesOverlongForms) {
  EXPECT_EQ(Utf8SequenceLength("\xC0\x80"), 0u);
  EXPECT_EQ(Utf8SequenceLength("\xC1\xBF"), 0u);
  EXPECT_EQ(Utf8SequenceLength("\xE0\x80\xAF"), 0u);
  EXPECT_EQ(Utf8SequenceLength("\xF0\x80\x80\xAF"), 0u);
}

TEST(Utf8Test, RefusesCutAndStrayBytes) {
  EXPECT_EQ(Utf8SequenceLength(""), 0u);
  EXPECT_EQ(Utf8SequenceLength("\x80"), 0u);
  EXPECT_EQ(Utf8SequenceLength("\xE2\x86"), 0u);
  EXPECT_EQ(Utf8SequenceLength("\xE2\x86x"), 0u);
  EXPECT_EQ(Utf8SequenceLength("\xFF"), 0u);
}

TEST(Utf8Test, ChecksWholeTexts) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("Größe → 😀"));
  EXPECT_FALSE(IsValidUtf8("good\xFF"));
  EXPECT_FALSE(IsValidUtf8("good\xE2\x86"));
}

}  // namespace
}  // namespace latimer
