#include "cli/fuzz/journal_line.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

#include "sim/bits.hpp"

namespace locklab {
namespace {

constexpr std::size_t kChecksumDigits = 16;

/// The text up to the next `end`, which is taken away with it.
std::string_view next_part(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

template <class Number>
bool read_hex(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string JournalLines::sealed(std::string_view payload) {
  chain_ = hash_text(payload, chain_);
  return fmt::format("{} {:016x}\n", payload, chain_);
}

std::optional<std::string_view> JournalLines::opened(std::string_view line) {
  if (line.size() <= kChecksumDigits) return std::nullopt;
  const std::string_view payload = line.substr(0, line.size() - kChecksumDigits - 1);
  const std::uint64_t sum = hash_text(payload, chain_);
  if (line.substr(payload.size()) != fmt::format(" {:016x}", sum)) return std::nullopt;
  chain_ = sum;
  return payload;
}

// ---- writing ------------------------------------------------------------------------------------

std::string JournalLines::bug_text(const Trial& trial) {
  if (!trial.violated()) return "-";
  const auto [known, is_new] = bug_numbers_.emplace(trial.signature, bugs_.size());
  if (!is_new) return fmt::format("{:x}", known->second);
  bugs_.push_back({trial.signature, std::string(trial.invariant), std::string(trial.what)});
  return fmt::format("+{:x}:{}:{}", trial.signature, trial.invariant, trial.what);
}

std::string JournalLines::shape_text(std::uint64_t shape) {
  const auto [known, is_new] = shape_numbers_.emplace(shape, shapes_.size());
  if (!is_new) return fmt::format("{:x}", known->second);
  shapes_.push_back(shape);
  return fmt::format("+{:x}", shape);
}

std::string JournalLines::payload_of(const JournalBlock& block) {
  std::string out = fmt::format("b {:x} {:x} {:x} {:016x} {:016x}", block.island, block.first,
                                block.totals.events, block.totals.digest, block.fingerprint);
  for (const Trial& trial : block.trials) {
    out += fmt::format(" {}.{}", bug_text(trial), shape_text(trial.shape));
    if (trial.slack == Duration::max())
      out += ".-";
    else
      fmt::format_to(std::back_inserter(out), ".{:x}", trial.slack.count());
    fmt::format_to(std::back_inserter(out), ".{:x}{}", trial.struck, trial.undecided ? "!" : "");
  }
  return out;
}

// ---- reading ------------------------------------------------------------------------------------

bool JournalLines::read_bug(std::string_view text, Trial& trial) {
  if (text == "-") return true;
  std::uint64_t number = bugs_.size();
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    Bug bug;
    if (!read_hex(next_part(text, ':'), bug.signature) || bug.signature == 0) return false;
    bug.invariant = next_part(text, ':');
    bug.what = text;
    if (!bug_numbers_.emplace(bug.signature, number).second) return false;
    bugs_.push_back(std::move(bug));
  } else if (!read_hex(text, number) || number >= bugs_.size()) {
    return false;
  }
  const Bug& bug = bugs_[number];
  trial.signature = bug.signature;
  trial.invariant = bug.invariant;
  trial.what = bug.what;
  return true;
}

bool JournalLines::read_shape(std::string_view text, Trial& trial) {
  std::uint64_t number = shapes_.size();
  if (text.starts_with('+')) {
    if (!read_hex(text.substr(1), trial.shape)) return false;
    if (!shape_numbers_.emplace(trial.shape, number).second) return false;
    shapes_.push_back(trial.shape);
    return true;
  }
  if (!read_hex(text, number) || number >= shapes_.size()) return false;
  trial.shape = shapes_[number];
  return true;
}

bool JournalLines::read_trial(std::string_view text, Trial& trial) {
  if (!read_bug(next_part(text, '.'), trial)) return false;
  if (!read_shape(next_part(text, '.'), trial)) return false;
  const std::string_view slack = next_part(text, '.');
  std::int64_t nanoseconds = 0;
  if (slack != "-") {
    if (!read_hex(slack, nanoseconds)) return false;
    trial.slack = Duration{nanoseconds};
  }
  if (text.ends_with('!')) {
    trial.undecided = true;
    text.remove_suffix(1);
  }
  return read_hex(text, trial.struck);
}

std::optional<JournalBlock> JournalLines::block_of(std::string_view payload) {
  if (next_part(payload, ' ') != "b") return std::nullopt;
  JournalBlock block;
  if (!read_hex(next_part(payload, ' '), block.island) || block.island >= kIslands ||
      !read_hex(next_part(payload, ' '), block.first) ||
      !read_hex(next_part(payload, ' '), block.totals.events) ||
      !read_hex(next_part(payload, ' '), block.totals.digest) ||
      !read_hex(next_part(payload, ' '), block.fingerprint))
    return std::nullopt;
  while (!payload.empty()) {
    Trial trial;
    if (!read_trial(next_part(payload, ' '), trial)) return std::nullopt;
    block.trials.push_back(trial);
  }
  return block;
}

}  // namespace locklab
