// Wide integers, spelled so that a pedantic compiler accepts them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace locklab {

__extension__ using Uint128 = unsigned __int128;

/// The two halves of the 128-bit product, folded together: a fast, strong mix of two words.
constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A hash of `text` that carries on from `hash`, so texts can be hashed one after the other. Equal
/// on every machine: it reads bytes, whatever their order in a word.
constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t hash = 0) {
  const auto byte = [text](std::size_t at) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(text[at]));
  };
  const auto mix = [&hash](std::uint64_t word) {
    hash = fold_multiply(hash ^ word ^ 0x243F6A8885A308D3u, 0x9E3779B97F4A7C15u);
  };
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8)  // written out, a compiler makes it one load
    mix(byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24 |
        byte(at + 4) << 32 | byte(at + 5) << 40 | byte(at + 6) << 48 | byte(at + 7) << 56);
  std::uint64_t rest = 0;
  for (std::size_t i = at; i < text.size(); ++i) rest |= byte(i) << (8 * (i - at));
  mix(rest);
  // The length tells "a" from "a\0".
  return fold_multiply(hash ^ text.size(), 0xD6E8FEB86659FD93u);
}

}  // namespace locklab
