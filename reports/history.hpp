// The run as a history of operations, the form in which Jepsen, Knossos, Elle and Porcupine take
// what clients did: each operation was invoked at one time and completed at another, or never.
//
//   acquire   from an attempt's request to its grant (ok) or its refusal (fail)
//   release   from the first step of giving the lock back until the client no longer believes that
//             it has it; a belief that ends in another way (its deadline comes, the client is told,
//             crashes) ends in a release that takes no time. So a lock is a mutex in this history
//             exactly if no two clients believed to hold it at once.
//   read, write   a storage's register; ok if it was served, fail if it was refused
//
// What was not known to have been done when the run ended, or its client crashed, is `info`, as are
// operations whose outcome the client cannot know (a time-out). The sequential specification of
// these operations is a mutex for each lock and a register for each subject.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/recording.hpp"

namespace locklab {

struct Operation {
  enum class What : std::uint8_t { acquire, release, read, write };
  enum class Outcome : std::uint8_t { ok, fail, info };

  What what{};
  Outcome outcome = Outcome::info;
  /// Jepsen's process: it does one thing at a time, and nothing more after an info. The first of a
  /// client is its number - 1; further ones follow in steps of the number of processes.
  std::uint32_t process = 0;
  ProcessId client;
  Symbol subject;  // the lock, or the register
  Value value;     // read or written; none if nobody served it
  FencingToken token;
  AttemptId attempt;
  Instant invoked{};
  Instant completed = kEndOfTime;  // of an info: not before the end of the run
  std::size_t invoked_by = 0;      // index of the event, for the order at one instant
  std::size_t completed_by = 0;    // the number of events: never
  std::string_view error;          // why not ok, or what else there is to say; may be empty
};

std::string_view to_string(Operation::What what);

/// In the order of their invocations.
std::vector<Operation> make_history(const Recording& recording);

}  // namespace locklab
