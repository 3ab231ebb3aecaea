#include "live/explanation_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "live/verdict_words.hpp"
#include "reports/causal_story.hpp"
#include "reports/plain_text.hpp"

namespace locklab {
namespace {

std::string listed(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? fmt::format(" {} ", last) : ", ") + words[i];
  return out;
}

std::string invariants(const std::vector<std::string_view>& names) {
  std::vector<std::string> words;
  for (const std::string_view name : names) words.push_back(plain_words(name));
  return listed(words, "and");
}

/// "nothing is violated"
std::string fate_words(const Fate& fate) {
  switch (fate.kind) {
    case Fate::Kind::breaks:
      return "it breaks all the same";
    case Fate::Kind::other:
      return fmt::format("it does not break in this way, but {} {} violated",
                         invariants(fate.violated), fate.violated.size() == 1 ? "is" : "are");
    case Fate::Kind::holds:
      return "nothing is violated";
    case Fate::Kind::undecided:
      return "it is undecided: the event limit is spent";
  }
  return {};
}

}  // namespace

ExplanationWords::ExplanationWords(const Scenario& scenario, std::string_view check,
                                   const Recording& recording, const Explanation& explanation)
    : scenario_(scenario),
      check_(check),
      recording_(recording),
      explanation_(explanation),
      timeline_(make_timeline(recording)),
      narrator_(recording, timeline_) {
  if (explanation.finding)
    story_ = causal_story(recording, timeline_, narrator_, *explanation.finding);
}

std::string ExplanationWords::verdict() const {
  if (explanation_.finding) return explanation_.message;
  if (explanation_.result.findings.empty()) return "Nothing is violated.";
  return fmt::format("{} is not violated. What is: {}.", plain_words(check_),
                     fmt::join(violated(explanation_.result.findings), ", "));
}

std::vector<FaultWords> ExplanationWords::faults() const {
  std::vector<FaultWords> out;
  for (const FaultPart& part : explanation_.faults) {
    FaultWords words{describe(scenario_.faults[part.fault]), "it never struck",
                     part.struck && part.needed()};
    if (words.needed)
      words.part = "needed; without it " + fate_words(part.without);
    else if (part.struck)
      words.part = "not needed; without it it breaks all the same";
    if (!part.silenced.empty()) words.part += fmt::format(" ({} then)", silenced(part));
    out.push_back(std::move(words));
  }
  return out;
}

std::vector<std::string> ExplanationWords::together() const {
  std::vector<std::string> out;
  for (const EitherFault& pair : explanation_.either)
    out.push_back(fmt::format("Of faults {} and {} one is needed: without both {}.", pair.a + 1,
                              pair.b + 1, fate_words(pair.without_both)));
  if (scenario_.faults.empty())
    out.emplace_back("There are no faults: the run breaks by itself.");
  else if (explanation_.without_faults.kind == Fate::Kind::breaks)
    out.emplace_back("No fault is needed: without any of them it breaks all the same.");
  return out;
}

std::string ExplanationWords::no_return() const {
  if (!explanation_.no_return) return {};
  const PointOfNoReturn& point = *explanation_.no_return;
  std::string out = fmt::format(
      "{}. With the faults called off before that, {}; called off at any later instant, it "
      "breaks.",
      at_words(point), fate_words(point.fate));
  if (!point.every_instant) out += " (The run is long: a selection of its instants was tried.)";
  return out;
}

std::string ExplanationWords::closest() const {
  if (!explanation_.closest) return "Nothing was granted whose protection ends.";
  const ClosestGrant& grant = *explanation_.closest;
  return fmt::format(
      "The closest it came: {} was protected until {} and relied on {} until {}, with {} to "
      "spare.",
      narrator_.process(grant.process), shown(grant.protected_until), narrator_.lock(grant.lock),
      shown(grant.relied), shown(grant.slack()));
}

std::string ExplanationWords::silenced(const FaultPart& part) const {
  std::vector<std::string> numbers;
  for (const std::size_t fault : part.silenced) numbers.push_back(fmt::format("{}", fault + 1));
  return numbers.size() == 1 ? fmt::format("fault {} does not strike", numbers.front())
                             : fmt::format("faults {} do not strike", listed(numbers, "and"));
}

std::string ExplanationWords::at_words(const PointOfNoReturn& point) const {
  if (!point.at_event)
    return fmt::format("{}: nothing happens then, but what the faults do has lasted too long",
                       shown(point.lost));
  std::string what;
  bool by_fault = false;
  for (const StoryLine& line : tell_story(recording_, timeline_, narrator_, Detail::brief)) {
    const bool fault = line.tone == StoryLine::Tone::fault;
    if (line.at != point.safe || (!what.empty() && (by_fault || !fault))) continue;
    what = line.text;
    by_fault = fault;
  }
  if (what.empty()) what = narrator_.sentence(event_at(point.safe));
  return shown(point.safe) + ": " + what;
}

const TraceEvent& ExplanationWords::event_at(Instant at) const {
  const auto& concerned = explanation_.result.findings[*explanation_.finding].processes;
  const TraceEvent* first = nullptr;
  for (const TraceEvent& event : recording_.events) {
    if (event.at != at) continue;
    if (std::find(concerned.begin(), concerned.end(), event.process) != concerned.end())
      return event;
    if (first == nullptr) first = &event;
  }
  return first == nullptr ? recording_.events.front() : *first;
}

}  // namespace locklab
