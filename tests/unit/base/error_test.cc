#include "core/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ErrorTest, CarriesCodeMessageReasonFieldAndMetadata) {
  const absl::Status status = Error(absl::StatusCode::kNotFound, "NO_SUCH_THING", "thing 'x' is not there")
                                  .Field("request.thing")
                                  .With("thing", "x")
                                  .With("count", "3");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "thing 'x' is not there");
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  ASSERT_TRUE(details.has_value());
  EXPECT_EQ(details->reason, "NO_SUCH_THING");
  EXPECT_EQ(details->field, "request.thing");
  EXPECT_THAT(details->metadata, ElementsAre(Pair("count", "3"), Pair("thing", "x")));
}

TEST(ErrorTest, ShortFormsHaveTheirCodes) {
  EXPECT_EQ(InvalidArgument("A", "a").ToStatus().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ResourceExhausted("A", "a").ToStatus().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(NotFound("A", "a").ToStatus().code(), absl::StatusCode::kNotFound);
}

TEST(ErrorTest, ConvertsToStatusOr) {
  const absl::StatusOr<int> result = []() -> absl::StatusOr<int> { return InvalidArgument("A", "a"); }();
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetails(result.status())->reason, "A");
}

TEST(ErrorTest, OtherStatusesHaveNoDetails) {
  EXPECT_FALSE(GetErrorDetails(absl::OkStatus()).has_value());
  EXPECT_FALSE(GetErrorDetails(absl::InternalError("x")).has_value());
  absl::Status foreign = absl::InternalError("x");
  foreign.SetPayload("other/url", absl::Cord("y"));
  EXPECT_FALSE(GetErrorDetails(foreign).has_value());
}

TEST(ErrorTest, EmptyValuesSurvive) {
  const absl::Status status = InvalidArgument("A", "a").With("first", "").With("second", "2");
  EXPECT_THAT(GetErrorDetails(status)->metadata, ElementsAre(Pair("first", ""), Pair("second", "2")));
  EXPECT_EQ(GetErrorDetails(status)->field, "");
}

// Text of a network must neither forge details nor move a terminal's cursor.
TEST(ErrorTest, ControlCharactersAreReplaced) {
  const absl::Status status = InvalidArgument("A", "name '\x1b[2J\x1f'\x7f")
                                  .With("name",
                                        "x\x1f"
                                        "forged\x1fy");
  EXPECT_EQ(status.message(), "name '?[2J?'?");
  EXPECT_THAT(GetErrorDetails(status)->metadata, ElementsAre(Pair("name", "x?forged?y")));
}

TEST(ErrorTest, C1ControlsAndMalformedUtf8AreReplaced) {
  EXPECT_EQ(InvalidArgument("A",
                            "a\xC2\x9B"
                            "b\xFF"
                            "c\xC3")
                .ToStatus()
                .message(),
            "a?b?c?");
  EXPECT_EQ(InvalidArgument("A", "Größe → 2").ToStatus().message(), "Größe → 2");
}

TEST(ErrorTest, LinesAreKept) { EXPECT_EQ(InvalidArgument("A", "one\ntwo").ToStatus().message(), "one\ntwo"); }

TEST(ErrorTest, LongMessagesAreCutAt1024Bytes) {
  const std::string exact(1024, 'x');
  EXPECT_EQ(InvalidArgument("A", exact).ToStatus().message(), exact);
  const absl::Status status = InvalidArgument("A", std::string(5000, 'x'));
  EXPECT_EQ(status.message().size(), 1024u);
  EXPECT_TRUE(absl::EndsWith(status.message(), "xxx..."));
}

// Whatever the alignment of a multi-byte character at the cut is, none is split.
TEST(ErrorTest, CutsAtUtf8Boundaries) {
  for (int shift = 0; shift < 8; ++shift) {
    std::string text(static_cast<size_t>(shift), 'x');
    while (text.size() < 2000) text += "é→😀";
    const absl::Status status = InvalidArgument("A", text);
    EXPECT_LE(status.message().size(), 1024u);
    EXPECT_GE(status.message().size(), 1020u);
    EXPECT_TRUE(IsValidUtf8(status.message())) << shift;
    EXPECT_TRUE(absl::EndsWith(status.message(), "..."));
  }
}

TEST(ErrorTest, LongValuesAreCut) {
  const absl::Status status = InvalidArgument("A", "a").With("name", std::string(10'000, 'n'));
  EXPECT_EQ(GetErrorDetails(status)->metadata["name"].size(), 256u);
}

TEST(AnnotateTest, KeepsCodeAndPayload) {
  const absl::Status status =
      Annotate(ResourceExhausted("TOO_MANY", "too many things").Field("things").With("count", "9"), "batch 2");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "batch 2: too many things");
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  ASSERT_TRUE(details.has_value());
  EXPECT_EQ(details->reason, "TOO_MANY");
  EXPECT_EQ(details->field, "things");
  EXPECT_THAT(details->metadata, ElementsAre(Pair("count", "9")));
}

TEST(AnnotateTest, KeepsForeignPayloads) {
  absl::Status foreign = absl::InternalError("x");
  foreign.SetPayload("other/url", absl::Cord("y"));
  const absl::Status status = Annotate(foreign, "there");
  EXPECT_EQ(status.message(), "there: x");
  EXPECT_EQ(std::string(*status.GetPayload("other/url")), "y");
}

TEST(AnnotateTest, LeavesOkAlone) { EXPECT_TRUE(Annotate(absl::OkStatus(), "context").ok()); }

TEST(AnnotateTest, CutsTheWholeMessage) {
  const absl::Status status = Annotate(InvalidArgument("A", std::string(1024, 'x')), "context");
  EXPECT_EQ(status.message().size(), 1024u);
  EXPECT_TRUE(absl::StartsWith(status.message(), "context: xxx"));
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument("ODD", absl::StrCat(value, " is odd"));
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  LATIMER_ASSIGN_OR_RETURN(const int half, Half(value));
  LATIMER_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

absl::Status CheckQuarter(int value) {
  LATIMER_RETURN_IF_ERROR(Quarter(value).status());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ReturnTheFirstErrorWithItsPayload) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_TRUE(CheckQuarter(12).ok());
  EXPECT_EQ(CheckQuarter(6).message(), "3 is odd");
  EXPECT_EQ(GetErrorDetails(CheckQuarter(6))->reason, "ODD");
}

}  // namespace
}  // namespace latimer
