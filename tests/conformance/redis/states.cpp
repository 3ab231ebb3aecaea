// Nodes that are not alone, not empty or not in time: a replica and its master, a node that is
// full, a node whose wall clock is set.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "real/redis/clock.hpp"
#include "real/redis/server.hpp"
#include "sim/services/redis/keyspace.hpp"
#include "tests/conformance/redis/nodes.hpp"
#include "tests/conformance/redis/programs.hpp"

namespace locklab::conformance {

namespace {

using real::RedisConnection;
using redis::Command;
using redis::Reply;
using redis::ReplyError;
using redis::Request;

constexpr std::string_view kReplica = "a replica's answers";
constexpr std::string_view kWait = "WAIT";
constexpr std::string_view kReadOnly = "READONLY of a replica";
constexpr std::string_view kLonely = "NOREPLICAS of a lonely master";
constexpr std::string_view kFull = "OOM of a full node";
constexpr std::string_view kJumps = "the wall clock is set";
constexpr std::string_view kHalfway = "a script that fails half-way";
constexpr std::string_view kChecksFirst = "a script checks before it writes";
constexpr std::string_view kWholeScript = "a script is refused before it begins";

const std::vector<std::string> kNoFiles{"save \"\"", "appendonly no"};

/// A node or its connection failed: that is no answer, and fails the suite.
void failed(Context& context, std::string_view behaviour, const real::Trouble& trouble) {
  context.record.differ(behaviour, "the machine", "an answer", trouble.sentence);
}

/// Does a deadline lie so near that the two may see it differently?
bool near_a_deadline(const redis::Keyspace& keys, std::int64_t now_ms, std::int64_t margin_ms) {
  for (const redis::Entry& entry : keys.entries())
    if (entry.expires() && std::abs(entry.deadline_ms / 2 - now_ms / 2) <= margin_ms) return true;
  return false;
}

// ---- a replica ----------------------------------------------------------------------------------

/// What a program did at the master, and what its replica holds of it.
struct Pair {
  redis::Keyspace master{};
  redis::Keyspace replica{};
  std::int64_t slack_ms = 0;
};

/// Every key of the program as a reader of the replica sees it. False: no answer, or too near.
bool compare_readers(Context& context, RedisConnection& replica, Program& program, Pair& pair,
                     std::string_view place) {
  for (const redis::Entry& entry : pair.replica.entries()) {
    const bool text = pair.replica.first(entry.key) == nullptr &&
                      program.names.text(entry.key).find("hash") == std::string_view::npos &&
                      program.names.text(entry.key).find("fair") == std::string_view::npos;
    for (const Command command : {Command::get, Command::pttl, Command::exists}) {
      if (command == Command::get && !text) continue;
      Request request;
      request.command = command;
      request.key = entry.key;
      const auto asked = ask(replica, request, program.names);
      if (!asked) {
        failed(context, kReplica, asked.error());
        return false;
      }
      const std::int64_t slack = pair.slack_ms + asked->to_ms - asked->from_ms;
      if (near_a_deadline(pair.replica, asked->from_ms, slack + 2)) return false;
      redis::Keyspace copy = pair.replica;
      redis::Changes forgotten;
      const Reply model = redis::execute(copy, asked->from_ms, request, forgotten);
      context.record.add(kReplica);
      if (!alike(request, model, asked->reply, slack))
        context.record.differ(kReplica,
                              fmt::format("{}: {} {}", place, redis::to_string(command),
                                          program.names.text(entry.key)),
                              to_string(model, program.names), real::to_string(asked->answer));
    }
  }
  return true;
}

bool compare_wait(Context& context, RedisConnection& master, Names& names, std::int64_t wanted,
                  std::string_view place) {
  Request request;
  request.command = Command::wait;
  request.wait_ms = wanted;
  request.ttl_ms = wanted == 1 ? 2000 : 20;
  const auto asked = ask(master, request, names);
  if (!asked) {
    failed(context, kWait, asked.error());
    return false;
  }
  context.record.add(kWait);
  if (asked->reply != Reply::integer(1))
    context.record.differ(kWait, place, "(integer) 1", real::to_string(asked->answer));
  return true;
}

void compare_replica_program(Context& context, RedisConnection& master, RedisConnection& replica,
                             std::uint64_t number) {
  Program program = make_program(context.stream("redis/replica", number), number);
  const std::string place = fmt::format("seed {}, program {} of a replica", context.seed, number);
  const auto time = master.ask({"TIME"});
  if (!time) return failed(context, kReplica, time.error());
  const std::int64_t base_ms = whole_ms_of(*time);
  Pair pair;
  std::size_t count = 0;
  for (const ProgramStep& step : program.steps) {
    const Request request = placed(step, base_ms);
    const auto asked = ask(master, request, program.names);
    if (!asked) return failed(context, kReplica, asked.error());
    pair.slack_ms += 3 * (asked->to_ms - asked->from_ms);
    if (near_a_deadline(pair.master, asked->from_ms, pair.slack_ms + 2)) return;
    redis::Changes changes;
    redis::execute(pair.master, asked->from_ms, request, changes);
    for (const redis::Change& change : changes) pair.replica.apply(change);
    if (++count % 6 != 0) continue;
    if (!compare_wait(context, master, program.names, 1, place)) return;
    if (count % 12 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(55));
    if (!compare_readers(context, replica, program, pair, place)) return;
  }
}

// ---- who is refused -----------------------------------------------------------------------------

struct Refusal {
  std::string_view behaviour;
  RedisConnection& writer;                  // makes the state, before
  RedisConnection& asked;                   // is asked, after
  std::function<bool(bool)> impose;         // what refuses: on or off
  std::function<ReplyError(Command)> rule;  // the model's
};

enum class Held : std::uint8_t { by_nobody, by_us, by_another };

void compare_refusal(Context& context, const Refusal& refusal, Command command, Held held) {
  Names names;
  const auto name = [&](std::string_view what) {
    return names.intern(fmt::format("{}:{}", redis::to_string(command), what));
  };
  const bool redisson = command >= Command::redisson_lock;
  const Value us = Value::unique(1, 1);
  Request request;
  request.command = command;
  request.key = name("lock");
  request.counter = name("counter");
  request.value = request.expected = us;
  request.ttl_ms = 100'000;
  request.wait_ms = 5000;
  request.client_ms = redis::kServerClock;
  if (redisson) request.more_keys = {name("queue"), name("timeouts"), {}};
  Request before = request;
  before.command = redisson ? Command::redisson_lock : Command::set;
  before.value = held == Held::by_us ? us : Value::unique(2, 2);
  if (!redisson) before.more_keys = {};

  redis::Keyspace keys;
  redis::Changes changes;
  std::int64_t slack_ms = 0;
  if (!refusal.impose(false) || !refusal.writer.ask({"FLUSHALL"})) return;
  if (held != Held::by_nobody) {
    const auto made = ask(refusal.writer, before, names);
    if (!made) return failed(context, refusal.behaviour, made.error());
    slack_ms += made->to_ms - made->from_ms;
    redis::execute(keys, made->from_ms, before, changes);
  }
  if (!refusal.impose(true)) return;
  const auto asked = ask(refusal.asked, request, names);
  if (!asked) return failed(context, refusal.behaviour, asked.error());
  slack_ms += 3 * (asked->to_ms - asked->from_ms);
  const ReplyError error = refusal.rule(command);
  changes.clear();
  const Reply executed = redis::execute(keys, asked->from_ms, request, changes);
  const Reply model = error != ReplyError::none ? Reply::failed(error) : executed;
  context.record.add(refusal.behaviour);
  if (alike(request, model, asked->reply, slack_ms)) return;
  // The real node runs a script until it writes.
  if (command >= Command::compare_and_delete && model.kind == redis::ReplyKind::error &&
      alike(request, executed, asked->reply, slack_ms))
    return context.record.differ_as_said(refusal.behaviour, kWholeScript);
  constexpr std::array<std::string_view, 3> kHeld{"missing", "ours", "another's"};
  context.record.differ(refusal.behaviour,
                        fmt::format("{} where the key is {}", redis::to_string(command),
                                    kHeld[static_cast<std::size_t>(held)]),
                        to_string(model, names), real::to_string(asked->answer));
}

void compare_refusals(Context& context, const Refusal& refusal) {
  for (auto number = static_cast<int>(Command::set); number < static_cast<int>(Command::subscribe);
       ++number)
    for (const Held held : {Held::by_nobody, Held::by_us, Held::by_another})
      compare_refusal(context, refusal, static_cast<Command>(number), held);
  refusal.impose(false);
}

bool link_is_up(RedisConnection& replica) {
  const auto info = replica.ask({"INFO", "replication"});
  return info && info->text.find("master_link_status:up") != std::string::npos;
}

}  // namespace

void compare_replication(Context& context, const real::Workspace& workspace) {
  context.record.describe(kReplica, "sim/services/redis/replication.cpp",
                          "GET, PTTL and EXISTS of every key at the replica, expired ones too");
  context.record.describe(kWait, "sim/services/redis/replication.cpp", "how many acknowledged");
  context.record.describe(kReadOnly, "sim/services/redis/protocol.hpp",
                          "every command, on a key missing, ours and another's");
  context.record.describe(kLonely, "sim/services/redis/protocol.hpp",
                          "every command, on a key missing, ours and another's");
  std::vector<std::string> lines = kNoFiles;
  lines.emplace_back("repl-diskless-sync-delay 0");
  auto master = real::RedisServer::start(workspace.folder("master"), {.lines = lines});
  if (!master) return failed(context, kReplica, master.error());
  lines.push_back(fmt::format("replicaof 127.0.0.1 {}", master->port()));
  auto replica = real::RedisServer::start(workspace.folder("replica"), {.lines = lines});
  if (!replica) return failed(context, kReplica, replica.error());
  auto to_master = master->connect();
  if (!to_master) return failed(context, kReplica, to_master.error());
  auto to_replica = replica->connect();
  if (!to_replica) return failed(context, kReplica, to_replica.error());
  const auto linked = [&] { return link_is_up(*to_replica); };
  if (!real::wait_until(linked, std::chrono::seconds(20)))
    return failed(context, kReplica, {"the replica finds no master"});

  const std::uint64_t programs = context.of(20, 300);
  for (std::uint64_t number = 0; number < programs; ++number)
    compare_replica_program(context, *to_master, *to_replica, number);
  Names names;
  for (std::uint64_t i = 0; i < context.of(3, 30); ++i)
    compare_wait(context, *to_master, names, 2, "two wanted, one there");

  const auto synchronised = [&](bool) {
    const auto count = to_master->ask({"WAIT", "1", "5000"});
    return count && count->number == 1;
  };
  compare_refusals(context, {kReadOnly, *to_master, *to_replica, synchronised, [](Command command) {
                               return redis::writes(command) ? ReplyError::read_only
                                                             : ReplyError::none;
                             }});
  const auto lonely = [&](bool on) {
    return bool(to_master->ask({"CONFIG", "SET", "min-replicas-to-write", on ? "2" : "0"}));
  };
  compare_refusals(context, {kLonely, *to_master, *to_master, lonely, [](Command command) {
                               return redis::writes(command) ? ReplyError::not_enough_replicas
                                                             : ReplyError::none;
                             }});
}

void compare_full_node(Context& context, const real::Workspace& workspace) {
  context.record.describe(kFull, "sim/services/redis/protocol.hpp",
                          "every command, on a key missing, ours and another's");
  auto server = real::RedisServer::start(workspace.folder("full"), {.lines = kNoFiles});
  if (!server) return failed(context, kFull, server.error());
  auto connection = server->connect();
  if (!connection) return failed(context, kFull, connection.error());
  const auto full = [&](bool on) {
    return bool(connection->ask({"CONFIG", "SET", "maxmemory", on ? "1" : "0"}));
  };
  compare_refusals(context, {kFull, *connection, *connection, full, [](Command command) {
                               return redis::needs_memory(command) ? ReplyError::out_of_memory
                                                                   : ReplyError::none;
                             }});
}

void compare_half_done_script(Context& context, RedisConnection& connection) {
  context.record.describe(kHalfway, "sim/services/redis/keyspace.cpp",
                          "its reply, and what it left behind");
  Names names;
  redis::Keyspace keys;
  const Value token = Value::name(names.intern("none"));
  Request counter;
  counter.command = Command::set;
  counter.key = names.intern("half:counter");
  counter.value = token;
  Request acquire;
  acquire.command = Command::acquire_with_token;
  acquire.key = names.intern("half:lock");
  acquire.counter = counter.key;
  acquire.value = Value::unique(1, 1);
  acquire.ttl_ms = 100'000;
  Request look;
  look.command = Command::get;
  look.key = acquire.key;
  for (const Request& request : {counter, acquire, look}) {
    const auto asked = ask(connection, request, names);
    if (!asked) return failed(context, kHalfway, asked.error());
    redis::Changes changes;
    const Reply model = redis::execute(keys, asked->from_ms, request, changes);
    context.record.add(kHalfway);
    if (alike(request, model, asked->reply, 0)) continue;
    // The lock that the script set before its INCR failed.
    if (request.command == Command::get && asked->reply == Reply::of(acquire.value))
      context.record.differ_as_said(kHalfway, kChecksFirst);
    else
      context.record.differ(kHalfway, redis::to_string(request.command), to_string(model, names),
                            real::to_string(asked->answer));
  }
}

void compare_clock_jumps(Context& context, const real::Workspace& workspace) {
  context.record.describe(kJumps, "sim/services/redis/keyspace.cpp",
                          "GET and PTTL of keys after their node's clock jumped, by libfaketime");
  if (!real::ServerClock::is_there())
    return context.record.skip(kJumps, "no libfaketime here (Debian package libfaketime)");
  const std::string folder = workspace.folder("jumps");
  const real::ServerClock clock(folder);
  const auto set_clock = [&](std::int64_t seconds) {
    return clock.set(std::chrono::seconds(seconds));
  };
  if (!set_clock(0)) return failed(context, kJumps, {"cannot write into " + folder});
  auto server =
      real::RedisServer::start(folder, {.lines = kNoFiles, .environment = clock.environment()});
  if (!server) return failed(context, kJumps, server.error());
  auto connection = server->connect();
  if (!connection) return failed(context, kJumps, connection.error());

  constexpr std::array<std::int64_t, 6> kOffsets{0, 3, 12, 40, -7, -60};
  constexpr std::array<std::int64_t, 5> kLives{2000, 8000, 20'000, 50'000, 100'000};
  Rng rng = context.stream("redis/jumps");
  std::uint64_t unclear = 0;
  const std::uint64_t rounds = context.of(30, 400);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Names names;
    redis::Keyspace keys;
    std::int64_t slack_ms = 0;
    if (!set_clock(0) || !connection->ask({"FLUSHALL"})) return;
    const auto step = [&](const Request& request) {
      const auto asked = ask(*connection, request, names);
      if (!asked) {
        failed(context, kJumps, asked.error());
        return false;
      }
      slack_ms += asked->to_ms - asked->from_ms;
      if (near_a_deadline(keys, asked->from_ms, slack_ms + 2)) {
        ++unclear;
        return false;
      }
      redis::Changes changes;
      const Reply model = redis::execute(keys, asked->from_ms, request, changes);
      context.record.add(kJumps);
      if (alike(request, model, asked->reply, slack_ms)) return true;
      context.record.differ(kJumps,
                            fmt::format("seed {}, round {}: {}", context.seed, round,
                                        redis::to_string(request.command)),
                            to_string(model, names), real::to_string(asked->answer));
      return false;
    };
    bool goes_on = true;
    for (int jump = 0; jump < 4 && goes_on; ++jump) {
      if (jump > 0 && !set_clock(kOffsets[rng.below(kOffsets.size())])) return;
      for (std::size_t i = 0; i < kLives.size() && goes_on; ++i) {
        Request request;
        request.key = names.intern(fmt::format("key{}", i));
        request.value = Value::integer(7);
        request.ttl_ms = kLives[i];
        for (const Command command : {Command::get, Command::pttl}) {
          request.command = command;
          goes_on = goes_on && step(request);
        }
        request.command = Command::set;
        request.options = {.nx = true, .expiry = redis::Expiry::px};
        if (jump == 0 || rng.below(3) == 0) goes_on = goes_on && step(request);
      }
    }
  }
  context.record.measure(kJumps,
                         fmt::format("{} of {} rounds cut short near a deadline", unclear, rounds));
}

}  // namespace locklab::conformance
