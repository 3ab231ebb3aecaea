#include "invariants/message.hpp"

#include <fmt/format.h>

#include <string_view>

namespace locklab {
namespace {

struct Words {
  const Finding& finding;
  const Names& names;
  ProcessNames process_names;

  std::string_view process(std::size_t i) const {
    if (i >= finding.processes.size()) return "somebody";
    const std::size_t number = finding.processes[i].number;
    return number >= 1 && number <= process_names.size() ? process_names[number - 1] : "somebody";
  }
  std::string_view subject() const {
    const std::string_view text = names.text(finding.subject);
    return text.empty() ? "something" : text;
  }
  std::string at() const { return to_string(finding.from); }

  /// "client-a, client-b and 3 more"
  std::string everybody() const {
    std::string text;
    const std::size_t named = finding.processes.size();
    const std::size_t more = finding.processes.total() - named;
    for (std::size_t i = 0; i < named; ++i) {
      if (i > 0) text += i + 1 == named && more == 0 ? " and " : ", ";
      text += process(i);
    }
    if (more > 0) text += fmt::format(" and {} more", more);
    return text;
  }

  /// "from 5002ms to 9978ms"
  std::string span() const {
    if (finding.until == kEndOfTime) return fmt::format("from {} to the end of the run", at());
    return fmt::format("from {} to {}", at(), to_string(finding.until));
  }
  /// "4976ms"
  std::string length() const {
    return to_string(finding.until == kEndOfTime ? finding.dormant + finding.active
                                                 : finding.until - finding.from);
  }

  /// " (token 34)", or nothing
  std::string token(std::size_t i) const {
    if (i >= finding.tokens.size() || !finding.tokens[i]) return {};
    return fmt::format(" (token {})", finding.tokens[i].number);
  }
  std::uint64_t token_number(std::size_t i) const {
    return i < finding.tokens.size() ? finding.tokens[i].number : 0;
  }
};

std::string service_mutual_exclusion(const Words& words) {
  if (words.finding.what == "two_owners")
    return fmt::format("the service shows both {} and {} as the owner of {} {} ({})",
                       words.process(0), words.process(1), words.subject(), words.span(),
                       words.length());
  return fmt::format("{} was granted {} while it was still promised to {}: two promises {} ({})",
                     words.process(1), words.subject(), words.process(0), words.span(),
                     words.length());
}

std::string client_mutual_exclusion(const Words& words) {
  if (words.finding.what == "while_releasing")
    return fmt::format("{} was granted {} while {} was still giving it back: {} ({})",
                       words.process(1), words.subject(), words.process(0), words.span(),
                       words.length());
  return fmt::format(
      "{} and {} both believe that they hold {} {} ({}, {} of it while one was paused)",
      words.process(0), words.process(1), words.subject(), words.span(), words.length(),
      to_string(words.finding.dormant));
}

std::string stale_write(const Words& words) {
  if (words.finding.what == "after_promise")
    return fmt::format(
        "a write of {}{} to {} was accepted at {}, when its lease was over and the "
        "lock was {}'s{}",
        words.process(0), words.token(0), words.subject(), words.at(), words.process(1),
        words.token(1));
  return fmt::format(
      "a write of {}{} to {} was accepted at {}, after one under the later grant of {}{}",
      words.process(0), words.token(0), words.subject(), words.at(), words.process(1),
      words.token(1));
}

std::string token_order(const Words& words) {
  if (words.finding.what == "shared_token")
    return fmt::format("{} and {} were both granted {} with token {}, the later at {}",
                       words.process(0), words.process(1), words.subject(), words.token_number(0),
                       words.at());
  return fmt::format(
      "{} had {} before {}, but its token is {} and the later one is {} (noticed at {})",
      words.process(0), words.subject(), words.process(1), words.token_number(0),
      words.token_number(1), words.at());
}

std::string foreign_release(const Words& words) {
  return fmt::format("{} {} a key of {} that belonged to {}, at {}", words.process(0),
                     words.finding.what, words.subject(),
                     words.process(0) == words.process(1)
                         ? std::string("another of its own attempts")
                         : std::string(words.process(1)),
                     words.at());
}

std::string lost_release(const Words& words) {
  return fmt::format("{} stays taken {} ({}) by keys of {}, who neither holds it nor wants it",
                     words.subject(), words.span(), words.length(), words.everybody());
}

std::string bounded_wait(const Words& words) {
  const bool still = words.finding.until == kEndOfTime;
  if (words.finding.what == "no_try")
    return fmt::format(
        "{} wants {} at {} and gives up without having asked for it, though nobody holds it",
        words.process(0), words.subject(), words.at());
  if (words.finding.what == "release")
    return still ? fmt::format("{} gives {} back since {} and never has done", words.process(0),
                               words.subject(), words.at())
                 : fmt::format("{} takes {} to give {} back, {}", words.process(0),
                               to_string(words.finding.active), words.subject(), words.span());
  const std::string wait =
      still ? fmt::format("{} waits for {} since {} and never gets it", words.process(0),
                          words.subject(), words.at())
            : fmt::format("{} waits for {} {}", words.process(0), words.subject(), words.span());
  if (words.finding.what == "total")
    return fmt::format("{}, {} in all", wait, to_string(words.finding.active));
  if (words.finding.what == "never")
    return fmt::format("{}, though nobody holds it and nothing else is left to happen", wait);
  return fmt::format("{}, though for {} of that time nobody held it", wait,
                     to_string(words.finding.active));
}

std::string deadlock(const Words& words) {
  if (words.finding.what == "waits_for_itself")
    return fmt::format("{} waits for {}, which it holds itself, {} ({})", words.process(0),
                       words.subject(), words.span(), words.length());
  return fmt::format("{} wait for one another in a circle {} ({}); {} waits for {}",
                     words.everybody(), words.span(), words.length(), words.process(0),
                     words.subject());
}

std::string lost_update(const Words& words) {
  if (words.finding.processes.size() < 2)
    return fmt::format("a write of {} to {} at {} was worked out from a version that is gone",
                       words.process(0), words.subject(), words.at());
  return fmt::format("a write of {}{} to {} at {} undid an update of {}{} that it had not read",
                     words.process(0), words.token(0), words.subject(), words.at(),
                     words.process(1), words.token(1));
}

std::string fairness(const Words& words) {
  return fmt::format("{} was served {} at {} before {}, who had waited longer", words.process(1),
                     words.subject(), words.at(), words.process(0));
}

}  // namespace

std::string message(const Finding& finding, const Names& names, ProcessNames processes) {
  const Words words{finding, names, processes};
  struct Row {
    std::string_view invariant;
    std::string (*sentence)(const Words& words);
  };
  static constexpr Row kRows[] = {{"service_mutual_exclusion", service_mutual_exclusion},
                                  {"client_mutual_exclusion", client_mutual_exclusion},
                                  {"stale_write", stale_write},
                                  {"token_order", token_order},
                                  {"foreign_release", foreign_release},
                                  {"lost_release", lost_release},
                                  {"bounded_wait", bounded_wait},
                                  {"deadlock", deadlock},
                                  {"lost_update", lost_update},
                                  {"fairness", fairness}};
  for (const Row& row : kRows)
    if (row.invariant == finding.invariant) return row.sentence(words);
  return fmt::format("{} was violated on {} {}", finding.invariant, words.subject(), words.span());
}

}  // namespace locklab
