#include "backends/reports/report.h"

#include <algorithm>
#include <numeric>

namespace latimer {

double Report::ExecutedSeconds() const {
  return std::accumulate(rows.begin(), rows.end(), 0.0, [](double sum, const ReportRow& row) {
    return row.status == RowStatus::kExecuted ? sum + row.seconds : sum;
  });
}

int64_t Report::ExecutedRows() const {
  return std::count_if(rows.begin(), rows.end(),
                       [](const ReportRow& row) { return row.status == RowStatus::kExecuted; });
}

}  // namespace latimer
