#include "sim/names.hpp"

#include <string>

#include <algorithm>
#include <limits>

#include "sim/assert.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

// A small run needs no growth: the document's scenarios know some forty names.
constexpr std::size_t kFirstNames = 64;
constexpr std::size_t kFirstSlots = 2 * kFirstNames;  // a power of two, as ever after

}  // namespace

Names::Names(std::pmr::memory_resource* memory)
    : letters_(memory), texts_(memory), table_(kFirstSlots, 0, memory) {
  texts_.reserve(kFirstNames);
  texts_.push_back({});
}

Names::Names(const Names& other)
    : letters_(std::pmr::get_default_resource()),
      texts_(std::pmr::get_default_resource()),
      table_(other.table_, std::pmr::get_default_resource()) {
  texts_.reserve(other.texts_.size());
  for (const std::string_view text : other.texts_) texts_.push_back(keep(text));
}

Symbol Names::intern(std::string_view text) {
  if (text.empty()) return {};
  std::size_t slot = slot_of(text);
  if (table_[slot] != 0) return {table_[slot]};

  LOCKLAB_ASSERT(texts_.size() < std::numeric_limits<std::uint32_t>::max());
  if (2 * texts_.size() > table_.size()) {  // the new name included: at most half of it is full
    grow();
    slot = slot_of(text);
  }
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(keep(text));
  table_[slot] = number;
  return {number};
}

void Names::copy_from(const Names& other) {
  LOCKLAB_ASSERT(size() == 1);
  for (std::uint32_t number = 1; number < other.size(); ++number) intern(other.text({number}));
}

Symbol Names::join(std::string_view first, std::string_view second) {
  std::pmr::string both(texts_.get_allocator().resource());
  both.reserve(first.size() + second.size());
  both.append(first).append(second);
  return intern(both);
}

Symbol Names::find(std::string_view text) const {
  if (text.empty()) return {};
  return {table_[slot_of(text)]};
}

std::string_view Names::text(Symbol symbol) const {
  LOCKLAB_ASSERT(symbol.number < texts_.size());
  return texts_[symbol.number];
}

/// The place of `text`, or the free one where it belongs.
std::size_t Names::slot_of(std::string_view text) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(hash_text(text)) & mask;
  while (table_[slot] != 0 && texts_[table_[slot]] != text) slot = (slot + 1) & mask;
  return slot;
}

std::string_view Names::keep(std::string_view text) {
  if (text.empty()) return {};
  char* copy = static_cast<char*>(letters_.allocate(text.size(), 1));
  std::copy(text.begin(), text.end(), copy);
  return {copy, text.size()};
}

void Names::grow() {
  table_.assign(2 * table_.size(), 0);
  for (std::size_t number = 1; number < texts_.size(); ++number)
    table_[slot_of(texts_[number])] = static_cast<std::uint32_t>(number);
}

}  // namespace locklab
