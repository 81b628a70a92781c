// What benchmark_model prints.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backends/reports/tflite.h"
#include "backends/reports/tflite_internal.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

class LogReader {
 public:
  absl::StatusOr<std::vector<Report>> Run(absl::string_view text) {
    LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
    ReportLines lines(text);
    for (absl::string_view whole; lines.Next(&whole);) {
      line_ = lines.number();
      LATIMER_RETURN_IF_ERROR(ReadLine(whole));
    }
    LATIMER_RETURN_IF_ERROR(EndRun());
    if (reports_.empty()) return BadReport(0, "", "there is neither a latency nor an operator profile");
    return std::move(reports_);
  }

 private:
  enum class Section { kNone, kInitialization, kRegular };
  enum class Table { kNone, kRunOrder, kInner, kOther };

  absl::Status ReadLine(absl::string_view whole) {
    absl::string_view line = whole;
    absl::ConsumePrefix(&line, "INFO: ");
    if (absl::StartsWith(line, "STARTING!")) {
      LATIMER_RETURN_IF_ERROR(EndRun());
      started_ = true;
      return absl::OkStatus();
    }
    if (absl::StrContains(line, "Profiling Info for")) {
      section_ = absl::StrContains(line, "Regular") ? Section::kRegular : Section::kInitialization;
      table_ = Table::kNone;
      inner_next_ = false;
      return absl::OkStatus();
    }
    if (section_ != Section::kNone) {
      LATIMER_ASSIGN_OR_RETURN(const bool taken, ReadProfileLine(whole, line));
      if (taken) return absl::OkStatus();
    }
    return ReadRunLine(line);
  }

  absl::StatusOr<bool> ReadProfileLine(absl::string_view whole, absl::string_view line) {
    if (absl::StartsWith(absl::StripAsciiWhitespace(line), "Delegate internal")) {
      inner_next_ = true;
      return true;
    }
    if (absl::StartsWith(line, "=====")) {
      const bool run_order = absl::StrContains(line, " Run Order ");
      table_ = !run_order ? Table::kOther : inner_next_ ? Table::kInner : Table::kRunOrder;
      columns_.reset();
      return true;
    }
    if (absl::StartsWith(line, "Timings (microseconds): ")) {
      table_ = Table::kNone;
      if (section_ != Section::kRegular || inner_next_) return true;
      Latency profiled;
      LATIMER_RETURN_IF_ERROR(ReadCounts(absl::StripPrefix(line, "Timings (microseconds): "), &profiled));
      report_.stated = profiled.mean;
      report_.profiled_inferences = profiled.count;
      return true;
    }
    if (table_ == Table::kNone) return false;
    if (section_ != Section::kRegular || table_ == Table::kOther) return true;
    if (absl::StripAsciiWhitespace(line).empty()) {
      table_ = Table::kNone;
      return true;
    }
    const std::vector<absl::string_view> fields = tflite::SplitConsoleRow(whole);
    if (tflite::IsHeader(fields)) {
      LATIMER_ASSIGN_OR_RETURN(columns_, tflite::OperatorTable::FromHeader(fields, line_));
      return true;
    }
    if (!columns_.has_value()) return BadReport(line_, "node type", "a row before the header of its table");
    LATIMER_ASSIGN_OR_RETURN(ReportRow row, columns_->Read(fields, line_));
    if (++rows_ > kMaxReportRows) return TooManyRows().ToStatus();
    (table_ == Table::kInner ? inner_ : report_.rows).push_back(std::move(row));
    return true;
  }

  // "count=50 first=104978 curr=104696 min=103266 max=105607 avg=104012 std=490"; one sample: "count=1 curr=1".
  absl::Status ReadCounts(absl::string_view text, Latency* latency) {
    for (absl::string_view item : absl::StrSplit(text, ' ', absl::SkipWhitespace())) {
      const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(item, absl::MaxSplits('=', 1));
      std::optional<double>* field = sides.first == "min"   ? &latency->min
                                     : sides.first == "max" ? &latency->max
                                     : sides.first == "avg" ? &latency->mean
                                     : sides.first == "std" ? &latency->standard_deviation
                                                            : nullptr;
      const std::optional<double> value = ParseAmount(sides.second);
      if (!value.has_value()) {
        return BadReport(line_, sides.first, absl::StrCat("'", CleanText(sides.second), "' is no number"));
      }
      if (sides.first == "count") latency->count = static_cast<int64_t>(*value);
      if (sides.first == "curr" && latency->count == 1) {
        latency->mean = latency->min = latency->max = *value * kMicro;
      }
      if (field != nullptr) *field = *value * kMicro;
    }
    return absl::OkStatus();
  }

  absl::Status ReadRunLine(absl::string_view line) {
    if (absl::StartsWith(line, "count=")) {
      block_ = Latency();
      return ReadCounts(line, &block_);
    }
    if (absl::StartsWith(line, "Inference timings in us: ")) return ReadTimings(line);
    if (absl::StrContains(line, "Benchmarking failed") || absl::StartsWith(line, "Failed to apply ")) {
      return BadReport(line_, "", absl::StrCat("the run failed: ", CleanText(line)));
    }
    if (const auto threads = Between(line, "Num threads: [", "]")) report_.facts["threads"] = CleanText(*threads);
    if (const auto graph = Between(line, "Graph: [", "]")) report_.subject = CleanText(*graph);
    if (const auto delegate = Between(line, "Explicitly applied ", " delegate, ")) {
      report_.facts["delegate"] = CleanText(*delegate);
      report_.facts["placement"] = absl::StrContains(line, "completely") ? "completely" : "partially";
      if (const auto kernels = Between(line, "w/ ", " delegate kernels")) {
        report_.facts["delegate_kernels"] = CleanText(*kernels);
      }
    }
    if (absl::StrContains(line, "the model graph will not be executed by the delegate")) {
      report_.facts["placement"] = "not";
    }
    return absl::OkStatus();
  }

  // "Init: 224228, First inference: 151333, Warmup (avg): 113841, Inference (avg): 104012"
  absl::Status ReadTimings(absl::string_view line) {
    const Latency block = block_;
    if (has_timings_) LATIMER_RETURN_IF_ERROR(EndRun());
    Latency& latency = report_.latency;
    latency = block;
    const std::pair<absl::string_view, std::optional<double>*> fields[] = {
        {"Init: ", &latency.initialising}, {"First inference: ", &latency.first}, {"Inference (avg): ", &latency.mean}};
    for (const auto& [label, field] : fields) {
      const auto text = Between(line, label, ",");
      const std::optional<double> value = text.has_value() ? ParseAmount(*text) : std::nullopt;
      if (!value.has_value()) return BadReport(line_, label, "it is missing or no time");
      *field = *value * kMicro;
    }
    has_timings_ = true;
    return absl::OkStatus();
  }

  // XNNPACK's inner rows stand for its row; with several such rows nobody knows which belong to which.
  void UseInnerRows() {
    if (inner_.empty()) return;
    std::vector<size_t> delegates;
    for (size_t i = 0; i < report_.rows.size(); ++i) {
      if (absl::StrContains(report_.rows[i].kind, "Delegate")) delegates.push_back(i);
    }
    if (delegates.size() == 1) {
      const auto at = report_.rows.begin() + static_cast<ptrdiff_t>(delegates[0]);
      report_.rows.insert(report_.rows.erase(at), std::make_move_iterator(inner_.begin()),
                          std::make_move_iterator(inner_.end()));
    }
    inner_.clear();
  }

  absl::Status EndRun() {
    UseInnerRows();
    const bool something = has_timings_ || !report_.rows.empty();
    if (started_ && !has_timings_) {
      return BadReport(line_, "Inference timings in us", "the run ends without this line: it failed or is cut off");
    }
    if (something && !report_.rows.empty() && !report_.stated.has_value()) {
      return BadReport(line_, "Timings (microseconds)", "the profile ends without this line: it is cut off");
    }
    if (reports_.size() >= kMaxReportRows) return TooManyRows();
    if (something) reports_.push_back(std::move(report_));
    report_ = Report();
    block_ = Latency();
    has_timings_ = started_ = false;
    section_ = Section::kNone;
    table_ = Table::kNone;
    return absl::OkStatus();
  }

  std::vector<Report> reports_;
  Report report_;  // of the run that is read
  Latency block_;  // the last block "count=…"
  std::vector<ReportRow> inner_;
  std::optional<tflite::OperatorTable> columns_;
  Section section_ = Section::kNone;
  Table table_ = Table::kNone;
  bool inner_next_ = false;
  bool started_ = false;
  bool has_timings_ = false;
  size_t rows_ = 0;
  int64_t line_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<Report>> ParseBenchmarkModelLog(absl::string_view text) { return LogReader().Run(text); }

}  // namespace latimer
