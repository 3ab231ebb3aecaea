// Programs: a list of steps, each an object with one key that says what is done. What a step is
// mostly told stands there alone ({"work": "9s"}); the rest goes into braces.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scenarios/scenario_reading.hpp"
#include "scenarios/suggest.hpp"

namespace locklab {
namespace reading {
namespace {

using Kind = Step::Kind;

constexpr std::array<std::string_view, 21> kSteps{
    "at",        "sleep",       "work",       "acquire",    "check",   "extend", "release",
    "read",      "write",       "sell",       "charge",     "run_job", "lead",   "append",
    "with_lock", "auto_extend", "with_locks", "optimistic", "hybrid",  "repeat", "stop"};
static_assert(kSteps[static_cast<std::size_t>(Kind::stop)] == "stop");

constexpr std::array<std::string_view, 3> kAfterRefusal{"stop", "skip", "go_on"};
constexpr std::array<std::string_view, 3> kAcquireErrors{"escape", "retry", "fail_open"};
constexpr std::array<std::string_view, 2> kOrders{"given", "global"};
constexpr std::array<std::string_view, 3> kWaits{"blocking", "poll", "try_all"};
constexpr std::array<std::string_view, 2> kOnFalse{"stop_silently", "notify"};
constexpr std::array<std::string_view, 2> kExtendErrors{"die", "retry"};
constexpr std::array<std::string_view, 2> kUpdateErrors{"stop", "retry"};

/// What a client's steps say about locks, for comparing in the end.
struct LocksOfClient {
  struct Use {
    const Node* node;
    std::string name;  // empty: the one acquired last
  };
  Names acquired;
  std::vector<Use> used;
};

class StepReader {
 public:
  StepReader(Reading& reading, LocksOfClient& locks) : reading_(reading), locks_(locks) {}

  Program program(const Node& list) {
    Program steps;
    for (const Node& node : list.items) {
      if (auto step = this->step(node)) steps.push_back(std::move(*step));
    }
    return steps;
  }

 private:
  std::optional<Step> step(const Node& node);

  // Each kind: short form and long form.
  void waiting(Step& step, const Node& node);
  void acquire(Step& step, const Node& node);
  void check(Step& step, const Node& node);
  void extend(Step& step, const Node& node);
  void release(Step& step, const Node& node);
  void read(Step& step, const Node& node);
  void write(Step& step, const Node& node);
  void sell(Step& step, const Node& node);
  void charge(Step& step, const Node& node);
  void run_job(Step& step, const Node& node);
  void lead(Step& step, const Node& node);
  void append(Step& step, const Node& node);
  void with_lock(Step& step, const Node& node);
  void auto_extend(Step& step, const Node& node);
  void with_locks(Step& step, const Node& node);
  void optimistic(Step& step, const Node& node);
  void hybrid(Step& step, const Node& node);
  void repeat(Step& step, const Node& node);
  void stop(const Node& node);

  // Pieces that several kinds have.
  void acquired(Step& step, Section& r, const Node& node);
  void used(Step& step, Section& r, const Node& node);
  void polling(Step& step, Section& r);
  void refusal(Step& step, Section& r);
  void subject(Step& step, Section& r, std::string_view key, const Node& node);
  void short_subject(Step& step, const Node& node);
  void body(Step& step, Section& r);
  void write_options(Step& step, Section& r, const Node& node);

  Reading& reading_;
  LocksOfClient& locks_;
};

std::optional<Step> StepReader::step(const Node& node) {
  // A step that can do without any argument may be written as its name alone.
  if (node.is_text()) {
    constexpr std::array<std::string_view, 4> kBare{"acquire", "check", "release", "stop"};
    const auto bare = read_choice(node, reading_.diagnostics, kBare);
    if (!bare) return std::nullopt;
    constexpr std::array<Kind, 4> kKinds{Kind::acquire, Kind::check, Kind::release, Kind::stop};
    Step step;
    step.kind = kKinds[*bare];
    if (step.kind == Kind::acquire) locks_.acquired.push_back(reading_.scenario.workload.resource);
    if (step.kind == Kind::check || step.kind == Kind::release) locks_.used.push_back({&node, {}});
    return step;
  }
  if (!node.is_object()) {
    reading_.mistake(node, "expected a step such as {\"work\": \"1s\"}, got " + describe(node));
    return std::nullopt;
  }
  const auto tagged = read_tagged(reading_, node, "a step", kSteps);
  if (!tagged) return std::nullopt;
  Step step;
  step.kind = static_cast<Kind>(tagged->kind);
  const Node& value = *tagged->value;
  switch (step.kind) {
    case Kind::at:
    case Kind::sleep:
    case Kind::work:
      waiting(step, value);
      break;
    case Kind::acquire:
      acquire(step, value);
      break;
    case Kind::check:
      check(step, value);
      break;
    case Kind::extend:
      extend(step, value);
      break;
    case Kind::release:
      release(step, value);
      break;
    case Kind::read:
      read(step, value);
      break;
    case Kind::write:
      write(step, value);
      break;
    case Kind::sell:
      sell(step, value);
      break;
    case Kind::charge:
      charge(step, value);
      break;
    case Kind::run_job:
      run_job(step, value);
      break;
    case Kind::lead:
      lead(step, value);
      break;
    case Kind::append:
      append(step, value);
      break;
    case Kind::with_lock:
      with_lock(step, value);
      break;
    case Kind::auto_extend:
      auto_extend(step, value);
      break;
    case Kind::with_locks:
      with_locks(step, value);
      break;
    case Kind::optimistic:
      optimistic(step, value);
      break;
    case Kind::hybrid:
      hybrid(step, value);
      break;
    case Kind::repeat:
      repeat(step, value);
      break;
    case Kind::stop:
      stop(value);
      break;
  }
  return step;
}

// ---- time ---------------------------------------------------------------------------------------

void StepReader::waiting(Step& step, const Node& node) {
  step.time = read_duration(node, reading_.diagnostics).value_or(step.time);
}

void StepReader::stop(const Node& node) { Section(reading_, node, "steps/stop"); }

void StepReader::repeat(Step& step, const Node& node) {
  Section r(reading_, node, "steps/repeat");
  // Nested repetitions multiply, and some steps take no time.
  const std::int64_t most = std::max<std::int64_t>(kMostRounds / reading_.repeats, 1);
  step.amount = r.integer("times", required, {.min = 1, .max = most});
  const std::int64_t outside = reading_.repeats;
  reading_.repeats *= step.amount;
  body(step, r);
  reading_.repeats = outside;
}

// ---- locks --------------------------------------------------------------------------------------

void StepReader::acquired(Step& step, Section& r, const Node&) {
  step.lock = name_of(r, reading_, "lock");
  locks_.acquired.push_back(step.lock.empty() ? reading_.scenario.workload.resource : step.lock);
}

void StepReader::used(Step& step, Section& r, const Node& node) {
  step.lock = name_of(r, reading_, "lock");
  const Node* named = node.find("lock");
  locks_.used.push_back({named == nullptr ? &node : named, step.lock});
}

void StepReader::polling(Step& step, Section& r) {
  step.timeout = r.duration("timeout", step.timeout);
  step.poll = r.duration("poll", step.poll, kPollRange);
  step.poll_jitter = r.duration("poll_jitter", step.poll_jitter);
  step.on_error = r.choice("on_error", kAcquireErrors, step.on_error);
}

void StepReader::refusal(Step& step, Section& r) {
  step.if_refused = r.choice("if_refused", kAfterRefusal, step.if_refused);
}

void StepReader::acquire(Step& step, const Node& node) {
  if (node.is_text()) {
    step.lock = read_name(node, reading_.diagnostics).value_or("");
    locks_.acquired.push_back(step.lock);
    return;
  }
  Section r(reading_, node, "steps/acquire");
  acquired(step, r, node);
  step.mode = r.choice("mode", kModes, step.mode);
  polling(step, r);
  refusal(step, r);
}

void StepReader::check(Step& step, const Node& node) {
  if (node.is_text()) {
    step.lock = read_name(node, reading_.diagnostics).value_or("");
    locks_.used.push_back({&node, step.lock});
    return;
  }
  Section r(reading_, node, "steps/check");
  used(step, r, node);
  refusal(step, r);
}

void StepReader::extend(Step& step, const Node& node) {
  // Not only forward: what a library does with "-1s" is one of the questions [corpus 22].
  if (!node.is_object()) {
    step.time = read_duration(node, reading_.diagnostics, kAnyTime).value_or(step.time);
    locks_.used.push_back({&node, {}});
    return;
  }
  Section r(reading_, node, "steps/extend");
  used(step, r, node);
  step.time = r.duration("by", required, kAnyTime);
  refusal(step, r);
}

void StepReader::release(Step& step, const Node& node) {
  if (node.is_text()) {
    step.lock = read_name(node, reading_.diagnostics).value_or("");
    locks_.used.push_back({&node, step.lock});
    return;
  }
  Section r(reading_, node, "steps/release");
  used(step, r, node);
}

void StepReader::body(Step& step, Section& r) {
  r.items("do", required);
  // items() gives a span; the program wants the list's node.
  if (const Node* list = r.any("do"); list != nullptr && list->is_array())
    step.body = program(*list);
}

void StepReader::with_lock(Step& step, const Node& node) {
  Section r(reading_, node, "steps/with_lock");
  acquired(step, r, node);
  step.mode = Step::Mode::poll;
  polling(step, r);
  refusal(step, r);
  body(step, r);
}

void StepReader::auto_extend(Step& step, const Node& node) {
  Section r(reading_, node, "steps/auto_extend");
  acquired(step, r, node);
  step.period = r.duration("period", step.period);
  step.retry_after = r.duration("retry_after", step.retry_after);
  step.notify = r.choice("on_false", kOnFalse, step.notify ? 1 : 0) == 1;
  step.retry_errors = r.choice("on_error", kExtendErrors, step.retry_errors ? 1 : 0) == 1;
  step.stop_at_deadline = r.boolean("stop_at_deadline", step.stop_at_deadline);
  step.max_hold = r.duration("max_hold", step.max_hold);
  refusal(step, r);
  body(step, r);
}

void StepReader::with_locks(Step& step, const Node& node) {
  Section r(reading_, node, "steps/with_locks");
  for (const Node& item : r.items("locks", required)) {
    const auto name = read_name(item, reading_.diagnostics);
    if (!name) continue;
    if (std::find(step.locks.begin(), step.locks.end(), *name) != step.locks.end())
      reading_.mistake(item, fmt::format("the lock {} is in the list already", in_quotes(*name)));
    step.locks.push_back(*name);
    locks_.acquired.push_back(*name);
  }
  step.global_order = r.choice("order", kOrders, 0) == 1;
  const std::size_t wait = r.choice("wait", kWaits, 0);
  step.mode = wait == 1 ? Step::Mode::poll : Step::Mode::blocking;
  step.try_all = wait == 2;
  step.tries = r.integer("tries", -1, {.min = -1, .max = kMostRounds});
  if (step.tries == 0)
    r.mistake("tries", "expected a number of tries, or -1 for as many as it takes");
  step.back_off = r.duration("back_off", step.back_off, kPollRange);
  step.back_off_jitter = r.duration("back_off_jitter", step.back_off_jitter);
  step.release_in_finally = r.boolean("finally", step.release_in_finally);
  polling(step, r);
  refusal(step, r);
  body(step, r);
}

// ---- storage ------------------------------------------------------------------------------------

void StepReader::short_subject(Step& step, const Node& node) {
  step.subject = read_name(node, reading_.diagnostics).value_or("");
  if (!step.subject.empty())
    check_name(reading_, node, step.subject, "register", reading_.registers);
}

void StepReader::subject(Step& step, Section& r, std::string_view key, const Node& node) {
  step.subject = name_of(r, reading_, key, required);
  if (!step.subject.empty())
    check_name(reading_, *node.find(key), step.subject, "register", reading_.registers);
}

/// Under which lock's token: that of the lock acquired last, unless it says so.
void StepReader::write_options(Step& step, Section& r, const Node& node) {
  step.lock = name_of(r, reading_, "lock");
  if (const Node* named = node.find("lock"); named != nullptr && !step.lock.empty())
    locks_.used.push_back({named, step.lock});
}

void StepReader::read(Step& step, const Node& node) {
  if (node.is_text()) return short_subject(step, node);
  Section r(reading_, node, "steps/read");
  subject(step, r, "from", node);
  write_options(step, r, node);
  step.ignore_errors = r.boolean("ignore_errors", step.ignore_errors);
}

void StepReader::write(Step& step, const Node& node) {
  Section r(reading_, node, "steps/write");
  subject(step, r, "to", node);
  if (const Node* value = r.any("value", required))
    step.value = read_datum(*value, reading_.diagnostics).value_or(Datum{});
  step.after_read = r.boolean("after_read", step.after_read);
  step.compare_version = r.boolean("compare_version", step.compare_version);
  if (step.compare_version && !step.after_read)
    r.mistake("compare_version",
              "\"compare_version\" compares with what was read: it needs "
              "\"after_read\": true");
  write_options(step, r, node);
  step.ignore_errors = r.boolean("ignore_errors", step.ignore_errors);
}

void StepReader::sell(Step& step, const Node& node) {
  if (node.is_text()) return short_subject(step, node);
  Section r(reading_, node, "steps/sell");
  subject(step, r, "from", node);
  step.amount = r.integer("amount", step.amount, {.min = 1, .max = 1'000'000'000});
  step.think = r.duration("think", step.think);
  step.compare_version = r.boolean("compare_version", step.compare_version);
  write_options(step, r, node);
}

void StepReader::charge(Step& step, const Node& node) {
  if (node.is_text()) return short_subject(step, node);
  Section r(reading_, node, "steps/charge");
  subject(step, r, "order", node);
  step.think = r.duration("think", step.think);
  step.external = r.boolean("external", step.external);
  step.compare_version = r.boolean("compare_version", step.compare_version);
  write_options(step, r, node);
}

void StepReader::run_job(Step& step, const Node& node) {
  Section r(reading_, node, "steps/run_job");
  subject(step, r, "job", node);
  step.time = r.duration("lasts", required);
  step.compare_version = r.boolean("compare_version", step.compare_version);
  write_options(step, r, node);
}

void StepReader::lead(Step& step, const Node& node) {
  Section r(reading_, node, "steps/lead");
  subject(step, r, "cluster", node);
  step.time = r.duration("lasts", required);
  step.every = r.duration("every", step.time / 10);
  write_options(step, r, node);
}

void StepReader::append(Step& step, const Node& node) {
  if (node.is_text()) return short_subject(step, node);
  Section r(reading_, node, "steps/append");
  subject(step, r, "to", node);
  step.think = r.duration("think", step.think);
  step.compare_version = r.boolean("compare_version", step.compare_version);
  write_options(step, r, node);
}

void StepReader::optimistic(Step& step, const Node& node) {
  Section r(reading_, node, "steps/optimistic");
  subject(step, r, "to", node);
  step.amount = r.integer("add", step.amount, {.min = -1'000'000'000, .max = 1'000'000'000});
  step.think = r.duration("think", step.think);
  step.tries = r.integer("tries", step.tries, {.min = 1, .max = kMostRounds});
  step.retry_errors = r.choice("on_error", kUpdateErrors, step.retry_errors ? 1 : 0) == 1;
  step.operation_id = r.boolean("operation_id", step.operation_id);
  const auto& rows = reading_.scenario.database.registers;
  if (step.operation_id && std::any_of(rows.begin(), rows.end(), [&](const SeedRegister& row) {
        return row.name == step.subject;
      }))
    r.mistake("operation_id", "only storage knows operations again, not the database");
  write_options(step, r, node);
}

void StepReader::hybrid(Step& step, const Node& node) {
  Section r(reading_, node, "steps/hybrid");
  subject(step, r, "to", node);
  step.amount = r.integer("add", step.amount, {.min = -1'000'000'000, .max = 1'000'000'000});
  step.think = r.duration("think", step.think);
  step.tries = r.integer("tries", step.tries, {.min = 0, .max = kMostRounds});
  step.compare_version = r.boolean("compare_version", step.compare_version);
  acquired(step, r, node);
  polling(step, r);
  refusal(step, r);
}

}  // namespace

std::vector<Program> read_threads(Reading& reading, std::span<const Node* const> programs) {
  std::vector<Program> threads;
  LocksOfClient locks;
  StepReader reader(reading, locks);
  for (const Node* program : programs) threads.push_back(reader.program(*program));
  for (const LocksOfClient::Use& use : locks.used) {
    if (locks.acquired.empty()) {
      reading.mistake(*use.node, "this client never acquires a lock");
    } else if (!use.name.empty() && std::find(locks.acquired.begin(), locks.acquired.end(),
                                              use.name) == locks.acquired.end()) {
      const std::vector<std::string_view> views(locks.acquired.begin(), locks.acquired.end());
      reading.mistake(*use.node,
                      fmt::format("this client never acquires the lock {}", in_quotes(use.name)),
                      closest(use.name, views).value_or(""));
    }
  }
  return threads;
}

}  // namespace reading

std::span<const std::string_view> step_names() { return reading::kSteps; }

}  // namespace locklab
