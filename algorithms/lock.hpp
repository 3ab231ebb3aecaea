// What every lock is to its users: acquire, extend, release, and the lease between them. An
// algorithm implements the three try_… functions; the public ones around them tell the trace what
// the client then believes and what the algorithm promised, so that an algorithm's file holds the
// algorithm alone.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "algorithms/tiers.hpp"
#include "sim/ids.hpp"
#include "sim/process.hpp"
#include "sim/result.hpp"
#include "sim/services/redis/client.hpp"
#include "sim/services/sql/client.hpp"
#include "sim/task.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"
#include "sim/value.hpp"

namespace locklab {

namespace redis {
class Session;
}
namespace dynamodb {
class Client;
}
namespace kubernetes {
class Client;
}
namespace etcd {
class Client;
}
namespace consul {
class Client;
}
namespace hazelcast {
class Client;
}
namespace chubby {
class Client;
}
namespace zookeeper {
class Client;
}

inline constexpr Duration kForever = Duration::max();

/// A moment in the life of a client, by each clock: T1 of the papers. Algorithms ask it only how
/// much time their own clock says has passed; the true instant is for the trace.
class Start {
 public:
  explicit Start(const Process& self);
  Start() = default;
  /// What this process's clock says has passed since.
  Duration elapsed(const Process& self, ClockKind clock) const;
  Instant true_instant() const { return at_; }

 private:
  Instant at_{};
  WallInstant wall_{};
  MonoInstant mono_{};
};

/// What a successful acquire hands out.
struct Lease {
  Symbol lock;
  AttemptId attempt;
  Value owner;
  FencingToken token;       // none: the algorithm has none to give
  std::uint32_t votes = 1;  // servers that said yes
  Start start;              // T1
  /// Nobody else is to be granted the lock before this much has passed since `start`.
  Duration promised = kForever;
  /// The validity that the algorithm returns to its caller; zero where it returns none.
  Duration validity{};
  ClockKind clock = ClockKind::mono;  // that a caller who watches the deadline reads
  std::uint32_t extensions = 0;
  std::uint64_t session = 0;  // of the service, if the lease is bound to one

  redis::Owner redis_owner() const { return {owner, attempt}; }
};

/// What a client holds itself to be the owner of, and when it stops: naive clients when they have
/// released, deadline-aware ones also when their own clock reaches the deadline [spec 1.3].
class Beliefs {
 public:
  /// Who wants to know that a lock's library told its application that the lock is gone.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void told(AttemptId attempt) = 0;
    /// A lease was prolonged, by its holder or by the lock's library on its own.
    virtual void prolonged(const Lease& lease) = 0;
  };

  enum class Mode : std::uint8_t { naive, deadline_aware };

  Beliefs(Process& self, Mode mode) : self_(self), mode_(mode), held_(&self.arena()) {}
  Beliefs(const Beliefs&) = delete;
  Beliefs& operator=(const Beliefs&) = delete;

  void begin(const Lease& lease);
  void prolong(const Lease& lease);
  void end(AttemptId attempt, BeliefEnd why);
  void set_listener(Listener* listener) { listener_ = listener; }
  /// The process died: it believes nothing any more.
  void end_all(BeliefEnd why);

  Mode mode() const { return mode_; }
  bool believes(AttemptId attempt) const;
  /// Does the client hold, as far as it knows, a lock that `which(resource)` says yes to?
  template <class Which>
  bool holds_any(Which which) const {
    for (const Held& held : held_)
      if (which(held.lock)) return true;
    return false;
  }
  /// True instant at which the client's clock will reach the lease's deadline, if nothing changes
  /// it; kEndOfTime for a naive client.
  Instant until(const Lease& lease) const;

 private:
  struct Held {
    Symbol lock;
    AttemptId attempt;
    EventId deadline;
  };
  void watch_deadline(Held& held, const Lease& lease);

  Process& self_;
  Mode mode_;
  Listener* listener_ = nullptr;
  std::pmr::vector<Held> held_;
};

/// What a lock may reach.
struct Environment {
  Process& self;
  Beliefs& beliefs;
  std::uint32_t* attempts;  // of the whole run, so that attempts are numbered once

  // This life's ways to the services; empty or null where the scenario has no such service.
  std::span<const redis::Client> redis{};  // one a node
  sql::Pool* database = nullptr;           // its connections, directly or through a pooler
  Tiers tiers{};
  redis::Session* redis_session = nullptr;
  const dynamodb::Client* dynamodb = nullptr;
  const kubernetes::Client* kubernetes = nullptr;
  etcd::Client* etcd = nullptr;
  consul::Client* consul = nullptr;
  hazelcast::Client* hazelcast = nullptr;
  chubby::Client* chubby = nullptr;
  zookeeper::Client* zookeeper = nullptr;  // a session with the ensemble

  Arena& arena() const { return self.arena(); }
};

/// What a client does that was refused.
enum class IfRefused : std::uint8_t {
  stop,
  fail_open,  // takes an error (not a "no") for "the lock service is down" and works on [corpus
              // 116]
  ignore,     // never looks at the answer [doc mistakes 1 and 3; corpus 6]
};

/// What a lock tells the trace of itself.
struct LockTraits {
  Duration ttl{};            // zero: its keys do not expire
  std::uint32_t quorum = 1;  // keys that make an owner
  std::uint32_t of = 1;
  bool fifo = false;  // claims to serve in the order of arrival
};

class Lock {
 public:
  Lock(const Environment& environment, Symbol resource, const LockTraits& traits)
      : env_(environment), resource_(resource), traits_(traits) {}
  virtual ~Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  /// Tries once, with whatever retries the algorithm itself makes. Errors: not_acquired,
  /// no_validity, timeout, connection_lost and connection_refused; after the middle two the lock
  /// may be taken. A client that works on although it was refused gets a lease that nobody gave it:
  /// LockGranted with no vote, no token and a promise that is over at once.
  Task<Result<Lease>> acquire(IfRefused if_refused = IfRefused::stop);
  /// Asks for `to` more, counted from now; the lease is brought up to date. Errors: lost,
  /// no_validity, invalid (cannot be extended), timeout and the like.
  Task<Result<void>> extend(Lease& lease, Duration to);
  /// Gives the lock back. The client believes no longer from the moment at which this has returned.
  Task<Result<void>> release(const Lease& lease);

  /// The database session that the lease lives and dies with, for who wants to write through it;
  /// none: the lock is no such session's.
  virtual sql::SessionHandle session(const Lease& lease) const {
    static_cast<void>(lease);
    return {};
  }

  Symbol resource() const { return resource_; }
  const LockTraits& traits() const { return traits_; }
  Process& self() const { return env_.self; }
  Beliefs& beliefs() const { return env_.beliefs; }
  Arena& arena() const { return env_.arena(); }

 protected:
  /// How a try ended: with a lease, or why not and how far it came.
  struct Refusal {
    Errc why = Errc::not_acquired;
    std::uint32_t votes = 0;
    Duration validity{};
  };
  using Acquired = Result<Lease, Refusal>;
  struct Extension {
    std::uint32_t votes = 1;
    Duration promised = kForever;  // from `start` on
    Duration validity{};
    Start start;
    FencingToken token;  // none: unchanged
  };
  using Extended = Result<Extension, Refusal>;
  struct Released {
    std::uint32_t votes = 0;  // servers that removed a key
    Errc outcome = Errc::none;
  };

  virtual Task<Acquired> try_acquire(AttemptId attempt) = 0;
  virtual Task<Extended> try_extend(const Lease& lease, Duration to) = 0;
  virtual Task<Released> try_release(const Lease& lease) = 0;

  /// A session's keep-alive has prolonged a lease that is held, unasked.
  void prolong(const Lease& lease);

  // For a lock that is put together from others: their part of one try of its own.
  static Task<Acquired> try_acquire_of(Lock& part, AttemptId attempt) {
    return part.try_acquire(attempt);
  }
  static Task<Extended> try_extend_of(Lock& part, const Lease& lease, Duration to) {
    return part.try_extend(lease, to);
  }
  static Task<Released> try_release_of(Lock& part, const Lease& lease) {
    return part.try_release(lease);
  }

  Start start() const { return Start(env_.self); }
  /// What an algorithm fills in: every try begins with it.
  Lease lease(AttemptId attempt, const Value& owner);
  Value new_value() const { return env_.self.rng().uuid(); }

  Environment env_;

 private:
  Lease without_lock(AttemptId attempt) const;

  Symbol resource_;
  LockTraits traits_;
  Lease last_try_;  // so that a client which works without the lock gives back what it asked for
};

}  // namespace locklab
