// One world, one arena: all that a run allocates comes from here and is forgotten in one step,
// while the memory itself stays for the next run. Freed blocks go to a list of their size and are
// used again within the run, which is what keeps coroutine frames and growing containers cheap.
//
// Sizes are rounded up to classes, four to each doubling: 16, 32, 48, 64, 80, 96, 112, 128, 160,
// ... Small classes are cut off chunks; a block above 256 KiB is a piece of memory of its own. A
// run that asks for what an earlier one asked for takes nothing from the system. Under
// AddressSanitizer all that is not handed out is poisoned.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define LOCKLAB_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCKLAB_ASAN 1
#endif
#endif
#if defined(LOCKLAB_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace locklab {

class Arena final : public std::pmr::memory_resource {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() override;

  /// A block of at least `bytes`, aligned to 16 (to 64 from 512 bytes up).
  void* take(std::size_t bytes) {
    const std::size_t size_class = class_of(bytes);
    used_ += bytes;
    if (FreeBlock* block = free_[size_class]) [[likely]] {
      unpoison(block, sizeof(FreeBlock));
      free_[size_class] = block->next;
      poison(block, sizeof(FreeBlock));  // more than was asked for, perhaps
      unpoison(block, bytes);
      return block;
    }
    return carve(size_class, bytes);
  }

  /// Gives back a block that take() handed out for the same number of bytes.
  void give_back(void* block, std::size_t bytes) noexcept {
    const std::size_t size_class = class_of(bytes);
    used_ -= bytes;
    check_handed_out(block, bytes);
    unpoison(block, sizeof(FreeBlock));
    free_[size_class] = ::new (block) FreeBlock{free_[size_class]};
    poison(block, class_size(size_class));
  }

  /// Forgets every block at once; destructors are the caller's business. Keeps the memory.
  void reset() noexcept;

  std::size_t bytes_reserved() const { return reserved_; }  // asked of the system, ever
  std::size_t bytes_used() const { return used_; }  // handed out now: not given back, not forgotten

 private:
  struct FreeBlock {
    FreeBlock* next;
  };
  struct Chunk {
    std::byte* begin;
    std::size_t size;
  };

  // Class 0 to 3 are 16 to 64 bytes. From there on n = bytes - 1 lies in [2^e, 2^(e+1)), and its
  // two bits below the topmost say which quarter.
  static constexpr std::size_t class_of(std::size_t bytes) {
    const std::size_t n = bytes == 0 ? 0 : bytes - 1;
    if (n < 64) return n / 16;
    const std::size_t e = static_cast<std::size_t>(std::bit_width(n)) - 1;
    return 4 * (e - 5) + ((n >> (e - 2)) & 3);
  }
  static constexpr std::size_t class_size(std::size_t size_class) {
    if (size_class < 4) return 16 * (size_class + 1);
    return (5 + size_class % 4) << (size_class / 4 + 3);
  }

  void* carve(std::size_t size_class, std::size_t bytes);
  void next_chunk(std::size_t size);
  Chunk ask_system(std::size_t size);

#if defined(LOCKLAB_ASAN)
  static void poison(const void* block, std::size_t bytes) {
    __asan_poison_memory_region(block, bytes);
  }
  static void unpoison(const void* block, std::size_t bytes) {
    __asan_unpoison_memory_region(block, bytes);
  }
  static void check_handed_out(void* block, std::size_t bytes) noexcept;
#else
  static void poison(const void*, std::size_t) {}
  static void unpoison(const void*, std::size_t) {}
  static void check_handed_out(void*, std::size_t) noexcept {}
#endif

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  static constexpr std::size_t kClasses =
      4 * std::size_t{std::numeric_limits<std::size_t>::digits - 5};
  std::array<FreeBlock*, kClasses> free_{};
  std::byte* cursor_ = nullptr;
  std::byte* limit_ = nullptr;
  std::size_t used_ = 0;
  std::size_t next_chunk_ = 0;  // the one after that which is being carved
  std::size_t reserved_ = 0;
  std::vector<Chunk> chunks_;
  std::vector<Chunk> large_;  // each holds one block
};

}  // namespace locklab
