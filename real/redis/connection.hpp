// A connection to a real Redis by hiredis: commands are appended and sent together, answers are
// taken in their order.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "real/daemon.hpp"
#include "sim/result.hpp"

struct redisContext;

namespace locklab::real {

/// What the server answered, as it came.
struct Answer {
  enum class Kind : std::uint8_t { status, nil, integer, text, error, list };
  Kind kind = Kind::nil;
  std::int64_t number = 0;  // of an integer
  std::string text;         // of a status, a text or an error
  std::vector<Answer> items;
};

/// The answer in one line, for people.
std::string to_string(const Answer& answer);

class RedisConnection {
 public:
  static Result<RedisConnection, Trouble> to_socket(const std::string& path);
  static Result<RedisConnection, Trouble> to_port(std::uint16_t port);

  /// Stands in line until take() sends all that does.
  void append(const std::vector<std::string>& words);
  /// The next answer; five seconds of silence are trouble.
  Result<Answer, Trouble> take();
  /// Sends what stands in line, without waiting for answers.
  Result<void, Trouble> send();
  /// All answers that have come in by now, once there is something to read from descriptor().
  Result<std::vector<Answer>, Trouble> arrived();
  /// What poll() looks at.
  int descriptor() const;
  /// append() and take().
  Result<Answer, Trouble> ask(const std::vector<std::string>& words);

 private:
  struct Closer {
    void operator()(redisContext* context) const;
  };
  explicit RedisConnection(redisContext* context) : context_(context) {}
  static Result<RedisConnection, Trouble> opened(redisContext* context);

  std::unique_ptr<redisContext, Closer> context_;
};

}  // namespace locklab::real
