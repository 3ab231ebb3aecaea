// docs/envelopes.md: what each lock assumes and promises, from the table that searches use.
// LOCKLAB_REWRITE=1 writes it anew.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "scenarios/assumptions.hpp"

namespace locklab {
namespace {

std::string invariants(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names)
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", name);
  return out;
}

std::string kinds(const Assumption& assumption) {
  if (assumption.kinds == kEveryKind) return "any";
  std::string out;
  for (std::size_t i = 0; i < kSearchKinds; ++i) {
    const auto kind = static_cast<SearchKind>(i);
    if ((assumption.kinds & kind_bit(kind)) != 0)
      out += fmt::format("{}{}", out.empty() ? "" : ", ", to_string(kind));
  }
  return out;
}

std::string_view victims(Victims whom) {
  switch (whom) {
    case Victims::anyone:
      return "anyone";
    case Victims::clients:
      return "clients";
    case Victims::servers:
      return "servers";
    case Victims::storage:
      return "storage";
  }
  return {};
}

std::string limits(const Assumption& assumption) {
  std::string out;
  if (assumption.rate_ppm != nullptr) out += ", beyond a limit";
  if (assumption.only_if_back) out += ", if the victim comes back";
  if (assumption.needed != nullptr) out += ", with some settings";
  return out;
}

void add_rows(std::string& out, std::span<const Assumption> assumptions) {
  out += "\n| it assumes that | so these are outside |\n|---|---|\n";
  for (const Assumption& assumption : assumptions)
    out += fmt::format("| {} | {} of {}{} |\n", assumption.text, kinds(assumption),
                       victims(assumption.whom), limits(assumption));
}

std::string page() {
  std::string out =
      "<!-- LOCKLAB_REWRITE=1 build/release/test_scenarios writes this page. -->\n"
      "# Assumption envelopes\n\n"
      "What each lock was built to survive, and what it promises there: the table of "
      "`scenarios/assumptions.cpp`. A fault that breaks no assumption is inside the envelope, "
      "however hard it strikes, and what a lock promises has to hold there. A preset that is known "
      "to be wrong has the envelope of its lock, so that it is found out.\n\n"
      "\"With some settings\" means that the assumption is made only where it is needed: a Redis "
      "that syncs each write survives a loss of power. \"Guarded\" data are behind a storage that "
      "checks the lock's tokens, reads included, or in rows of the lock's own database. "
      "`stale_write` is promised by none: until a new holder's first request has come, no storage "
      "can know of it.\n\n"
      "## All locks\n";
  add_rows(out, common_assumptions());
  for (const Envelope& envelope : envelopes()) {
    out += fmt::format("\n## {}\n\nPromises {}", envelope.lock, invariants(envelope.promises));
    if (!envelope.promises_guarded.empty())
      out += fmt::format("; of guarded data {}", invariants(envelope.promises_guarded));
    out += fmt::format(".\nSource: {}.\n", envelope.source);
    add_rows(out, envelope.assumptions);
  }
  return out;
}

TEST_CASE("docs/envelopes.md says what searches go by") {
  const auto path = std::filesystem::path(LOCKLAB_SOURCE_DIR) / "docs/envelopes.md";
  const std::string said = page();
  if (std::getenv("LOCKLAB_REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << said;
  std::ifstream file(path, std::ios::binary);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  const bool same = said == written;
  CHECK_MESSAGE(same, "LOCKLAB_REWRITE=1 build/release/test_scenarios writes docs/envelopes.md");
}

}  // namespace
}  // namespace locklab
