// A recording in one of the formats, to standard output or into a file.
#pragma once

#include <string>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "reports/text_report.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// What is written into a file has no colours, and 80 columns unless asked for others. Says what
/// went wrong, and returns `bad_input` then.
ExitCode draw(const Recording& recording, const std::string& format, const std::string& out,
              TextOptions options, const TerminalChoice& choice);

}  // namespace locklab
