// etcd: what its store answers, when a lease ends, and how the lock is handed over.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "real/etcd/server.hpp"
#include "real/etcd/speaker.hpp"
#include "sim/services/etcd/server.hpp"
#include "sim/services/etcd/store.hpp"
#include "tests/conformance/shrink.hpp"
#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

namespace {

using etcd::Operation;
using etcd::Reply;
using etcd::Request;
using etcd::Status;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kPrograms = "transactions, ranges, deletions, leases";
constexpr std::string_view kTwice = "a lease granted twice under one id";
constexpr std::string_view kWatches = "a watch hears of a deletion since a revision";
constexpr std::string_view kExpiry = "a lease without keep-alive ends, not early";
constexpr std::string_view kRestart = "after a restart leases begin anew";
constexpr std::string_view kHandOver = "the lock goes to whoever has waited longest";
constexpr std::string_view kFlaw = "a lease that ends while its owner waits";

// ---- random programs ----------------------------------------------------------------------------

struct Step {
  Operation operation{};
  unsigned lock = 0;       // which prefix
  unsigned lease = 0;      // which lease; the key is the lock's with the lease's number
  unsigned seconds = 0;    // of a grant
  std::uint64_t back = 0;  // last_before, watch_deletion: how many revisions ago
};
using Steps = std::vector<Step>;

constexpr auto kShortestLease = 2s;  // that a server grants
constexpr unsigned kLocks = 2;
constexpr unsigned kLeases = 4;

Steps draw(Rng random, std::size_t length) {
  constexpr std::array kOften{
      Operation::lease_grant,   Operation::lease_grant,   Operation::lease_keep_alive,
      Operation::lease_revoke,  Operation::put_if_absent, Operation::put_if_absent,
      Operation::put_if_absent, Operation::put_if_absent, Operation::erase,
      Operation::erase,         Operation::get,           Operation::last_before,
      Operation::last_before};
  Steps steps;
  for (std::size_t i = 0; i < length; ++i) {
    Step step;
    step.operation = kOften[random.below(kOften.size())];
    if (random.below(40) == 0) step.operation = Operation::watch_deletion;
    step.lock = static_cast<unsigned>(random.below(kLocks));
    step.lease = static_cast<unsigned>(random.below(kLeases));
    // Under two seconds it is raised [ceil(1.5 election time-outs)].
    step.seconds = random.below(4) == 0 ? 1 : 60 + static_cast<unsigned>(random.below(60));
    step.back = random.below(6);
    steps.push_back(step);
  }
  return steps;
}

std::string told(const Step& step) {
  return fmt::format("{} lock-{} lease-{} {}s -{}", to_string(step.operation), step.lock,
                     step.lease, step.seconds, step.back);
}

/// A program's own keys and leases, so that none meets another's.
struct Place {
  std::uint64_t number;
  std::string prefix(unsigned lock) const {
    return fmt::format("/conformance/{}/lock-{}/", number, lock);
  }
  std::string key(unsigned lock, unsigned lease) const {
    return prefix(lock) + std::to_string(lease);
  }
  std::uint64_t lease(unsigned which) const { return number * 16 + which + 1; }
};

Request request_of(const Step& step, const Place& place, std::uint64_t revision, Names& names) {
  Request request;
  request.operation = step.operation;
  request.prefix = names.intern(place.prefix(step.lock));
  request.key = names.intern(place.key(step.lock, step.lease));
  request.lease = place.lease(step.lease);
  request.ttl = std::chrono::seconds(step.seconds);
  request.revision = revision > step.back ? revision - step.back : 1;
  return request;
}

std::string words(const Reply& reply, const Names& names) {
  return fmt::format("{} key '{}' lease {} revision {} created {} first {} ttl {}s",
                     reply.status == Status::ok ? "ok" : "not found", names.text(reply.key),
                     reply.lease, reply.revision, reply.created, reply.first_created,
                     reply.ttl / 1s);
}

/// What the model answers where the real server's gateway has nothing to say of it.
Reply as_far_as_the_gateway_tells(const Request& request, Reply reply) {
  const bool refused = reply.status == Status::not_found;
  const bool error = refused && (request.operation == Operation::lease_revoke ||
                                 request.operation == Operation::put_if_absent);
  if (error) reply.revision = 0;  // an error has no header
  if (request.operation == Operation::lease_revoke) reply.lease = 0;
  return reply;
}

class Comparison {
 public:
  Comparison(Context& context, real::etcd::Server& server)
      : context_(context), speaker_(server.port()) {}

  /// Runs programs until `answers` are compared.
  void programs(std::uint64_t answers) {
    std::uint64_t compared = 0;
    std::uint64_t too_slow = 0;
    for (std::uint64_t number = 1; compared < answers; ++number) {
      const Steps steps = draw(context_.stream("etcd/program", number), 30);
      Outcome outcome = run(steps);
      if (outcome.too_slow) {
        ++too_slow;
        continue;
      }
      compared += outcome.answers;
      context_.record.add(kPrograms, outcome.answers);
      context_.record.add(kWatches, outcome.watches);
      context_.record.add(kTwice, outcome.twice);
      for (std::uint64_t i = 0; i < outcome.twice; ++i)
        context_.record.differ_as_said(kTwice, "A lease may be granted twice under one id");
      if (!outcome.difference) continue;
      const Steps small = shrunk(steps, [&](const Steps& fewer) {
        Outcome still = run(fewer);
        const bool differs = still.difference && !still.too_slow;
        if (differs) outcome.difference = std::move(still.difference);
        return differs;
      });
      std::string place = fmt::format("seed {}, program {}:", context_.seed, number);
      for (const Step& step : small) place += "\n      " + told(step);
      context_.record.differ(kPrograms, place, outcome.difference->model,
                             outcome.difference->server);
      return;
    }
    if (too_slow != 0)
      context_.record.measure(kPrograms,
                              fmt::format("{} programs put aside: the machine was too slow for "
                                          "their shortest lease",
                                          too_slow));
  }

 private:
  struct Difference {
    std::string model, server;
  };
  struct Outcome {
    std::optional<Difference> difference;
    std::uint64_t answers = 0;
    std::uint64_t watches = 0;
    std::uint64_t twice = 0;
    bool too_slow = false;  // a lease may have ended by itself: nothing follows
  };

  /// One program on keys that nobody else has; the model starts where the server stands.
  Outcome run(const Steps& steps) {
    const Place place{++places_};
    const Clock::time_point began = Clock::now();
    Names names;
    etcd::Store store;
    const std::uint64_t base = revision() - store.revision();
    Outcome outcome;
    for (const Step& step : steps) {
      Request request = request_of(step, place, store.revision(), names);
      outcome.difference = step.operation == Operation::watch_deletion
                               ? watch(request, base, store, names, outcome)
                               : ask(request, base, store, names, outcome);
      if (outcome.difference) {
        outcome.difference->model = told(step) + ": " + outcome.difference->model;
        break;
      }
    }
    outcome.too_slow = Clock::now() - began > kShortestLease - 500ms;
    clear(store, names);
    return outcome;
  }

  std::optional<Difference> watch(const Request& request, std::uint64_t base,
                                  const etcd::Store& store, const Names& names, Outcome& outcome) {
    const bool model = store.deleted_since(request.key, request.revision);
    const auto server = speaker_.hears_of_deletion(std::string(names.text(request.key)),
                                                   request.revision + base, model ? 2s : 40ms);
    ++outcome.watches;
    if (server && *server == model) return std::nullopt;
    return Difference{fmt::format("heard: {}", model),
                      server ? fmt::format("heard: {}", *server) : server.error().sentence};
  }

  std::optional<Difference> ask(Request request, std::uint64_t base, etcd::Store& store,
                                Names& names, Outcome& outcome) {
    // As the model's server does before it hands a grant to its store.
    if (request.operation == Operation::lease_grant)
      request.ttl = std::max(request.ttl, etcd::ServerOptions{}.min_ttl());
    if (request.operation == Operation::lease_grant && store.find_lease(request.lease) != nullptr) {
      ++outcome.twice;  // the server refuses, and nothing changes on either side
      const auto refused = speaker_.ask(request, names);
      if (!refused) return std::nullopt;
      return Difference{"refused, or granted a second time", words(*refused, names)};
    }
    Request really = request;
    really.revision += base;
    const auto server = speaker_.ask(really, names);
    Reply model;
    if (request.operation == Operation::lease_keep_alive) {
      const etcd::Lease* lease = store.find_lease(request.lease);
      model.status = lease == nullptr ? Status::not_found : Status::ok;
      model.lease = request.lease;
      model.ttl = lease == nullptr ? Duration{0} : lease->ttl;
      model.revision = store.revision();
    } else {
      etcd::Changes changes;
      model = as_far_as_the_gateway_tells(request, store.apply(request, changes));
    }
    for (std::uint64_t* revision : {&model.revision, &model.created, &model.first_created})
      if (*revision != 0) *revision += base;
    ++outcome.answers;
    const std::string expected = words(model, names);
    const std::string answered = server ? words(*server, names) : server.error().sentence;
    if (expected == answered) return std::nullopt;
    return Difference{expected, answered};
  }

  void clear(const etcd::Store& store, Names& names) {
    for (const etcd::Lease& lease : store.leases()) {
      Request revoke;
      revoke.operation = Operation::lease_revoke;
      revoke.lease = lease.id;
      static_cast<void>(speaker_.ask(revoke, names));
    }
  }

  std::uint64_t revision() {
    Names names;
    const auto reply = speaker_.ask(Request{}, names);
    return reply ? reply->revision : 0;
  }

  Context& context_;
  real::etcd::Speaker speaker_;
  std::uint64_t places_ = 0;
};

// ---- time ---------------------------------------------------------------------------------------

Request grant(std::uint64_t lease, std::chrono::seconds ttl) {
  Request request;
  request.operation = Operation::lease_grant;
  request.lease = lease;
  request.ttl = ttl;
  return request;
}

Request put(std::uint64_t lease, const std::string& prefix, Names& names) {
  Request request;
  request.operation = Operation::put_if_absent;
  request.lease = lease;
  request.prefix = names.intern(prefix);
  request.key = names.join(prefix, std::to_string(lease));
  return request;
}

bool is_there(real::etcd::Speaker& speaker, const std::string& key) {
  Names names;
  Request request;
  request.operation = Operation::get;
  request.key = names.intern(key);
  const auto reply = speaker.ask(request, names);
  return reply && reply->status == Status::ok;
}

bool has_key(real::etcd::Speaker& speaker, std::uint64_t lease, const std::string& prefix) {
  return is_there(speaker, prefix + std::to_string(lease));
}

/// The server's own Lock service names a key after its lease.
std::string key_of(const std::string& lock, std::uint64_t lease) {
  return fmt::format("{}/{:x}", lock, lease);
}

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Leases of 2, 3 and 4 s, all under way at once: no key goes before its time.
void expiry(Context& context, real::etcd::Server& server) {
  constexpr std::uint64_t kFirst = 1'000'000;
  const std::string prefix = "/expiry/";
  Names names;
  real::etcd::Speaker speaker(server.port());
  struct Lease {
    std::uint64_t id;
    Clock::duration ttl;
    Clock::time_point before, after;  // the asking for it, and the answer
  };
  std::vector<Lease> open;
  const std::uint64_t count = context.of(12, 120);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::chrono::seconds ttl(2 + i % 3);
    Lease lease{kFirst + i, ttl, Clock::now(), {}};
    if (!speaker.ask(grant(lease.id, ttl), names)) return;
    lease.after = Clock::now();
    if (!speaker.ask(put(lease.id, prefix, names), names)) return;
    open.push_back(lease);
    std::this_thread::sleep_for(7ms);
  }
  double earliest = 1e9;
  double latest = 0;
  while (!open.empty()) {
    std::erase_if(open, [&](const Lease& lease) {
      const Clock::time_point asked = Clock::now();
      if (has_key(speaker, lease.id, prefix)) return false;
      const double over = seconds(asked - lease.after - lease.ttl);
      context.record.add(kExpiry);
      // It was gone when we asked; it may live at least its TTL from the server's answer on.
      if (seconds(Clock::now() - lease.before - lease.ttl) < 0)
        context.record.differ(kExpiry, fmt::format("lease {}", lease.id), "lives for its TTL",
                              fmt::format("gone {:.3f} s before", -over));
      earliest = std::min(earliest, over);
      latest = std::max(latest, over);
      return true;
    });
    std::this_thread::sleep_for(5ms);
  }
  context.record.measure(
      kExpiry, fmt::format("gone {:.2f} to {:.2f} s after the TTL; the model's lessor looks every "
                           "0.5 s",
                           earliest, latest));
}

/// A new leader counts from the beginning: a lease that had 1 s left has all of it again.
void restart(Context& context, real::etcd::Server& server) {
  const std::string prefix = "/restart/";
  const std::uint64_t times = context.of(1, 6);
  double earliest = 1e9;
  double latest = 0;
  Names names;
  for (std::uint64_t i = 0; i < times; ++i) {
    real::etcd::Speaker speaker(server.port());
    const std::uint64_t lease = 2'000'000 + i;
    if (!speaker.ask(grant(lease, 4s), names) || !speaker.ask(put(lease, prefix, names), names))
      return;
    std::this_thread::sleep_for(2500ms);
    const auto crashed = Clock::now();
    if (const auto again = server.crash_and_restart(); !again) {
      context.record.differ(kRestart, "restart", "comes back", again.error().sentence);
      return;
    }
    real::etcd::Speaker anew(server.port());
    const bool at_once = has_key(anew, lease, prefix);
    std::this_thread::sleep_until(crashed + 3500ms);  // the old count ended 2 s ago
    const bool later = has_key(anew, lease, prefix);
    context.record.add(kRestart, 2);
    if (!at_once || !later)
      context.record.differ(kRestart, fmt::format("round {}", i + 1), "the key is there",
                            at_once ? "gone when the old count had ended" : "gone at once");
    while (has_key(anew, lease, prefix)) std::this_thread::sleep_for(10ms);
    const double took = seconds(Clock::now() - crashed);
    earliest = std::min(earliest, took);
    latest = std::max(latest, took);
  }
  context.record.measure(kRestart,
                         fmt::format("gone {:.1f} to {:.1f} s after the crash, of a TTL of 4 s: "
                                     "the restart, then all of it again",
                                     earliest, latest));
}

// ---- the lock -----------------------------------------------------------------------------------

/// Several wait; each unlock wakes the one that has waited longest.
void hand_over(Context& context, real::etcd::Server& server) {
  constexpr std::uint64_t kWaiters = 3;
  for (std::uint64_t round = 0; round < context.of(2, 25); ++round) {
    const std::string name = fmt::format("/hand-over/{}", round);
    Names names;
    real::etcd::Speaker speaker(server.port());
    const std::uint64_t first = 3'000'000 + round * 10;
    for (std::uint64_t i = 0; i <= kWaiters; ++i)
      if (!speaker.ask(grant(first + i, 60s), names)) return;
    auto held = speaker.lock(name, first, 10s);
    if (!held) return;
    std::vector<std::future<Result<std::string, real::Trouble>>> waiting;
    for (std::uint64_t i = 1; i <= kWaiters; ++i) {
      waiting.push_back(std::async(std::launch::async, [&server, &name, lease = first + i] {
        return real::etcd::Speaker(server.port()).lock(name, lease, 30s);
      }));
      // Its key is there before the next one's.
      real::wait_until([&] { return is_there(speaker, key_of(name, first + i)); }, 10s);
    }
    for (std::uint64_t i = 1; i <= kWaiters; ++i) {
      static_cast<void>(speaker.unlock(*held));
      auto& next = waiting[i - 1];
      const bool came = next.wait_for(20s) == std::future_status::ready;
      const bool alone =
          std::none_of(waiting.begin() + static_cast<std::ptrdiff_t>(i), waiting.end(),
                       [](auto& other) { return other.wait_for(0s) == std::future_status::ready; });
      context.record.add(kHandOver, 2);
      if (!came || !alone) {
        context.record.differ(kHandOver, fmt::format("round {}", round + 1),
                              "the longest waiter, and nobody else",
                              came ? "somebody else as well" : "it did not get it");
        return;
      }
      held = next.get();
      if (!held) {
        context.record.differ(kHandOver, fmt::format("round {}", round + 1), "granted",
                              held.error().sentence);
        return;
      }
    }
    static_cast<void>(speaker.unlock(*held));
  }
}

/// A waits behind B, A's lease ends, B unlocks [corpus 94, etcd #11456]: is A told that it holds?
void flaw(Context& context, real::etcd::Server& server) {
  Names names;
  real::etcd::Speaker speaker(server.port());
  constexpr std::uint64_t b = 4'000'001;
  constexpr std::uint64_t a = 4'000'002;
  if (!speaker.ask(grant(b, 60s), names) || !speaker.ask(grant(a, 60s), names)) return;
  const auto held = speaker.lock("/flaw", b, 10s);
  if (!held) return;
  auto waiting = std::async(std::launch::async, [&server] {
    return real::etcd::Speaker(server.port()).lock("/flaw", a, 20s);
  });
  real::wait_until([&] { return is_there(speaker, key_of("/flaw", a)); }, 10s);
  Request revoke;
  revoke.operation = Operation::lease_revoke;
  revoke.lease = a;
  static_cast<void>(speaker.ask(revoke, names));
  static_cast<void>(speaker.unlock(*held));
  const auto answer = waiting.get();
  context.record.add(kFlaw);
  context.record.measure(
      kFlaw, answer ? fmt::format("{} says that the lock is held, as `recheck: false` does",
                                  server.version())
                    : fmt::format("{} refuses (\"{}\"), as `recheck: true` does", server.version(),
                                  answer.error().sentence));
}

// ---- the suite ----------------------------------------------------------------------------------

void describe(Record& record) {
  record.describe(kPrograms, "sim/services/etcd/store.cpp",
                  "status, revision, create revisions, TTL of random programs of 30 requests");
  record.describe(kTwice, "sim/services/etcd/store.cpp", "the second answer");
  record.describe(kWatches, "sim/services/etcd/store.cpp", "whether an event comes");
  record.describe(kExpiry, "sim/services/etcd/server.cpp", "that the key is there until the TTL");
  record.describe(kRestart, "sim/services/etcd/server.cpp",
                  "that the key outlives the old count, after kill -9");
  record.describe(kHandOver, "algorithms/etcd_mutex.cpp",
                  "who holds after each unlock (the server's Lock service)");
  record.describe(kFlaw, "algorithms/etcd_mutex.cpp", "what the waiter is told [corpus 94]");
}

void run(Context& context) {
  auto server = real::etcd::Server::start();
  if (!server) {
    context.record.differ(kPrograms, "start", "a server", server.error().sentence);
    return;
  }
  context.record.set_version(server->version());
  describe(context.record);
  Comparison(context, *server).programs(context.of(600, 12'000));
  context.say("programs done");
  hand_over(context, *server);
  flaw(context, *server);
  expiry(context, *server);
  context.say("expiry done");
  restart(context, *server);
}

}  // namespace

const Suite kEtcdSuite{"etcd", "etcd", real::etcd::Server::missing, run};

}  // namespace locklab::conformance
