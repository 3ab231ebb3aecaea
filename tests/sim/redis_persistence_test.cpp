// What a Redis node still holds after each ending, by mode [spec A "Persistence and restart"].
#include "sim/services/redis/persistence.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace locklab::redis {
namespace {

constexpr Symbol kLock{1};
constexpr Symbol kOther{2};
constexpr AttemptId kAttemptA{1};
constexpr Value kValueA = Value::unique(0xA, 1);

/// A node with its disk. Moves its clock in one way only: through every tick that comes due.
struct Node {
  explicit Node(PersistenceMode mode, std::int64_t boot_ms = 0) : disk(mode), now_ms(boot_ms) {
    disk.booted(now_ms, keys);
  }

  void at(std::int64_t ms) {
    while (disk.next_tick_ms() <= ms) {
      now_ms = std::max(now_ms, disk.next_tick_ms());
      disk.tick(now_ms, keys);
    }
    now_ms = ms;
  }
  Reply run(const Request& request) {
    Changes changes;
    const Reply reply = execute(keys, now_ms, request, changes);
    disk.executed(now_ms, keys, changes);
    return reply;
  }
  void set(Symbol key, std::int64_t ttl_ms = 100'000) {
    run({.command = Command::set,
         .options = {.expiry = Expiry::px},
         .attempt = kAttemptA,
         .key = key,
         .value = kValueA,
         .ttl_ms = ttl_ms});
  }
  bool keeps(Ending ending, Symbol key) const {
    return disk.surviving(ending, keys).find(key) != nullptr;
  }

  Keyspace keys;
  Persistence disk;
  std::int64_t now_ms;
};

TEST_CASE("without persistence nothing survives, not even a clean shutdown [corpus 15]") {
  Node node(PersistenceMode::none);
  node.set(kLock);
  CHECK_FALSE(node.keeps(Ending::process_kill, kLock));
  CHECK_FALSE(node.keeps(Ending::power_loss, kLock));
  CHECK_FALSE(node.keeps(Ending::clean_shutdown, kLock));
  CHECK(node.disk.next_tick_ms() == kNever);
}

TEST_CASE("with fsync always every answered write survives everything [spec A]") {
  Node node(PersistenceMode::aof_always);
  node.set(kLock);
  CHECK(node.keeps(Ending::process_kill, kLock));
  CHECK(node.keeps(Ending::power_loss, kLock));
  CHECK(node.disk.next_tick_ms() == kNever);
  node.disk.disk_stalled();
  CHECK(node.disk.blocks_server());
  node.disk.disk_recovered(node.now_ms, node.keys);
  CHECK_FALSE(node.disk.blocks_server());
}

TEST_CASE("everysec loses what the power takes before the next fsync [corpus 16]") {
  Node node(PersistenceMode::aof_everysec);  // fsync at 0
  node.at(300);
  node.set(kLock);
  CHECK(node.disk.next_tick_ms() == 1'000);
  node.at(900);
  CHECK_FALSE(node.keeps(Ending::power_loss, kLock));
  CHECK(node.keeps(Ending::process_kill, kLock));  // neg-aof-kill-process
  CHECK(node.keeps(Ending::clean_shutdown, kLock));
  node.at(1'000);
  CHECK(node.keeps(Ending::power_loss, kLock));
  CHECK(node.disk.next_tick_ms() == kNever);
}

TEST_CASE("everysec syncs at once what comes after a quiet second") {
  Node node(PersistenceMode::aof_everysec);
  node.at(5'000);
  node.set(kLock);
  CHECK(node.keeps(Ending::power_loss, kLock));
  node.at(5'001);
  node.set(kOther);
  CHECK_FALSE(node.keeps(Ending::power_loss, kOther));
  node.at(6'000);
  CHECK(node.keeps(Ending::power_loss, kOther));
}

TEST_CASE("a release that was not synced comes back with the power") {
  Node node(PersistenceMode::aof_everysec);
  node.at(2'000);
  node.set(kLock);
  node.at(2'100);
  node.run({.command = Command::compare_and_delete, .key = kLock, .expected = kValueA});
  CHECK(node.keys.empty());
  CHECK(node.keeps(Ending::power_loss, kLock));
  CHECK_FALSE(node.keeps(Ending::process_kill, kLock));
}

TEST_CASE(
    "a stuck fsync postpones write() by up to two seconds, though the reply goes out [spec A]") {
  Node node(PersistenceMode::aof_everysec);
  node.at(500);
  node.set(kLock);
  node.disk.disk_stalled();
  node.at(1'000);  // the fsync starts and does not end
  node.at(1'200);
  node.set(kOther);
  CHECK_FALSE(node.keeps(Ending::process_kill, kOther));
  CHECK(node.keeps(Ending::process_kill, kLock));
  CHECK_FALSE(node.keeps(Ending::power_loss, kLock));
  CHECK(node.disk.next_tick_ms() == 3'200);
  node.at(3'199);
  CHECK_FALSE(node.keeps(Ending::process_kill, kOther));
  node.at(3'200);
  CHECK(node.keeps(Ending::process_kill, kOther));
  CHECK_FALSE(node.keeps(Ending::power_loss, kOther));

  node.now_ms = 4'000;
  node.disk.disk_recovered(4'000, node.keys);
  CHECK(node.keeps(Ending::power_loss, kLock));
  CHECK_FALSE(node.keeps(Ending::power_loss, kOther));  // written after that fsync had started
  CHECK(node.disk.next_tick_ms() == 4'200);
  node.at(4'200);
  CHECK(node.keeps(Ending::power_loss, kOther));
}

TEST_CASE("a disk that recovers takes what was postponed at once") {
  Node node(PersistenceMode::aof_everysec);
  node.at(500);
  node.set(kLock);
  node.disk.disk_stalled();
  node.at(1'500);
  node.set(kOther);
  node.now_ms = 2'100;
  node.disk.disk_recovered(2'100, node.keys);
  CHECK(node.keeps(Ending::power_loss, kLock));
  CHECK(node.keeps(Ending::power_loss, kOther));  // more than a second since the fsync of 1000
}

TEST_CASE("a wall clock that is set back puts off the fsync by as much") {
  Node node(PersistenceMode::aof_everysec, 3'600'000);
  node.at(3'600'100);
  node.set(kLock);
  node.now_ms = 200;  // an hour back
  node.disk.tick(node.now_ms, node.keys);
  CHECK_FALSE(node.keeps(Ending::power_loss, kLock));
  CHECK(node.disk.next_tick_ms() == 3'601'000);
}

TEST_CASE("a snapshot is taken when a save point's changes and more than its seconds are there") {
  Node node(PersistenceMode::rdb, 500);  // last save: second 0
  node.at(1'000);
  node.set(kLock, 10'000'000);
  CHECK(node.disk.next_tick_ms() == 3'601'000);  // save 3600 1
  node.at(3'600'999);
  CHECK_FALSE(node.keeps(Ending::process_kill, kLock));
  node.at(3'601'000);
  CHECK(node.keeps(Ending::process_kill, kLock));
  CHECK(node.keeps(Ending::power_loss, kLock));
  CHECK(node.disk.unsaved_changes() == 0);
  CHECK(node.disk.next_tick_ms() == kNever);
}

TEST_CASE("a hundred changes bring the snapshot forward to five minutes, ten thousand to one") {
  Node node(PersistenceMode::rdb);
  for (int i = 0; i < 99; ++i) node.set(kLock);
  CHECK(node.disk.next_tick_ms() == 3'601'000);
  node.set(kLock);
  CHECK(node.disk.next_tick_ms() == 301'000);
  for (int i = 100; i < 10'000; ++i) node.set(kLock);
  CHECK(node.disk.next_tick_ms() == 61'000);
  // Past its seconds, the change that completes a save point saves at once.
  Node late(PersistenceMode::rdb);
  late.at(400'000);
  for (int i = 0; i < 99; ++i) late.set(kLock);
  CHECK_FALSE(late.keeps(Ending::process_kill, kLock));
  late.set(kLock);
  CHECK(late.keeps(Ending::process_kill, kLock));
}

TEST_CASE("commands that change something count as changes; expiry and refusals do not") {
  Node node(PersistenceMode::rdb);
  node.set(kLock, 10);
  node.run({.command = Command::get, .key = kLock});
  CHECK(node.disk.unsaved_changes() == 1);
  node.run({.command = Command::set, .key = kLock, .value = Value::integer(1)});  // overwrites
  CHECK(node.disk.unsaved_changes() == 2);
  node.run({.command = Command::acquire_with_token,
            .key = kOther,
            .counter = kLock,
            .value = kValueA,
            .ttl_ms = 10});
  CHECK(node.disk.unsaved_changes() == 4);
  node.at(11);
  node.run({.command = Command::get, .key = kOther});  // removes the expired key
  CHECK(node.keys.size() == 1);
  CHECK(node.disk.unsaved_changes() == 4);
  node.run({.command = Command::del, .key = kLock});
  CHECK(node.disk.unsaved_changes() == 5);
}

TEST_CASE("a clean shutdown saves if there are save points [spec A]") {
  Node node(PersistenceMode::rdb);
  node.set(kLock);
  CHECK_FALSE(node.keeps(Ending::power_loss, kLock));
  CHECK(node.keeps(Ending::clean_shutdown, kLock));
  const Persistence without(PersistenceMode::rdb, std::pmr::get_default_resource(), {});
  CHECK(without.surviving(Ending::clean_shutdown, node.keys).empty());
}

TEST_CASE("time runs on while the node is down: what has expired is not loaded [spec A]") {
  Node node(PersistenceMode::aof_always);
  node.set(kLock, 10'000);
  node.set(kOther, 60'000);
  CHECK(node.disk.reloaded(Ending::power_loss, node.keys, 10'000).size() == 2);
  const Keyspace later = node.disk.reloaded(Ending::power_loss, node.keys, 10'001);
  CHECK(later.find(kLock) == nullptr);
  REQUIRE(later.find(kOther) != nullptr);
  CHECK(later.find(kOther)->deadline_ms == 60'000);
  CHECK(later.find(kOther)->attempt == kAttemptA);
}

TEST_CASE("what was loaded at boot is on disk, and a second crash keeps it") {
  Node node(PersistenceMode::aof_everysec);
  node.at(2'000);
  node.set(kLock);
  node.keys = node.disk.reloaded(Ending::power_loss, node.keys, 3'000);
  node.disk.booted(3'000, node.keys);
  node.now_ms = 3'000;
  node.set(kOther);
  CHECK(node.keeps(Ending::power_loss, kLock));
  CHECK_FALSE(node.keeps(Ending::power_loss, kOther));
}

TEST_CASE(
    "random runs lose no more than two seconds, and a kill nothing unless the disk is stuck") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const bool disk_gets_stuck = seed % 2 == 0;
    Node node(PersistenceMode::aof_everysec);
    bool stuck = false;
    std::int64_t healthy_since = 0;
    std::vector<std::pair<std::int64_t, Keyspace>> history{{0, node.keys}};
    for (int step = 0; step < 100; ++step) {
      node.at(node.now_ms + static_cast<std::int64_t>(random() % 400));
      if (disk_gets_stuck && random() % 20 == 0) {
        if (stuck) node.disk.disk_recovered(node.now_ms, node.keys);
        if (!stuck) node.disk.disk_stalled();
        stuck = !stuck;
        healthy_since = node.now_ms;
      }
      const Symbol key{static_cast<std::uint32_t>(1 + random() % 3)};
      if (random() % 3 == 0)
        node.run({.command = Command::del, .key = key});
      else
        node.set(key, static_cast<std::int64_t>(1 + random() % 3'000));
      history.emplace_back(node.now_ms, node.keys);

      // What survives is always a state that the node has been in, and a recent one.
      const auto age_of = [&](const Keyspace& kept) {
        for (std::size_t i = history.size(); i-- > 0;)
          if (history[i].second == kept)
            return i + 1 == history.size() ? 0 : node.now_ms - history[i + 1].first;
        return std::int64_t{1'000'000};
      };
      const Keyspace killed = node.disk.surviving(Ending::process_kill, node.keys);
      const Keyspace unplugged = node.disk.surviving(Ending::power_loss, node.keys);
      CHECK(age_of(killed) < 2'000);
      CHECK(age_of(unplugged) < 1'000'000);
      if (!disk_gets_stuck) CHECK(killed == node.keys);
      if (!stuck && node.now_ms - healthy_since > 1'000) CHECK(age_of(unplugged) < 1'000);
    }
  }
}

}  // namespace
}  // namespace locklab::redis
