// What a run gave, as JSON for scripts [docs/cli.md]. Times are whole nanoseconds where a name ends
// in
// `_ns`; where it ends in `_ms` they are decimals of the same nanoseconds. All text is ASCII.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "scenarios/located_json.hpp"
#include "scenarios/runner.hpp"

namespace locklab {

using Json = nlohmann::ordered_json;

/// 16 hexadecimal digits.
std::string digest_text(std::uint64_t digest);

/// Of the runner's last run; `expected` is the scenario's own "expect", or null.
Json result_json(const Scenario& scenario, const Node* expected, const RunResult& result,
                 const Runner& runner);

/// The same value without its places.
Json to_json(const Node& node);

/// The smallest of the values that at least `percent` of them do not exceed (nearest rank).
Duration percentile(std::span<const Duration> values, std::size_t percent);

/// The same value in one line of ASCII.
std::string compact_json(const Node& node);

/// Indented, ended by a newline.
std::string json_text(const Json& json);

}  // namespace locklab
