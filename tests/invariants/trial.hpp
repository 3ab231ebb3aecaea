// A watch with all invariants, a trace to be written by hand, and what was found.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "invariants/message.hpp"
#include "invariants/registry.hpp"
#include "tests/support/trace_builder.hpp"

namespace locklab {

class Trial : private Announcer {
  std::vector<std::string> announced_;
  Watch watch_;

 public:
  explicit Trial(const InvariantSettings& settings = {}) : watch_(memory(), this) {
    add_invariants(watch_, memory(), settings);
  }

  /// Clients client-a, -b, -c; Redis nodes redis-1 to redis-5; storage.
  TraceBuilder run{watch_,
                   kEveryEvent,
                   {"client-a", "client-b", "client-c", "redis-1", "redis-2", "redis-3", "redis-4",
                    "redis-5", "storage"}};

  void ends(Duration when, bool quiescent = false) { watch_.finish({Instant{when}, quiescent}); }

  std::vector<Finding> found(std::string_view invariant) const {
    std::vector<Finding> some;
    for (const Finding& finding : watch_.findings().all())
      if (finding.invariant == invariant) some.push_back(finding);
    return some;
  }
  /// The only one of its kind.
  Finding only(std::string_view invariant) const {
    const std::vector<Finding> some = found(invariant);
    REQUIRE(some.size() == 1);
    return some.front();
  }
  /// Names of the invariants that were violated, each once, sorted.
  std::vector<std::string_view> violated() const {
    std::vector<std::string_view> names;
    for (const Finding& finding : watch_.findings().all()) names.push_back(finding.invariant);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }
  std::string sentence(std::string_view invariant) {
    return message(only(invariant), run.names(), run.processes());
  }
  const std::vector<std::string>& announced() const { return announced_; }
  std::span<const Finding> all() const { return watch_.findings().all(); }

 private:
  static std::pmr::memory_resource* memory() { return std::pmr::get_default_resource(); }

  void violation_began(std::uint32_t finding, std::string_view invariant) override {
    announced_.push_back("began " + std::to_string(finding) + " " + std::string(invariant));
  }
  void violation_ended(std::uint32_t finding, std::string_view invariant,
                       Duration lasted) override {
    announced_.push_back("ended " + std::to_string(finding) + " " + std::string(invariant) +
                         " after " + to_string(lasted));
  }
};

using Violated = std::vector<std::string_view>;

constexpr Instant ms(std::int64_t milliseconds) {
  return Instant{std::chrono::milliseconds{milliseconds}};
}

}  // namespace locklab
