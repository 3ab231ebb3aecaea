// What the locks on ZooKeeper have in common: a directory for each lock, nodes that go with their
// session, and what the application does when its library tells it that the connection or the
// session is gone [spec D.2]. What a ZooKeeper lock promises has no end of its own: it lasts until
// the node is deleted or the session closed.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "algorithms/lock.hpp"
#include "algorithms/settings.hpp"
#include "sim/services/zookeeper/client.hpp"

namespace locklab {

inline constexpr std::array<std::string_view, 3> kZkStopAt{"suspended", "lost", "never"};
inline constexpr std::array<std::string_view, 3> kZkTokens{"czxid", "sequence", "none"};

/// The application's part, and who waits how long.
inline constexpr std::array kZkRecipeParameters{
    Parameter{"stop_at", Parameter::Type::choice, "lost",
              "when an application that is told stops to count on the lock: when its connection is "
              "gone, when its session is, or never",
              kZkStopAt},
    Parameter{"wait", Parameter::Type::duration, "0s",
              "longest wait for the lock within one try; 0s: for ever"},
    Parameter{"retries", Parameter::Type::integer, "10",
              "how often a request is tried again after a connection loss (ProtocolSupport)"},
    Parameter{"retry_delay", Parameter::Type::duration, "500ms",
              "wait before the first of those; the n-th waits n times as long (ProtocolSupport)"},
};

class ZkRecipe : public Lock, protected zookeeper::Listener {
 public:
  ZkRecipe(const Environment& environment, const Settings& settings, Symbol resource, bool fifo);

 protected:
  enum class StopAt : std::uint8_t { suspended, lost, never };
  enum class Token : std::uint8_t { czxid, sequence, none };

  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  void on_event(Event event) override;

  /// Where a node stands in line. Suffixes are compared as text, as the recipes do [corpus 68].
  struct Place {
    bool found = false;
    Symbol predecessor{};  // none: it is the first
  };
  static Place place(std::span<const zookeeper::Child> children, Symbol own);

  /// The lock's directory, made if it is not there. Errors as of Client::request().
  Task<Result<zookeeper::Reply>> make_directory(zookeeper::NodeKind kind);
  /// A request that creates a node of this client's that goes with its session.
  zookeeper::Request creation(AttemptId attempt, bool sequential, std::uint64_t guid) const;
  /// Deletes a node of ours, trying again after a connection loss. Errors: lost (it is not there).
  Task<Result<void>> remove_node(Symbol path, AttemptId attempt);
  /// Waits before the n-th repetition, counted from 1. False: there are no more.
  virtual Task<bool> may_retry(std::int64_t n);
  std::int64_t retries() const { return retries_; }
  Duration retry_delay() const { return retry_delay_; }

  /// Until something is heard, or the time for this try is over: then false.
  Task<bool> wait_in_line(zookeeper::Watcher& watcher, Start since);

  /// Is told with the application what becomes of the session while this is held.
  void held(AttemptId attempt) { held_.push_back(attempt); }
  void not_held(AttemptId attempt) { std::erase(held_, attempt); }

  zookeeper::Client& zk() const { return *env_.zookeeper; }
  Symbol directory() const { return directory_; }
  Symbol prefix() const { return prefix_; }
  static FencingToken token_of(Token source, const zookeeper::Stat& stat);

 private:
  Symbol protected_prefix(std::uint64_t guid) const;

  Symbol directory_;
  Symbol prefix_;
  StopAt stop_at_;
  Duration wait_;
  std::int64_t retries_;
  Duration retry_delay_;
  std::pmr::vector<AttemptId> held_;
};

}  // namespace locklab
