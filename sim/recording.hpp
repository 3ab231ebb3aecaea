// A run to be read: its trace, with all that is needed to name and judge what stands in it. Made by
// a run, or read back from disk; reports know nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/finding.hpp"
#include "sim/names.hpp"
#include "sim/role.hpp"
#include "sim/trace.hpp"

namespace locklab {

struct RecordedProcess {
  std::string name;
  std::string machine;
  ProcessRole role{};
};

/// A message or a key by the fault schedule's place in the scenario: "client-a pauses for 9000ms".
struct RecordedFault {
  std::string sentence;
};

struct Recording {
  // header
  std::string schema = "locklab-trace/1";
  std::string version;   // of locklab
  std::string scenario;  // its name
  std::string title;
  std::string scenario_hash;  // 16 hex digits over the scenario's canonical text
  std::uint64_t seed = 0;
  std::vector<RecordedProcess> processes;  // ProcessId 1 is the first
  std::vector<RecordedFault> faults;
  // body
  Names names;
  std::vector<TraceEvent> events;
  std::vector<Finding> findings;
  // footer
  Instant ended{};
  std::string stopped;  // "quiescent", "horizon", "event_limit"
  std::uint64_t messages = 0;
  std::uint64_t digest = 0;
  std::string verdict;  // "as expected", "not as expected", "undecided"
};

}  // namespace locklab
