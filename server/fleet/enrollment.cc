#include "server/fleet/enrollment.h"

#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/fleet/secrets.h"

namespace latimer::server {
namespace {

constexpr int kMostFacts = 64;
constexpr size_t kLongestFact = 256;
constexpr size_t kLongestName = 64;
const char* const kMayDiffer[] = {"kernel", "host"};

absl::Status CheckFacts(const v1::EnrollRequest& request) {
  if (request.fingerprint().facts_size() == 0 || request.fingerprint().facts_size() > kMostFacts) {
    return InvalidArgument("BAD_FINGERPRINT", absl::StrCat("a fingerprint has 1 to ", kMostFacts, " facts"))
        .Field("fingerprint.facts");
  }
  if (request.fingerprint().digest().empty() || request.fingerprint().digest().size() > kLongestName) {
    return InvalidArgument("BAD_FINGERPRINT", "a fingerprint has a digest, of at most 64 bytes")
        .Field("fingerprint.digest");
  }
  for (const auto& [name, value] : request.fingerprint().facts()) {
    if (name.empty() || name.size() > kLongestFact || value.size() > kLongestFact) {
      return InvalidArgument("BAD_FINGERPRINT", "a fact has a name, and neither part is longer than 256 bytes")
          .Field("fingerprint.facts");
    }
  }
  if (request.display_name().size() > kLongestName) {
    return InvalidArgument("BAD_NAME", "display_name is longer than 64 bytes").Field("display_name");
  }
  if (request.backend().empty() || request.backend().size() > kLongestName) {
    return InvalidArgument("BAD_BACKEND", "backend has 1 to 64 bytes").Field("backend");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ChoosePlatform(const v1::EnrollRequest& request, const Store::Token& token) {
  std::string platform(absl::StripPrefix(request.platform(), "platforms/"));
  if (!token.platform.empty()) {
    if (!platform.empty() && platform != token.platform) {
      return Error(absl::StatusCode::kFailedPrecondition, "TOKEN_OF_OTHER_PLATFORM",
                   absl::StrCat("the token was made for platform '", token.platform, "', the agent claims '", platform,
                                "'"))
          .Field("platform")
          .ToStatus();
    }
    platform = token.platform;
  }
  if (platform.empty()) platform = PlatformIdFrom(absl::StrCat(request.backend(), "-", request.display_name()));
  if (!IsPlatformId(platform)) {
    return InvalidArgument("BAD_PLATFORM",
                           absl::StrCat("'", platform,
                                        "' is no platform id; use lower-case letters, digits and dashes, for "
                                        "example 'imx93-tflite'"))
        .Field("platform")
        .ToStatus();
  }
  return platform;
}

// Of a board that is known by its reports alone little is known.
std::string DifferenceToReports(const v1::Fingerprint& board, const v1::Fingerprint& reports) {
  const auto here = board.facts().find("precision");
  const auto there = reports.facts().find("precision");
  if (here == board.facts().end() || there == reports.facts().end() || here->second == there->second) return "";
  return absl::StrCat("precision: ", here->second, " here, ", there->second, " in the reports imported before");
}

}  // namespace

bool IsPlatformId(absl::string_view id) {
  if (id.empty() || id.size() > 63 || id.front() == '-' || id.back() == '-') return false;
  for (char c : id) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') return false;
  }
  return true;
}

std::string PlatformIdFrom(absl::string_view text) {
  std::string id;
  for (char c : text) {
    if (absl::ascii_isalnum(c)) {
      id += absl::ascii_tolower(c);
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
    if (id.size() == 63) break;
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id;
}

std::string FingerprintDifference(const v1::Fingerprint& a, const v1::Fingerprint& b) {
  if (a.simulated() != b.simulated())
    return a.simulated() ? "simulated here, real there" : "real here, simulated there";
  std::set<std::string> names;
  for (const auto& [name, value] : a.facts()) names.insert(name);
  for (const auto& [name, value] : b.facts()) names.insert(name);
  for (const char* name : kMayDiffer) names.erase(name);
  std::vector<std::string> differences;
  auto fact = [](const v1::Fingerprint& fingerprint, const std::string& name) {
    const auto found = fingerprint.facts().find(name);
    return found == fingerprint.facts().end() ? std::string("nothing") : found->second;
  };
  for (const std::string& name : names) {
    if (fact(a, name) == fact(b, name)) continue;
    differences.push_back(absl::StrCat(name, ": ", fact(a, name), " here, ", fact(b, name), " there"));
  }
  return absl::StrJoin(differences, "; ");
}

bool SameFacts(const v1::Fingerprint& a, const v1::Fingerprint& b) {
  if (a.simulated() != b.simulated() || a.facts_size() != b.facts_size()) return false;
  for (const auto& [name, value] : a.facts()) {
    const auto found = b.facts().find(name);
    if (found == b.facts().end() || found->second != value) return false;
  }
  return true;
}

absl::StatusOr<v1::EnrollResponse> EnrollAgent(Store& store, const v1::EnrollRequest& request, int64_t now_ms,
                                               const IsShippedPlatform& is_shipped) {
  const std::string token_hash = HashSecret(request.token());
  LATIMER_ASSIGN_OR_RETURN(const std::optional<Store::Token> token, store.FindToken(token_hash));
  // Who has a token may know what became of it; to guess one of 256 bits nobody needs to be kept from.
  auto refused = [](absl::string_view reason, absl::string_view what) {
    return Error(absl::StatusCode::kUnauthenticated, reason,
                 absl::StrCat("the token ", what, "; make a new one with: latimer token create"))
        .Field("token")
        .ToStatus();
  };
  if (!token.has_value()) return refused("BAD_TOKEN", "is unknown to this server");
  if (token->used) return refused("TOKEN_USED", "was used: it is good for one board");
  if (token->expire_ms <= now_ms) return refused("TOKEN_EXPIRED", "has expired");
  LATIMER_RETURN_IF_ERROR(CheckFacts(request));
  LATIMER_ASSIGN_OR_RETURN(const std::string platform, ChoosePlatform(request, *token));
  if (is_shipped(platform)) {
    return Error(absl::StatusCode::kFailedPrecondition, "PLATFORM_IS_PUBLISHED",
                 absl::StrCat("platform '", platform, "' has published models; enrol the board under another id"))
        .Field("platform");
  }
  const v1::Fingerprint& fingerprint = request.fingerprint();
  LATIMER_ASSIGN_OR_RETURN(const std::optional<BoardRecord> board, store.FindBoard(platform));
  if (board.has_value()) {
    const std::string difference = board->backend == kImported ? DifferenceToReports(fingerprint, board->fingerprint)
                                                               : FingerprintDifference(fingerprint, board->fingerprint);
    if (!difference.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "DIFFERENT_BOARD",
                   absl::StrCat("this board is not like those of platform '", platform, "': ", difference,
                                "; enrol it under another id"))
          .Field("fingerprint");
    }
  }
  const std::string id = NewId();
  v1::Agent agent;
  agent.set_name(absl::StrCat("agents/", id));
  agent.set_display_name(request.display_name().empty() ? id : request.display_name());
  agent.set_platform(absl::StrCat("platforms/", platform));
  agent.set_backend(request.backend());
  *agent.mutable_fingerprint() = fingerprint;
  v1::EnrollResponse response;
  response.set_agent(agent.name());
  response.set_credential(NewSecret(kAgentPrefix));
  response.set_platform(agent.platform());
  LATIMER_RETURN_IF_ERROR(
      store.Enroll(token_hash, {platform, request.backend(), fingerprint}, agent, HashSecret(response.credential())));
  return response;
}

}  // namespace latimer::server
