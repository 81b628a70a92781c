#include "server/metrics/resource_metrics.h"

#include <filesystem>
#include <system_error>

#include "server/grpc_log.h"
#include "server/metrics/connections.h"

namespace latimer::server {
namespace {

namespace fs = std::filesystem;

// All files of the folder: the database and its log.
double BytesIn(const std::string& folder) {
  std::error_code error;
  double bytes = 0;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    const auto size = fs::file_size(at->path(), gone);
    if (!gone) bytes += static_cast<double>(size);
  }
  return bytes;
}

}  // namespace

metrics::Families ResourceMetrics::Collect() const {
  metrics::Families families;
  {
    const ResponseCache::Statistics responses = parts_.cache->statistics();
    const UnitMemo::Statistics units = parts_.engine->memo().statistics();
    const QuickEstimator::Statistics quick = parts_.engine->quick().statistics();
    metrics::Counter hits(&families, "latimer_cache_hits_total", "Look-ups that found something");
    hits.Add({{"cache", "response"}}, static_cast<double>(responses.hits));
    hits.Add({{"cache", "unit"}}, static_cast<double>(units.hits));
    hits.Add({{"cache", "layer"}}, static_cast<double>(quick.hits));
    metrics::Counter misses(&families, "latimer_cache_misses_total", "Look-ups that found nothing");
    misses.Add({{"cache", "response"}}, static_cast<double>(responses.misses));
    misses.Add({{"cache", "unit"}}, static_cast<double>(units.misses));
    misses.Add({{"cache", "layer"}}, static_cast<double>(quick.misses));
    metrics::Gauge entries(&families, "latimer_cache_entries", "Entries held");
    entries.Add({{"cache", "response"}}, static_cast<double>(responses.entries));
    entries.Add({{"cache", "unit"}}, static_cast<double>(units.entries));
    entries.Add({{"cache", "layer"}}, static_cast<double>(quick.entries));
    metrics::Gauge(&families, "latimer_cache_size_bytes", "Bytes held")
        .Add({{"cache", "response"}}, static_cast<double>(responses.bytes));
  }
  metrics::Gauge(&families, "latimer_worker_queue_requests", "Large requests that wait for a thread")
      .Add({}, static_cast<double>(parts_.workers->queued()));
  metrics::Gauge(&families, "latimer_worker_queue_limit_requests", "Large requests that may wait; more are refused")
      .Add({}, static_cast<double>(parts_.workers->most_queued()));
  metrics::Counter(&families, "latimer_tls_handshake_failures_total",
                   "Connections that did not get through TLS: plain text, a certificate nobody knows, none")
      .Add({}, static_cast<double>(TlsHandshakeFailures()));
  if (const int port = parts_.port->load(); port != 0) {
    metrics::Gauge(&families, "latimer_connections", "Connections that are open, idle ones included")
        .Add({}, static_cast<double>(OpenConnections(port)));
  }
  if (parts_.certificates != nullptr) {
    metrics::Gauge(&families, "latimer_tls_certificate_expiry_timestamp_seconds",
                   "When the certificate new connections get ends to be valid")
        .Add({}, static_cast<double>(parts_.certificates->expiry()));
  }
  if (parts_.data_dir.empty()) return families;
  metrics::Gauge(&families, "latimer_store_size_bytes", "Files of the store").Add({}, BytesIn(parts_.data_dir));
  std::error_code error;
  const fs::space_info space = fs::space(parts_.data_dir, error);
  if (!error) {
    metrics::Gauge(&families, "latimer_store_free_bytes", "Space left where the store is")
        .Add({}, static_cast<double>(space.available));
  }
  return families;
}

}  // namespace latimer::server
