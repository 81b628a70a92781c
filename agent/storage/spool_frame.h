// The frames of a spool file.
#ifndef LATIMER_AGENT_STORAGE_SPOOL_FRAME_H_
#define LATIMER_AGENT_STORAGE_SPOOL_FRAME_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace latimer::agent {

enum class FrameKind : char { kMeasurement = 'M', kAcknowledged = 'A' };

// Magic, length and CRC-32C (little-endian, 4 bytes each; the last two of and over what follows), kind, payload.
std::string EncodeFrame(FrameKind kind, absl::string_view payload);

struct Frame {
  FrameKind kind = FrameKind::kMeasurement;
  absl::string_view payload;  // into the bytes that were read
};

// Reads one frame after another, jumping over damage to the next frame that is whole.
class FrameReader {
 public:
  explicit FrameReader(absl::string_view bytes) : rest_(bytes) {}

  // False at the end.
  bool Next(Frame* frame);

  // Bytes that belonged to no whole frame, so far.
  int64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  absl::string_view rest_;
  int64_t dropped_bytes_ = 0;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_STORAGE_SPOOL_FRAME_H_
