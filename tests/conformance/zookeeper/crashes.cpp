// Crashes: a session outlives its server and the leader, hears of what it missed, and a new leader
// counts its time from the beginning.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "real/zookeeper/connection.hpp"
#include "real/zookeeper/silent.hpp"
#include "tests/conformance/zookeeper/lab.hpp"
#include "tests/conformance/zookeeper/parts.hpp"

namespace locklab::conformance {

namespace {

using namespace std::chrono_literals;
using real::zookeeper::Arrival;
using real::zookeeper::Connection;
using real::zookeeper::Mode;
using zookeeper::Op;
using zookeeper::Request;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::string_view kSurvives = "a session outlives a crash";
constexpr std::string_view kMissed = "watches after a reconnect";
constexpr std::string_view kAnew = "a new leader counts every session anew";

// ---- watches that were set before the connection was lost ---------------------------------------

/// What becomes of a node while its watcher is away.
struct Fate {
  std::string_view name;
  bool before;  // is it there when the watch is set?
  bool removed;
  bool created;
};
constexpr std::array<Fate, 6> kFates{{{"/stays", true, false, false},
                                      {"/goes", true, true, false},
                                      {"/is-another", true, true, true},
                                      {"/is-missing", false, false, false},
                                      {"/comes", false, false, true},
                                      {"/came-and-went", false, true, false}}};

/// The names of those that the watcher hears of, by the model.
std::vector<std::string> heard_by_the_model() {
  ModelLab lab({.fsync = Duration{0}}, 2);
  for (const std::size_t i : {0U, 1U}) lab.connect(i, 40'000);
  const auto ask = [&](std::size_t client, Op op, std::string_view name) {
    Request request;
    request.op = op;
    request.path = lab.names().intern(name);
    if (op == Op::exists) request.watch = zookeeper::WatchKind::data;
    lab.client(client).ask(request);
    lab.settle();
  };
  for (const Fate& fate : kFates) {
    if (fate.before) ask(1, Op::create, fate.name);
    ask(0, Op::exists, fate.name);
  }
  const zookeeper::Zxid seen = lab.client(0).seen();
  lab.client(0).resume();
  lab.settle();
  static_cast<void>(lab.client(0).heard());  // nothing yet: the server begins without its watches
  for (const Fate& fate : kFates) {
    if (!fate.before && fate.removed) ask(1, Op::create, fate.name);
    if (fate.removed) ask(1, Op::remove, fate.name);
    if (fate.created) ask(1, Op::create, fate.name);
  }
  for (const Fate& fate : kFates) {
    Request request;
    request.op = Op::set_watch;
    request.path = lab.names().intern(fate.name);
    request.watch = fate.before ? zookeeper::WatchKind::data : zookeeper::WatchKind::existence;
    request.seen = seen;
    lab.client(0).ask(request);
  }
  lab.settle();
  std::vector<std::string> names;
  for (const Heard& heard : lab.client(0).heard())
    if (heard.event) names.emplace_back(lab.names().text(heard.path));
  std::ranges::sort(names);
  return names;
}

// ---- a round ------------------------------------------------------------------------------------

struct Round {
  Context& context;
  real::zookeeper::Ensemble& ensemble;
  std::uint64_t number;
  std::string prefix() const { return fmt::format("/crash-{}-", number); }

  void trouble(std::string_view behaviour, const std::string& what) const {
    context.record.differ(behaviour, fmt::format("round {}", number), "it works", what);
  }
};

int answer(Connection& connection) {
  const auto came = connection.take();
  return came ? came->code : 1;
}

/// Another client's side of the fates: what is there before, or what happens meanwhile.
void prepare(const Round& round, Connection& other) {
  for (const Fate& fate : kFates)
    if (fate.before) {
      other.create(round.prefix() + std::string(fate.name.substr(1)), Mode::persistent);
      static_cast<void>(other.take());
    }
}
void change(const Round& round, Connection& other) {
  for (const Fate& fate : kFates) {
    const std::string path = round.prefix() + std::string(fate.name.substr(1));
    const auto done = [&] { static_cast<void>(other.take()); };
    if (!fate.before && fate.removed) other.create(path, Mode::persistent), done();
    if (fate.removed) other.remove(path), done();
    if (fate.created) other.create(path, Mode::persistent), done();
  }
}

/// The client's server, a follower, is killed and comes again; its client knows no other.
void crash_of_a_follower(const Round& round, Milliseconds timeout) {
  const std::size_t leader = round.ensemble.leader();
  if (leader == round.ensemble.size()) return round.trouble(kSurvives, "nobody leads");
  const std::size_t mine = (leader + 1) % round.ensemble.size();
  auto client = Connection::open(round.ensemble.address(mine), timeout);
  auto other = Connection::open(round.ensemble.address(leader), timeout);
  if (!client || !other) return round.trouble(kSurvives, "no sessions");
  const std::int64_t session = client->session();
  const std::string node = round.prefix() + "held";
  client->create(node, Mode::ephemeral);
  const auto made = client->take();
  if (!made || made->code != 0) return round.trouble(kSurvives, "no node");
  prepare(round, *other);
  client->sync();
  static_cast<void>(client->take());
  for (const Fate& fate : kFates) {
    client->exists(round.prefix() + std::string(fate.name.substr(1)), true);
    static_cast<void>(client->take());
  }
  round.ensemble.daemon(mine).kill();
  change(round, *other);
  if (auto again = round.ensemble.daemon(mine).restart(); !again)
    return round.trouble(kSurvives, again.error().sentence);
  if (!client->next([](const Arrival& each) { return each.kind == Arrival::Kind::connected; }))
    return round.trouble(kSurvives, "no connection after the restart");
  client->sync();
  const auto missed = client->take_all(1);
  client->exists(node);
  const auto there = client->take();
  round.context.record.add(kSurvives, 2);
  if (client->session() != session || !there || there->code != 0 ||
      there->stat.czxid != made->stat.czxid)
    round.context.record.differ(kSurvives, fmt::format("round {}: a follower", round.number),
                                "the same session and node", "another");
  std::vector<std::string> names;
  for (const Arrival& arrival : missed ? *missed : std::vector<Arrival>{})
    if (arrival.is_watch()) names.push_back("/" + arrival.path.substr(round.prefix().size()));
  std::ranges::sort(names);
  const std::vector<std::string> expected = heard_by_the_model();
  round.context.record.add(kMissed, kFates.size());
  if (names != expected)
    round.context.record.differ(kMissed, fmt::format("round {}", round.number),
                                fmt::format("{}", fmt::join(expected, " ")),
                                fmt::format("{}", fmt::join(names, " ")));
}

struct Spread {
  double least = 1e9;
  double most = 0;
  void add(Clock::duration value) {
    const double seconds = std::chrono::duration<double>(value).count();
    least = std::min(least, seconds);
    most = std::max(most, seconds);
  }
};

/// The leader is killed. One client goes on; another died just before.
void crash_of_the_leader(const Round& round, Milliseconds tick, Spread& back, Spread& after) {
  const std::size_t size = round.ensemble.size();
  const std::size_t leader = round.ensemble.leader();
  if (leader == size) return round.trouble(kSurvives, "nobody leads");
  const std::size_t mine = (leader + 1) % size;
  const Milliseconds timeout = 4 * tick;
  auto client = Connection::open(
      round.ensemble.address(mine) + "," + round.ensemble.address((leader + 2) % size), 20 * tick);
  auto silent = real::zookeeper::SilentClient::open(round.ensemble.port(mine), timeout);
  if (!client || !silent) return round.trouble(kSurvives, "no sessions");
  const std::int64_t session = client->session();
  const std::string node = round.prefix() + "kept";
  const std::string dead = round.prefix() + "dead";
  client->create(node, Mode::ephemeral);
  const auto made = client->take();
  if (!made || made->code != 0 || !silent->die_with_a_node(dead))
    return round.trouble(kSurvives, "no nodes");
  client->sync();
  static_cast<void>(client->take());
  client->exists(dead, true);
  if (answer(*client) != 0) return round.trouble(kAnew, "the node is not there");
  std::this_thread::sleep_for(timeout / 2);  // so much of the old count is gone
  const Clock::time_point killed = Clock::now();
  round.ensemble.daemon(leader).kill();
  const auto connected =
      client->next([](const Arrival& each) { return each.kind == Arrival::Kind::connected; });
  if (!connected) return round.trouble(kSurvives, "no connection after the leader's crash");
  back.add(connected->at - killed);
  const auto gone = client->next([&](const Arrival& each) {
    return each.kind == Arrival::Kind::deleted && each.path == dead;
  });
  client->exists(node);
  const auto there = client->take();
  round.context.record.add(kSurvives, 2);
  if (client->session() != session || !there || there->code != 0 ||
      there->stat.czxid != made->stat.czxid)
    round.context.record.differ(kSurvives, fmt::format("round {}: the leader", round.number),
                                "the same session and node", "another");
  round.context.record.add(kAnew);
  if (!gone || gone->at - killed < timeout)
    round.context.record.differ(
        kAnew, fmt::format("round {}", round.number), "not before its full time",
        gone ? fmt::format("{} ms after the crash", (gone->at - killed) / 1ms) : "never");
  else
    after.add(gone->at - killed - timeout);
  if (auto again = round.ensemble.daemon(leader).restart(); !again)
    return round.trouble(kSurvives, again.error().sentence);
  if (auto serves = round.ensemble.wait_until_it_serves(60s); !serves)
    round.trouble(kSurvives, serves.error().sentence);
}

}  // namespace

void compare_crashes(Context& context, real::zookeeper::Ensemble& ensemble, Milliseconds tick) {
  constexpr std::string_view kLeading = "sim/services/zookeeper/leading.cpp";
  context.record.describe(kSurvives, kLeading,
                          "session id, and its node, after kill -9 of its follower and of the "
                          "leader");
  context.record.describe(kMissed, "sim/services/zookeeper/serving.cpp",
                          "of which of six nodes it hears, by what became of them meanwhile");
  context.record.describe(kAnew, kLeading, "a dead client's node lives for all its time again");
  const std::uint64_t rounds = context.of(1, 8);
  Spread back;
  Spread after;
  for (std::uint64_t number = 0; number < rounds; ++number) {
    const Round round{context, ensemble, number};
    crash_of_a_follower(round, 20 * tick);
    crash_of_the_leader(round, tick, back, after);
  }
  context.record.measure(kSurvives,
                         fmt::format("connected again {:.1f} to {:.1f} s after the leader's crash",
                                     back.least, back.most));
  context.record.measure(kAnew, fmt::format("gone {:.1f} to {:.1f} s later than the crash and the "
                                            "whole time-out",
                                            after.least, after.most));
}

}  // namespace locklab::conformance
