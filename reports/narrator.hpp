// One plain sentence an event, for people: who did what to whom, with the numbers that matter. No
// time (whoever prints the sentence says when) and no full stop. Sentences are harmless to a
// terminal, and ASCII but for the names and the ellipses in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

class Narrator {
 public:
  /// Both must outlive the narrator.
  Narrator(const Recording& recording, const Timeline& timeline);

  /// `subject` stands in the place of the event's process, where several share an event.
  std::string sentence(const TraceEvent& event, std::string_view subject = {}) const;
  /// For a finding that came without the message of its invariant.
  std::string sentence(const Finding& finding) const;

  /// "client-a"; "the world" for none.
  std::string process(ProcessId id) const;
  /// "the client of attempt 7" where the trace does not say who that is.
  std::string client(AttemptId attempt) const;
  std::string text(Symbol symbol) const;
  /// "the lock", or "lock orders" where a run has several.
  std::string lock(Symbol symbol) const;
  std::string value(const Value& value) const;
  /// "redis-1, redis-3"; three or more in a row are "redis-1 … redis-5".
  std::string list(std::vector<ProcessId> processes) const;
  /// "100 < 101": a write's token and the highest that the storage had seen before.
  static std::string comparison(FencingToken token, FencingToken highest);
  /// How long the pause that began with this event lasts; zero if nobody resumed it.
  Duration pause_after(const TraceEvent& event) const;

 private:
  struct Teller;
  bool follows(ProcessId a, ProcessId b) const;

  const Recording& recording_;
  const Timeline& timeline_;
  std::vector<std::string> names_;  // of the processes, harmless
  bool several_locks_ = false;
};

/// "9973ms": a time cut to whole microseconds, unless that is nothing. Reports need no nanoseconds.
std::string shown(Duration duration);
std::string shown(Instant at);

/// "not acquired" for Errc::not_acquired: an enumerator's word as a part of a sentence.
std::string plain_words(std::string_view word);

}  // namespace locklab
