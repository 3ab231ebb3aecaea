#include "cli/option_values.hpp"

#include "faults/campaign.hpp"
#include "faults/space.hpp"

namespace locklab {

std::optional<Duration> read_time(const std::string& text) {
  const bool minutes = text.size() > 1 && text.ends_with('m') && text[text.size() - 2] >= '0' &&
                       text[text.size() - 2] <= '9';
  return parse_duration(minutes ? text + "in" : text);
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> read_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto of = whole_number<std::uint32_t>(text.substr(slash + 1), 1, kIslands);
  const auto number = of ? whole_number<std::uint32_t>(text.substr(0, slash), 1, *of) : of;
  if (!number) return std::nullopt;
  return std::pair(*number, *of);
}

std::string kinds_of_faults() {
  std::string out;
  for (std::size_t i = 0; i < kSearchKinds; ++i) {
    if (i > 0) out += ", ";
    out += to_string(static_cast<SearchKind>(i));
  }
  return out;
}

}  // namespace locklab
