// The replicated log under thousands of schedules of faults, judged by the properties that Raft
// promises [Ongaro and Ousterhout 2014, figure 3]: election safety, leader completeness, log
// matching, state machine safety; what a client was told is never lost; and once everything is
// healed and every server back, there is a leader and requests get through. Then logs with a
// mistake in them, which the same judge has to see through.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "sim/services/raft/server.hpp"
#include "sim/world.hpp"

namespace locklab {
namespace {

// Under a sanitizer a schedule costs twenty times as much.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSchedules = 400;
#else
constexpr std::uint64_t kSchedules = 10'000;
#endif

struct Put {
  std::uint32_t number = 0;
};

/// What a judge has seen of a group.
class Judge final : public TraceObserver {
 public:
  void complain(const std::string& what) {
    if (complaints_.size() < 5) complaints_.push_back(what);
  }
  const std::vector<std::string>& complaints() const { return complaints_; }

  /// Election safety: at most one leader a term.
  void observe(const TraceEvent& event) override {
    const auto& change = std::get<RoleChanged>(event.what);
    if (change.role != ServerRole::leader) return;
    const auto [known, is_new] = leaders_.emplace(change.term, event.process);
    if (!is_new && known->second != event.process) complain("two leaders in one term");
  }

  /// State machine safety: no server applies another entry at the same place.
  void applied(const raft::Committed& committed, std::uint32_t term) {
    const raft::Entry& entry = *committed.entry;
    const auto [known, is_new] = applied_.emplace(committed.index, Applied{entry, term});
    if (!is_new &&
        (known->second.entry.term != entry.term || !known->second.entry.same_request(entry)))
      complain("two entries applied at one place");
  }
  struct Applied {
    raft::Entry entry;
    std::uint32_t by_term;  // it was committed in this term, or before
  };
  const std::map<std::uint32_t, Applied>& entries() const { return applied_; }

 private:
  std::vector<std::string> complaints_;
  std::map<std::uint64_t, ProcessId> leaders_;
  std::map<std::uint32_t, Applied> applied_;
};

/// A server that keeps the numbers it is given.
class Keeper final : public raft::Server {
 public:
  Keeper(Process& self, const raft::Kinds& kinds, const raft::Options& options, raft::Group& group,
         Judge& judge)
      : raft::Server(self, kinds, options, group, Symbol{}), judge_(judge) {}

  void put(std::uint32_t number) { node_.submit(raft::Command::of(Put{number})); }
  bool alive() const { return self_.alive(); }
  const std::vector<std::uint32_t>& numbers() const { return numbers_; }
  /// Answers "yes" in `confirmations`, with how much was applied then.
  void read(std::uint32_t ticket) { node_.confirm(ticket); }
  std::map<std::uint32_t, std::size_t> confirmations;

 private:
  void on_request(const Packet&) override {}
  void reset() override { numbers_.clear(); }
  void apply(const raft::Committed& committed) override {
    judge_.applied(committed, node_.term());
    const std::uint32_t number = committed.entry->command.as<Put>().number;
    numbers_.push_back(number);
  }
  void confirmed(std::uint32_t ticket, bool yes) override {
    if (yes) confirmations.emplace(ticket, numbers_.size());
  }

  Judge& judge_;
  std::vector<std::uint32_t> numbers_;
};

/// A group of three or five under one schedule of faults, drawn from a seed.
class Trial final : TraceObserver {
 public:
  enum class Faults : std::uint8_t { all, at_votes };
  Trial(std::uint64_t seed, const raft::Options& options, Faults faults = Faults::all)
      : rng_(seed, "raft/trial"),
        world_(arena(), seed),
        kinds_(world_.names()),
        group_(&world_.arena()),
        faults_(faults) {
    const std::size_t servers = rng_.below(2) == 0 ? 3 : 5;
    world_.network().set_default({Latency::uniform(200us, 3ms), 0, 0});
    world_.observe(judge_, events_of<RoleChanged>());
    if (faults_ == Faults::at_votes) world_.observe(*this, events_of<MessageSent>());
    static constexpr std::array<std::string_view, 5> kNames{"log-1", "log-2", "log-3", "log-4",
                                                            "log-5"};
    for (std::size_t i = 0; i < servers; ++i) {
      Process& process = world_.add_process(kNames[i], world_.add_machine(kNames[i]));
      servers_.push_back(std::make_unique<Keeper>(process, kinds_, options, group_, judge_));
      process.set_actor(*servers_.back());
      ids_.push_back(process.id());
    }
    for (auto& server : servers_) server->join(ids_);
    world_.start();
  }
  ~Trial() { world_.drop_tasks(); }

  /// Ten seconds of faults, then quiet.
  void run() {
    const std::size_t faults = 4 + rng_.below(10);
    for (std::size_t i = 0; i < faults && faults_ == Faults::all; ++i) strike_at(between(0ms, 10s));
    for (Duration t = 500ms; t < 10s && faults_ == Faults::at_votes; t += 500ms)
      at(t, [](Trial& t_, std::uint64_t, std::uint64_t) { t_.restart_leader(); });
    for (Duration t = 5ms; t < 10s; t += between(20ms, 400ms)) request_at(t);
    for (Duration t = 250ms; t < 13s; t += 500ms) check_at(t);
    world_.run(Instant{13s}, 5'000'000);
    look();
  }
  /// Everything is healed at 10 s: by 13 s a request gets through to everybody.
  void expect_available() {
    world_.run(Instant{16s}, 5'000'000);
    const std::uint32_t number = ++numbers_;
    for (auto& server : servers_)
      if (server->node().leads()) server->put(number);
    world_.run(Instant{17s}, 5'000'000);
    for (const auto& server : servers_)
      if (server->numbers().empty() || server->numbers().back() != number)
        judge_.complain("a request did not get through");
    look();
  }
  const std::vector<std::string>& complaints() const { return judge_.complaints(); }
  std::uint64_t digest() const { return world_.digest(); }
  std::size_t entries() { return judge_.entries().size(); }

 private:
  static Arena& arena() {
    static Arena arena;  // warm from one trial to the next
    arena.reset();
    return arena;
  }
  Duration between(Duration low, Duration high) { return rng_.between(low, high); }
  ProcessId any() { return ids_[rng_.below(ids_.size())]; }
  using Deed = void (*)(Trial&, std::uint64_t, std::uint64_t);
  struct Plan {
    Trial* trial;
    Deed deed;
    std::uint64_t a, b;
  };
  void at(Duration when, Deed deed, std::uint64_t a = 0, std::uint64_t b = 0) {
    plans_.push_back({this, deed, a, b});
    world_.at(
        Instant{when},
        [](void* plan, std::uint64_t) {
          const Plan& todo = *static_cast<Plan*>(plan);
          todo.deed(*todo.trial, todo.a, todo.b);
        },
        &plans_.back());
  }
  static MachineId machine(Trial& t, std::uint64_t id) {
    return t.world_.process(ProcessId{static_cast<std::uint32_t>(id)}).machine();
  }

  void strike_at(Duration when) {
    const Duration until = std::min<Duration>(when + between(5ms, 4s), 10s);
    const std::uint64_t a = any().number;
    std::uint64_t b = any().number;
    while (b == a) b = any().number;
    switch (rng_.below(8)) {
      case 0:
        at(
            when, [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.crash(id(x)); }, a);
        at(
            until, [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.restart(id(x)); }, a);
        return;
      case 1:
        at(
            when,
            [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.power_loss(machine(t, x)); },
            a);
        at(
            until, [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.restart(id(x)); }, a);
        return;
      case 2:
        at(
            when, [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.pause(id(x)); }, a);
        at(
            until, [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.resume(id(x)); }, a);
        return;
      case 3:  // cut off from everybody, one way or both
      case 4: {
        const std::uint64_t ways = 1 + rng_.below(3);
        at(
            when, [](Trial& t, std::uint64_t x, std::uint64_t w) { t.cut_off(id(x), w, true); }, a,
            ways);
        at(
            until, [](Trial& t, std::uint64_t x, std::uint64_t w) { t.cut_off(id(x), w, false); },
            a, ways);
        return;
      }
      case 5:  // one direction of one link
        at(
            when,
            [](Trial& t, std::uint64_t x, std::uint64_t y) {
              t.world_.network().cut(id(x), id(y), false);
            },
            a, b);
        at(
            until,
            [](Trial& t, std::uint64_t x, std::uint64_t y) {
              t.world_.network().heal(id(x), id(y), false);
            },
            a, b);
        return;
      case 6:  // a bad network: loses a tenth, doubles a tenth, and is slow
        at(when, [](Trial& t, std::uint64_t, std::uint64_t) { t.trouble(100'000); });
        at(until, [](Trial& t, std::uint64_t, std::uint64_t) { t.trouble(0); });
        return;
      default:
        at(
            when, [](Trial& t, std::uint64_t x, std::uint64_t) { t.stall(id(x), true); }, a);
        at(
            until, [](Trial& t, std::uint64_t x, std::uint64_t) { t.stall(id(x), false); }, a);
        return;
    }
  }
  static ProcessId id(std::uint64_t number) { return {static_cast<std::uint32_t>(number)}; }

  /// Who has given a vote loses power, and is back a millisecond later.
  void observe(const TraceEvent& event) override {
    if (std::get<MessageSent>(event.what).kind != kinds_.vote_reply) return;
    at(
        world_.now() - Instant{},
        [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.power_loss(machine(t, x)); },
        event.process.number);
    at(
        world_.now() - Instant{} + 1ms,
        [](Trial& t, std::uint64_t x, std::uint64_t) { t.world_.restart(id(x)); },
        event.process.number);
  }
  void restart_leader() {
    for (const auto& server : servers_)
      if (server->node().leads()) world_.crash(server->node().self().id());
    for (const ProcessId id : ids_) world_.restart(id);
  }

  void cut_off(ProcessId who, std::uint64_t ways, bool cut) {
    for (const ProcessId other : ids_) {
      if (other == who) continue;
      Network& network = world_.network();
      for (const auto& [from, to, bit] : {std::tuple{who, other, 1u}, std::tuple{other, who, 2u}}) {
        if ((ways & bit) == 0) continue;
        if (cut)
          network.cut(from, to, false);
        else
          network.heal(from, to, false);
      }
    }
  }
  void trouble(std::int64_t ppm) {
    for (const ProcessId from : ids_)
      for (const ProcessId to : ids_) {
        if (from == to) continue;
        world_.network().set_loss(from, to, ppm, ppm);
        world_.network().set_latency(
            from, to, ppm > 0 ? Latency::uniform(200us, 80ms) : Latency::uniform(200us, 3ms));
      }
  }
  void stall(ProcessId who, bool stalled) {
    auto& depth = stalls_[who.number];
    depth += stalled ? 1 : -1;
    if (stalled ? depth == 1 : depth == 0) world_.process(who).actor()->on_disk_stall(stalled);
  }

  void request_at(Duration when) {
    // To anybody: a follower sends it on.
    at(
        when,
        [](Trial& t, std::uint64_t x, std::uint64_t) {
          Keeper& server = *t.servers_[x];
          if (!server.alive() || t.world_.process(t.ids_[x]).paused()) return;
          server.put(++t.numbers_);
          server.read(++t.reads_);
          t.asked_.emplace(t.reads_, t.most_applied());
        },
        rng_.below(ids_.size()));
  }
  std::size_t most_applied() {
    std::size_t most = 0;
    for (const auto& server : servers_) most = std::max(most, server->numbers().size());
    return most;
  }
  void check_at(Duration when) {
    at(when, [](Trial& t, std::uint64_t, std::uint64_t) { t.look(); });
  }

  void look() {
    // Log matching: two logs with the same term at a place are the same up to there.
    for (std::size_t i = 0; i < servers_.size(); ++i)
      for (std::size_t j = i + 1; j < servers_.size(); ++j) compare(i, j);
    // Leader completeness: a leader has all that was committed in the terms before its own.
    for (const auto& server : servers_) {
      if (!server->alive() || !server->node().leads()) continue;
      const raft::Journal& log = server->node().journal();
      for (const auto& [index, applied] : judge_.entries())
        if (applied.by_term <= server->node().term() &&
            (index > log.last_index() || !log.at(index).same_request(applied.entry)))
          judge_.complain("a leader lacks a committed entry");
    }
    // Linearizable reads: a confirmed one has seen all that was applied anywhere when it began.
    for (const auto& server : servers_) {
      for (const auto& [ticket, seen] : server->confirmations)
        if (seen < asked_[ticket]) judge_.complain("a read that was confirmed was stale");
      server->confirmations.clear();
    }
  }
  void compare(std::size_t i, std::size_t j) {
    const raft::Journal& a = servers_[i]->node().journal();
    const raft::Journal& b = servers_[j]->node().journal();
    std::uint32_t index = std::min(a.last_index(), b.last_index());
    while (index > 0 && a.term_at(index) != b.term_at(index)) --index;
    for (; index > 0; --index)
      if (a.term_at(index) != b.term_at(index) || !a.at(index).same_request(b.at(index)))
        return judge_.complain("two logs do not match");
  }

  Judge judge_;
  Rng rng_;
  World world_;
  raft::Kinds kinds_;
  raft::Group group_;
  Faults faults_;
  std::vector<std::unique_ptr<Keeper>> servers_;
  std::vector<ProcessId> ids_;
  std::deque<Plan> plans_;
  std::map<std::uint32_t, int> stalls_;
  std::map<std::uint32_t, std::size_t> asked_;
  std::uint32_t numbers_ = 0;
  std::uint32_t reads_ = 0;
};

/// Every other schedule with a disk that takes time, with or without pre-vote and so on.
raft::Options options_of(std::uint64_t seed) {
  raft::Options options;
  options.fsync = seed % 2 == 0 ? Duration{0} : Duration{4ms};
  options.pre_vote = seed % 3 != 0;
  options.check_quorum = seed % 5 != 0;
  options.disk_blocks_loop = seed % 4 == 1;
  options.settled = seed % 7 != 0;
  return options;
}

TEST_CASE("no schedule of faults makes the log break one of its promises") {
  std::size_t entries = 0;
  for (std::uint64_t seed = 1; seed <= kSchedules; ++seed) {
    Trial trial(seed, options_of(seed));
    trial.run();
    trial.expect_available();
    entries += trial.entries();
    if (!trial.complaints().empty()) FAIL("seed ", seed, ": ", trial.complaints().front());
  }
  CHECK(entries > kSchedules * 10);  // they did not merely stand still
}

std::size_t schedules_with_votes_lost(bool synced) {
  raft::Options options;
  options.heartbeat = 20ms;
  options.election = 50ms;  // so short that two often stand at once
  options.sync_votes = synced;
  options.pre_vote = false;
  options.check_quorum = false;
  std::size_t caught = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Trial trial(seed, options, Trial::Faults::at_votes);
    trial.run();
    if (!trial.complaints().empty()) ++caught;
  }
  return caught;
}

TEST_CASE("a vote that is not on the disk when it is given is given twice") {
  CHECK(schedules_with_votes_lost(false) > 0);
  CHECK(schedules_with_votes_lost(true) == 0);  // the same power losses
}

TEST_CASE("what is committed by less than a quorum is lost") {
  std::size_t caught = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    raft::Options options = options_of(seed);
    options.commit_quorum = 1;
    Trial trial(seed, options);
    trial.run();
    if (!trial.complaints().empty()) ++caught;
  }
  CHECK(caught > 10);
}

}  // namespace
}  // namespace locklab
