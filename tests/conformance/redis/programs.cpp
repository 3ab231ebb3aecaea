#include "tests/conformance/redis/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <thread>

#include "real/redis/words.hpp"
#include "sim/services/redis/keyspace.hpp"
#include "tests/conformance/shrink.hpp"

namespace locklab::conformance {

namespace {

using real::Answer;
using real::RedisConnection;
using real::Trouble;
using redis::Command;
using redis::Expiry;
using redis::Request;

constexpr std::size_t kPhases = std::size(kPhasesMs);
constexpr std::size_t kSideBySide = 60;

// ---- making one ---------------------------------------------------------------------------------

/// What the commands of one program speak of. Locks of Redisson's are hashes and keep apart from
/// the others, as they do in a real installation.
struct Vocabulary {
  std::array<Symbol, 3> keys;
  Symbol counter, hash, channel, token, fair, queue, timeouts;
  std::array<Symbol, 2> latches;
  std::array<Value, 5> values;
};

Vocabulary vocabulary(Rng& rng, std::uint64_t number, Names& names) {
  const auto name = [&](std::string_view what) {
    return names.intern(fmt::format("p{}:{}", number, what));
  };
  Vocabulary v;
  v.keys = {name("a"), name("b"), name("c")};
  v.counter = name("counter");
  v.hash = name("hash");
  v.channel = name("channel");
  v.token = name("token");
  v.fair = name("fair");
  v.queue = name("queue");
  v.timeouts = name("timeouts");
  v.latches = {name("latch1"), name("latch2")};
  v.values = {rng.uuid(), rng.uuid(), rng.uuid(), Value::integer(41),
              Value::name(names.intern("alice"))};
  return v;
}

template <class T, std::size_t kSize>
const T& one_of(Rng& rng, const std::array<T, kSize>& all) {
  return all[rng.below(kSize)];
}

/// Lives that end between two phases, far from both; lives that do not end; and mistakes.
std::int64_t some_ttl(Rng& rng) {
  constexpr std::array<std::int64_t, 8> kShort{40, 40, 40, 70, 70, 100, 100, 40};
  constexpr std::array<std::int64_t, 6> kLong{1000, 5000, 30'000, 86'400'000, 2000, 10'000};
  constexpr std::array<std::int64_t, 5> kOdd{0, -1, -1000, std::int64_t{1} << 40,
                                             std::numeric_limits<std::int64_t>::max()};
  const std::uint64_t kind = rng.below(20);
  if (kind < 9) return one_of(rng, kShort);
  if (kind < 18) return one_of(rng, kLong);
  return one_of(rng, kOdd);
}

std::int64_t sensible_ttl(Rng& rng) {
  const std::int64_t ttl = some_ttl(rng);
  return ttl > 0 && ttl < 1'000'000'000 ? ttl : 500;
}

ProgramStep some_set(Rng& rng, const Vocabulary& v) {
  ProgramStep step;
  Request& r = step.request;
  r.command = Command::set;
  r.key = one_of(rng, v.keys);
  r.value = one_of(rng, v.values);
  const std::uint64_t condition = rng.below(10);
  r.options.nx = condition < 5;
  r.options.xx = condition == 5 || condition == 6 || (condition == 0 && rng.below(8) == 0);
  r.options.get = rng.below(4) == 0;
  const std::uint64_t expiry = rng.below(10);
  if (expiry < 6) {
    r.options.expiry = Expiry::px;
    r.ttl_ms = some_ttl(rng);
  } else if (expiry == 6) {
    constexpr std::array<std::int64_t, 5> kDates{-1000, 40, 70, 5000, 60'000};
    r.options.expiry = Expiry::pxat;
    step.dated = rng.below(8) != 0;
    r.ttl_ms = step.dated ? one_of(rng, kDates) : -static_cast<std::int64_t>(rng.below(2));
  }
  r.options.keep_ttl = expiry == 7 || (expiry == 0 && rng.below(8) == 0);
  return step;
}

ProgramStep some_command(Rng& rng, const Vocabulary& v) {
  constexpr std::array kCommands{Command::get,     Command::get,  Command::del,     Command::exists,
                                 Command::incr,    Command::incr, Command::setnx,   Command::getset,
                                 Command::pexpire, Command::pttl, Command::pexpire, Command::pttl};
  ProgramStep step;
  Request& r = step.request;
  r.command = one_of(rng, kCommands);
  r.key = one_of(rng, v.keys);
  r.value = one_of(rng, v.values);
  r.ttl_ms = some_ttl(rng);
  if (r.command == Command::incr) {
    if (rng.below(2) == 0) r.key = v.counter;
  } else if (r.command != Command::get && r.command != Command::setnx &&
             r.command != Command::getset && rng.below(4) == 0) {
    r.key = rng.below(2) == 0 ? v.hash : v.fair;  // these commands take any type
  }
  return step;
}

ProgramStep some_script(Rng& rng, const Vocabulary& v) {
  constexpr std::array kScripts{Command::compare_and_delete,  Command::compare_and_pexpire,
                                Command::acquire_with_token,  Command::lock_or_retake,
                                Command::extend_or_retake,    Command::redsync_delete,
                                Command::compare_and_prolong, Command::acquire_all,
                                Command::extend_all,          Command::release_all};
  ProgramStep step;
  Request& r = step.request;
  r.command = one_of(rng, kScripts);
  r.key = v.keys[0];
  const bool several = r.command == Command::acquire_all || r.command == Command::extend_all ||
                       r.command == Command::release_all;
  if (!several || rng.below(2) == 0) {
    r.key = one_of(rng, v.keys);
  } else {
    const std::uint64_t more = 1 + rng.below(2);
    for (std::uint64_t i = 0; i < more; ++i) r.more_keys[i] = v.keys[i + 1];
  }
  r.value = r.expected = v.values[rng.below(3)];
  r.ttl_ms = some_ttl(rng);
  r.retake = rng.below(2) == 0;
  if (r.command == Command::acquire_with_token) r.counter = v.counter;
  if (r.command == Command::compare_and_prolong) r.ttl_ms = sensible_ttl(rng);
  return step;
}

ProgramStep some_redisson(Rng& rng, const Vocabulary& v) {
  constexpr std::array kScripts{Command::redisson_lock,        Command::redisson_lock,
                                Command::redisson_fenced_lock, Command::redisson_renew,
                                Command::redisson_unlock,      Command::redisson_unlock};
  ProgramStep step;
  Request& r = step.request;
  r.command = one_of(rng, kScripts);
  r.key = v.hash;
  r.value = v.values[rng.below(2)];
  r.ttl_ms = sensible_ttl(rng);
  r.counter = v.token;
  r.more_keys[0] = v.channel;
  if (r.command == Command::redisson_unlock && rng.below(2) == 0)
    r.more_keys[2] = one_of(rng, v.latches);
  return step;
}

ProgramStep some_fair(Rng& rng, const Vocabulary& v) {
  constexpr std::array kScripts{Command::redisson_fair_lock,   Command::redisson_fair_lock,
                                Command::redisson_fair_lock,   Command::redisson_fair_try,
                                Command::redisson_fair_unlock, Command::redisson_fair_unlock,
                                Command::redisson_fair_leave};
  constexpr std::array<std::int64_t, 5> kClocks{0, 100, 5000, 60'000, 400'000};
  constexpr std::array<std::int64_t, 3> kPlaces{5000, 300'000, 1500};
  ProgramStep step;
  Request& r = step.request;
  r.command = one_of(rng, kScripts);
  r.key = v.fair;
  r.value = v.values[rng.below(4)];
  r.ttl_ms = sensible_ttl(rng);
  r.wait_ms = one_of(rng, kPlaces);
  r.more_keys = {v.queue, v.timeouts, {}};
  if (r.command == Command::redisson_fair_unlock && rng.below(3) == 0)
    r.more_keys[2] = one_of(rng, v.latches);
  step.own_clock = rng.below(2) == 0;
  r.client_ms = step.own_clock ? one_of(rng, kClocks) : redis::kServerClock;
  return step;
}

// ---- running some -------------------------------------------------------------------------------

/// One program on its way: the model's keys, and how far the model's time may be from the server's.
struct Run {
  Program& program;
  redis::Keyspace keys{};
  std::size_t next = 0;
  std::int64_t slack_ms = 0;  // the sum of the brackets so far
  Outcome outcome{};
};

/// May the server have seen the other side of a deadline?
bool ambiguous(const Run& run, const Request& request, std::int64_t from_ms, std::int64_t to_ms) {
  const auto near = [&](std::int64_t at_ms, std::int64_t low, std::int64_t high) {
    return at_ms >= low - run.slack_ms - 1 && at_ms <= high + run.slack_ms + 1;
  };
  for (const redis::Entry& entry : run.keys.entries())
    if (near(entry.deadline_ms, from_ms, to_ms)) return true;
  for (const redis::Element& element : run.keys.elements()) {
    if (element.key != request.more_keys[1]) continue;  // only time-outs are compared with clocks
    if (near(element.score, from_ms, to_ms)) return true;
    if (request.client_ms != redis::kServerClock &&
        near(element.score, request.client_ms, request.client_ms))
      return true;
  }
  return false;
}

/// Is its number a time that passes?
bool measures_time(Command command) {
  return command == Command::pttl || command == Command::compare_and_prolong ||
         command == Command::redisson_lock || command == Command::redisson_fenced_lock ||
         command == Command::redisson_fair_lock;
}

/// The model's turn: the phase's steps were executed between the two readings of the clock.
void follow(Run& run, const std::vector<Answer>& answers, std::int64_t base_ms,
            std::int64_t from_ms, std::int64_t to_ms) {
  run.slack_ms += to_ms - from_ms;
  for (const Answer& answer : answers) {
    const std::size_t number = run.next++;
    if (run.outcome.kind != Outcome::Kind::same) continue;
    const Request request = placed(run.program.steps[number], base_ms);
    // A script that adds what is left to the time it is reads the clock once more.
    if (request.command == Command::compare_and_prolong ||
        request.command == Command::redisson_fair_lock)
      run.slack_ms += to_ms - from_ms;
    const bool before = ambiguous(run, request, from_ms, to_ms);
    redis::Changes changes;
    const redis::Reply model = redis::execute(run.keys, from_ms, request, changes);
    if (before || ambiguous(run, request, from_ms, to_ms)) {
      run.outcome.kind = Outcome::Kind::discarded;
      continue;
    }
    const redis::Reply server = real::reply_of(request, answer, run.program.names);
    if (alike(request, model, server, run.slack_ms)) continue;
    run.outcome = {Outcome::Kind::different, number, to_string(model, run.program.names),
                   real::to_string(answer)};
  }
}

std::string family_of(Command command) {
  switch (command) {
    case Command::set:
    case Command::setnx:
    case Command::getset:
      return "SET and its kin";
    case Command::get:
    case Command::del:
    case Command::exists:
    case Command::incr:
      return "GET, DEL, EXISTS, INCR";
    case Command::pexpire:
    case Command::pttl:
      return "PEXPIRE and PTTL";
    case Command::acquire_all:
    case Command::extend_all:
    case Command::release_all:
      return "node-redlock's scripts";
    case Command::redisson_lock:
    case Command::redisson_fenced_lock:
    case Command::redisson_renew:
    case Command::redisson_unlock:
      return "Redisson's lock";
    case Command::redisson_fair_try:
    case Command::redisson_fair_lock:
    case Command::redisson_fair_unlock:
    case Command::redisson_fair_leave:
      return "Redisson's fair lock";
    default:
      return "compare-and-act scripts";
  }
}

}  // namespace

std::int64_t whole_ms_of(const Answer& time) {
  if (time.items.size() != 2) return 0;
  return std::strtoll(time.items[0].text.c_str(), nullptr, 10) * 1000 +
         std::strtoll(time.items[1].text.c_str(), nullptr, 10) / 1000;
}

Request placed(const ProgramStep& step, std::int64_t base_ms) {
  Request request = step.request;
  if (step.dated) request.ttl_ms += base_ms;
  if (step.own_clock) request.client_ms += base_ms;
  return request;
}

Result<Asked, Trouble> ask(RedisConnection& connection, const Request& request, Names& names) {
  connection.append({"TIME"});
  connection.append(real::words_of(request, names));
  connection.append({"TIME"});
  const auto before = connection.take();
  if (!before) return before.error();
  const auto answer = connection.take();
  if (!answer) return answer.error();
  const auto after = connection.take();
  if (!after) return after.error();
  return Asked{*answer, real::reply_of(request, *answer, names), whole_ms_of(*before),
               whole_ms_of(*after)};
}

bool alike(const Request& request, const redis::Reply& model, const redis::Reply& server,
           std::int64_t slack_ms) {
  if (model.kind != server.kind || model.error != server.error || model.value != server.value)
    return false;
  if (model.number == server.number) return true;
  if (!measures_time(request.command) || model.token) return false;
  const bool codes = request.command != Command::redisson_fair_lock &&
                     (model.number < 0 || server.number < 0);  // -1, -2
  return !codes && std::abs(model.number - server.number) <= slack_ms;
}

Program make_program(Rng rng, std::uint64_t number) {
  Program program;
  const Vocabulary v = vocabulary(rng, number, program.names);
  const std::uint64_t length = 12 + rng.below(19);
  const std::uint64_t flavour = rng.below(4);  // which scripts it is mostly about
  const bool pauses = rng.below(2) == 0;
  for (std::uint64_t i = 0; i < length; ++i) {
    const std::uint64_t kind = rng.below(10);
    ProgramStep step;
    if (kind < 2)
      step = some_set(rng, v);
    else if (kind < 5)
      step = some_command(rng, v);
    else if (flavour == 2)
      step = some_redisson(rng, v);
    else if (flavour == 3)
      step = some_fair(rng, v);
    else if (kind < 7)
      step = some_set(rng, v);
    else
      step = some_script(rng, v);
    step.phase = pauses ? i * kPhases / length : 0;
    program.steps.push_back(step);
  }
  return program;
}

Result<std::vector<Outcome>, Trouble> run_programs(RedisConnection& connection,
                                                   std::vector<Program>& programs) {
  std::vector<Run> runs;
  std::size_t last_phase = 0;
  for (Program& program : programs) {
    runs.push_back({.program = program});
    if (!program.steps.empty()) last_phase = std::max(last_phase, program.steps.back().phase);
  }
  const auto time = connection.ask({"TIME"});
  if (!time) return time.error();
  const std::int64_t base_ms = whole_ms_of(*time);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t phase = 0; phase <= last_phase; ++phase) {
    std::this_thread::sleep_until(begin + std::chrono::milliseconds(kPhasesMs[phase]));
    const auto in_phase = [&](const Run& run, std::size_t step) {
      return step < run.program.steps.size() && run.program.steps[step].phase == phase;
    };
    for (const Run& run : runs) {
      connection.append({"TIME"});
      for (std::size_t step = run.next; in_phase(run, step); ++step)
        connection.append(
            real::words_of(placed(run.program.steps[step], base_ms), run.program.names));
      connection.append({"TIME"});
    }
    for (Run& run : runs) {
      const auto before = connection.take();
      if (!before) return before.error();
      std::vector<Answer> answers;
      for (std::size_t step = run.next; in_phase(run, step); ++step) {
        auto answer = connection.take();
        if (!answer) return answer.error();
        answers.push_back(std::move(*answer));
      }
      const auto after = connection.take();
      if (!after) return after.error();
      follow(run, answers, base_ms, whole_ms_of(*before), whole_ms_of(*after));
    }
  }
  std::vector<Outcome> outcomes;
  for (Run& run : runs) outcomes.push_back(std::move(run.outcome));
  return outcomes;
}

/// On keys that are all its own.
bool differs_alone(RedisConnection& connection, const Program& program) {
  if (!connection.ask({"FLUSHALL"})) return false;
  std::vector<Program> alone{program};
  const auto outcomes = run_programs(connection, alone);
  return outcomes && outcomes->front().kind == Outcome::Kind::different;
}

std::string to_string(const Program& program) {
  std::string text;
  std::size_t phase = 0;
  for (const ProgramStep& step : program.steps) {
    if (!text.empty()) text += "; ";
    if (step.phase != phase) text += fmt::format("[at {} ms] ", kPhasesMs[step.phase]);
    phase = step.phase;
    std::vector<std::string> words = real::words_of(step.request, program.names);
    if (words.front() == "EVAL") {
      words.erase(words.begin(), words.begin() + 2);
      words.front() = std::string(redis::to_string(step.request.command));
    }
    text += fmt::format("{}", fmt::join(words, " "));
    if (step.dated || step.own_clock) text += " (from the beginning)";
  }
  return text;
}

std::string behaviour_of(const ProgramStep& step) {
  return (step.phase > 0 ? "after a pause: " : "") + family_of(step.request.command);
}

void compare_programs(Context& context, RedisConnection& connection, std::uint64_t answers) {
  for (const bool pause : {false, true})
    for (const Command command :
         {Command::set, Command::get, Command::pttl, Command::compare_and_delete,
          Command::acquire_all, Command::redisson_lock, Command::redisson_fair_lock})
      context.record.describe(
          behaviour_of({.phase = pause ? 1U : 0U, .request = {.command = command}}),
          family_of(command).starts_with("Redisson") ? "sim/services/redis/redisson.cpp"
                                                     : "sim/services/redis/keyspace.cpp",
          "each reply; PTTL to the ms that a phase took");
  std::uint64_t compared = 0;
  std::uint64_t discarded = 0;
  std::uint64_t number = 0;
  while (compared < answers) {
    std::vector<Program> programs;
    for (std::size_t i = 0; i < kSideBySide; ++i, ++number)
      programs.push_back(make_program(context.stream("redis/program", number), number));
    const auto outcomes = run_programs(connection, programs);
    if (!outcomes) {
      context.record.differ("the node answers", fmt::format("before program {}", number), "it does",
                            outcomes.error().sentence);
      return;
    }
    for (std::size_t i = 0; i < programs.size(); ++i) {
      const Outcome& outcome = (*outcomes)[i];
      if (outcome.kind == Outcome::Kind::discarded) {
        ++discarded;
        continue;
      }
      for (const ProgramStep& step : programs[i].steps) context.record.add(behaviour_of(step));
      compared += programs[i].steps.size();
      if (outcome.kind == Outcome::Kind::same) continue;
      Program small = programs[i];
      small.steps = shrunk(small.steps, [&](const std::vector<ProgramStep>& fewer) {
        Program smaller = programs[i];
        smaller.steps = fewer;
        return differs_alone(connection, smaller);
      });
      context.record.differ(behaviour_of(programs[i].steps[outcome.step]),
                            fmt::format("seed {}, program {}: {}", context.seed,
                                        number - kSideBySide + i, to_string(small)),
                            outcome.model, outcome.server);
    }
    if (!connection.ask({"FLUSHALL"})) return;
  }
  context.record.measure("SET and its kin",
                         fmt::format("{} of {} programs discarded: a deadline fell into the "
                                     "reading of the clock",
                                     discarded, number));
}

std::string to_string(const redis::Reply& reply, const Names& names) {
  switch (reply.kind) {
    case redis::ReplyKind::ok:
      return "OK";
    case redis::ReplyKind::nil:
      return "nil";
    case redis::ReplyKind::integer:
      return fmt::format("(integer) {}", reply.number);
    case redis::ReplyKind::value:
      return locklab::to_string(reply.value, names);
    case redis::ReplyKind::error:
      return fmt::format("(error) {}", redis::to_string(reply.error));
  }
  return {};
}

}  // namespace locklab::conformance
