#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/fuzz/result.hpp"
#include "cli/table.hpp"
#include "sim/bits.hpp"

namespace locklab {
namespace {

constexpr std::size_t kMostShown = 5;    // counterexamples
constexpr std::size_t kMostAnchors = 3;  // of each sort

// ---- a counterexample ---------------------------------------------------------------------------

std::string number_text(const FailingRange& interval, std::int64_t value) {
  return interval.is_time ? to_string(Duration{value}) : fmt::format("{} ppm", value);
}

/// "lasts: from 4988ms on (it is 9000ms)"
std::string interval_text(const FailingRange& interval) {
  std::string range;
  if (interval.low && interval.high)
    range = fmt::format("from {} to {}", number_text(interval, *interval.low),
                        number_text(interval, *interval.high));
  else if (interval.low)
    range = fmt::format("from {} on", number_text(interval, *interval.low));
  else if (interval.high)
    range = fmt::format("up to {}", number_text(interval, *interval.high));
  else
    range = "whatever it is";
  return fmt::format("fault {}, {}: {} (here {})", interval.fault + 1, interval.field, range,
                     number_text(interval, interval.value));
}

/// What is known of all schedules that are smaller.
std::string minimum_text(const Minimum& minimum) {
  std::uint64_t tried = 0;
  for (const Minimum::Round& round : minimum.rounds) tried += round.schedules;
  if (minimum.exhausted)
    return fmt::format("  proved minimal: none of the {} schedules of fewer faults shows it\n",
                       tried);
  return fmt::format(
      "  not proved minimal: {} schedules of up to {} faults do not show it, and of "
      "more faults there are too many\n",
      tried, minimum.rounds.size() - 1);
}

std::string text_of(const Counterexample& example, const Terminal& terminal) {
  std::string out = paragraph(example.sentence, terminal);
  if (!example.envelope.sentence.empty())
    out += "  " + shown_text(example.envelope.sentence, terminal) + '\n';
  out += fmt::format("  found by schedule {}, shrunk to {} in {} runs{}\n", example.number,
                     example.shrunk.schedule.size() == 1
                         ? std::string("1 fault")
                         : fmt::format("{} faults", example.shrunk.schedule.size()),
                     example.shrunk.tries,
                     example.shrunk.one_minimal ? "; no smaller step keeps the bug" : "");
  for (std::size_t i = 0; i < example.shrunk.schedule.size(); ++i)
    out += fmt::format("  {}. {}\n", i + 1,
                       shown_text(describe(example.shrunk.schedule[i]), terminal));
  for (const FailingRange& interval : example.intervals)
    out += "     " + interval_text(interval) + '\n';
  if (example.minimum) out += minimum_text(*example.minimum);
  if (!example.changes.empty())
    out += "  in a smaller scenario: " +
           shown_text(fmt::format("{}", fmt::join(example.changes, ", ")), terminal) + '\n';
  if (!example.story.empty()) {
    out += "  How it came about:\n";
    Table story({{"", Table::Align::right}, {"", Table::Align::left, true}});
    for (const StoryLine& line : example.story) story.add({shown(line.at), line.text});
    out += story.text(terminal, 5);
  }
  if (!example.remedies.empty()) {
    out += "  Under the same faults it holds with:\n";
    for (const std::string& remedy : example.remedies)
      out += "     " + shown_text(remedy, terminal) + '\n';
  }
  if (!example.file.empty())
    out += fmt::format("  locklab run {}\n", shown_text(example.file, terminal));
  return out;
}

/// The smallest first; the rest is in the files and in --json.
std::string found_text(const CampaignResult& result, const Terminal& terminal) {
  std::vector<const Counterexample*> examples;
  for (const Counterexample& example : result.examples) examples.push_back(&example);
  std::ranges::stable_sort(examples, {}, [](const Counterexample* example) {
    return size_of(example->shrunk.schedule);
  });
  std::string out;
  for (std::size_t i = 0; i < std::min(examples.size(), kMostShown); ++i)
    out += text_of(*examples[i], terminal) + '\n';
  if (examples.size() > kMostShown)
    out += fmt::format("and {} more; {}--json lists them\n", examples.size() - kMostShown,
                       result.plan.command.out.empty() ? "--out DIR writes all, " : "");
  return out;
}

// ---- nothing found ------------------------------------------------------------------------------

/// With n tries and no hit, a probability p above -ln(0.05) / n would have shown itself 95 times in
/// 100, as (1 - p)^n is less than exp(-pn). For tries that depend on what came of those before, p
/// is the mean of what each had at its time: the same product bounds it. This is the greatest k for
/// which p is surely not above 1 in k; zero: nothing can be said.
std::uint64_t one_in(std::uint64_t tries) {
  constexpr std::uint64_t kMillionthsOfLn20 = 2'995'733;  // rounded up
  return static_cast<std::uint64_t>(static_cast<Uint128>(tries) * 1'000'000 / kMillionthsOfLn20);
}

std::string bound_text(std::uint64_t tries) {
  const std::uint64_t k = one_in(tries);
  return k <= 1 ? "too few to say anything" : fmt::format("at most 1 in {}", k);
}

std::string bounds(const CampaignResult& result, const Terminal& terminal) {
  std::string out = paragraph(
      "The probability that such a schedule breaks it, by what chose the schedule (each bound "
      "holds "
      "95 times in 100):",
      terminal);
  Table table({{"", Table::Align::left, false},
               {"", Table::Align::right, false},
               {"", Table::Align::left, true}});
  for (const auto& [name, its] : result.tally.strategies)
    // A list is no chance: what is true of it is known, and nothing follows for the rest.
    table.add({std::string(name), fmt::format("{} schedules", its.tries),
               name == "enumerate" ? "none of these, which are no samples but a list"
                                   : bound_text(its.tries)});
  return out + table.text(terminal, 2);
}

std::string anchors_text(std::string_view what, const std::vector<std::size_t>& places,
                         const FaultSpace& space, const Terminal& terminal) {
  if (places.empty()) return {};
  std::string out = fmt::format("{} {} of {} anchors", what, places.size(), space.anchors.size());
  for (std::size_t i = 0; i < std::min(places.size(), kMostAnchors); ++i)
    out += (i == 0 ? ": " : "; ") + describe(Trigger(space.anchors[places[i]].on));
  out += places.size() > kMostAnchors ? fmt::format("; and {} more", places.size() - kMostAnchors)
                                      : std::string();
  return paragraph(out + '.', terminal);
}

/// Every anchor was seen in the run without faults. What is not known of it is another thing: was
/// it never tried, or did its event not come when it was?
std::string unseen(const CampaignResult& result, const Terminal& terminal) {
  std::vector<std::size_t> untried;
  std::vector<std::size_t> never_came;
  for (std::size_t place = 0; place < result.tally.anchors.size(); ++place) {
    const AnchorTally& its = result.tally.anchors[place];
    if (its.hung == 0)
      untried.push_back(place);
    else if (its.struck == 0)
      never_came.push_back(place);
  }
  return anchors_text("Never seen, though faults waited for it: the event of", never_came,
                      result.plan.space, terminal) +
         anchors_text("Not tried: no fault was hung on", untried, result.plan.space, terminal);
}

std::string nothing_found(const CampaignResult& result, const Terminal& terminal) {
  const Tally& tally = result.tally;
  std::string out = paragraph(fmt::format("No violation in {} schedules.", tally.tries), terminal);
  if (tally.undecided > 0)
    out += paragraph(fmt::format("{} of them were not decided: their runs reached the scenario's "
                                 "limit of events (max_events).",
                                 tally.undecided),
                     terminal);
  out += bounds(result, terminal);
  if (tally.least_slack != Duration::max()) {
    out += paragraph(fmt::format("The closest came within {}:", to_string(tally.least_slack)),
                     terminal);
    for (const ScheduledFault& fault : tally.closest)
      out += "  " + shown_text(describe(fault), terminal) + '\n';
  }
  return out + unseen(result, terminal);
}

// ---- the whole ----------------------------------------------------------------------------------

std::string heading(const CampaignResult& result) {
  std::string out = fmt::format("{}: {} schedules of up to {} faults on {} anchors",
                                result.plan.loaded.argument, result.tally.tries,
                                result.plan.space.most_faults, result.plan.space.anchors.size());
  if (!result.took) return out;
  const std::uint64_t ms =
      static_cast<std::uint64_t>(std::max<std::int64_t>(result.took->count(), 1));
  return out + fmt::format(" in {} ms ({} a second, {} events a second)", ms,
                           result.tally.tries * 1000 / ms, result.tally.events * 1000 / ms);
}

}  // namespace

std::string result_text(const CampaignResult& result, const Terminal& terminal) {
  std::string out = paragraph(heading(result), terminal);
  if (result.end == SearchEnd::interrupted)
    out += paragraph("Interrupted: this is what was found so far.", terminal);
  out += '\n';
  return out +
         (result.examples.empty() ? nothing_found(result, terminal) : found_text(result, terminal));
}

}  // namespace locklab
