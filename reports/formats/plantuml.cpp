#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "reports/escape.hpp"
#include "reports/formats/formats.hpp"
#include "reports/narrator.hpp"
#include "reports/timeline.hpp"

namespace locklab {
namespace {

using Microseconds = std::int64_t;

Microseconds floor_us(Instant at) {
  return std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count();
}

bool within(Interval span, Instant at) { return at >= span.from && at < span.until; }

/// One row of the diagram: its declaration, and what it shows from each instant on.
struct Lane {
  std::string id;
  std::string declaration;
  std::function<std::string(Instant)> state;
};

class Diagram {
 public:
  explicit Diagram(const Recording& recording)
      : recording_(recording),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_) {}

  std::string write() {
    add_processes();
    add_locks();
    add_cuts();
    add_findings();
    std::string out = "@startuml\n";
    out += fmt::format(
        "title {}\n",
        plantuml_text(recording_.title.empty() ? recording_.scenario
                                               : recording_.scenario + ": " + recording_.title));
    constexpr Microseconds kParts = 12;
    const Microseconds part = std::max<Microseconds>(floor_us(timeline_.end) / kParts, 1);
    out += fmt::format(
        "caption Times are microseconds from the start of the run\n"
        "scale {} as 100 pixels\n",
        part);
    for (const Lane& lane : lanes_) out += lane.declaration + "\n";
    if (lanes_.empty()) out += "concise \"nothing\" as N\n@0\nN is idle\n";
    changes_.insert(Instant{});
    // What differs by less than a microsecond is one change, and shows what stands last.
    std::map<Microseconds, Instant> moments;
    for (const Instant at : changes_)
      if (at <= timeline_.end) moments[floor_us(at)] = at;
    std::map<std::string_view, std::string> before;
    for (const auto& [time, at] : moments) {
      std::string lines;
      for (const Lane& lane : lanes_) {
        const std::string state = lane.state(at);
        std::string& last = before[lane.id];
        if (state == last) continue;
        last = state;
        lines += fmt::format("{} is {}\n", lane.id, state);
      }
      if (!lines.empty()) out += fmt::format("@{}\n{}", time, lines);
    }
    out += "@enduml\n";
    return out;
  }

 private:
  void add(Lane lane) { lanes_.push_back(std::move(lane)); }
  void changes_at(Interval span) {
    changes_.insert(span.from);
    changes_.insert(span.until);
  }

  /// Clients, and whoever stood still.
  void add_processes() {
    for (std::uint32_t number = 1; number <= recording_.processes.size(); ++number) {
      const ProcessId process{number};
      const bool client = recording_.processes[number - 1].role == ProcessRole::client;
      bool stood = false;
      for (const StandstillSpan& still : timeline_.standstills)
        if (still.process == process) {
          stood = true;
          changes_at(still.span);
        }
      for (const BeliefSpan& belief : timeline_.beliefs) {
        if (belief.client != process) continue;
        changes_at(belief.span);
        for (const Interval& part : belief.wrong) changes_at(part);
      }
      if (!client && !stood) continue;
      const std::string id = fmt::format("P{}", number);
      add({id, fmt::format("robust \"{}\" as {}", plantuml_text(narrator_.process(process)), id),
           [this, process](Instant at) { return state_of(process, at); }});
    }
  }

  std::string state_of(ProcessId process, Instant at) const {
    const bool last = at == timeline_.end;
    for (const StandstillSpan& still : timeline_.standstills)
      if (still.process == process && (within(still.span, at) || (last && still.open)))
        return still.kind == StandstillSpan::Kind::crashed     ? "down"
               : still.kind == StandstillSpan::Kind::suspended ? "suspended"
                                                               : "paused";
    std::string state = "idle";
    for (const BeliefSpan& belief : timeline_.beliefs) {
      if (belief.client != process || !(within(belief.span, at) || (last && belief.open))) continue;
      if (state == "idle") state = "believes";
      for (const Interval& part : belief.wrong)
        if (within(part, at)) state = "\"believes wrongly\"";
    }
    return state;
  }

  void add_locks() {
    std::vector<Symbol> locks;
    for (const OwnershipSpan& own : timeline_.ownerships) {
      changes_at(own.span);
      if (std::find(locks.begin(), locks.end(), own.lock) == locks.end()) locks.push_back(own.lock);
    }
    for (const Symbol lock : locks) {
      const std::string id = fmt::format("L{}", lock.number);
      add({id,
           fmt::format("concise \"owner of {}\" as {}", plantuml_text(narrator_.text(lock)), id),
           [this, lock](Instant at) {
             for (const OwnershipSpan& own : timeline_.ownerships)
               if (own.lock == lock && (within(own.span, at) || (at == timeline_.end && own.open)))
                 return fmt::format("\"{}\"", plantuml_text(narrator_.client(own.attempt)));
             return std::string("\"-\"");
           }});
    }
  }

  void add_cuts() {
    if (timeline_.cuts.empty()) return;
    for (const CutSpan& cut : timeline_.cuts) changes_at(cut.span);
    add({"C", "concise \"links cut\" as C", [this](Instant at) {
           const auto cut =
               std::count_if(timeline_.cuts.begin(), timeline_.cuts.end(), [&](const CutSpan& one) {
                 return within(one.span, at) || (at == timeline_.end && one.open);
               });
           return cut == 0 ? std::string("none") : fmt::format("\"{}\"", cut);
         }});
  }

  void add_findings() {
    std::size_t number = 0;
    for (const Finding& finding : recording_.findings) {
      const std::string id = fmt::format("V{}", ++number);
      const Interval span{finding.from, std::min(finding.until, timeline_.end)};
      changes_at(span);
      add({id,
           fmt::format("concise \"{}. {}\" as {}", number,
                       plantuml_text(plain_words(finding.invariant)), id),
           [this, &finding, span](Instant at) {
             const bool so = within(span, at) || at == span.from ||
                             (at == timeline_.end && finding.until == kEndOfTime);
             return so ? std::string("violated") : std::string("holds");
           }});
    }
  }

  const Recording& recording_;
  Timeline timeline_;
  Narrator narrator_;
  std::vector<Lane> lanes_;
  std::set<Instant> changes_;
};

}  // namespace

void write_plantuml(const Recording& recording, const TextOptions&, std::string& out) {
  out += Diagram(recording).write();
}

}  // namespace locklab
