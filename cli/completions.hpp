// Completion scripts for three shells, made from the table of commands, so that they never lack an
// option. The names of the built-in scenarios are written into them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/options.hpp"

namespace locklab {

std::string bash_completions(const CommandTable& table,
                             std::span<const std::string_view> scenarios);
std::string zsh_completions(const CommandTable& table, std::span<const std::string_view> scenarios);
std::string fish_completions(const CommandTable& table,
                             std::span<const std::string_view> scenarios);

}  // namespace locklab
