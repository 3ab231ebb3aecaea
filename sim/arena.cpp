#include "sim/arena.hpp"

#include <algorithm>
#include <cstdint>

#include "sim/assert.hpp"

namespace locklab {
namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kFirstChunk = std::size_t{64} << 10;
constexpr std::size_t kLargestChunk = std::size_t{4} << 20;
constexpr std::size_t kLargestCarved = std::size_t{256} << 10;
constexpr std::size_t kCacheLineFrom = 512;  // blocks of this size begin on a cache line

std::size_t padding(const void* place, std::size_t alignment) {
  return (0 - reinterpret_cast<std::uintptr_t>(place)) & (alignment - 1);
}

}  // namespace

Arena::~Arena() {
  for (const std::vector<Chunk>* list : {&chunks_, &large_})
    for (const Chunk& chunk : *list) {
      unpoison(chunk.begin, chunk.size);
      ::operator delete (chunk.begin, std::align_val_t{kCacheLine});
    }
}

void* Arena::carve(std::size_t size_class, std::size_t bytes) {
  const std::size_t size = class_size(size_class);
  LOCKLAB_ASSERT(size >= bytes);  // it is not where the class does not fit in a word

  std::byte* block = nullptr;
  if (size > kLargestCarved) {
    large_.push_back(ask_system(size));
    block = large_.back().begin;
  } else {
    const std::size_t alignment = size >= kCacheLineFrom ? kCacheLine : 16;
    if (padding(cursor_, alignment) + size > static_cast<std::size_t>(limit_ - cursor_))
      next_chunk(size);
    block = cursor_ + padding(cursor_, alignment);
    cursor_ = block + size;
  }
  unpoison(block, bytes);
  return block;
}

/// Goes on to the next chunk with room for `size`; what is left of this one waits for a reset.
void Arena::next_chunk(std::size_t size) {
  while (next_chunk_ < chunks_.size() && chunks_[next_chunk_].size < size) ++next_chunk_;
  if (next_chunk_ == chunks_.size()) {
    const std::size_t doubled =
        chunks_.empty() ? kFirstChunk : std::min(2 * chunks_.back().size, kLargestChunk);
    chunks_.push_back(ask_system(std::max(doubled, size)));
  }
  const Chunk& chunk = chunks_[next_chunk_++];
  cursor_ = chunk.begin;
  limit_ = chunk.begin + chunk.size;
}

Arena::Chunk Arena::ask_system(std::size_t size) {
  auto* begin = static_cast<std::byte*>(::operator new (size, std::align_val_t{kCacheLine}));
  reserved_ += size;
  poison(begin, size);
  return {begin, size};
}

void Arena::reset() noexcept {
  free_.fill(nullptr);
  cursor_ = limit_ = nullptr;
  next_chunk_ = 0;
  used_ = 0;
  for (const Chunk& chunk : chunks_) poison(chunk.begin, chunk.size);
  for (const Chunk& chunk : large_) {
    const std::size_t size_class = class_of(chunk.size);
    unpoison(chunk.begin, sizeof(FreeBlock));
    free_[size_class] = ::new (chunk.begin) FreeBlock{free_[size_class]};
    poison(chunk.begin, chunk.size);
  }
}

#if defined(LOCKLAB_ASAN)
void Arena::check_handed_out(void* block, std::size_t bytes) noexcept {
  // Given back twice, or for more bytes than were taken.
  LOCKLAB_ASSERT(__asan_region_is_poisoned(block, bytes) == nullptr);
}
#endif

// What std::pmr containers call. A block of 512 bytes begins on a cache line; above that alignment
// a block is cut out of a greater one, which it remembers in the word before it.
void* Arena::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (alignment <= 16) return take(bytes);
  if (alignment <= kCacheLine) return take(std::max(bytes, kCacheLineFrom));

  auto* whole = static_cast<std::byte*>(take(std::max(bytes, kCacheLineFrom) + alignment));
  std::byte* block =
      whole + alignment - (reinterpret_cast<std::uintptr_t>(whole) & (alignment - 1));
  *reinterpret_cast<std::byte**>(block - sizeof(std::byte*)) = whole;
  return block;
}

void Arena::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (alignment <= 16) return give_back(block, bytes);
  if (alignment <= kCacheLine) return give_back(block, std::max(bytes, kCacheLineFrom));

  std::byte* whole =
      *reinterpret_cast<std::byte**>(static_cast<std::byte*>(block) - sizeof(std::byte*));
  give_back(whole, std::max(bytes, kCacheLineFrom) + alignment);
}

}  // namespace locklab
