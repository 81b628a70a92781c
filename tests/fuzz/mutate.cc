#include "tests/fuzz/mutate.h"

#include <array>
#include <limits>

namespace latimer::fuzz {
namespace {

// Changes up to four bytes, or cuts the end off.
std::string MutateBytes(absl::string_view bytes, Random& random) {
  std::string result(bytes);
  if (result.empty()) return std::string(1 + random() % 16, static_cast<char>(random()));
  const uint64_t changes = 1 + random() % 4;
  for (uint64_t i = 0; i < changes; ++i) result[random() % result.size()] = static_cast<char>(random());
  if (random() % 4 == 0) result.resize(random() % result.size());
  return result;
}

}  // namespace

int64_t WildNumber(Random& random) {
  constexpr std::array<int64_t, 24> kNumbers = {std::numeric_limits<int64_t>::min(),
                                                std::numeric_limits<int64_t>::max(),
                                                -3,
                                                -2,
                                                -1,
                                                0,
                                                1,
                                                2,
                                                3,
                                                4,
                                                5,
                                                7,
                                                8,
                                                16,
                                                64,
                                                127,
                                                1000,
                                                65'536,
                                                1 << 24,
                                                int64_t{1} << 31,
                                                int64_t{1} << 32,
                                                int64_t{1} << 40,
                                                int64_t{1} << 57,
                                                int64_t{1} << 62};
  return kNumbers[random() % kNumbers.size()];
}

std::string MutateParts(Form form, absl::string_view bytes, Random& random) {
  if (form == Form::kAnnette) return MutateJson(bytes, random);
  if (form != Form::kReport) return MutateMessage(form, bytes, random);
  const bool is_json = !bytes.empty() && (bytes[0] == '[' || bytes[0] == '{');
  std::string json = is_json && random() % 4 != 0 ? MutateJson(bytes, random) : std::string();
  return json.empty() ? MutateText(bytes, random) : json;
}

std::string Mutate(Form form, absl::string_view bytes, Random& random) {
  std::string result;
  if (random() % 8 != 0) result = MutateParts(form, bytes, random);
  return result.empty() ? MutateBytes(bytes, random) : result;
}

}  // namespace latimer::fuzz
