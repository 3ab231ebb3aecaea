// A recording as JSON Lines, and back without loss: a header, one line an event, one a finding, a
// footer. Every line is an object with its fields by name; each time says its unit (`at_ns`), and a
// time that never comes is null. The header lists the run's names in their order, since the digest
// of a trace is taken over their numbers. All text is ASCII, so that a file can be shown on a
// terminal.
//
//   {"schema":"locklab-trace/1","scenario":"doc-4","seed":7,"processes":[...],"names":[...], ...}
//   {"seq":1,"cause":0,"at_ns":0,"process":"client-a","wall_ns":0,"event":"lock_requested", ...}
//   {"finding":0,"invariant":"stale_write","what":"...","from_ns":..., "events":[12,31]}
//   {"counts":{"lock_granted":2},"messages":40,"ended_ns":...,"verdict":"...","digest":"..."}
//
// Numbers are exact up to 2^64-1; a reader that keeps numbers as doubles loses some above 2^53.
// Text that is not UTF-8 (no scenario file can contain it) is not kept: U+FFFD stands in its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/recording.hpp"
#include "sim/result.hpp"

namespace locklab {

/// Appends the whole file to `out`.
void write_recording_json(const Recording& recording, std::string& out);

/// Where a file is no recording, and why, as a sentence without its full stop.
struct TraceReadError {
  std::size_t line = 0;    // from 1
  std::size_t column = 0;  // from 1, in characters; of the field, or of what JSON does not allow
  std::string message;
};

/// "run.jsonl:3:17: there is no event \"lock_grabbed\""; harmless to a terminal.
std::string to_string(const TraceReadError& error, std::string_view file);

struct LoadedRecording {
  LoadedRecording() = default;
  LoadedRecording(LoadedRecording&&) = default;
  LoadedRecording(const LoadedRecording&) = delete;
  LoadedRecording& operator=(const LoadedRecording&) = delete;

  /// Its findings name their invariants by views into `words`: a copy must not outlive this.
  Recording recording;
  std::set<std::string, std::less<>> words;
  std::uint64_t digest = 0;  // of the events as they were read
  /// What the footer says and the events do not, one sentence each: another digest, other counts.
  std::vector<std::string> doubts;

  bool intact() const { return doubts.empty(); }
};

/// Reads what write_recording_json() wrote. Fields that this version does not know are skipped;
/// events that it does not know, missing fields and a missing footer are errors. Of what it
/// accepts, every process and every name exists, and events stand in the order of their numbers and
/// times.
Result<LoadedRecording, TraceReadError> read_recording_json(std::string_view text);

}  // namespace locklab
