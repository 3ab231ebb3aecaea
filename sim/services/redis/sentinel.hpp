// Redis Sentinel [spec A; redis/src/sentinel.c, with its names and numbers]: several processes that
// watch the masters, agree that one is down, elect one among themselves, and let that one promote a
// replica.
//
// What a Sentinel sees by itself makes a master *subjectively* down (no valid answer for
// `down_after`). When a quorum says so it is *objectively* down, and a Sentinel asks the others for
// their votes in a new epoch; a vote is given once an epoch, and a majority (and the quorum) makes
// the leader. The epoch becomes the number of the configuration that the leader makes, and the
// greater number wins wherever two are told (hello). Every time here is mstime(): the Sentinel's
// *wall* clock; a timer that comes too late or a clock that jumps makes it passive for a while
// (TILT).
// Model: the nodes of a set and the Sentinels know one another from the start; the hellos that
// Sentinels exchange through the nodes' channels go straight from one to the other.
#pragma once

#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/process.hpp"
#include "sim/services/redis/node_protocol.hpp"

namespace locklab::redis {

struct SentinelOptions {
  std::uint32_t quorum = 2;
  Duration down_after = 30s;
  Duration failover_timeout = 180s;
  Duration election_timeout = 10s;
  Duration ping = 1s;
  Duration info = 10s;
  Duration hello = 2s;
  Duration tilt_trigger = 2s;  // a step of the clock between two timers that is worth a TILT
  Duration tilt = 30s;
  std::uint32_t parallel_syncs = 1;
  bool operator==(const SentinelOptions&) const = default;
};

class Sentinel final : public Actor {
 public:
  Sentinel(Process& self, const NodeKinds& kinds, const SentinelOptions& options);

  // ---- before the run ----
  /// The nodes of one set, its master first. Sets are numbered from 0 in the order of the calls.
  void watch(Symbol name, std::span<const ProcessId> nodes);
  void meet(std::span<const ProcessId> sentinels);

  /// SENTINEL FAILOVER: without asking anybody.
  void fail_over(std::size_t set);

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;
  void on_connection_lost(ProcessId peer) override;

  // ---- what it believes, for tests ----
  ProcessId master(std::size_t set) const { return sets_[set].told_master(); }
  std::uint64_t config_epoch(std::size_t set) const { return sets_[set].config_epoch; }
  std::uint64_t epoch() const { return current_epoch_; }
  bool tilted() const { return tilt_; }

 private:
  enum class State : std::uint8_t {
    none,
    wait_start,  // for the votes
    select_replica,
    promote,
    wait_promotion,
    reconfigure,
  };

  /// Before all times that a clock shows.
  static constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min() / 2;

  struct Node {
    ProcessId id;
    bool connected = true;
    bool down = false;  // subjectively
    std::int64_t down_since_ms = kNoTime;
    std::int64_t last_ping_ms = kNoTime;
    std::int64_t pending_ping_ms = kNoTime;  // act_ping_time: the oldest unanswered
    std::int64_t last_pong_ms = kNoTime;
    std::int64_t last_valid_ms = 0;  // last_avail_time
    std::int64_t asked_info_ms = kNoTime;
    std::int64_t info_ms = kNoTime;  // info_refresh
    NodeRole role = NodeRole::replica;
    std::int64_t role_since_ms = 0;
    ProcessId follows;
    std::int64_t follows_since_ms = 0;
    bool link_up = false;
    std::int64_t link_down_ms = 0;
    std::int64_t offset = 0;
    std::uint32_t priority = 100;
    bool told_to_follow = false;  // in this failover
    bool follows_promoted = false;
  };
  struct Opinion {  // of another Sentinel, about one master
    bool down = false;
    std::int64_t said_ms = kNoTime;
    std::int64_t asked_ms = kNoTime;
    std::uint64_t leader_epoch = 0;
    ProcessId leader;
  };
  struct Set {
    explicit Set(std::pmr::memory_resource* memory)
        : nodes(memory), opinions(memory), clients(memory) {}

    Symbol name;
    std::pmr::vector<Node> nodes;
    std::size_t master = 0;               // among them
    std::pmr::vector<Opinion> opinions;   // by peer
    std::pmr::vector<ProcessId> clients;  // who want to be told of a switch
    std::uint64_t config_epoch = 0;
    bool objectively_down = false;
    // the vote of this Sentinel
    ProcessId leader;
    std::uint64_t leader_epoch = 0;
    // a failover that it leads, or tries to
    State state = State::none;
    bool forced = false;
    std::uint64_t failover_epoch = 0;
    std::int64_t failover_start_ms = kNoTime;
    std::int64_t state_since_ms = 0;
    std::size_t promoted = 0;
    std::int64_t hello_ms = kNoTime;

    ProcessId master_id() const { return nodes[master].id; }
    /// Once the promoted replica has confirmed, it is told as the master.
    ProcessId told_master() const {
      return state == State::reconfigure ? nodes[promoted].id : master_id();
    }
    Node* find(ProcessId id);
  };

  std::int64_t now() const;
  static std::int64_t ms(Duration duration);
  void arm_timer(Duration after);
  void on_timer();
  bool check_tilt();

  void watch_node(Set& set, Node& node);
  void check_subjectively_down(const Set& set, Node& node);
  void check_objectively_down(Set& set);
  void ask_others(Set& set, bool force);
  void say_hello(Set& set);

  bool may_start_failover(const Set& set) const;
  void start_failover(Set& set);
  void go_to(Set& set, State state);
  void abort_failover(Set& set);
  void run_failover(Set& set);
  void wait_for_votes(Set& set);
  ProcessId elected(Set& set, std::uint64_t epoch);
  ProcessId vote(Set& set, std::uint64_t epoch, ProcessId candidate);
  /// The best replica: by priority, then by offset, then by name; none if there is none fit.
  const Node* select_replica(const Set& set) const;
  void reconfigure(Set& set);
  void switch_master(Set& set, ProcessId master);

  void on_info(Set& set, Node& node, const NodeMessage& info);
  bool looks_sane(const Set& set) const;
  void on_peer(ProcessId from, const SentinelMessage& message);
  void on_hello(Set& set, const SentinelMessage& message);

  void send(ProcessId to, NodeMessage message) const;
  void send(ProcessId to, SentinelMessage message) const;
  void tell_to_follow(ProcessId node, ProcessId master, std::uint64_t epoch) const;
  std::uint32_t number_of(const Set& set) const;

  Process& self_;
  const NodeKinds& kinds_;
  SentinelOptions options_;
  std::pmr::vector<Set> sets_;
  std::pmr::vector<ProcessId> peers_;
  std::uint64_t current_epoch_ = 0;
  std::int64_t previous_time_ms_ = 0;
  bool tilt_ = false;
  std::int64_t tilt_since_ms_ = 0;
};

}  // namespace locklab::redis
