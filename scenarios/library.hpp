// The built-in scenarios, by name: the document's four, its mistakes, and the corpus of published
// failures.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/diagnostics.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

/// "doc-1", "corpus/gc-pause-stale-write", in the order in which they are listed: the document's
/// first, then the rest by name.
std::vector<std::string_view> library_names();

/// The text of a built-in scenario; nothing if there is none of that name.
std::optional<std::string_view> library_text(std::string_view name);

/// The commented file that a newcomer starts from.
std::string_view starter_text();

/// The list of the corpus of failures: which entries there are [scenarios/corpus.hpp].
std::string_view corpus_text();

/// The published JSON Schema of scenario files.
std::string_view schema_text();

}  // namespace locklab
