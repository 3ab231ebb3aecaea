#include "cli/option_values.hpp"

#include <fmt/format.h>

#include "faults/campaign.hpp"
#include "faults/space.hpp"
#include "faults/strategy.hpp"
#include "reports/registry.hpp"
#include "scenarios/diagnostics.hpp"
#include "scenarios/suggest.hpp"

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

std::vector<std::string> split_choices(std::string_view value) {
  std::vector<std::string> choices;
  if (value == kFormat)
    for (const Format& format : formats()) choices.emplace_back(format.name);
  if (value == kStrategy)
    for (const StrategyKind& strategy : strategies()) choices.emplace_back(strategy.name);
  if (value.find('|') == std::string_view::npos) return choices;
  while (true) {
    const std::size_t bar = value.find('|');
    choices.emplace_back(value.substr(0, bar));
    if (bar == std::string_view::npos) return choices;
    value.remove_prefix(bar + 1);
  }
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  const auto meant = closest(word, views);
  return meant ? fmt::format(" (did you mean {}?)", in_quotes(*meant)) : std::string();
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
