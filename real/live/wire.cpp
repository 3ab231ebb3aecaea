#include "real/live/wire.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace locklab::real {

namespace {
constexpr std::size_t kLongest = 4096;  // an event is less than 200 bytes; a name, a line
}

std::optional<std::pair<Wire, Wire>> Wire::make() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return std::nullopt;
  return std::pair(Wire(ends[0]), Wire(ends[1]));
}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(ended_, other.ended_);
  return *this;
}

Wire::~Wire() {
  if (socket_ >= 0) close(socket_);
}

bool Wire::send(WireKind kind, const std::string& body) {
  std::string whole(1, static_cast<char>(kind));
  whole.append(body, 0, kLongest - 1);
  for (;;) {
    if (::send(socket_, whole.data(), whole.size(), MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

std::optional<WireMessage> Wire::receive(bool wait) {
  if (ended_) return std::nullopt;
  std::array<char, kLongest> bytes{};
  for (;;) {
    const ssize_t size = recv(socket_, bytes.data(), bytes.size(), wait ? 0 : MSG_DONTWAIT);
    if (size > 0)
      return WireMessage{static_cast<WireKind>(bytes[0]),
                         std::string(bytes.data() + 1, static_cast<std::size_t>(size - 1))};
    if (size < 0 && errno == EINTR) continue;
    ended_ = size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return std::nullopt;
  }
}

}  // namespace locklab::real
