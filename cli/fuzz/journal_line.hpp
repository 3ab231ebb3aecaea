// The lines of a campaign's journal: a header, then blocks of tries. A line is a payload and a
// checksum that also covers all lines before it, so whatever is torn, changed, missing or doubled
// shows, and what stands before it can still be trusted.
//
// A block is what one island did without a pause:
//
//   b ISLAND FIRST EVENTS DIGEST FINGERPRINT TRIAL...
//
// FIRST is the number of tries that the island had made before; EVENTS, DIGEST and FINGERPRINT are
// its totals and its fingerprint afterwards. A TRIAL is BUG.SHAPE.SLACK.STRUCK, with a "!" after it
// if it was not decided. Shapes and bugs recur, so each is written out once, as "+" and its value,
// and is from then on a number in the order of first sight. A bug is HASH:INVARIANT:WHAT, or "-"
// for none; no slack is "-". Numbers are hexadecimal, slack with its sign.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/campaign.hpp"

namespace locklab {

struct JournalBlock {
  std::uint32_t island = 0;
  std::uint64_t first = 0;
  Island::Totals totals;
  std::uint64_t fingerprint = 0;
  std::vector<Trial> trials;  // without digests and numbers of events
};

/// Writes and reads lines in the order in which they stand in the file. One object may first read
/// all lines and then go on writing.
class JournalLines {
 public:
  /// With its newline. The payload has none.
  std::string sealed(std::string_view payload);
  /// The payload of a line without its newline; nothing if the checksum is not right, after which
  /// this object may still write what follows the last good line.
  std::optional<std::string_view> opened(std::string_view line);

  std::string payload_of(const JournalBlock& block);
  /// Nothing if it is no block. The names in its trials live as long as this object.
  std::optional<JournalBlock> block_of(std::string_view payload);

 private:
  struct Bug {
    std::uint64_t signature = 0;
    std::string invariant;
    std::string what;
  };
  std::string bug_text(const Trial& trial);
  std::string shape_text(std::uint64_t shape);
  bool read_trial(std::string_view text, Trial& trial);
  bool read_bug(std::string_view text, Trial& trial);
  bool read_shape(std::string_view text, Trial& trial);

  std::uint64_t chain_ = 0;
  std::deque<Bug> bugs_;  // stays in place: trials point to the names
  std::map<std::uint64_t, std::uint64_t> bug_numbers_;
  std::vector<std::uint64_t> shapes_;
  std::map<std::uint64_t, std::uint64_t> shape_numbers_;
};

}  // namespace locklab
