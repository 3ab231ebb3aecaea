// Restarts: which keys are there again. A node writes in bursts, is ended and loads what it has; a
// burst and an end keep away from the instant at which a snapshot is due, since the real one comes
// up to 100 ms later and takes its time.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "real/redis/server.hpp"
#include "sim/services/redis/persistence.hpp"
#include "tests/conformance/redis/nodes.hpp"
#include "tests/conformance/redis/programs.hpp"

namespace locklab::conformance {

namespace {

using redis::Command;
using redis::Ending;
using redis::PersistenceMode;
using redis::Request;

constexpr std::string_view kBehaviour = "restart: which keys are there";
constexpr std::int64_t kAfterTickMs = 600;  // the cron comes, the child is done
constexpr std::int64_t kBeforeTickMs = 150;
constexpr std::int64_t kSecondLeftMs = 300;  // the snapshot is to come in the write's own second
constexpr std::size_t kKeys = 6;

real::RedisSettings settings_of(PersistenceMode mode, const redis::SavePoint& point) {
  switch (mode) {
    case PersistenceMode::none:
      return {.lines = {"save \"\"", "appendonly no"}};
    case PersistenceMode::rdb:
      return {.lines = {fmt::format("save {} {}", point.seconds, point.changes), "appendonly no"}};
    case PersistenceMode::aof_everysec:
      return {.lines = {"save \"\"", "appendonly yes", "appendfsync everysec"}};
    case PersistenceMode::aof_always:
      return {.lines = {"save \"\"", "appendonly yes", "appendfsync always"}};
  }
  return {};
}

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A node and its model, side by side.
struct Twin {
  PersistenceMode mode;
  Ending ending;
  redis::SavePoint point;
  Names names{};
  std::array<Symbol, kKeys> keys{};
  redis::Keyspace live{};
  redis::Persistence persistence{};
  std::int64_t last_tick_ms = 0;
  std::int64_t slack_ms = 0;
  std::optional<real::RedisServer> server{};
  std::optional<real::RedisConnection> connection{};
  std::string trouble{};
};

void start(Twin& twin, const std::string& folder) {
  auto server = real::RedisServer::start(folder, settings_of(twin.mode, twin.point));
  if (!server) {
    twin.trouble = server.error().sentence;
    return;
  }
  twin.server.emplace(std::move(*server));
  auto connection = twin.server->connect();
  if (!connection) {
    twin.trouble = connection.error().sentence;
    return;
  }
  twin.connection.emplace(std::move(*connection));
  for (std::size_t i = 0; i < kKeys; ++i) twin.keys[i] = twin.names.intern(fmt::format("key{}", i));
  twin.persistence =
      redis::Persistence(twin.mode, std::pmr::get_default_resource(), {{twin.point}});
  const auto saved = twin.connection->ask({"LASTSAVE"});
  if (!saved) {
    twin.trouble = saved.error().sentence;
    return;
  }
  twin.persistence.booted(saved->number * 1000, twin.live);
}

/// The model's timers, up to now.
void tick(Twin& twin) {
  while (twin.persistence.next_tick_ms() <= wall_ms()) {
    twin.last_tick_ms = twin.persistence.next_tick_ms();
    twin.persistence.tick(twin.last_tick_ms, twin.live);
  }
}

/// Waits until no snapshot of either has just come or is about to.
void settle(Twin& twin) {
  if (twin.mode != PersistenceMode::rdb) return tick(twin);
  for (;;) {
    tick(twin);
    const std::int64_t now = wall_ms();
    if (now - twin.last_tick_ms > kAfterTickMs && now % 1000 < 1000 - kSecondLeftMs &&
        (twin.persistence.next_tick_ms() == redis::kNever ||
         twin.persistence.next_tick_ms() - now > kBeforeTickMs))
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Request some_write(Rng& rng, const Twin& twin) {
  constexpr std::array kCommands{
      Command::set,  Command::set,     Command::set,    Command::del,
      Command::incr, Command::pexpire, Command::getset, Command::compare_and_delete};
  constexpr std::array<std::int64_t, 4> kLives{50, 60'000, 100'000, 3'600'000};
  Request r;
  r.command = kCommands[rng.below(kCommands.size())];
  r.key = twin.keys[rng.below(kKeys)];
  r.value = r.expected = Value::integer(static_cast<std::int64_t>(rng.below(3)));
  r.ttl_ms = kLives[rng.below(kLives.size())];
  if (r.command == Command::set && rng.below(2) == 0)
    r.options = {.nx = true, .expiry = redis::Expiry::px};
  return r;
}

void write(Twin& twin, Rng& rng) {
  const std::uint64_t count = 1 + rng.below(6);
  for (std::uint64_t i = 0; i < count && twin.trouble.empty(); ++i) {
    const Request request = some_write(rng, twin);
    const auto asked = ask(*twin.connection, request, twin.names);
    if (!asked) {
      twin.trouble = asked.error().sentence;
      return;
    }
    twin.slack_ms += asked->to_ms - asked->from_ms;
    redis::Changes changes;
    redis::execute(twin.live, asked->from_ms, request, changes);
    const std::uint64_t unsaved = twin.persistence.unsaved_changes();
    twin.persistence.executed(asked->from_ms, twin.live, changes);
    // A write after quiet seconds is saved at once, by the real node with all that comes within its
    // next 100 ms: nothing may.
    if (changes.empty() || twin.persistence.unsaved_changes() > unsaved) continue;
    twin.last_tick_ms = asked->to_ms;
    settle(twin);
  }
}

void compare(Context& context, Twin& twin, std::string_view place) {
  for (const Symbol key : twin.keys)
    for (const Command command : {Command::get, Command::pttl}) {
      Request request;
      request.command = command;
      request.key = key;
      const auto asked = ask(*twin.connection, request, twin.names);
      if (!asked) {
        context.record.differ(kBehaviour, place, "an answer", asked.error().sentence);
        return;
      }
      redis::Changes changes;
      redis::Keyspace loaded = twin.persistence.reloaded(twin.ending, twin.live, asked->from_ms);
      const redis::Reply model = redis::execute(loaded, asked->from_ms, request, changes);
      context.record.add(kBehaviour);
      if (!alike(request, model, asked->reply, twin.slack_ms + asked->to_ms - asked->from_ms))
        context.record.differ(
            kBehaviour,
            fmt::format("{}: {} {}", place, redis::to_string(command), twin.names.text(key)),
            to_string(model, twin.names), real::to_string(asked->answer));
    }
}

}  // namespace

void compare_endings(Context& context, const real::Workspace& workspace) {
  context.record.describe(kBehaviour, "sim/services/redis/persistence.cpp",
                          "GET and PTTL of every key, after SIGKILL and after SIGTERM");
  const std::uint64_t rounds = context.of(1, 8);
  std::size_t restarts = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::vector<Twin> twins;
    Rng rng = context.stream("redis/endings", round);
    for (const PersistenceMode mode : {PersistenceMode::none, PersistenceMode::rdb,
                                       PersistenceMode::aof_everysec, PersistenceMode::aof_always})
      for (const Ending ending : {Ending::process_kill, Ending::clean_shutdown})
        twins.push_back({.mode = mode,
                         .ending = ending,
                         .point = mode == PersistenceMode::rdb
                                      ? redis::SavePoint{1, 1 + rng.below(6)}
                                      : redis::SavePoint{}});
    for (std::size_t i = 0; i < twins.size(); ++i)
      start(twins[i], workspace.folder(fmt::format("ending-{}-{}", round, i)));
    for (int burst = 0; burst < 3; ++burst) {
      for (Twin& twin : twins) {
        if (!twin.trouble.empty()) continue;
        settle(twin);
        write(twin, rng);
      }
      std::this_thread::sleep_for(
          std::chrono::milliseconds(100 + static_cast<std::int64_t>(rng.below(1200))));
    }
    for (std::size_t i = 0; i < twins.size(); ++i) {
      Twin& twin = twins[i];
      const std::string place =
          fmt::format("seed {}, round {}, {}, save {} {}, {}", context.seed, round,
                      redis::to_string(twin.mode), twin.point.seconds, twin.point.changes,
                      twin.ending == Ending::process_kill ? "killed" : "shut down");
      if (twin.trouble.empty()) {
        settle(twin);
        twin.connection.reset();
        if (twin.ending == Ending::process_kill)
          twin.server->daemon().kill();
        else
          twin.server->daemon().stop();
        if (const auto again = twin.server->restart(); !again)
          twin.trouble = again.error().sentence;
      }
      if (twin.trouble.empty()) {
        auto connection = twin.server->connect();
        if (connection)
          twin.connection.emplace(std::move(*connection));
        else
          twin.trouble = connection.error().sentence;
      }
      if (!twin.trouble.empty()) {
        context.record.differ(kBehaviour, place, "the node serves", twin.trouble);
        continue;
      }
      ++restarts;
      compare(context, twin, place);
    }
  }
  context.record.measure(kBehaviour, fmt::format("{} restarts; a loss of power needs a machine of "
                                                 "its own and is not compared",
                                                 restarts));
}

}  // namespace locklab::conformance
