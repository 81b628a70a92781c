// Who may take part, and as which platform's board.
#ifndef LATIMER_SERVER_FLEET_ENROLLMENT_H_
#define LATIMER_SERVER_FLEET_ENROLLMENT_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "latimer/v1/agent_service.pb.h"
#include "server/store/store.h"

namespace latimer::server {

// Whether an id is one of the platforms that ship as files; boards cannot join those.
using IsShippedPlatform = std::function<bool(absl::string_view)>;

// Checks an enrolment against its token and the platform's other boards, and stores the agent. Errors as in
// AgentService.Enroll.
absl::StatusOr<v1::EnrollResponse> EnrollAgent(Store& store, const v1::EnrollRequest& request, int64_t now_ms,
                                               const IsShippedPlatform& is_shipped);

// Facts in which two boards of one platform may not differ, as text ("threads: 1 here, 4 there"); empty: none. The
// kernel and the host's name may differ.
std::string FingerprintDifference(const v1::Fingerprint& a, const v1::Fingerprint& b);

// Whether all facts are the same; digests do not count, since agents may say anything.
bool SameFacts(const v1::Fingerprint& a, const v1::Fingerprint& b);

// Lower-case letters, digits and single dashes; at most 63 characters, beginning and ending with a letter or digit.
bool IsPlatformId(absl::string_view id);

// `text` as a platform id: "onnxruntime on Board 7" -> "onnxruntime-on-board-7".
std::string PlatformIdFrom(absl::string_view text);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_ENROLLMENT_H_
