#include "cli/commands.hpp"
namespace locklab {
ExitCode enumerate_schedules(const EnumerateCommand&, const TerminalChoice&) { return ExitCode::ok; }
}  // namespace locklab
