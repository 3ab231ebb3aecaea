// A client that opens a session, makes an ephemeral node and is never heard of again: no pings, no
// close. Hand-written words of the protocol, since the C client pings whether one likes it or not.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "real/daemon.hpp"
#include "sim/result.hpp"

namespace locklab::real::zookeeper {

struct LastWords {
  std::int64_t session = 0;
  std::chrono::milliseconds negotiated{};
  std::chrono::steady_clock::time_point asked{};     // before its last request
  std::chrono::steady_clock::time_point answered{};  // and when its answer had come
};

class SilentClient {
 public:
  /// Connected, and silent from now on.
  static Result<SilentClient, Trouble> open(std::uint16_t port, std::chrono::milliseconds timeout);
  SilentClient(SilentClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), last_(other.last_) {}
  SilentClient& operator=(SilentClient&&) = delete;
  ~SilentClient() { hang_up(); }

  std::chrono::milliseconds negotiated() const { return last_.negotiated; }
  /// Makes the node; then its socket is closed as the kernel closes a dead process's.
  Result<LastWords, Trouble> die_with_a_node(const std::string& path);

 private:
  explicit SilentClient(int socket) : socket_(socket) {}
  std::optional<std::string> exchange(const std::string& message) const;
  std::optional<std::string> read(std::size_t count) const;
  void hang_up();

  int socket_;
  LastWords last_;
};

}  // namespace locklab::real::zookeeper
