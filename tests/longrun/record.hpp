// The records of long runs, as Markdown.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/longrun/determinism.hpp"
#include "tests/longrun/false_alarms.hpp"

namespace locklab::longrun {

/// When and where it was measured: the program's caller knows the date.
struct Occasion {
  std::string date;     // "2026-11-23"
  std::string machine;  // "Intel Xeon ..., 2 threads"
  std::string command;  // that makes the record anew
};

/// What /proc/cpuinfo calls the processor; "an unnamed processor" where there is no such file.
std::string processor();

std::string false_alarms_page(std::span<const QuietRun> runs, const Occasion& occasion);

struct DeterminismRow {
  std::string lock;
  DoubleRuns runs;
};
std::string determinism_page(std::span<const DeterminismRow> rows, const Occasion& occasion);

}  // namespace locklab::longrun
