// A follower is cut off from the ensemble, its client is not cut off from it [corpus 72]: how long
// is that client answered, when is it told, and when does its node go at the others? Each side of
// the cut is a network namespace of its own.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <thread>

#include "real/namespaces.hpp"
#include "real/zookeeper/connection.hpp"
#include "sim/services/zookeeper/sessions.hpp"
#include "tests/conformance/zookeeper/parts.hpp"

namespace locklab::conformance {

namespace {

using namespace std::chrono_literals;
using real::zookeeper::Arrival;
using real::zookeeper::Connection;
using real::zookeeper::Mode;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::string_view kIsolated = "the client of an isolated follower";
constexpr int kSyncLimit = 5;
constexpr Milliseconds kEarlier{20};       // one clock's milliseconds are not the other's
constexpr Milliseconds kBetweenReads{20};  // of A, at most
constexpr Milliseconds kLater{300};        // threads and processes of this machine

/// What was seen, by the clock of this machine.
struct Seen {
  Clock::time_point cutting, cut;  // before it began, and when it was done
  Clock::time_point last_answer;   // to a read of A
  Clock::time_point told;          // A, that its connection is lost
  Clock::time_point granted;       // B has the lock
  std::uint64_t answers = 0;       // to reads of A after the cut
  bool expired = false;            // A is told so when the line has been mended
};

bool is_deletion(const Arrival& arrival) { return arrival.kind == Arrival::Kind::deleted; }
bool is_expiry(const Arrival& arrival) { return arrival.kind == Arrival::Kind::expired; }
bool is_loss(const Arrival& arrival) { return arrival.kind == Arrival::Kind::disconnected; }

/// A asks its follower every few milliseconds, until it is told that the connection is lost.
void read_until_told(Connection& a, const std::string& path, Seen& seen) {
  for (;;) {
    a.exists(path);
    const auto arrival = a.next([](const Arrival& each) {
      return is_loss(each) || (each.kind == Arrival::Kind::answer && each.code == 0);
    });
    if (!arrival) return;
    if (is_loss(*arrival)) {
      seen.told = arrival->at;
      return;
    }
    seen.last_answer = arrival->at;
    if (arrival->at > seen.cut) ++seen.answers;
    std::this_thread::sleep_for(5ms);
  }
}

Result<Seen, real::Trouble> observe(real::zookeeper::Ensemble& ensemble, real::TwoSides& sides,
                                    const std::string& path, Milliseconds timeout,
                                    Milliseconds tick) {
  auto a = Connection::open(ensemble.address(0), timeout, ensemble.network_namespace(0));
  if (!a) return a.error();
  const std::size_t leader = ensemble.leader();
  if (leader == 0 || leader == ensemble.size()) return real::Trouble{"the wrong server leads"};
  auto b = Connection::open(ensemble.address(leader), 20s, ensemble.network_namespace(leader));
  if (!b) return b.error();
  a->create(path, Mode::ephemeral);
  if (const auto made = a->take(); !made || made->code != 0) return real::Trouble{"no node"};
  b->exists(path, true);
  if (const auto there = b->take(); !there || there->code != 0) return real::Trouble{"no node"};
  // By then the other follower has told the leader of the new session too. A asks all the while:
  // its follower has heard of it just before every ping.
  for (const auto end = Clock::now() + tick; Clock::now() < end; std::this_thread::sleep_for(5ms)) {
    a->exists(path);
    if (!a->take()) return real::Trouble{"A is not answered before the cut"};
  }
  Seen seen;
  seen.cutting = Clock::now();
  if (auto cut = sides.cut(); !cut) return cut.error();
  seen.cut = Clock::now();
  Result<Arrival, real::Trouble> granted = real::Trouble{"B does not get the lock"};
  std::thread other([&] {
    if (!b->next(is_deletion, 60s)) return;
    b->create(path, Mode::ephemeral);
    granted = b->take();
  });
  read_until_told(*a, path, seen);
  other.join();
  if (auto healed = sides.heal(); !healed) return healed.error();
  if (!granted || granted->code != 0) return real::Trouble{"B does not get the lock"};
  seen.granted = granted->at;
  seen.expired = a->next(is_expiry, 30s).has_value();
  if (auto serves = ensemble.wait_until_it_serves(60s); !serves) return serves.error();
  return seen;
}

/// What the model's rules allow, for a client that never stops asking.
struct Window {
  Clock::time_point from, to;
  bool holds(Clock::time_point at) const { return from - kEarlier <= at && at <= to + kLater; }
};

/// The follower gives its leader up syncLimit ticks after it heard of it last: up to half a tick
/// before the cut.
Window told_within(const Seen& seen, Milliseconds tick) {
  return {seen.cutting + kSyncLimit * tick - tick / 2, seen.cut + kSyncLimit * tick};
}

/// The leader heard of A last when the follower answered a ping: up to half a tick before the cut.
Window gone_within(const Seen& seen, Milliseconds timeout, Milliseconds tick) {
  const auto end = [&](Clock::time_point touched) {
    const std::int64_t touched_ms =
        std::chrono::floor<Milliseconds>(touched.time_since_epoch()).count();
    zookeeper::Sessions sessions;
    sessions.set_tick(tick.count());
    sessions.add(1, timeout.count(), 1, touched_ms);
    Milliseconds at = (touched_ms / tick.count() + 1) * tick;
    while (sessions.due(at.count()) == 0) at += tick;
    return Clock::time_point(at);
  };
  return {end(seen.cutting - tick / 2 - kBetweenReads), end(seen.cut)};
}

long in_ms(Clock::duration duration) { return static_cast<long>(duration / 1ms); }

void compare(Context& context, const Seen& seen, Milliseconds timeout, Milliseconds tick) {
  const std::string place = fmt::format("tick {} ms, session {} ms", tick / 1ms, timeout / 1ms);
  const auto window = [&](std::string_view what, const Window& model, Clock::time_point at) {
    context.record.add(kIsolated);
    if (!model.holds(at))
      context.record.differ(kIsolated, fmt::format("{}: {}", place, what),
                            fmt::format("{} to {} ms after the cut", in_ms(model.from - seen.cut),
                                        in_ms(model.to - seen.cut)),
                            fmt::format("{} ms after", in_ms(at - seen.cut)));
  };
  window("A is told", told_within(seen, tick), seen.told);
  window("A is answered for the last time", told_within(seen, tick), seen.last_answer);
  window("B has the lock", gone_within(seen, timeout, tick), seen.granted);
  context.record.add(kIsolated);
  if (!seen.expired)
    context.record.differ(kIsolated, place, "A hears that its session is over", "it does not");
}

/// "876 to 1163 ms"
struct Spread {
  long least = std::numeric_limits<long>::max();
  long most = std::numeric_limits<long>::min();
  void add(Clock::duration value) {
    least = std::min(least, in_ms(value));
    most = std::max(most, in_ms(value));
  }
  std::string text() const {
    return least == most ? fmt::format("{} ms", least) : fmt::format("{} to {} ms", least, most);
  }
};

struct Spreads {
  Spread told, granted, both;  // both: how long two hold the lock, or less than nothing
  std::uint64_t fewest = ~std::uint64_t{0};
  void add(const Seen& seen) {
    told.add(seen.told - seen.cut);
    granted.add(seen.granted - seen.cut);
    both.add(seen.told - seen.granted);
    fewest = std::min(fewest, seen.answers);
  }
};

/// A session of two ticks, as in the scenario; then one of nine, as in its mended twin.
void rounds(Context& context, real::TwoSides& sides, Milliseconds tick, std::uint64_t count) {
  using real::TwoSides;
  auto ensemble = real::zookeeper::Ensemble::start({.tick = tick, .sync_limit = kSyncLimit},
                                                   {{TwoSides::kRightAddress, sides.right()},
                                                    {TwoSides::kLeftAddress, sides.left()},
                                                    {TwoSides::kLeftAddress, sides.left()}});
  if (!ensemble)
    return context.record.differ(kIsolated, "start", "an ensemble", ensemble.error().sentence);
  for (const int ticks : {2, 9}) {
    Spreads spreads;
    for (std::uint64_t number = 0; number < count; ++number) {
      const auto seen =
          observe(*ensemble, sides, fmt::format("/lock-{}-{}", number, ticks), ticks * tick, tick);
      if (!seen)
        return context.record.differ(kIsolated, "a round", "is run", seen.error().sentence);
      compare(context, *seen, ticks * tick, tick);
      spreads.add(*seen);
    }
    context.record.measure(
        kIsolated,
        fmt::format("tick {} ms, session {} ms: told {} after the cut, after {} answered reads at "
                    "least; the other has the lock after {}, so that two hold it for {}",
                    tick / 1ms, ticks * tick / 1ms, spreads.told.text(), spreads.fewest,
                    spreads.granted.text(),
                    spreads.both.most > 0 ? spreads.both.text() : std::string("no time")));
  }
}

}  // namespace

void compare_isolation(Context& context) {
  context.record.describe(kIsolated, "sim/services/zookeeper/leading.cpp",
                          "its reads, when it is told, when its node goes, and that its session is "
                          "over [corpus 72]");
  auto sides = real::TwoSides::make();
  if (!sides) return context.record.skip(kIsolated, sides.error().sentence);
  rounds(context, *sides, 400ms, context.of(1, 5));
  if (context.scale == Scale::full) rounds(context, *sides, 2000ms, 1);
}

}  // namespace locklab::conformance
