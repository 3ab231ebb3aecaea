// The lines of a campaign's journal: what was written is read, and nothing else.
#include "cli/fuzz/journal_line.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace locklab;

namespace {

Trial trial(std::uint64_t signature, std::uint64_t shape, Duration slack, std::uint64_t struck) {
  Trial made;
  made.signature = signature;
  if (signature != 0) {
    made.invariant = "stale_write";
    made.what = "overwrote";
  }
  made.shape = shape;
  made.slack = slack;
  made.struck = struck;
  return made;
}

JournalBlock block() {
  JournalBlock made;
  made.island = 11;
  made.first = 96;
  made.totals = {123'456'789, 0xFEDCBA9876543210u};
  made.fingerprint = 0x0123456789ABCDEFu;
  made.trials = {trial(0, 5, Duration::max(), 0), trial(77, 5, -3s, 7),
                 trial(77, std::numeric_limits<std::uint64_t>::max(), Duration{0}, 1),
                 trial(78, 6, Duration::min(), std::numeric_limits<std::uint64_t>::max())};
  made.trials[2].undecided = true;
  return made;
}

bool same(const JournalBlock& a, const JournalBlock& b) {
  if (a.island != b.island || a.first != b.first || !(a.totals == b.totals) ||
      a.fingerprint != b.fingerprint || a.trials.size() != b.trials.size())
    return false;
  for (std::size_t i = 0; i < a.trials.size(); ++i) {
    const Trial& one = a.trials[i];
    const Trial& other = b.trials[i];
    if (one.signature != other.signature || one.invariant != other.invariant ||
        one.what != other.what || one.shape != other.shape || one.slack != other.slack ||
        one.struck != other.struck || one.undecided != other.undecided)
      return false;
  }
  return true;
}

std::string without_newline(const std::string& line) { return line.substr(0, line.size() - 1); }

}  // namespace

TEST_CASE("blocks are read as they were written, with what only the first of them spells out") {
  JournalLines writer;
  const std::string first = writer.payload_of(block());
  const std::string second = writer.payload_of(block());
  CHECK(first.find("stale_write") != std::string::npos);
  CHECK(second.find("stale_write") == std::string::npos);
  JournalLines reader;
  for (const std::string& payload : {first, second}) {
    const auto read = reader.block_of(payload);
    REQUIRE(read.has_value());
    CHECK(same(*read, block()));
  }
  // Whoever has read goes on writing as the writer would have.
  CHECK(reader.payload_of(block()) == writer.payload_of(block()));
}

TEST_CASE("a line that is changed, cut, missing or doubled does not open") {
  JournalLines writer;
  const std::string first = without_newline(writer.sealed("one"));
  const std::string second = without_newline(writer.sealed("two"));

  JournalLines reader;
  CHECK_FALSE(reader.opened(second).has_value());  // the first is missing
  for (std::size_t at = 0; at < first.size(); ++at) {
    std::string changed = first;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(reader.opened(changed).has_value());
    CHECK_FALSE(reader.opened(first.substr(0, at)).has_value());
  }
  CHECK(reader.opened(first) == "one");
  CHECK_FALSE(reader.opened(first).has_value());
  CHECK(reader.opened(second) == "two");
}

TEST_CASE("what is no block is refused, whatever it is") {
  JournalLines writer;
  const std::string good = writer.payload_of(block());
  for (const std::string& bad :
       {std::string(), std::string("b"), std::string("{}"), "c" + good.substr(1),
        "b ff" + good.substr(3), good + " x", good + " -.0.0", good + " 9.0.0.0"}) {
    CAPTURE(bad);
    CHECK_FALSE(JournalLines().block_of(bad).has_value());
  }
}
