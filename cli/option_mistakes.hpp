// What is wrong with a command line, in sentences of ours.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace locklab {

/// CLI11's mistake as a sentence; `used` is the command that was named, or null.
std::string mistake_text(const CLI::ParseError& error, const CLI::App& app, const CLI::App* used);

}  // namespace locklab
