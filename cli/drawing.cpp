#include "cli/drawing.hpp"

#include "cli/files.hpp"
#include "reports/registry.hpp"
#include "sim/assert.hpp"

namespace locklab {

ExitCode draw(const Recording& recording, const std::string& format, const std::string& out,
              TextOptions options, const TerminalChoice& choice) {
  const Format* row = find_format(format);
  LOCKLAB_ASSERT(row != nullptr);  // the command line was checked
  if (!out.empty() || !row->for_terminals) {
    options.colour = false;
    options.width = choice.width.value_or(kUsualWidth);
  }
  std::string text;
  row->write(recording, options, text);
  if (out.empty()) {
    print(text);
    return ExitCode::ok;
  }
  const auto written = write_file(out, text);
  if (written) return ExitCode::ok;
  complain(written.error().sentence);
  return ExitCode::bad_input;
}

}  // namespace locklab
