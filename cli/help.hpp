// The words of --help, made from the table of commands.
#pragma once

#include <string>

#include "cli/options.hpp"

namespace locklab {

/// For `locklab` alone: where to begin.
std::string short_help(const CommandTable& table);
/// For `locklab --help`: every command, the exit codes, the environment.
std::string long_help(const CommandTable& table);
/// For `locklab run --help`.
std::string command_help(const CommandRow& command);

}  // namespace locklab
