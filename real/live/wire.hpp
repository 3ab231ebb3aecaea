// Between the coordinator of a live run and the processes that are its clients: whole messages over
// a socket pair. Both ends are the same program, so that what is sent is what lies in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "sim/ids.hpp"

namespace locklab::real {

enum class WireKind : std::uint8_t {
  ready,    // client: connected to all servers, waits for the origin
  origin,   // coordinator: int64, CLOCK_MONOTONIC of instant zero
  name,     // client: uint32 number, and the text of one of its names
  event,    // client: TraceEvent, in its own numbers and names; Instant at which it was asked for
  late,     // client: LateStep
  store,    // client: uint64 number, storage::Request
  stored,   // coordinator: uint64 number, storage::Reply, and a name if the value is one
  strike,   // client: uint32, the fault of the schedule whose trigger has come
  done,     // client: StopReason, uint64 of messages
  trouble,  // client: a sentence
};

/// A step of a client, or the answer of a server, that came later than it was due.
struct LateStep {
  std::int64_t due_ns = 0;
  std::int64_t at_ns = 0;
  ProcessId who;
};

struct WireMessage {
  WireKind kind{};
  std::string body;

  /// Takes the first of what the body holds.
  template <class T>
  T take() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, body.data(), sizeof value);
    body.erase(0, sizeof value);
    return value;
  }
};

/// One end of the socket pair. Messages keep their order and their borders.
class Wire {
 public:
  /// Two ends, or nothing where the system has no more of them.
  static std::optional<std::pair<Wire, Wire>> make();
  Wire(Wire&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Wire& operator=(Wire&& other) noexcept;
  ~Wire();

  int descriptor() const { return socket_; }
  /// False if the other end is gone.
  bool send(WireKind kind, const std::string& body = {});
  template <class... T>
  bool send_values(WireKind kind, const T&... values) {
    std::string body;
    (append(body, values), ...);
    return send(kind, body);
  }
  /// The next message; without `wait` nothing if none has arrived. Nothing also at the end.
  std::optional<WireMessage> receive(bool wait);
  /// The other end is gone, and all that it sent has been received.
  bool ended() const { return ended_; }

 private:
  explicit Wire(int socket) : socket_(socket) {}
  template <class T>
  static void append(std::string& body, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    body.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void append(std::string& body, const std::string& text) { body += text; }

  int socket_ = -1;
  bool ended_ = false;
};

}  // namespace locklab::real
