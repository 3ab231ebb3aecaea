// The run as `locklab run` prints it, in the document's manner [doc §4 "Time 5ms: ..."]: what
// happened, then belief against truth as bands on one time axis, then what was found, what storage
// took and refused and why, and last the verdict and how to get the same run again.
//
// Meaning is never in a colour alone: every band, sign and line also differs in its letters. A hue
// says which client; red is a fault of the system.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "reports/page_reason.hpp"
#include "reports/story.hpp"
#include "sim/recording.hpp"

namespace locklab {

struct TextOptions {
  std::size_t width = 100;  // columns; at least 40, at most 400
  bool colour = false;      // ANSI escapes
  bool ascii = false;       // nothing but ASCII, names included (é becomes \u00e9)
  Detail detail = Detail::brief;
  std::size_t most_lines = 60;                // of the brief story; zero: all
  std::string story;                          // what the scenario is about; may be empty
  std::vector<std::string> finding_messages;  // one for each finding, or fewer
  std::vector<std::string> remarks;
  std::string verdict;  // empty: the recording's
  // For the formats of reports/registry.hpp that have a place for it.
  std::vector<std::string> sources;
  std::string command;        // that gives this run again; empty: none is known
  std::string scenario_json;  // the scenario, for pages that can run it again; may be empty
  std::string twin_name;      // of the same schedule with the fix, or without it; may be empty
  std::string twin_json;      // that scenario
  std::optional<PageReason> reason;  // why it came to this, if somebody has found out
};

/// The whole report. Every line ends with a newline and is at most `width` columns wide.
std::string text_report(const Recording& recording, const TextOptions& options);

/// Its picture alone: the bands of belief, of service and of faults on one time axis. Empty if
/// nobody ever had a lock.
std::string text_chart(const Recording& recording, const TextOptions& options);

}  // namespace locklab
