// The program: read the command line, do it, say by a number how it went. `locklab --help` lists
// the numbers.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <variant>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"

int main(int argc, char** argv) {
  using locklab::ExitCode;
  locklab::install_signal_handlers();
  const locklab::CommandLine line = locklab::parse_command_line(argc, argv);
  ExitCode code = ExitCode::ok;
  if (const auto* nothing = std::get_if<locklab::NothingToDo>(&line.what)) {
    locklab::print(nothing->output);
    if (!nothing->error.empty()) locklab::complain(nothing->error);
    code = nothing->code;
  } else {
    code = locklab::execute(std::get<locklab::Command>(line.what), line.terminal);
  }
  // A full disk shows only now; a result that nobody can read is no success.
  errno = 0;
  if (std::fflush(stdout) != 0 || locklab::output_failed()) {
    const std::string reason = errno == 0 ? "an error" : std::strerror(errno);
    locklab::complain("cannot write to standard output: " + reason);
    code = locklab::worse(code, ExitCode::bad_input);
  }
  return static_cast<int>(code);
}
