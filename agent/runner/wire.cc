#include "agent/runner/wire.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "agent/base/descriptor.h"
#include "core/base/status_macros.h"

namespace latimer::agent {
namespace {

constexpr size_t kHeaderBytes = 5;

absl::Status Gone() { return absl::UnavailableError("the other process has gone"); }

absl::Status WaitFor(int socket, int16_t events, WireDeadline deadline, int death = -1) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::min(deadline - std::chrono::steady_clock::now(), WireDeadline::duration(std::chrono::hours(1))));
    if (left.count() <= 0) return absl::DeadlineExceededError("no answer in time");
    pollfd entries[] = {{socket, events, 0}, {death, POLLIN, 0}};  // poll() ignores -1
    // Rounded up, so that the loop does not spin through the last millisecond.
    const int ready = poll(entries, 2, static_cast<int>(left.count()) + 1);
    // What it said before it ended counts.
    if (ready > 0 && entries[0].revents == 0) return Gone();
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
  }
}

absl::Status Send(int socket, absl::string_view bytes, WireDeadline deadline) {
  while (!bytes.empty()) {
    LATIMER_RETURN_IF_ERROR(WaitFor(socket, POLLOUT, deadline));
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return Gone();
    } else if (errno != EAGAIN && errno != EINTR) {
      return ErrnoStatus(errno, "send");
    }
  }
  return absl::OkStatus();
}

absl::Status Receive(int socket, char* bytes, size_t count, WireDeadline deadline, int death) {
  while (count > 0) {
    LATIMER_RETURN_IF_ERROR(WaitFor(socket, POLLIN, deadline, death));
    const ssize_t received = recv(socket, bytes, count, MSG_DONTWAIT);
    if (received > 0) {
      bytes += received;
      count -= static_cast<size_t>(received);
    } else if (received == 0 || errno == ECONNRESET) {
      return Gone();
    } else if (errno != EAGAIN && errno != EINTR) {
      return ErrnoStatus(errno, "recv");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SendFrame(int socket, WireKind kind, absl::string_view payload, WireDeadline deadline) {
  if (payload.size() > kMaxWireBytes) return absl::InvalidArgumentError("a frame of more than 1 GiB");
  std::string header(1, static_cast<char>(kind));
  for (int shift = 0; shift < 32; shift += 8) header += static_cast<char>((payload.size() >> shift) & 0xFF);
  LATIMER_RETURN_IF_ERROR(Send(socket, header, deadline));
  return Send(socket, payload, deadline);
}

absl::StatusOr<WireFrame> ReceiveFrame(int socket, WireDeadline deadline, size_t max_bytes, int death) {
  char header[kHeaderBytes];
  LATIMER_RETURN_IF_ERROR(Receive(socket, header, kHeaderBytes, deadline, death));
  WireFrame frame;
  frame.kind = static_cast<WireKind>(header[0]);
  size_t size = 0;
  for (size_t i = kHeaderBytes - 1; i > 0; --i) size = size << 8 | static_cast<unsigned char>(header[i]);
  const bool known = frame.kind == WireKind::kHello || frame.kind == WireKind::kError ||
                     frame.kind == WireKind::kTask || frame.kind == WireKind::kResult;
  if (!known || size > max_bytes) return absl::InvalidArgumentError("what came is no frame");
  // Grows with what really comes: a wrong length must not take the memory.
  while (frame.payload.size() < size) {
    const size_t old = frame.payload.size();
    frame.payload.resize(std::min(size, old + (size_t{1} << 20)));
    LATIMER_RETURN_IF_ERROR(Receive(socket, frame.payload.data() + old, frame.payload.size() - old, deadline, death));
  }
  return frame;
}

}  // namespace latimer::agent
