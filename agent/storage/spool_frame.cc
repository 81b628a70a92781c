#include "agent/storage/spool_frame.h"

#include "absl/strings/str_cat.h"
#include "agent/base/crc32c.h"

namespace latimer::agent {
namespace {

constexpr absl::string_view kMagic = "LSP1";
constexpr size_t kHeaderBytes = 12;

std::string Little(uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((value >> shift) & 0xFF);
  return bytes;
}

uint32_t ReadLittle(absl::string_view bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
  return value;
}

// Bytes of the whole frame at the start of `bytes`; 0: there is none.
size_t WholeFrame(absl::string_view bytes) {
  if (bytes.size() <= kHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) return 0;
  const uint32_t length = ReadLittle(bytes.substr(4));
  if (length == 0 || length > bytes.size() - kHeaderBytes) return 0;
  if (Crc32c(bytes.substr(kHeaderBytes, length)) != ReadLittle(bytes.substr(8))) return 0;
  const char kind = bytes[kHeaderBytes];
  if (kind != static_cast<char>(FrameKind::kMeasurement) && kind != static_cast<char>(FrameKind::kAcknowledged)) {
    return 0;
  }
  return kHeaderBytes + length;
}

}  // namespace

std::string EncodeFrame(FrameKind kind, absl::string_view payload) {
  const std::string body = absl::StrCat(std::string(1, static_cast<char>(kind)), payload);
  return absl::StrCat(kMagic, Little(static_cast<uint32_t>(body.size())), Little(Crc32c(body)), body);
}

bool FrameReader::Next(Frame* frame) {
  while (!rest_.empty()) {
    if (const size_t size = WholeFrame(rest_); size > 0) {
      frame->kind = static_cast<FrameKind>(rest_[kHeaderBytes]);
      frame->payload = rest_.substr(kHeaderBytes + 1, size - kHeaderBytes - 1);
      rest_.remove_prefix(size);
      return true;
    }
    const size_t next = rest_.find(kMagic, 1);
    const size_t jump = next == absl::string_view::npos ? rest_.size() : next;
    dropped_bytes_ += static_cast<int64_t>(jump);
    rest_.remove_prefix(jump);
  }
  return false;
}

}  // namespace latimer::agent
