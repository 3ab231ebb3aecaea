// What a recording can be drawn as, or handed on as: one row a format. Help, completions, lists and
// the commands that write them know no format but by its row.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reports/text_report.hpp"
#include "sim/recording.hpp"

namespace locklab {

struct Format {
  std::string_view name;
  std::string_view help;       // one line: what it is for
  std::string_view extension;  // of a file, with its dot
  std::string_view opens;      // what reads it
  /// Appends a whole file to `out`. The options are what the recording does not know: the width and
  /// detail of a text, the scenario's story, remarks and verdict.
  void (*write)(const Recording& recording, const TextOptions& options, std::string& out);
  /// People read it as it stands, so it may follow another one, and colours may be in it.
  bool for_terminals = false;
};

/// The first one is what a command prints unless asked for another.
std::span<const Format> formats();

/// Null: there is none of that name.
const Format* find_format(std::string_view name);

}  // namespace locklab
