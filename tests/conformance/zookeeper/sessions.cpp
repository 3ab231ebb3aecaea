// Sessions: how long a time-out is granted, and when the nodes of a dead client go.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "real/zookeeper/connection.hpp"
#include "real/zookeeper/silent.hpp"
#include "sim/services/zookeeper/sessions.hpp"
#include "tests/conformance/zookeeper/lab.hpp"
#include "tests/conformance/zookeeper/parts.hpp"

namespace locklab::conformance {

namespace {

using real::zookeeper::Arrival;
using real::zookeeper::Connection;
using real::zookeeper::LastWords;
using real::zookeeper::SilentClient;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::string_view kNegotiation = "the time-out that is granted";
constexpr std::string_view kExpiry = "when a dead client's node goes";

// ---- negotiation --------------------------------------------------------------------------------

struct Bounds {
  Milliseconds tick;
  Milliseconds least{0};  // zero: as the tick has it
  Milliseconds most{0};
};

/// What the model grants to somebody who asks for so much.
std::uint32_t granted(const Bounds& bounds, std::uint32_t asked_ms) {
  zookeeper::Options options;
  options.servers = 1;
  options.tick = bounds.tick;
  options.min_session = bounds.least;
  options.max_session = bounds.most;
  options.fsync = Duration{0};
  ModelLab lab(options, 1);
  lab.connect(0, asked_ms);
  const std::vector<Heard> heard = lab.client(0).heard();
  return heard.empty() ? 0 : heard.front().reply.timeout_ms;
}

void compare_bounds(Context& context, const Bounds& bounds, std::uint64_t number) {
  std::vector<std::string> lines;
  if (bounds.least > 0ms) lines.push_back(fmt::format("minSessionTimeout={}", bounds.least / 1ms));
  if (bounds.most > 0ms) lines.push_back(fmt::format("maxSessionTimeout={}", bounds.most / 1ms));
  auto server = real::zookeeper::Ensemble::start({.tick = bounds.tick, .lines = lines}, {{}});
  if (!server) {
    context.record.differ(kNegotiation, "start", "a server", server.error().sentence);
    return;
  }
  const auto tick = static_cast<std::uint32_t>(bounds.tick / 1ms);
  std::vector<std::uint32_t> asked{1,         2 * tick - 1, 2 * tick, 2 * tick + 1,
                                   20 * tick, 20 * tick + 1};
  for (const Milliseconds edge : {bounds.least, bounds.most})
    for (const int beside : {-1, 0, 1})
      if (edge > 0ms) asked.push_back(static_cast<std::uint32_t>(edge / 1ms + beside));
  Rng random = context.stream("zookeeper/negotiation", number);
  for (std::uint64_t i = 0; i < context.of(4, 40); ++i)
    asked.push_back(static_cast<std::uint32_t>(1 + random.below(25 * tick)));
  for (const std::uint32_t timeout : asked) {
    const auto client = SilentClient::open(server->port(0), Milliseconds(timeout));
    const std::uint32_t model = granted(bounds, timeout);
    context.record.add(kNegotiation);
    if (!client || client->negotiated() != Milliseconds(model))
      context.record.differ(
          kNegotiation, fmt::format("tick {} ms, asked for {} ms", tick, timeout),
          fmt::format("{} ms", model),
          client ? fmt::format("{} ms", client->negotiated() / 1ms) : client.error().sentence);
  }
}

// ---- the end of a session -----------------------------------------------------------------------

std::int64_t in_ms(Clock::time_point at) {
  return std::chrono::floor<Milliseconds>(at.time_since_epoch()).count();
}

/// When the model's leader ends a session that it heard of last at `touched`. Its clock is the
/// monotonic one of the machine, as the real leader's is.
std::int64_t end_of(std::int64_t touched_ms, std::int64_t timeout_ms, std::int64_t tick_ms) {
  zookeeper::Sessions sessions;
  sessions.set_tick(tick_ms);
  sessions.add(1, timeout_ms, 1, touched_ms);
  std::int64_t at = (touched_ms / tick_ms + 1) * tick_ms;
  while (sessions.due(at) == 0) at += tick_ms;
  return at;
}

struct Dead {
  LastWords words;
  std::string path;
  bool exact = false;  // the leader alone heard of it last
  Clock::time_point gone{};
};

struct Observed {
  real::zookeeper::Ensemble& ensemble;
  std::size_t leader;
  Connection& observer;  // at the leader
  Milliseconds tick;
};

/// Some clients at random servers; empty: it did not work. Old ones die when the followers have
/// told the leader of the new session, each of them, as they do with their next answer to a ping.
std::vector<Dead> dead_clients(const Observed& at, Rng& random, bool old, std::uint64_t number) {
  struct Dying {
    SilentClient client;
    bool at_leader;
  };
  std::vector<Dying> dying;
  constexpr std::size_t kTogether = 12;
  for (std::size_t i = 0; i < kTogether; ++i) {
    const std::size_t server = random.below(at.ensemble.size());
    const Milliseconds timeout(4 * at.tick.count() + static_cast<std::int64_t>(random.below(900)));
    auto client = SilentClient::open(at.ensemble.port(server), timeout);
    if (!client) return {};
    dying.push_back({std::move(*client), server == at.leader});
  }
  if (old) std::this_thread::sleep_for(at.tick);
  std::vector<Dead> dead;
  for (std::size_t i = 0; i < kTogether; ++i) {
    Dead one;
    one.path = fmt::format("/dead-{}-{}", number, i);
    one.exact = old && dying[i].at_leader;
    const auto words = dying[i].client.die_with_a_node(one.path);
    if (!words) return {};
    one.words = *words;
    dead.push_back(one);
    at.observer.exists(one.path, true);
    std::this_thread::sleep_for(Milliseconds(1 + random.below(20)));
  }
  return dead;
}

struct Spread {
  double least = 1e9;
  double most = -1e9;
  void add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

}  // namespace

void compare_negotiation(Context& context) {
  context.record.describe(kNegotiation, "sim/services/zookeeper/serving.cpp",
                          "what it is, with and without min- and maxSessionTimeout");
  constexpr std::array<Bounds, 4> kBounds{
      {{200ms}, {200ms, 1000ms, 3000ms}, {300ms, 100ms}, {100ms, 0ms, 50'000ms}}};
  for (std::uint64_t i = 0; i < context.of(2, kBounds.size()); ++i)
    compare_bounds(context, kBounds[i], i);
}

void compare_expiry(Context& context, real::zookeeper::Ensemble& ensemble, Milliseconds tick) {
  context.record.describe(kExpiry, "sim/services/zookeeper/sessions.cpp",
                          "the very tick of the leader's clock; its client's socket is closed "
                          "without a word");
  const std::size_t leader = ensemble.leader();
  auto observer = leader < ensemble.size() ? Connection::open(ensemble.address(leader), 20 * tick)
                                           : real::Trouble{"nobody leads"};
  if (!observer) {
    context.record.differ(kExpiry, "start", "a session", observer.error().sentence);
    return;
  }
  Rng random = context.stream("zookeeper/expiry");
  std::vector<Dead> dead;
  const Observed at{ensemble, leader, *observer, tick};
  for (std::uint64_t number = 0; number < context.of(2, 20); ++number) {
    const std::vector<Dead> more = dead_clients(at, random, number % 2 == 0, number);
    if (more.empty())
      return context.record.differ(kExpiry, "start", "sessions that make nodes", "none");
    dead.insert(dead.end(), more.begin(), more.end());
  }
  for (std::size_t left = dead.size(); left > 0; --left) {
    const auto gone = observer->next(
        [](const Arrival& arrival) { return arrival.kind == Arrival::Kind::deleted; });
    if (!gone)
      return context.record.differ(kExpiry, fmt::format("{} left", left), "it goes",
                                   gone.error().sentence);
    std::ranges::find(dead, gone->path, &Dead::path)->gone = gone->at;
  }
  // The follower's word of a client reaches the leader with its answer to a ping, and those come
  // every half tick.
  const std::int64_t tick_ms = tick.count();
  const std::int64_t slack_ms = tick_ms * 2 / 3;  // for the quorum, and for this machine
  Spread after;
  Spread behind;
  std::uint64_t late = 0;
  for (const Dead& one : dead) {
    const std::int64_t timeout = one.words.negotiated.count();
    const std::int64_t first = end_of(in_ms(one.words.asked), timeout, tick_ms);
    const std::int64_t touched = in_ms(one.words.answered) + (one.exact ? 0 : tick_ms / 2);
    const std::int64_t last = end_of(touched, timeout, tick_ms);
    const std::int64_t gone = in_ms(one.gone);
    context.record.add(kExpiry);
    after.add(std::chrono::duration<double>(one.gone - one.words.answered - one.words.negotiated) /
              std::chrono::duration<double>(tick));
    if (one.exact && first == last) behind.add(static_cast<double>(gone - first));
    const bool early = gone < first;
    if (gone > last + slack_ms) ++late;
    if (early || gone > last + slack_ms + tick_ms)
      context.record.differ(kExpiry,
                            fmt::format("{} of {} ms, {}", one.path, timeout,
                                        one.exact ? "at the leader" : "told by a follower"),
                            fmt::format("at {} to {} ms", first, last),
                            fmt::format("at {} ms", gone));
  }
  if (10 * late > dead.size())
    context.record.differ(kExpiry, "all of them", "in the tick that the model says",
                          fmt::format("{} of {} later", late, dead.size()));
  context.record.measure(
      kExpiry,
      fmt::format("gone {:.2f} to {:.2f} ticks after the time-out had passed since the last "
                  "answer (a tick is {} ms; half a tick more at followers); {:.0f} to {:.0f} ms "
                  "after the instant that the model says, where the leader had the session; {} "
                  "held up by this machine",
                  after.least, after.most, tick_ms, behind.least, behind.most, late));
}

}  // namespace locklab::conformance
