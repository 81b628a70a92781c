// What this program calls itself.
#ifndef LATIMER_SERVER_VERSION_H_
#define LATIMER_SERVER_VERSION_H_

#include <string>

namespace latimer::server {

// "latimer 0.1.0".
inline std::string VersionText() { return "latimer " LATIMER_VERSION; }

}  // namespace latimer::server

#endif  // LATIMER_SERVER_VERSION_H_
