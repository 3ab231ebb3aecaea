// Who the long runs are about: the locks that are correct, each with the data that it guards as its
// authors mean it to, and what it promises inside its assumption envelope.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.hpp"

namespace locklab::longrun {

/// Where the two clients' stock is.
enum class Guard : std::uint8_t {
  none,    // a storage that checks nothing: only what the lock promises by itself counts
  tokens,  // a storage that checks the token of each grant
  rows,    // rows of the database that keeps the lock
};

struct Subject {
  std::string_view lock;  // "redlock:spec"
  Guard guard = Guard::none;
  std::string_view servers{};  // of its service, as a scenario's section: `"redis": {...}`
  std::string_view setting{};  // of the lock, true: "close_session"
};

/// Locks of which no finding inside their envelope is expected.
std::span<const Subject> correct_locks();

/// Its scenario. The text is one of ours: the program ends with 70 if it does not read.
Scenario scenario_of(const Subject& subject);

/// Every lock with each of its presets, the wrong ones too: "redlock:spec".
std::vector<std::string> all_locks();
Scenario scenario_of(std::string_view lock);

/// "redlock:spec" and how its data are guarded.
std::string label_of(const Subject& subject);

/// The invariants that its envelope promises.
std::vector<std::string> promises_of(const Scenario& scenario);

}  // namespace locklab::longrun
