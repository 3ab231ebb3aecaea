#include "faults/schedule.hpp"

#include <algorithm>
#include <utility>

namespace locklab {
namespace {

// ---- what may be written ------------------------------------------------------------------------

// Far beyond any experiment, and near enough that no clock's reading overflows.
constexpr Duration kLongest = 8'760h;
constexpr std::int64_t kSlowestPpm = -800'000;
constexpr std::int64_t kFastestPpm = 10'000'000;
// The slowest clock, slewed backwards as fast as it goes, still runs forwards.
constexpr std::int64_t kFastestSlewPpm = 100'000;
constexpr std::int64_t kMillion = 1'000'000;

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const auto& known) { return known == name; });
}

/// Collects what is wrong with one fault.
class Checker {
 public:
  using Expected = ScheduleProblem::Expected;

  Checker(std::size_t fault, const KnownNames& known, std::vector<ScheduleProblem>& problems)
      : fault_(fault), known_(known), problems_(problems) {}

  void check(const AtTime& t) {
    place_.clear();
    not_negative("at", t.at);
  }

  void check(const OnEvent& t) {
    place_ = "on/";
    if (!contains(known_.events, t.event))
      unknown("event", Expected::event, "the trace has no event named", t.event);
    if (!t.process.empty()) process("process", t.process);
    if (t.nth == 0) wrong("nth", "counts from 1");
    not_negative("plus", t.plus);
  }

  void check(const Fault& fault) {
    place_ = kind_of(fault);
    place_ += '/';
    std::visit([this](const auto& f) { check_fault(f); }, fault);
  }

 private:
  void check_fault(const Pause& f) {
    process("who", f.who);
    positive("lasts", f.lasts);
  }
  void check_fault(const Suspend& f) {
    machine("machine", f.machine);
    positive("lasts", f.lasts);
  }
  void check_fault(const Crash& f) {
    process("who", f.who);
    if (f.restart_after) not_negative("restart_after", *f.restart_after);
  }
  void check_fault(const PowerLoss& f) {
    machine("machine", f.machine);
    if (f.restart_after) not_negative("restart_after", *f.restart_after);
  }
  void check_fault(const Restart& f) { process("who", f.who); }
  void check_fault(const WallJump& f) {
    machines("machines", f.machines);
    within("by", f.by);
  }
  void check_fault(const SetRate& f) {
    machines("machines", f.machines);
    if (f.rate_ppm < kSlowestPpm || f.rate_ppm > kFastestPpm)
      wrong("rate_ppm", "must lie between -800000 and 10000000");
    if (f.lasts) positive("lasts", *f.lasts);
  }
  void check_fault(const Slew& f) {
    machines("machines", f.machines);
    within("by", f.by);
    if (f.speed_ppm <= 0 || f.speed_ppm > kFastestSlewPpm)
      wrong("speed_ppm", "must lie between 1 and 100000");
  }
  void check_fault(const MessageFault& f) {
    if (!f.from.empty()) process("from", f.from);
    if (!f.to.empty()) process("to", f.to);
    if (f.nth == 0) wrong("nth", "counts from 1");
    if (f.action == MessageAction::delay)
      positive("by", f.by);
    else
      not_negative("by", f.by);
  }
  void check_fault(const Partition& f) {
    if (f.side_a.empty()) wrong("side_a", "names nobody");
    side("side_a", f.side_a);
    side("side_b", f.side_b);
    for (const std::string& name : f.side_b)
      if (contains(f.side_a, name)) wrong("side_b", quoted(name) + " stands on both sides");
    if (f.lasts) positive("lasts", *f.lasts);
  }
  void check_fault(const ResetConnection& f) {
    process("a", f.a);
    process("b", f.b);
    if (f.a == f.b) wrong("b", "a connection has two ends");
  }
  void check_fault(const LinkTrouble& f) {
    if (!f.from.empty()) process("from", f.from);
    if (!f.to.empty()) process("to", f.to);
    share("loss_ppm", f.loss_ppm);
    share("duplicate_ppm", f.duplicate_ppm);
    if (f.latency) {
      not_negative("latency", f.latency->low);
      not_negative("latency", f.latency->high);
      if (f.latency->kind == Latency::Kind::uniform && f.latency->high < f.latency->low)
        wrong("latency", "its high end is below its low end");
      if (f.latency->sigma_permille < 0 || f.latency->sigma_permille > kLargestSigmaPermille)
        wrong("latency", "sigma_permille must lie between 0 and 3000");
    }
    if (f.lasts) positive("lasts", *f.lasts);
  }
  void check_fault(const DiskStall& f) {
    machine("machine", f.machine);
    positive("lasts", f.lasts);
  }
  void check_fault(const LoseKey& f) {
    if (f.nodes.empty()) wrong("nodes", "names nobody");
    for (std::size_t i = 0; i < f.nodes.size(); ++i) process(element("nodes", i), f.nodes[i]);
  }

  // ---- names
  void process(std::string_view field, const std::string& name) {
    if (!contains(known_.processes, name))
      unknown(field, Expected::process, "there is no process named", name);
  }
  void machine(std::string_view field, const std::string& name) {
    if (!contains(known_.machines, name) && !contains(known_.processes, name))
      unknown(field, Expected::machine, "there is no machine named", name);
  }
  void machines(std::string_view field, const std::vector<std::string>& names) {
    if (names.empty()) wrong(field, "names no machine");
    for (std::size_t i = 0; i < names.size(); ++i) machine(element(field, i), names[i]);
  }
  void side(std::string_view field, const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!contains(known_.processes, names[i]) && !contains(known_.machines, names[i]))
        unknown(element(field, i), Expected::process_or_machine,
                "there is no process or machine named", names[i]);
  }

  // ---- numbers
  void within(std::string_view field, Duration value) {
    if (value > kLongest || value < -kLongest) wrong(field, "is longer than a year");
  }
  void not_negative(std::string_view field, Duration value) {
    if (value < Duration{0}) wrong(field, "must not be negative");
    within(field, value);
  }
  void positive(std::string_view field, Duration value) {
    if (value <= Duration{0}) wrong(field, "must be longer than nothing");
    within(field, value);
  }
  void share(std::string_view field, std::int64_t ppm) {
    if (ppm < 0 || ppm > kMillion) wrong(field, "must lie between 0 and 1000000");
  }

  // ---- words
  static std::string element(std::string_view field, std::size_t index) {
    std::string path(field);
    path += '/';
    path += std::to_string(index);
    return path;
  }
  static std::string quoted(std::string_view name) {
    std::string text = "'";
    text += name;
    text += '\'';
    return text;
  }
  void wrong(std::string_view field, std::string message) {
    problems_.push_back(
        {fault_, place_ + std::string(field), std::move(message), Expected::value, {}});
  }
  void unknown(std::string_view field, Expected expected, std::string_view sentence,
               const std::string& name) {
    problems_.push_back({fault_, place_ + std::string(field),
                         std::string(sentence) + " " + quoted(name), expected, name});
  }

  std::size_t fault_;
  const KnownNames& known_;
  std::vector<ScheduleProblem>& problems_;
  std::string place_;  // of the fields that are being checked
};

// ---- text ---------------------------------------------------------------------------------------

/// A word as it is, anything else in quotes: no two texts look alike.
void add_text(std::string& out, std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '/';
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";  // one fault, one line
    else
      out += c;
  }
  out += '"';
}

/// Writes " name=value" for each field that has one.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) {}

  void operator()(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    begin(name);
    add_text(out_, value);
  }
  void operator()(std::string_view name, const std::vector<std::string>& values) {
    begin(name);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ' ';
      add_text(out_, values[i]);
    }
    out_ += ']';
  }
  void operator()(std::string_view name, Duration value) {
    begin(name);
    out_ += to_string(value);
  }
  void operator()(std::string_view name, std::int64_t value) {
    begin(name);
    out_ += std::to_string(value);
  }
  void operator()(std::string_view name, std::uint32_t value) {
    begin(name);
    out_ += std::to_string(value);
  }
  void operator()(std::string_view name, const Latency& value) {
    begin(name);
    switch (value.kind) {
      case Latency::Kind::constant:
        out_ += "constant";
        break;
      case Latency::Kind::uniform:
        out_ += "uniform";
        break;
      case Latency::Kind::lognormal:
        out_ += "lognormal";
        break;
    }
    out_ += '(';
    out_ += to_string(value.low);
    out_ += ' ';
    out_ += to_string(value.high);
    out_ += ' ';
    out_ += std::to_string(value.sigma_permille);
    out_ += ')';
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view name, Enum value) {
    begin(name);
    out_ += to_string(value);
  }
  template <class T>
  void operator()(std::string_view name, const std::optional<T>& value) {
    if (value) (*this)(name, *value);
  }

 private:
  void begin(std::string_view name) {
    out_ += ' ';
    out_ += name;
    out_ += '=';
  }
  std::string& out_;
};

}  // namespace

std::vector<ScheduleProblem> validate(const FaultSchedule& schedule, const KnownNames& known) {
  std::vector<ScheduleProblem> problems;
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    Checker checker(i, known, problems);
    std::visit([&](const auto& trigger) { checker.check(trigger); }, schedule[i].trigger);
    checker.check(schedule[i].fault);
  }
  return problems;
}

std::string to_text(const ScheduledFault& scheduled) {
  std::string text;
  if (const auto* on = std::get_if<OnEvent>(&scheduled.trigger)) {
    text = "on ";
    add_text(text, on->event);
    FieldWriter write(text);
    OnEvent::fields(*on, [&](std::string_view name, const auto& value) {
      if (name != "event") write(name, value);
    });
  } else {
    text = "at ";
    text += to_string(std::get<AtTime>(scheduled.trigger).at);
  }
  text += ": ";
  text += kind_of(scheduled.fault);
  std::visit([&](const auto& f) { f.fields(f, FieldWriter(text)); }, scheduled.fault);
  return text;
}

std::string to_text(const FaultSchedule& schedule) {
  std::string text;
  for (const ScheduledFault& scheduled : schedule) {
    text += to_text(scheduled);
    text += '\n';
  }
  return text;
}

}  // namespace locklab
