// "Did you mean ...?": the known word that a user most probably meant.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace locklab {

/// The candidate that `word` most resembles, or nothing where none is near enough to be worth
/// saying. First by typing mistakes (a letter more, less, wrong, or two swapped; capitals, "-" and
/// "_" hardly count), then by a shared beginning or part, then by shared words ("client_mutex"
/// means "client_mutual_exclusion"). Of equals, the earlier one. The result views a candidate.
std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> candidates);

}  // namespace locklab
