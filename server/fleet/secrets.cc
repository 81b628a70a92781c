#include "server/fleet/secrets.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace latimer::server {
namespace {

std::string RandomHex(size_t bytes) {
  std::string random(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes)) != 1) {
    // Without randomness a secret would be a lie.
    std::fputs("latimer: the system gives no random numbers\n", stderr);
    std::abort();
  }
  return absl::BytesToHexString(random);
}

}  // namespace

std::string NewSecret(absl::string_view prefix) { return absl::StrCat(prefix, RandomHex(32)); }

std::string NewId() { return RandomHex(6); }

std::string HashSecret(absl::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(secret.data(), secret.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace latimer::server
