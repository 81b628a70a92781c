// Reports of toolchains -> measurements to be stored.
#ifndef LATIMER_SERVER_CAMPAIGN_REPORT_IMPORT_H_
#define LATIMER_SERVER_CAMPAIGN_REPORT_IMPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/network/import_options.h"
#include "latimer/v1/measurement_service.pb.h"
#include "server/store/store.h"

namespace latimer::server {

// What a request holds, read and matched; nothing is stored yet.
struct PreparedImport {
  BoardRecord board;  // for a platform that has none
  std::string network_name;
  uint64_t network_hash = 0;
  std::vector<Store::Import> imports;
  v1::ImportReportsResponse response;  // reports in the order of `imports`
};

// Pure: the same request gives the same measurements under the same ids. Errors are those of ImportReports, and
// REPORT_OF_OTHER_NETWORK where hardly anything of a report is found in the network (not in a dry run, which shows it).
absl::StatusOr<PreparedImport> PrepareImport(const v1::ImportReportsRequest& request, const ImportLimits& limits,
                                             int64_t now_ms);

// Whether reports of the request may be mixed with what the board measured. FAILED_PRECONDITION OTHER_PLATFORM.
absl::Status CheckSameKind(const v1::ImportReportsRequest& request, const BoardRecord& board);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_REPORT_IMPORT_H_
