#include "metrics/endpoint.h"

#include <prometheus/exposer.h>

#include <exception>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer::metrics {

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Start(
    const std::string& address, std::vector<std::shared_ptr<prometheus::Collectable>> collectables) {
  const size_t colon = address.rfind(':');
  int port = 0;
  // The library takes lists, and a port alone for all addresses of the machine; neither is asked for here.
  if (colon == std::string::npos || colon == 0 || address.find(',') != std::string::npos ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 || port > 65535) {
    return InvalidArgument("BAD_METRICS_ADDRESS",
                           absl::StrCat("'", address,
                                        "' is no address for metrics; it is HOST:PORT, for example "
                                        "127.0.0.1:9464"));
  }
  auto endpoint = std::unique_ptr<Endpoint>(new Endpoint());
  const std::string host = address.substr(0, colon);
  try {
    const std::string resolved = host == "localhost" ? absl::StrCat("127.0.0.1:", port) : address;
    endpoint->exposer_ = std::make_unique<prometheus::Exposer>(resolved, 2);
  } catch (const std::exception&) {
    return Error(absl::StatusCode::kUnavailable, "METRICS_ADDRESS_UNAVAILABLE",
                 absl::StrCat("cannot serve metrics on ", address,
                              "; does another process have it? Is the address one of this machine?"));
  }
  const std::vector<int> ports = endpoint->exposer_->GetListeningPorts();
  endpoint->address_ = absl::StrCat(host, ":", ports.empty() ? port : ports.front());
  endpoint->collectables_ = std::move(collectables);
  for (const auto& collectable : endpoint->collectables_) endpoint->exposer_->RegisterCollectable(collectable);
  return endpoint;
}

Endpoint::~Endpoint() { exposer_.reset(); }

}  // namespace latimer::metrics
