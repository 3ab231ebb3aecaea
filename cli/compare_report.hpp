// A comparison as text, Markdown, CSV and JSON: the same numbers, each with how sure it is.
#pragma once

#include <string>

#include "cli/result_json.hpp"
#include "cli/terminal.hpp"
#include "scenarios/compare_claims.hpp"

namespace locklab {

std::string compare_text(const Comparison& comparison, const Terminal& terminal);
std::string compare_markdown(const Comparison& comparison);
/// One line a number: lock, fault, measure, value, low, high, runs; shares in ppm, times in ns.
std::string compare_csv(const Comparison& comparison);
Json compare_json(const Comparison& comparison);

}  // namespace locklab
