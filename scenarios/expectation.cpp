#include "scenarios/expectation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace locklab {

namespace {

Instant instant(Duration since_start) { return Instant{since_start}; }

std::string_view name_of(ProcessNames processes, ProcessId id) {
  return id && id.number <= processes.size() ? processes[id.number - 1] : "nobody";
}

template <class Wanted, class Found>
bool agrees(const std::optional<Wanted>& wanted, const Found& found) {
  return !wanted || *wanted == found;
}

bool agrees(const std::optional<Duration>& wanted, Instant found) {
  return !wanted || instant(*wanted) == found;
}

bool fits(const ExpectedFinding& wanted, const Finding& found) {
  return wanted.invariant == found.invariant && agrees(wanted.from, found.from) &&
         agrees(wanted.until, found.until) && agrees(wanted.dormant, found.dormant) &&
         agrees(wanted.active, found.active);
}

bool fits(const ExpectedGrant& wanted, const GrantRecord& found, ProcessNames processes) {
  return wanted.process == name_of(processes, found.process) && agrees(wanted.at, found.at) &&
         agrees(wanted.validity, found.validity) &&
         agrees(wanted.promise_until, found.promise_until) &&
         agrees(wanted.belief_until, found.belief_until) &&
         agrees(wanted.token, static_cast<std::int64_t>(found.token.number)) &&
         agrees(wanted.votes, static_cast<std::int64_t>(found.votes));
}

bool fits(const ExpectedRefusal& wanted, const RefusalRecord& found, ProcessNames processes) {
  return wanted.process == name_of(processes, found.process) &&
         (wanted.why.empty() || wanted.why == to_string(found.why)) &&
         agrees(wanted.votes, static_cast<std::int64_t>(found.votes));
}

bool fits(const ExpectedWrite& wanted, const WriteRecord& found, ProcessNames processes,
          const Metrics& metrics) {
  return wanted.process == name_of(processes, metrics.process_of(found.attempt)) &&
         wanted.accepted == found.accepted && agrees(wanted.at, found.at) &&
         agrees(wanted.token, static_cast<std::int64_t>(found.token.number)) &&
         agrees(wanted.highest, static_cast<std::int64_t>(found.highest.number));
}

/// Does each of `wanted` fit one of `found`, in order?
template <class Wanted, class Found, class Fits>
std::optional<std::size_t> first_missing(const std::vector<Wanted>& wanted,
                                         std::span<const Found> found, Fits fits) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    while (next < found.size() && !fits(wanted[i], found[next])) ++next;
    if (next == found.size()) return i;
    ++next;
  }
  return std::nullopt;
}

std::string text(const char* what, const std::optional<Duration>& wanted) {
  return wanted ? fmt::format(" {} {}", what, to_string(*wanted)) : std::string();
}

template <class Number>
std::string text(const char* what, const std::optional<Number>& wanted) {
  return wanted ? fmt::format(" {} {}", what, *wanted) : std::string();
}

}  // namespace

bool matches(const Expectation& expected, std::span<const Finding> findings, const Metrics& metrics,
             ProcessNames processes, std::vector<std::string>* mismatches) {
  bool all = true;
  const auto differs = [&](const auto& sentence) {
    all = false;
    if (mismatches != nullptr) mismatches->push_back(sentence());
  };

  for (const std::string& wanted : expected.violates) {
    const bool found = std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.invariant == wanted;
    });
    if (!found)
      differs([&] { return fmt::format("{} was expected to be violated, and held", wanted); });
  }
  std::vector<std::string_view> said;
  for (const Finding& finding : findings) {
    const bool wanted =
        std::any_of(expected.violates.begin(), expected.violates.end(),
                    [&](const std::string& invariant) { return invariant == finding.invariant; });
    const bool repeated = std::find(said.begin(), said.end(), finding.invariant) != said.end();
    if (wanted || repeated) continue;
    if (mismatches != nullptr) said.push_back(finding.invariant);
    differs([&] {
      return fmt::format("{} was violated from {} on, which was not expected", finding.invariant,
                         to_string(finding.from));
    });
  }
  for (const ExpectedFinding& wanted : expected.findings) {
    const bool found = std::any_of(findings.begin(), findings.end(),
                                   [&](const Finding& finding) { return fits(wanted, finding); });
    if (found) continue;
    differs([&] {
      std::string sentence =
          fmt::format("no finding of {}{}{}{}{}", wanted.invariant, text("from", wanted.from),
                      text("until", wanted.until), text("dormant", wanted.dormant),
                      text("active", wanted.active));
      for (const Finding& finding : findings)
        if (finding.invariant == wanted.invariant)
          sentence += fmt::format("; there was one from {} until {}, dormant {}, active {}",
                                  to_string(finding.from), to_string(finding.until),
                                  to_string(finding.dormant), to_string(finding.active));
      return sentence;
    });
  }
  const auto grant_missing = first_missing(
      expected.grants, metrics.grants(),
      [&](const ExpectedGrant& w, const GrantRecord& f) { return fits(w, f, processes); });
  if (grant_missing) {
    const ExpectedGrant& wanted = expected.grants[*grant_missing];
    differs([&] {
      std::string sentence = fmt::format(
          "no grant to {}{}{}{}{}{}{} (number {} of those expected)", wanted.process,
          text("at", wanted.at), text("validity", wanted.validity),
          text("promise_until", wanted.promise_until), text("belief_until", wanted.belief_until),
          text("token", wanted.token), text("votes", wanted.votes), *grant_missing + 1);
      for (const GrantRecord& grant : metrics.grants())
        sentence +=
            fmt::format("; {} at {} validity {} promise_until {} belief_until {} token {} votes {}",
                        name_of(processes, grant.process), to_string(grant.at),
                        to_string(grant.validity), to_string(grant.promise_until),
                        to_string(grant.belief_until), grant.token.number, grant.votes);
      return sentence;
    });
  }
  const auto refusal_missing = first_missing(
      expected.refusals, metrics.refusals(),
      [&](const ExpectedRefusal& w, const RefusalRecord& f) { return fits(w, f, processes); });
  if (refusal_missing) {
    const ExpectedRefusal& wanted = expected.refusals[*refusal_missing];
    differs([&] {
      std::string sentence =
          fmt::format("no refusal of {}{}{}{}", wanted.process, text("votes", wanted.votes),
                      wanted.why.empty() ? "" : " why ", wanted.why);
      for (const RefusalRecord& refusal : metrics.refusals())
        sentence += fmt::format("; {} at {} why {} votes {}", name_of(processes, refusal.process),
                                to_string(refusal.at), to_string(refusal.why), refusal.votes);
      return sentence;
    });
  }
  const auto write_missing = first_missing(
      expected.writes, metrics.writes(),
      [&](const ExpectedWrite& w, const WriteRecord& f) { return fits(w, f, processes, metrics); });
  if (write_missing) {
    const ExpectedWrite& wanted = expected.writes[*write_missing];
    differs([&] {
      std::string sentence = fmt::format(
          "no {} write of {}{}{}{}", wanted.accepted ? "accepted" : "rejected", wanted.process,
          text("at", wanted.at), text("token", wanted.token), text("highest", wanted.highest));
      for (const WriteRecord& write : metrics.writes())
        sentence += fmt::format("; {} of {} at {} token {} highest {}",
                                write.accepted ? "accepted" : "rejected",
                                name_of(processes, metrics.process_of(write.attempt)),
                                to_string(write.at), write.token.number, write.highest.number);
      return sentence;
    });
  }
  for (const auto& expectation : expected.damage) {
    const std::int64_t wanted = expectation.second;
    for (std::size_t i = 0; i < kDamages; ++i) {
      const auto damage = static_cast<Damage>(i);
      const std::int64_t found = metrics.damage(damage);
      if (expectation.first != to_string(damage) || found == wanted) continue;
      differs(
          [&] { return fmt::format("{} is {}, expected {}", to_string(damage), found, wanted); });
    }
  }
  return all;
}

}  // namespace locklab
