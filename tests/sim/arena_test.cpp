#include "sim/arena.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory_resource>
#include <vector>

#include "sim/rng.hpp"

using namespace locklab;

namespace {

std::uintptr_t address(const void* block) { return reinterpret_cast<std::uintptr_t>(block); }

/// Takes and gives back blocks of many sizes, checks that none touches another. The same seed asks
/// for the same blocks.
void churn(Arena& arena, std::uint64_t seed, int steps, std::size_t largest) {
  struct Block {
    unsigned char* begin;
    std::size_t size;
    unsigned char mark;
  };
  std::vector<Block> blocks;
  Rng rng(seed, "test/arena");
  for (int step = 0; step < steps; ++step) {
    if (blocks.empty() || rng.chance_ppm(550'000)) {
      const std::size_t size =
          static_cast<std::size_t>(1 + rng.below(rng.chance_ppm(900'000) ? 700 : largest));
      const auto mark = static_cast<unsigned char>(rng.below(256));
      auto* begin = static_cast<unsigned char*>(arena.take(size));
      REQUIRE(address(begin) % (size >= 512 ? 64 : 16) == 0);
      std::memset(begin, mark, size);
      blocks.push_back({begin, size, mark});
    } else {
      const auto index = static_cast<std::size_t>(rng.below(blocks.size()));
      const Block block = blocks[index];
      REQUIRE(std::all_of(block.begin, block.begin + block.size,
                          [&](unsigned char byte) { return byte == block.mark; }));
      arena.give_back(block.begin, block.size);
      blocks[index] = blocks.back();
      blocks.pop_back();
    }
  }
}

}  // namespace

TEST_CASE("blocks are aligned to 16, and to 64 from 512 bytes up") {
  Arena arena;
  for (std::size_t size = 0; size <= 3'000; ++size) {
    void* block = arena.take(size);
    REQUIRE(address(block) % (size >= 512 ? 64 : 16) == 0);
    std::memset(block, 1, size);
  }
}

TEST_CASE("a block given back is the next of its size") {
  Arena arena;
  void* first = arena.take(100);
  void* second = arena.take(100);
  CHECK(first != second);
  arena.give_back(first, 100);
  CHECK(arena.take(112) == first);  // 97 to 112 bytes are one class
  CHECK(arena.take(100) != second);
}

TEST_CASE("sizes round up by a quarter at most, from 64 bytes up") {
  // Two blocks of one class follow each other at once, so their distance is the size of the class.
  for (std::size_t size = 1; size <= 20'000; size += size < 600 ? 1 : 97) {
    Arena arena;
    const std::size_t distance = address(arena.take(size)) - address(arena.take(size));
    const std::size_t got = 0 - distance;
    REQUIRE(got >= size);
    REQUIRE(got < size + (size <= 64 ? 16 : size / 4 + 1));
  }
}

TEST_CASE("no two blocks overlap") {
  Arena arena;
  churn(arena, 1, 20'000, 20'000);
  arena.reset();
  churn(arena, 2, 2'000, 1'500'000);
}

TEST_CASE("an arena knows how much is handed out") {
  Arena arena;
  CHECK(arena.bytes_used() == 0);
  CHECK(arena.bytes_reserved() == 0);
  void* block = arena.take(100);
  arena.take(5);
  CHECK(arena.bytes_used() == 105);
  arena.give_back(block, 100);
  CHECK(arena.bytes_used() == 5);
  arena.reset();
  CHECK(arena.bytes_used() == 0);
  CHECK(arena.bytes_reserved() == 64 * 1024);
}

TEST_CASE("a run like an earlier one takes nothing from the system") {
  Arena arena;
  std::size_t reserved = 0;
  for (int run = 0; run < 4; ++run) {
    churn(arena, 3, 5'000, 900'000);  // large blocks, too
    if (run == 0) reserved = arena.bytes_reserved();
    CHECK(arena.bytes_reserved() == reserved);
    arena.reset();
  }
}

TEST_CASE("giving back and taking again takes nothing from the system") {
  Arena arena;
  for (const std::size_t size : {24u, 640u, 5'000u, 300'000u, 3'000'000u}) {
    void* block = arena.take(size);
    const std::size_t reserved = arena.bytes_reserved();
    for (int i = 0; i < 100; ++i) {
      arena.give_back(block, size);
      block = arena.take(size);
    }
    CHECK(arena.bytes_reserved() == reserved);
  }
}

TEST_CASE("memory starts again from the beginning after a reset") {
  Arena arena;
  void* first = arena.take(48);
  arena.take(300'000);
  for (int i = 0; i < 10'000; ++i) arena.take(48);
  arena.reset();
  CHECK(arena.take(48) == first);
}

TEST_CASE("chunks double up to 4 MiB") {
  Arena arena;
  std::vector<std::size_t> asked;
  std::size_t before = 0;
  while (asked.size() < 9) {
    arena.take(4'096);
    if (arena.bytes_reserved() == before) continue;
    asked.push_back((arena.bytes_reserved() - before) / 1024);
    before = arena.bytes_reserved();
  }
  CHECK(asked == std::vector<std::size_t>{64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096});
}

TEST_CASE("containers live in an arena, whatever alignment they ask for") {
  Arena arena;
  std::pmr::memory_resource& memory = arena;
  for (const std::size_t alignment : {1u, 8u, 16u, 32u, 64u, 128u, 256u, 4'096u})
    for (const std::size_t size : {1u, 40u, 64u, 200u, 512u, 5'000u, 300'000u}) {
      void* one = memory.allocate(size, alignment);
      void* two = memory.allocate(size, alignment);
      REQUIRE(address(one) % alignment == 0);
      REQUIRE(address(two) % alignment == 0);
      std::memset(one, 1, size);
      std::memset(two, 2, size);
      REQUIRE(static_cast<unsigned char*>(one)[size - 1] == 1);
      memory.deallocate(one, size, alignment);
      memory.deallocate(two, size, alignment);
    }
  CHECK(arena.bytes_used() == 0);

  std::pmr::map<int, std::pmr::vector<int>> map(&arena);
  for (int i = 0; i < 1'000; ++i) map[i % 37].push_back(i);
  CHECK(map[5].size() == 27);
  CHECK(memory.is_equal(arena));
  Arena other;
  CHECK_FALSE(memory.is_equal(other));
}

#if defined(LOCKLAB_ASAN)
TEST_CASE("what is not handed out is poison to the address sanitizer") {
  Arena arena;
  auto* block = static_cast<char*>(arena.take(100));
  CHECK(__asan_region_is_poisoned(block, 100) == nullptr);
  CHECK(__asan_address_is_poisoned(block + 100));  // the rest of the class
  arena.give_back(block, 100);
  CHECK(__asan_address_is_poisoned(block));
  CHECK(__asan_address_is_poisoned(block + 99));
  block = static_cast<char*>(arena.take(97));
  CHECK(__asan_region_is_poisoned(block, 97) == nullptr);
  CHECK(__asan_address_is_poisoned(block + 97));
  auto* large = static_cast<char*>(arena.take(1'000'000));
  arena.reset();
  CHECK(__asan_address_is_poisoned(block));
  CHECK(__asan_address_is_poisoned(large));
  CHECK(__asan_address_is_poisoned(large + 999'999));
}
#endif
