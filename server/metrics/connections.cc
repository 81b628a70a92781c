#include "server/metrics/connections.h"

#include <cstdio>
#include <fstream>
#include <string>

namespace latimer::server {

int64_t CountEstablished(std::istream& table, int port) {
  constexpr unsigned kEstablished = 1;  // TCP_ESTABLISHED of the kernel
  int64_t count = 0;
  std::string line;
  while (std::getline(table, line)) {
    // "   0: 0100007F:C383 00000000:0000 0A …": number, local address:port, peer's, state.
    unsigned local_port = 0;
    unsigned state = 0;
    if (std::sscanf(line.c_str(), " %*d: %*32[0-9A-Fa-f]:%4x %*32[0-9A-Fa-f]:%*4x %2x", &local_port, &state) == 2 &&
        state == kEstablished && local_port == static_cast<unsigned>(port)) {
      ++count;
    }
  }
  return count;
}

int64_t OpenConnections(int port) {
  int64_t count = 0;
  for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::ifstream table(path);
    count += CountEstablished(table, port);
  }
  return count;
}

}  // namespace latimer::server
