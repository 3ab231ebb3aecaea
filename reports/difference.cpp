#include "reports/difference.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "reports/fields.hpp"
#include "reports/json_writer.hpp"
#include "reports/narrator.hpp"
#include "reports/plain_text.hpp"
#include "reports/timeline.hpp"

namespace locklab {
namespace {

bool handed_out(const Field& field) {
  return field.kind == Field::Kind::ticket || field.kind == Field::Kind::attempt ||
         field.kind == Field::Kind::unique_id;
}
bool is_time(const Field& field) {
  return field.kind == Field::Kind::number && field.name.ends_with("_ns");
}

enum class Verdict : std::uint8_t { same, moved, changed };

Verdict judge(const TraceEvent& first, const Recording& of_first, const TraceEvent& second,
              const Recording& of_second) {
  Verdict verdict = first.at == second.at ? Verdict::same : Verdict::moved;
  const std::vector<Field> a = fields_of(first, of_first);
  const std::vector<Field> b = fields_of(second, of_second);
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const bool alike = a[i].kind == b[i].kind && (handed_out(a[i]) || a[i].text == b[i].text);
    if (alike) continue;
    if (!is_time(a[i]) || !is_time(b[i])) return Verdict::changed;
    verdict = Verdict::moved;
  }
  return verdict;
}

/// What makes two events of two runs the same one, but for their places.
std::string identity(const TraceEvent& event, const Recording& recording) {
  std::string key(payload_name(event.what));
  for (const Field& field : fields_of(event, recording))
    if (field.kind == Field::Kind::name || field.kind == Field::Kind::process)
      key.append(1, '\0').append(field.name).append(1, '\0').append(field.text);
  return key.append(1, '\0').append(process_text(event.process, recording));
}

std::string finding_identity(const Finding& finding, const Recording& recording) {
  std::string key(finding.invariant);
  key.append(1, '\0').append(finding.what);
  key.append(1, '\0').append(recording.names.text(finding.subject));
  for (const ProcessId process : finding.processes)
    key.append(1, '\0').append(process_text(process, recording));
  return key;
}

bool equal(const Finding& a, const Finding& b) {
  return std::tie(a.from, a.until, a.dormant, a.active) ==
             std::tie(b.from, b.until, b.dormant, b.active) &&
         std::equal(a.tokens.begin(), a.tokens.end(), b.tokens.begin(), b.tokens.end());
}

/// Pairs each item of the first list with the item of the second one that has the same identity
/// and stands at the same place among those of its identity. Calls back with indices; `size` stands
/// for "none".
template <class Identity, class Each>
void pair_up(std::size_t first_size, std::size_t second_size, Identity identity, Each each) {
  std::map<std::string, std::vector<std::size_t>> waiting;
  for (std::size_t index = second_size; index-- > 0;)
    waiting[identity(false, index)].push_back(index);  // the earliest is the last
  for (std::size_t index = 0; index < first_size; ++index) {
    const auto found = waiting.find(identity(true, index));
    if (found == waiting.end() || found->second.empty()) {
      each(index, second_size);
    } else {
      each(index, found->second.back());
      found->second.pop_back();
    }
  }
  std::vector<std::size_t> rest;
  for (const auto& [key, indices] : waiting)
    rest.insert(rest.end(), indices.begin(), indices.end());
  std::sort(rest.begin(), rest.end());
  for (const std::size_t index : rest) each(first_size, index);
}

class Comparison {
 public:
  Comparison(const Recording& first, const Recording& second) : first_(first), second_(second) {}

  Difference compare() {
    headers();
    common();
    events();
    findings();
    return std::move(result_);
  }

 private:
  void say(std::string sentence) { result_.header.push_back(std::move(sentence)); }

  void headers() {
    if (first_.scenario != second_.scenario)
      say(fmt::format("another scenario: {} and {}", safe_text(first_.scenario),
                      safe_text(second_.scenario)));
    else if (first_.scenario_hash != second_.scenario_hash)
      say("the scenarios have one name and are not the same");
    if (first_.seed != second_.seed)
      say(fmt::format("another seed: {} and {}", first_.seed, second_.seed));
    if (first_.version != second_.version)
      say(fmt::format("another locklab: {} and {}", safe_text(first_.version),
                      safe_text(second_.version)));
    only_in("process", process_names(first_), process_names(second_));
    only_in("fault", fault_texts(first_), fault_texts(second_));
    if (first_.stopped != second_.stopped)
      say(fmt::format("another ending: {} and {}", safe_text(first_.stopped),
                      safe_text(second_.stopped)));
  }

  static std::vector<std::string> process_names(const Recording& recording) {
    std::vector<std::string> names;
    for (const RecordedProcess& process : recording.processes) names.push_back(process.name);
    return names;
  }
  static std::vector<std::string> fault_texts(const Recording& recording) {
    std::vector<std::string> texts;
    for (const RecordedFault& fault : recording.faults) texts.push_back(fault.sentence);
    return texts;
  }
  void only_in(std::string_view what, const std::vector<std::string>& a,
               const std::vector<std::string>& b) {
    const auto missing = [](const std::vector<std::string>& list, const std::string& text) {
      return std::find(list.begin(), list.end(), text) == list.end();
    };
    for (const std::string& text : a)
      if (missing(b, text)) say(fmt::format("{} in the first alone: {}", what, safe_text(text)));
    for (const std::string& text : b)
      if (missing(a, text)) say(fmt::format("{} in the second alone: {}", what, safe_text(text)));
  }

  void common() {
    const std::size_t most = std::min(first_.events.size(), second_.events.size());
    std::size_t& index = result_.common;
    while (index < most && alike(first_.events[index], second_.events[index])) ++index;
    result_.diverges = index < std::max(first_.events.size(), second_.events.size());
  }
  bool alike(const TraceEvent& a, const TraceEvent& b) const {
    return a.what.index() == b.what.index() && a.at == b.at &&
           process_text(a.process, first_) == process_text(b.process, second_) &&
           judge(a, first_, b, second_) == Verdict::same;
  }

  void events() {
    // Processes in the order of the first recording, then those of the second alone.
    std::map<std::string, std::size_t> place;
    for (const Recording* recording : {&first_, &second_})
      for (const RecordedProcess& process : recording->processes)
        place.try_emplace(process.name, place.size() + 1);
    using Key = std::tuple<std::size_t, std::size_t>;
    std::map<Key, DifferenceRow> rows;
    const auto row = [&](const TraceEvent& event, const Recording& recording) -> DifferenceRow& {
      std::string process = process_text(event.process, recording);
      const auto known = place.find(process);
      DifferenceRow& found =
          rows[{event.process && known != place.end() ? known->second : 0, event.what.index()}];
      found.process = std::move(process);
      found.kind = payload_name(event.what);
      return found;
    };
    const std::size_t sizes[] = {first_.events.size(), second_.events.size()};
    pair_up(
        sizes[0], sizes[1],
        [this](bool first, std::size_t index) {
          return first ? identity(first_.events[index], first_)
                       : identity(second_.events[index], second_);
        },
        [&](std::size_t a, std::size_t b) {
          if (b == sizes[1]) {
            ++row(first_.events[a], first_).missing;
          } else if (a == sizes[0]) {
            ++row(second_.events[b], second_).added;
          } else {
            DifferenceRow& both = row(first_.events[a], first_);
            switch (judge(first_.events[a], first_, second_.events[b], second_)) {
              case Verdict::same:
                ++both.same;
                break;
              case Verdict::moved:
                ++both.moved;
                break;
              case Verdict::changed:
                ++both.changed;
                break;
            }
          }
        });
    for (auto& [key, one] : rows) {
      result_.total.same += one.same;
      result_.total.moved += one.moved;
      result_.total.changed += one.changed;
      result_.total.added += one.added;
      result_.total.missing += one.missing;
      result_.rows.push_back(std::move(one));
    }
  }

  void findings() {
    using What = FindingDifference::What;
    const std::vector<Finding>& a = first_.findings;
    const std::vector<Finding>& b = second_.findings;
    pair_up(
        a.size(), b.size(),
        [&](bool first, std::size_t index) {
          return first ? finding_identity(a[index], first_) : finding_identity(b[index], second_);
        },
        [&](std::size_t i, std::size_t j) {
          if (j == b.size())
            result_.findings.push_back({What::missing, i, {}});
          else if (i == a.size())
            result_.findings.push_back({What::added, {}, j});
          else if (!locklab::equal(a[i], b[j]))
            result_.findings.push_back({What::changed, i, j});
        });
  }

  const Recording& first_;
  const Recording& second_;
  Difference result_;
};

/// What both ways to show a difference need of a recording.
struct Told {
  explicit Told(const Recording& of)
      : recording(of), timeline(make_timeline(of)), narrator(of, timeline) {}
  const Recording& recording;
  Timeline timeline;
  Narrator narrator;
};

class Text {
 public:
  Text(std::size_t width, bool ascii) : width_(std::max<std::size_t>(width, 40)), ascii_(ascii) {}

  void line(std::string_view prefix, std::string_view text) {
    const std::string begin = shown_text(prefix);
    const std::string words = shown_text(text);
    const std::size_t room = width_ > columns(begin) + 20 ? width_ - columns(begin) : 20;
    bool first = true;
    for (const std::string_view part : wrapped(words, room)) {
      out_.append(first ? begin : std::string(columns(begin), ' ')).append(part);
      while (out_.ends_with(' ')) out_.pop_back();
      out_ += '\n';
      first = false;
    }
  }
  void gap() { out_ += '\n'; }
  std::string take() { return std::move(out_); }

 private:
  std::string shown_text(std::string_view text) const {
    return ascii_ ? ascii_text(text) : std::string(text);
  }
  std::size_t width_;
  bool ascii_;
  std::string out_;
};

std::string name_of(const Recording& recording) {
  return fmt::format("{}, seed {}, {} events", safe_text(recording.scenario), recording.seed,
                     recording.events.size());
}

constexpr std::size_t kContext = 3;  // events before the parting
constexpr std::size_t kAfter = 4;    // and of each run from there on

}  // namespace

Difference compare(const Recording& first, const Recording& second) {
  return Comparison(first, second).compare();
}

std::string difference_text(const Difference& difference, const Recording& first,
                            const Recording& second, std::size_t width, bool ascii) {
  const Told a(first);
  const Told b(second);
  Text text(width, ascii);
  text.line("first   ", name_of(first));
  text.line("second  ", name_of(second));
  for (const std::string& sentence : difference.header) text.line("  - ", sentence);
  text.gap();

  const auto tell = [&text](std::string_view who, const Told& told, std::size_t index) {
    if (index >= told.recording.events.size()) {
      text.line(fmt::format("  {:<7} ", who), "(the end of the recording)");
      return;
    }
    const TraceEvent& event = told.recording.events[index];
    text.line(fmt::format("  {:<7} {:>10}  ", who, shown(event.at)), told.narrator.sentence(event));
  };
  if (!difference.diverges) {
    text.line("", fmt::format("All {} events are the same.", difference.common));
  } else {
    text.line("", fmt::format("The first {} events are the same; then the runs part:",
                              difference.common));
    for (std::size_t i = difference.common - std::min(difference.common, kContext);
         i < difference.common; ++i)
      tell("both", a, i);
    for (const auto& [who, told] : {std::pair<std::string_view, const Told*>{"first", &a},
                                    std::pair<std::string_view, const Told*>{"second", &b}})
      for (std::size_t i = 0; i < kAfter; ++i) {
        tell(who, *told, difference.common + i);
        if (difference.common + i >= told->recording.events.size()) break;
      }
  }

  if (difference.total.differs()) {
    text.gap();
    std::size_t process_width = 7;
    std::size_t kind_width = 5;
    for (const DifferenceRow& row : difference.rows) {
      if (!row.differs()) continue;
      process_width = std::max(process_width, columns(safe_text(row.process)));
      kind_width = std::max(kind_width, row.kind.size());
    }
    process_width = std::min<std::size_t>(process_width, 24);
    const auto cells = [&](std::string_view process, std::string_view kind, const auto& same,
                           const auto& moved, const auto& changed, const auto& added,
                           const auto& missing) {
      std::string name = shortened(process, process_width, "...");
      name.append(process_width - columns(name), ' ');
      text.line("", fmt::format("  {}  {:<{}} {:>6} {:>6} {:>8} {:>6} {:>8}", name, kind,
                                kind_width, same, moved, changed, added, missing));
    };
    cells("process", "event", "same", "moved", "changed", "added", "missing");
    for (const DifferenceRow& row : difference.rows)
      if (row.differs())
        cells(safe_text(row.process), row.kind, row.same, row.moved, row.changed, row.added,
              row.missing);
    const DifferenceRow& all = difference.total;
    cells("all", "", all.same, all.moved, all.changed, all.added, all.missing);
  }

  text.gap();
  if (difference.findings.empty())
    text.line(
        "", first.findings.empty() ? "Nothing was found in either." : "The findings are the same.");
  for (const FindingDifference& one : difference.findings) {
    if (one.what != FindingDifference::What::added)
      text.line(one.what == FindingDifference::What::missing ? "found in the first alone:  "
                                                             : "found in the first:        ",
                a.narrator.sentence(first.findings[*one.first]));
    if (one.what != FindingDifference::What::missing)
      text.line(one.what == FindingDifference::What::added ? "found in the second alone: "
                                                           : "  and in the second:       ",
                b.narrator.sentence(second.findings[*one.second]));
  }
  return text.take();
}

std::string difference_json(const Difference& difference, const Recording& first,
                            const Recording& second) {
  const Told a(first);
  const Told b(second);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("schema", "locklab-diff/1").field("equal", difference.equal());
  for (const auto& [key, recording] :
       {std::pair<std::string_view, const Recording*>{"first", &first},
        std::pair<std::string_view, const Recording*>{"second", &second}}) {
    json.key(key).begin_object().field("scenario", recording->scenario);
    json.field("seed", recording->seed).field("events", recording->events.size());
    json.field("digest", fmt::format("{:016x}", recording->digest)).end_object();
  }
  json.key("header").begin_list();
  for (const std::string& sentence : difference.header) json.value(sentence);
  json.end_list();
  json.field("common_events", difference.common);

  const auto event = [&json, &difference](std::string_view key, const Told& told) {
    json.key(key);
    if (difference.common >= told.recording.events.size()) {
      json.null();
      return;
    }
    const TraceEvent& one = told.recording.events[difference.common];
    json.begin_object().field("seq", one.seq.number);
    json.key("at_ns").value(one.at.time_since_epoch().count());
    json.field("process", process_text(one.process, told.recording));
    json.field("event", payload_name(one.what)).field("sentence", told.narrator.sentence(one));
    json.end_object();
  };
  json.key("diverges");
  if (difference.diverges) {
    json.begin_object();
    event("first", a);
    event("second", b);
    json.end_object();
  } else {
    json.null();
  }

  const auto counts = [&json](const DifferenceRow& row) {
    json.field("same", row.same).field("moved", row.moved).field("changed", row.changed);
    json.field("added", row.added).field("missing", row.missing);
  };
  json.key("total").begin_object();
  counts(difference.total);
  json.end_object();
  json.key("events").begin_list();
  for (const DifferenceRow& row : difference.rows) {
    if (!row.differs()) continue;
    json.line().begin_object().field("process", row.process).field("event", row.kind);
    counts(row);
    json.end_object();
  }
  json.end_lines();

  const auto finding = [&json](std::string_view key, const std::optional<std::size_t>& number,
                               const Told& told) {
    json.key(key);
    if (!number) {
      json.null();
      return;
    }
    const Finding& one = told.recording.findings[*number];
    json.begin_object().field("finding", *number).field("invariant", one.invariant);
    json.field("what", one.what).field("sentence", told.narrator.sentence(one)).end_object();
  };
  json.key("findings").begin_list();
  for (const FindingDifference& one : difference.findings) {
    json.line().begin_object();
    finding("first", one.first, a);
    finding("second", one.second, b);
    json.end_object();
  }
  json.end_lines().end_object();
  out += '\n';
  return out;
}

}  // namespace locklab
