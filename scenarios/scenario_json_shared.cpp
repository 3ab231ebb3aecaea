// What several parts of the scenario reader need: names, data, latencies, tagged objects.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/suggest.hpp"

namespace locklab::reading {

Section::~Section() {
  if (reading_.keys == nullptr) return;
  std::set<std::string>& keys = (*reading_.keys)[name_];
  for (const std::string_view key : known()) keys.emplace(key);
}

bool check_name(const Reading& reading, const Node& at, std::string_view name,
                std::string_view what, const Names& names) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  const std::vector<std::string_view> views(names.begin(), names.end());
  auto meant = closest(name, views);
  std::string message = fmt::format("there is no {} named {}", what, in_quotes(name));
  // Of "redis-6" no other node is meant: it says that somebody counted further than we do.
  constexpr std::string_view kRedis = "redis-";
  if (meant && name.starts_with(kRedis) && meant->starts_with(kRedis)) {
    const auto nodes = std::count_if(views.begin(), views.end(), [&](std::string_view known) {
      return known.starts_with(kRedis) && known.find("-replica-") == std::string_view::npos;
    });
    message += nodes == 1 ? std::string("; the only node is \"redis-1\"")
                          : fmt::format("; the nodes are \"redis-1\" to \"redis-{}\"", nodes);
    reading.mistake(at, std::move(message));
    return false;
  }
  constexpr std::size_t kMostListed = 8;
  if (!meant && !views.empty() && views.size() <= kMostListed) {
    message += "; there is";
    for (std::size_t i = 0; i < views.size(); ++i)
      message += (i == 0 ? " " : i + 1 == views.size() ? " and " : ", ") + in_quotes(views[i]);
  }
  reading.mistake(at, std::move(message), meant.value_or(""));
  return false;
}

std::optional<std::string> read_name(const Node& node, Diagnostics& diagnostics) {
  auto name = read_text(node, diagnostics);
  if (!name) return std::nullopt;
  constexpr std::size_t kLongest = 200;
  const auto unfit = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  if (!name->empty() && name->size() <= kLongest && std::none_of(name->begin(), name->end(), unfit))
    return name;
  diagnostics.add(node.place, node.pointer,
                  fmt::format("expected a name without blanks, of 1 to {} characters, got {}",
                              kLongest, describe(node)));
  return std::nullopt;
}

std::string name_of(Section& r, Reading& reading, std::string_view key, Required) {
  const Node* node = r.any(key);
  if (node == nullptr) return r.text(key, required);  // which says that it is missing
  return read_name(*node, reading.diagnostics).value_or("");
}

std::string name_of(Section& r, Reading& reading, std::string_view key) {
  const Node* node = r.any(key);
  return node == nullptr ? "" : read_name(*node, reading.diagnostics).value_or("");
}

std::optional<Datum> read_datum(const Node& node, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::integer) return Datum{true, node.integer, {}};
  if (node.is_text()) return Datum{false, 0, node.text};
  diagnostics.add(node.place, node.pointer,
                  "expected a whole number or a text in quotes, got " + describe(node));
  return std::nullopt;
}

// ---- latencies ----------------------------------------------------------------------------------

namespace {

std::optional<Latency> read_uniform(Reading& reading, const Node& node) {
  if (!node.is_array() || node.items.size() != 2) {
    reading.mistake(node,
                    "expected the least and the greatest time, as in [\"1ms\", \"5ms\"], got " +
                        describe(node));
    return std::nullopt;
  }
  const auto low = read_duration(node.items[0], reading.diagnostics);
  const auto high = read_duration(node.items[1], reading.diagnostics);
  if (!low || !high) return std::nullopt;
  if (*high < *low) {
    reading.mistake(node.items[1], fmt::format("the greatest time, {}, is below the least, {}",
                                               to_string(*high), to_string(*low)));
    return std::nullopt;
  }
  return Latency::uniform(*low, *high);
}

std::optional<Latency> read_lognormal(Reading& reading, const Node& node) {
  Section r(reading, node, "lognormal");
  const Duration median = r.duration("median", required, {.max = kLongestLognormal});
  const std::int64_t sigma =
      r.integer("sigma_permille", required, {.min = 0, .max = kLargestSigmaPermille});
  return Latency::lognormal(median, sigma);
}

}  // namespace

std::optional<Latency> read_latency(Reading& reading, const Node& node) {
  if (node.is_object()) {
    constexpr std::array<std::string_view, 2> kKinds{"uniform", "lognormal"};
    const auto tagged = read_tagged(reading, node, "a latency", kKinds);
    if (!tagged) return std::nullopt;
    return tagged->kind == 0 ? read_uniform(reading, *tagged->value)
                             : read_lognormal(reading, *tagged->value);
  }
  if (const auto delay = read_duration(node, reading.diagnostics)) return Latency::constant(*delay);
  return std::nullopt;
}

// ---- tagged objects -----------------------------------------------------------------------------

std::optional<Tagged> read_tagged(Reading& reading, const Node& node, std::string_view what,
                                  std::span<const std::string_view> kinds,
                                  std::span<const std::string_view> besides) {
  const auto place = [](std::span<const std::string_view> names, std::string_view key) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), key) - names.begin());
  };
  std::optional<Tagged> tagged;
  for (const Member& member : node.members) {
    if (place(besides, member.key) < besides.size()) continue;
    const std::size_t kind = place(kinds, member.key);
    if (kind < kinds.size() && !tagged) tagged = Tagged{kind, &member.value};
  }
  bool mistaken = false;
  for (const Member& member : node.members) {
    if (place(besides, member.key) < besides.size()) continue;
    if (tagged && tagged->value == &member.value) continue;
    mistaken = true;
    std::string message;
    std::string_view suggestion;
    if (place(kinds, member.key) < kinds.size()) {
      message = fmt::format("{} is one thing: {} and {} exclude each other", what,
                            in_quotes(kinds[tagged->kind]), in_quotes(member.key));
    } else if (tagged) {
      message = fmt::format("unknown key {}; what belongs to {} goes inside its braces",
                            in_quotes(member.key), in_quotes(kinds[tagged->kind]));
    } else {
      const auto meant = closest(member.key, kinds);
      suggestion = meant.value_or("");
      message = fmt::format("{} is not a kind of {}", in_quotes(member.key),
                            what.substr(what.find(' ') + 1));
      if (!meant) {
        message += "; there is";
        for (std::size_t i = 0; i < kinds.size(); ++i)
          message += (i == 0 ? " " : ", ") + std::string(kinds[i]);
      }
    }
    reading.diagnostics.add(member.key_place, member.value.pointer, std::move(message), suggestion);
  }
  if (tagged || mistaken) return tagged;
  std::string message = fmt::format("this does not say what it is; {} is one of", what);
  for (std::size_t i = 0; i < kinds.size(); ++i)
    message += (i == 0 ? " " : ", ") + std::string(kinds[i]);
  reading.mistake(node, std::move(message));
  return std::nullopt;
}

}  // namespace locklab::reading
