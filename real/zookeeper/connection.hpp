// A session with a real ZooKeeper by the C client: requests stand in line, and what comes back,
// answers and events alike, is taken in the order in which it came.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "real/daemon.hpp"
#include "sim/result.hpp"

namespace locklab::real::zookeeper {

enum class Mode : std::uint8_t {
  persistent,
  ephemeral,
  persistent_sequential,
  ephemeral_sequential,
  container
};

struct Stat {
  std::int64_t czxid = 0;
  std::int64_t mzxid = 0;
  std::int32_t version = 0;
  std::int32_t cversion = 0;
  std::int32_t children = 0;
  std::int64_t owner = 0;
};

/// Something that came from the library.
struct Arrival {
  enum class Kind : std::uint8_t {
    answer,
    // a watch's event
    created,
    deleted,
    changed,
    child,
    // of the session
    connected,
    disconnected,
    expired,
  };
  Kind kind = Kind::answer;
  int code = 0;  // of an answer, as in zookeeper.h: zero, or negative
  std::string path{};
  Stat stat{};
  std::vector<std::string> children{};
  std::chrono::steady_clock::time_point at{};
  bool is_watch() const { return kind >= Kind::created && kind <= Kind::child; }
};

struct Library;  // the C client's handle, and what has come from it

/// "ok", or what the library says of the code.
std::string name_of_code(int code);

class Connection {
 public:
  /// Connected, to one of "host:port,host:port", from within the namespace.
  static Result<Connection, Trouble> open(const std::string& servers,
                                          std::chrono::milliseconds timeout,
                                          const std::string& network_namespace = {});
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  /// Closes the session, and does not wait for the server's word.
  ~Connection();

  std::int64_t session() const;
  std::chrono::milliseconds negotiated() const;

  // Each asks and does not wait; its answer comes in its turn.
  void create(const std::string& path, Mode mode);
  void remove(const std::string& path, int version = -1);
  void exists(const std::string& path, bool watch = false);
  void get(const std::string& path, bool watch = false);
  void set(const std::string& path, int version = -1);
  void children(const std::string& path, bool watch = false);
  void sync();

  using Wanted = std::function<bool(const Arrival&)>;
  /// The next arrival that is wanted, and drops all before it; trouble after `limit`.
  Result<Arrival, Trouble> next(const Wanted& wanted,
                                std::chrono::milliseconds limit = std::chrono::seconds(20));
  /// The next answer.
  Result<Arrival, Trouble> take();
  /// All up to the `answers`-th answer from now on, and what has come by then.
  Result<std::vector<Arrival>, Trouble> take_all(std::size_t answers);

 private:
  explicit Connection(std::unique_ptr<Library> library);
  void asked(int code);  // what the library will not even send is answered by it

  std::unique_ptr<Library> library_;
};

}  // namespace locklab::real::zookeeper
