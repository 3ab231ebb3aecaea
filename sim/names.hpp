// Names of a run (processes, keys, kinds of message), each stored once and then passed as a number,
// so that a run compares and copies names without touching their text.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace locklab {

/// A name by its number in one Names table. Zero is the empty name.
struct Symbol {
  std::uint32_t number = 0;
  constexpr auto operator<=>(const Symbol&) const = default;
  constexpr explicit operator bool() const { return number != 0; }
};

/// A number as it stands in a name: 16 hexadecimal digits.
struct HexText {
  static constexpr std::size_t kDigits = 16;
  explicit constexpr HexText(std::uint64_t number) {
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number >>= 4)
      *digit = "0123456789abcdef"[number & 0xF];
  }
  constexpr std::string_view text() const { return {digits.data(), digits.size()}; }
  std::array<char, kDigits> digits{};
};

class Names {
 public:
  explicit Names(std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  /// A copy that owns its texts in the default memory, so that it outlives the run. The same
  /// symbols name the same texts in it. (There is no cheaper move: a run's memory must not escape
  /// with it.)
  Names(const Names& other);
  Names& operator=(const Names&) = delete;
  ~Names() = default;
  /// Makes an empty table a copy of `other`: the same symbols name the same texts.
  void copy_from(const Names& other);

  /// The symbol of `text`; a new one if it was never seen. Numbers follow the order of first use.
  Symbol intern(std::string_view text);
  /// The symbol of `first` + `second`.
  Symbol join(std::string_view first, std::string_view second);
  /// The symbol of `text`, or none if it was never interned.
  Symbol find(std::string_view text) const;
  /// Stays where it is as long as this table lives.
  std::string_view text(Symbol symbol) const;
  /// How many symbols there are, the empty name included: numbers run from 0 to size() - 1.
  std::size_t size() const { return texts_.size(); }

 private:
  std::size_t slot_of(std::string_view text) const;
  std::string_view keep(std::string_view text);
  void grow();

  std::pmr::monotonic_buffer_resource letters_;  // the texts, back to back
  std::pmr::vector<std::string_view> texts_;     // by number
  std::pmr::vector<std::uint32_t> table_;        // open addressing: a number, or 0 for a free place
};

}  // namespace locklab
