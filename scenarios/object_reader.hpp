// Reading a JSON object strictly, one line a field. A mistake is recorded and the field's fallback
// is returned, so the reader goes on and a user learns of all mistakes at once:
//
//   ObjectReader r(node, diagnostics);
//   spec.name = r.text("name", required);
//   spec.ttl = r.duration("ttl", 10s);
//   spec.nodes = r.integer("nodes", 5, {.min = 1, .max = 99});
//   spec.mode = r.choice("mode", kModes, Mode::wall);
//   if (const Node* storage = r.child("storage")) read_storage(*storage, diagnostics);
//   for (const Node& client : r.items("clients")) read_client(client, diagnostics);
//   r.finish();  // whatever was not asked for is unknown
//
// Nothing read here may be used as it stands unless the diagnostics are empty in the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "scenarios/diagnostics.hpp"
#include "scenarios/located_json.hpp"
#include "sim/time.hpp"

namespace locklab {

/// Stands where a fallback would: the key must be there.
struct Required {};
inline constexpr Required required{};

struct IntegerRange {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// Not negative unless somebody says so, and at most a year: instants must not overflow.
struct DurationRange {
  Duration min = Duration::zero();
  Duration max = 8760h;
};

inline constexpr std::int64_t kWholePpm = 1'000'000;  // all of it: 100%

/// A share from none to all, in parts per million; a drift sets a negative min.
struct PpmRange {
  std::int64_t min = 0;
  std::int64_t max = kWholePpm;
};

// One value each, for the items of a list. Nothing after a mistake, which then has been recorded.

std::optional<std::string> read_text(const Node& node, Diagnostics& diagnostics);
std::optional<bool> read_boolean(const Node& node, Diagnostics& diagnostics);
std::optional<std::int64_t> read_integer(const Node& node, Diagnostics& diagnostics,
                                         IntegerRange range = {});
/// 0 to 2^64-1: a seed.
std::optional<std::uint64_t> read_unsigned(const Node& node, Diagnostics& diagnostics);
/// "5ms"; a number without its unit is a mistake of its own.
std::optional<Duration> read_duration(const Node& node, Diagnostics& diagnostics,
                                      DurationRange range = {});
enum class BareNumber : std::uint8_t { refused, is_ppm };
/// "0.5%" or "5000ppm", read exactly; a bare number only where the key itself says "ppm".
std::optional<std::int64_t> read_ppm(const Node& node, Diagnostics& diagnostics,
                                     PpmRange range = {}, BareNumber bare = BareNumber::refused);
/// The index of the text among the names.
std::optional<std::size_t> read_choice(const Node& node, Diagnostics& diagnostics,
                                       std::span<const std::string_view> names);

/// Reads one object. Keys and lists of names must outlive the reader. Of a node that is no object
/// it says so once, and then gives fallbacks.
class ObjectReader {
 public:
  ObjectReader(const Node& node, Diagnostics& diagnostics);
  ~ObjectReader() { finish(); }
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  /// A required text must not be empty.
  std::string text(std::string_view key, Required);
  std::string text(std::string_view key, std::string_view fallback);

  bool boolean(std::string_view key, Required);
  bool boolean(std::string_view key, bool fallback);

  std::int64_t integer(std::string_view key, Required, IntegerRange range = {});
  std::int64_t integer(std::string_view key, std::int64_t fallback, IntegerRange range = {});

  std::uint64_t unsigned_integer(std::string_view key, Required);
  std::uint64_t unsigned_integer(std::string_view key, std::uint64_t fallback);

  Duration duration(std::string_view key, Required, DurationRange range = {});
  Duration duration(std::string_view key, Duration fallback, DurationRange range = {});

  /// Parts per million from "0.5%" or "5000ppm"; a bare number where the key ends in "_ppm".
  std::int64_t ppm(std::string_view key, Required, PpmRange range = {});
  std::int64_t ppm(std::string_view key, std::int64_t fallback, PpmRange range = {});

  /// The index of one of the names.
  std::size_t choice(std::string_view key, std::span<const std::string_view> names, Required);
  std::size_t choice(std::string_view key, std::span<const std::string_view> names,
                     std::size_t fallback);
  /// The same for an enumeration whose values are 0, 1, 2, ... in the order of the names.
  template <class Enum>
  requires std::is_enum_v<Enum> Enum choice(std::string_view key,
                                            std::span<const std::string_view> names,
                                            Enum fallback) {
    return static_cast<Enum>(choice(key, names, static_cast<std::size_t>(fallback)));
  }

  /// Lists whose items are all of one kind; none where the key is missing. Bad items are left out.
  std::vector<std::string> texts(std::string_view key);
  std::vector<std::size_t> choices(std::string_view key, std::span<const std::string_view> names);

  /// A nested object; null where it is missing or something else.
  const Node* child(std::string_view key, Required);
  const Node* child(std::string_view key);

  /// A list; empty where it is missing or something else. A required one has at least one item.
  std::span<const Node> items(std::string_view key, Required);
  std::span<const Node> items(std::string_view key);

  /// A value of any kind, for a key that may be written in several ways; null where it is missing.
  const Node* any(std::string_view key, Required);
  const Node* any(std::string_view key);

  /// Is the key there? Makes it known, but does not count as reading it.
  bool has(std::string_view key);

  /// Of several keys exactly one must be there: its index; nothing after a mistake. It still has to
  /// be read.
  std::optional<std::size_t> exactly_one_of(std::span<const std::string_view> keys);

  /// The key may be there and says nothing to us, such as "$schema".
  void ignore(std::string_view key) { any(key); }

  /// All keys that were asked for so far.
  std::span<const std::string_view> known() const { return known_; }

  /// Records a mistake of the caller's own about a value here, or about the object if it is
  /// missing.
  void mistake(std::string_view key, std::string message);

  /// Reports every key that was not read, and every required one that is missing and is not one of
  /// those misspelt. Called by the destructor at the latest.
  void finish();

 private:
  struct Missing {
    std::string_view key;
    std::string expected;
  };

  const Node* look_up(std::string_view key);
  const Node* look_up(std::string_view key, std::string_view expected_if_missing);
  void report_unknown();

  const Node& node_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> known_;  // all keys asked for, in that order
  std::vector<bool> read_;               // one a member of the object
  std::vector<Missing> missing_;
  bool finished_ = false;
};

}  // namespace locklab
