// An event's payload as a list of named texts: for tables, attributes and comparisons, which treat
// all kinds of events alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/recording.hpp"

namespace locklab {

struct Field {
  /// What the text is, for those that compare or that quote.
  enum class Kind : std::uint8_t {
    none,      // the field is there and says nothing; the text is empty
    number,    // also a time, in nanoseconds: its name ends in "_ns"
    flag,      // "true", "false"
    word,      // one of ours: "timeout"
    name,      // a key, a lock, a kind of message: not escaped
    process,   // a process's name: not escaped
    ticket,    // the number of a message or a call, which another run may give to another one
    attempt,   // the number of an attempt
    unique_id  // a random value
  };

  std::string name;  // as in a recording's JSON: "expires_at_ns"
  Kind kind = Kind::none;
  std::string text;
};

/// In the order of the payload's own list. A time that never comes is `none`.
std::vector<Field> fields_of(const TraceEvent& event, const Recording& recording);

/// "client-a", not escaped; "world" for none.
std::string process_text(ProcessId process, const Recording& recording);

/// A name for each process by its number - 1, no two of which are equal.
std::vector<std::string> unique_process_names(const Recording& recording);

/// Index of the event of that number, or the number of events if there is none.
std::size_t index_of(EventSeq seq, const std::vector<TraceEvent>& events);

}  // namespace locklab
