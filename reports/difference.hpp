// What two recordings differ in: where they part, which events changed, came or are missing, and
// which findings.
//
// Two events are *the same one* if they are of the same kind, in the same process, about the same
// names (key, lock, peer, kind of message), and each the n-th of that sort in its run. The same one
// has *moved* if only times in it differ (when it happened, how long something lasts, a deadline),
// and *changed* if anything else does. Numbers that a run hands out as it goes (of events, messages
// and calls) and random values are not compared, so a run with one message more is not different
// throughout. Recordings of different scenarios are compared all the same, process by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/recording.hpp"

namespace locklab {

/// How many events of one kind in one process are the same, or are not.
struct DifferenceRow {
  std::string process;
  std::string_view kind;
  std::size_t same = 0;
  std::size_t moved = 0;
  std::size_t changed = 0;
  std::size_t added = 0;    // in the second alone
  std::size_t missing = 0;  // in the first alone
  bool differs() const { return moved + changed + added + missing > 0; }
};

struct FindingDifference {
  enum class What : std::uint8_t { added, missing, changed };
  What what{};
  std::optional<std::size_t> first;   // its number in the first recording
  std::optional<std::size_t> second;  // and in the second
};

struct Difference {
  /// Sentences about what stands before the events: another scenario, seed, process, fault.
  std::vector<std::string> header;
  /// How many events from the start on are the same, and at the same time; the first ones that
  /// differ have that index, in either recording. None: there is no such event.
  std::size_t common = 0;
  bool diverges = false;
  std::vector<DifferenceRow> rows;  // by process, as the recordings list them, and kind
  DifferenceRow total;
  std::vector<FindingDifference> findings;

  /// Nothing that happened differs, nor what was found. (Headers may.)
  bool equal() const { return !diverges && !total.differs() && findings.empty(); }
};

Difference compare(const Recording& first, const Recording& second);

/// For people: at most `width` columns where no name is longer than that.
std::string difference_text(const Difference& difference, const Recording& first,
                            const Recording& second, std::size_t width, bool ascii);
/// For scripts; a page of docs/cli.md says what is in it.
std::string difference_json(const Difference& difference, const Recording& first,
                            const Recording& second);

}  // namespace locklab
