// The sentences that a newcomer reads: each says what was expected, with an example, and what was
// there instead.
#include "scenarios/object_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "scenarios/suggest.hpp"

namespace locklab {
namespace {

constexpr std::string_view kText = "a text in quotes";
constexpr std::string_view kBoolean = "true or false";
constexpr std::string_view kTime = "a time such as \"5ms\"";
constexpr std::string_view kShare = "a share such as \"0.5%\" or \"5000ppm\"";
constexpr std::string_view kObject = "an object in {braces}";
constexpr std::string_view kList = "a list in [brackets]";
constexpr std::string_view kFullList = "a list with at least one item";
constexpr std::size_t kMostNamesListed = 12;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

void expected(const Node& node, Diagnostics& diagnostics, std::string_view what) {
  diagnostics.add(node.place, node.pointer,
                  fmt::format("expected {}, got {}", what, describe(node)));
}

/// "a", "b" or "c"; cut short where there are too many to help.
std::string listed(std::span<const std::string_view> names) {
  std::string out;
  const std::size_t shown = std::min(names.size(), kMostNamesListed);
  for (std::size_t index = 0; index < shown; ++index) {
    if (index > 0) out += index + 1 == names.size() ? " or " : ", ";
    out += in_quotes(names[index]);
  }
  if (shown < names.size()) out += fmt::format(" or one of {} more", names.size() - shown);
  return out;
}

std::string one_of(std::span<const std::string_view> names) {
  return (names.size() > 1 ? "one of " : "") + listed(names);
}

std::string whole_number(IntegerRange range) {
  constexpr IntegerRange kAny;
  if (range.min != kAny.min && range.max != kAny.max) {
    return fmt::format("a whole number from {} to {}", range.min, range.max);
  }
  if (range.min != kAny.min) return fmt::format("a whole number, {} or more", range.min);
  if (range.max != kAny.max) return fmt::format("a whole number, {} or less", range.max);
  return "a whole number";
}

std::string percent(std::int64_t ppm) {
  const bool negative = ppm < 0;
  const std::int64_t size = negative ? -ppm : ppm;  // ranges are small: this cannot overflow
  std::string fraction = fmt::format("{:04}", size % 10'000);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fmt::format("{}{}{}{}%", negative ? "-" : "", size / 10'000, fraction.empty() ? "" : ".",
                     fraction);
}

/// The number in front of a unit, times 10^scale, exactly; nothing where that is no whole number or
/// is beyond all that a share can be.
std::optional<std::int64_t> scaled(std::string_view number, int scale) {
  const bool negative = !number.empty() && number.front() == '-';
  if (!number.empty() && (negative || number.front() == '+')) number.remove_prefix(1);
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::string_view whole = number.substr(0, point);
  std::string_view fraction = number.substr(std::min(point + 1, number.size()));
  if (whole.empty() || (fraction.empty() && point < number.size())) return std::nullopt;
  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  if (fraction.size() > static_cast<std::size_t>(scale)) return std::nullopt;
  std::string digits(whole);
  digits += fraction;
  digits.append(static_cast<std::size_t>(scale) - fraction.size(), '0');
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > 15) return std::nullopt;
  std::int64_t value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return negative ? -value : value;
}

std::optional<std::int64_t> parse_ppm(std::string_view text) {
  constexpr std::string_view kPpm = "ppm";
  if (text.ends_with('%')) return scaled(text.substr(0, text.size() - 1), 4);
  if (text.ends_with(kPpm)) return scaled(text.substr(0, text.size() - kPpm.size()), 0);
  return std::nullopt;
}

/// A number that lacks only its unit.
bool is_bare_number(const Node& node) {
  if (node.is_number()) return true;
  const std::string_view text = node.text;
  return node.is_text() && !text.empty() && text.find_first_not_of("0123456789.") == text.npos &&
         is_digit(text.front()) && is_digit(text.back());
}

/// Names the number that was given, with the unit that it lacks, where it is a plain one.
std::string with_unit(const Node& node, std::string_view otherwise, std::string_view unit) {
  const bool plain = node.kind == Node::Kind::integer && node.integer > 0 && node.integer < 100'000;
  return in_quotes((plain ? std::to_string(node.integer) : std::string(otherwise)) +
                   std::string(unit));
}

bool is_ppm_key(std::string_view key) { return key == "ppm" || key.ends_with("_ppm"); }

}  // namespace

std::optional<std::string> read_text(const Node& node, Diagnostics& diagnostics) {
  if (node.is_text()) return node.text;
  expected(node, diagnostics, kText);
  return std::nullopt;
}

std::optional<bool> read_boolean(const Node& node, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::boolean) return node.boolean;
  expected(node, diagnostics, kBoolean);
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const Node& node, Diagnostics& diagnostics,
                                         IntegerRange range) {
  if (node.kind == Node::Kind::integer && node.integer >= range.min && node.integer <= range.max) {
    return node.integer;
  }
  expected(node, diagnostics, whole_number(range));
  return std::nullopt;
}

std::optional<std::uint64_t> read_unsigned(const Node& node, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::unsigned_integer) return node.unsigned_integer;
  if (node.kind == Node::Kind::integer && node.integer >= 0) {
    return static_cast<std::uint64_t>(node.integer);
  }
  expected(node, diagnostics, "a whole number from 0 to 18446744073709551615");
  return std::nullopt;
}

std::optional<Duration> read_duration(const Node& node, Diagnostics& diagnostics,
                                      DurationRange range) {
  const std::optional<Duration> value =
      node.is_text() ? parse_duration(node.text) : std::optional<Duration>();
  if (value && *value >= range.min && *value <= range.max) return value;
  if (value) {
    expected(node, diagnostics,
             *value < range.min ? "a time of at least " + in_quotes(to_string(range.min))
                                : "a time of at most " + in_quotes(to_string(range.max)));
  } else if (is_bare_number(node)) {
    diagnostics.add(node.place, node.pointer,
                    fmt::format("a time needs a unit, as in {}; got {}", with_unit(node, "5", "ms"),
                                describe(node)));
  } else if (node.is_text()) {
    expected(node, diagnostics, fmt::format("{} (the units are ns, us, ms, s, min and h)", kTime));
  } else {
    expected(node, diagnostics, kTime);
  }
  return std::nullopt;
}

std::optional<std::int64_t> read_ppm(const Node& node, Diagnostics& diagnostics, PpmRange range,
                                     BareNumber bare) {
  std::optional<std::int64_t> value;
  if (node.is_text()) value = parse_ppm(node.text);
  if (node.kind == Node::Kind::integer && bare == BareNumber::is_ppm) value = node.integer;
  if (value && *value >= range.min && *value <= range.max) return value;
  if (value) {
    expected(node, diagnostics,
             fmt::format("a share from {} to {}", in_quotes(percent(range.min)),
                         in_quotes(percent(range.max))));
  } else if (is_bare_number(node) && bare == BareNumber::refused) {
    diagnostics.add(
        node.place, node.pointer,
        fmt::format("a share needs a unit, as in {} or {}; got {}", with_unit(node, "0.5", "%"),
                    with_unit(node, "5000", "ppm"), describe(node)));
  } else {
    expected(node, diagnostics, kShare);
  }
  return std::nullopt;
}

std::optional<std::size_t> read_choice(const Node& node, Diagnostics& diagnostics,
                                       std::span<const std::string_view> names) {
  if (!node.is_text()) {
    expected(node, diagnostics, one_of(names));
    return std::nullopt;
  }
  const auto name = std::find(names.begin(), names.end(), node.text);
  if (name != names.end()) return static_cast<std::size_t>(name - names.begin());
  diagnostics.add(node.place, node.pointer,
                  fmt::format("expected {}, got {}", one_of(names), in_quotes(node.text)),
                  closest(node.text, names).value_or(""));
  return std::nullopt;
}

ObjectReader::ObjectReader(const Node& node, Diagnostics& diagnostics)
    : node_(node), diagnostics_(diagnostics), read_(node.members.size(), false) {
  if (!node.is_object()) {
    expected(node, diagnostics, kObject);
    finished_ = true;  // one sentence about it is enough
  }
}

const Node* ObjectReader::look_up(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  for (std::size_t index = 0; index < node_.members.size(); ++index) {
    if (node_.members[index].key != key) continue;
    read_[index] = true;
    return &node_.members[index].value;
  }
  return nullptr;
}

const Node* ObjectReader::look_up(std::string_view key, std::string_view expected_if_missing) {
  const Node* node = look_up(key);
  const auto same_key = [&](const Missing& missing) { return missing.key == key; };
  if (node == nullptr && std::none_of(missing_.begin(), missing_.end(), same_key)) {
    missing_.push_back({key, std::string(expected_if_missing)});
  }
  return node;
}

std::string ObjectReader::text(std::string_view key, Required) {
  const Node* node = look_up(key, kText);
  if (node == nullptr) return {};
  if (node->is_text() && node->text.empty()) {
    expected(*node, diagnostics_, "a text that is not empty");
  }
  return read_text(*node, diagnostics_).value_or("");
}

std::string ObjectReader::text(std::string_view key, std::string_view fallback) {
  const Node* node = look_up(key);
  if (node == nullptr) return std::string(fallback);
  return read_text(*node, diagnostics_).value_or(std::string(fallback));
}

bool ObjectReader::boolean(std::string_view key, Required) {
  const Node* node = look_up(key, kBoolean);
  return node != nullptr && read_boolean(*node, diagnostics_).value_or(false);
}

bool ObjectReader::boolean(std::string_view key, bool fallback) {
  const Node* node = look_up(key);
  return node == nullptr ? fallback : read_boolean(*node, diagnostics_).value_or(fallback);
}

std::int64_t ObjectReader::integer(std::string_view key, Required, IntegerRange range) {
  const Node* node = look_up(key, whole_number(range));
  return node == nullptr ? range.min : read_integer(*node, diagnostics_, range).value_or(range.min);
}

std::int64_t ObjectReader::integer(std::string_view key, std::int64_t fallback,
                                   IntegerRange range) {
  const Node* node = look_up(key);
  return node == nullptr ? fallback : read_integer(*node, diagnostics_, range).value_or(fallback);
}

std::uint64_t ObjectReader::unsigned_integer(std::string_view key, Required) {
  const Node* node = look_up(key, "a whole number, 0 or more");
  return node == nullptr ? 0 : read_unsigned(*node, diagnostics_).value_or(0);
}

std::uint64_t ObjectReader::unsigned_integer(std::string_view key, std::uint64_t fallback) {
  const Node* node = look_up(key);
  return node == nullptr ? fallback : read_unsigned(*node, diagnostics_).value_or(fallback);
}

Duration ObjectReader::duration(std::string_view key, Required, DurationRange range) {
  const Node* node = look_up(key, kTime);
  return node == nullptr ? range.min
                         : read_duration(*node, diagnostics_, range).value_or(range.min);
}

Duration ObjectReader::duration(std::string_view key, Duration fallback, DurationRange range) {
  const Node* node = look_up(key);
  return node == nullptr ? fallback : read_duration(*node, diagnostics_, range).value_or(fallback);
}

std::int64_t ObjectReader::ppm(std::string_view key, Required, PpmRange range) {
  const bool known_unit = is_ppm_key(key);
  const Node* node =
      look_up(key, known_unit ? whole_number({range.min, range.max}) : std::string(kShare));
  const BareNumber bare = known_unit ? BareNumber::is_ppm : BareNumber::refused;
  return node == nullptr ? range.min
                         : read_ppm(*node, diagnostics_, range, bare).value_or(range.min);
}

std::int64_t ObjectReader::ppm(std::string_view key, std::int64_t fallback, PpmRange range) {
  const BareNumber bare = is_ppm_key(key) ? BareNumber::is_ppm : BareNumber::refused;
  const Node* node = look_up(key);
  return node == nullptr ? fallback : read_ppm(*node, diagnostics_, range, bare).value_or(fallback);
}

std::size_t ObjectReader::choice(std::string_view key, std::span<const std::string_view> names,
                                 Required) {
  const Node* node = look_up(key, one_of(names));
  return node == nullptr ? 0 : read_choice(*node, diagnostics_, names).value_or(0);
}

std::size_t ObjectReader::choice(std::string_view key, std::span<const std::string_view> names,
                                 std::size_t fallback) {
  const Node* node = look_up(key);
  return node == nullptr ? fallback : read_choice(*node, diagnostics_, names).value_or(fallback);
}

std::vector<std::string> ObjectReader::texts(std::string_view key) {
  std::vector<std::string> out;
  for (const Node& item : items(key)) {
    if (auto text = read_text(item, diagnostics_)) out.push_back(std::move(*text));
  }
  return out;
}

std::vector<std::size_t> ObjectReader::choices(std::string_view key,
                                               std::span<const std::string_view> names) {
  std::vector<std::size_t> out;
  for (const Node& item : items(key)) {
    if (const auto index = read_choice(item, diagnostics_, names)) out.push_back(*index);
  }
  return out;
}

const Node* ObjectReader::child(std::string_view key, Required) {
  return look_up(key, kObject) == nullptr ? nullptr : child(key);
}

const Node* ObjectReader::child(std::string_view key) {
  const Node* node = look_up(key);
  if (node == nullptr || node->is_object()) return node;
  expected(*node, diagnostics_, kObject);
  return nullptr;
}

std::span<const Node> ObjectReader::items(std::string_view key, Required) {
  const Node* node = look_up(key, kFullList);
  if (node == nullptr) return {};
  if (node->is_array() && node->items.empty()) expected(*node, diagnostics_, kFullList);
  return items(key);
}

std::span<const Node> ObjectReader::items(std::string_view key) {
  const Node* node = look_up(key);
  if (node == nullptr) return {};
  if (node->is_array()) return node->items;
  expected(*node, diagnostics_, kList);
  return {};
}

const Node* ObjectReader::any(std::string_view key, Required) { return look_up(key, ""); }

const Node* ObjectReader::any(std::string_view key) { return look_up(key); }

bool ObjectReader::has(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return node_.find(key) != nullptr;
}

std::optional<std::size_t> ObjectReader::exactly_one_of(std::span<const std::string_view> keys) {
  std::optional<std::size_t> found;
  bool mistaken = false;
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (!has(keys[index])) continue;
    if (!found) {
      found = index;
      continue;
    }
    mistaken = true;
    for (std::size_t at = 0; at < node_.members.size(); ++at) {
      if (node_.members[at].key == keys[index]) read_[at] = true;  // not unknown as well
    }
    mistake(keys[index], fmt::format("{} and {} exclude each other", in_quotes(keys[*found]),
                                     in_quotes(keys[index])));
  }
  if (mistaken) {
    look_up(keys[*found]);
    return std::nullopt;
  }
  if (found || finished_) return found;
  // A misspelt one is reported as unknown, with what was meant; that says it all.
  for (const Member& member : node_.members) {
    const bool known = std::find(known_.begin(), known_.end(), member.key) != known_.end();
    if (!known && closest(member.key, keys)) return std::nullopt;
  }
  diagnostics_.add(node_.place, node_.pointer, "expected one of the keys " + listed(keys));
  return std::nullopt;
}

void ObjectReader::mistake(std::string_view key, std::string message) {
  const Node* value = node_.find(key);
  const Node& at = value == nullptr ? node_ : *value;
  diagnostics_.add(at.place, at.pointer, std::move(message));
}

void ObjectReader::finish() {
  if (finished_) return;
  finished_ = true;
  report_unknown();
  for (const Missing& missing : missing_) {
    std::string message = fmt::format("the key {} is missing", in_quotes(missing.key));
    if (!missing.expected.empty()) message += "; expected " + missing.expected;
    diagnostics_.add(node_.place, node_.pointer, std::move(message));
  }
}

void ObjectReader::report_unknown() {
  std::vector<std::string_view> absent;  // a key that is there already was not meant by another
  for (const std::string_view key : known_) {
    if (node_.find(key) == nullptr) absent.push_back(key);
  }
  for (std::size_t index = 0; index < node_.members.size(); ++index) {
    if (read_[index]) continue;
    const Member& member = node_.members[index];
    const std::string& pointer = member.value.pointer;
    std::string message = fmt::format("unknown key {}", in_quotes(member.key));
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) {
      diagnostics_.add(member.key_place, pointer,
                       fmt::format("the key {} has no meaning here", in_quotes(member.key)));
      continue;
    }
    const auto meant = closest(member.key, absent);
    if (meant) {
      std::erase_if(missing_, [&](const Missing& missing) { return missing.key == *meant; });
    } else {
      message += known_.empty() ? "; none is known here" : "; known here: " + listed(known_);
    }
    diagnostics_.add(member.key_place, pointer, std::move(message), meant.value_or(""));
  }
}

}  // namespace locklab
