// What a run came to, in one word, one sign and some sentences: what a page says before any
// picture. "Broken" is a lock that was not one, "bad" is data that was damaged by it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "reports/narrator.hpp"
#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

struct PageVerdict {
  std::string_view kind;  // "good", "broken" or "bad"
  std::string_view sign;  // "⚠ Data lost"
  std::string text;       // markup
};

/// `finding_messages` has one for each finding, or fewer; `judged` is what the scenario's
/// expectation makes of it ("as expected: ..."), or empty.
PageVerdict page_verdict(const Recording& recording, const Timeline& timeline,
                         const Narrator& narrator, std::span<const std::string> finding_messages,
                         std::string_view judged);

/// A finding as its message says it, or else as the narrator does.
std::string finding_words(const Recording& recording, const Narrator& narrator,
                          std::span<const std::string> finding_messages, std::size_t index);

}  // namespace locklab
