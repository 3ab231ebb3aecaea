// Messages between processes: latency, loss, duplication, first-in first-out connections that break
// and come back, partitions that drop or hold, and rules that single out "the n-th SET from
// client-a to redis-3".
//
// A connection stands for one TCP connection per pair of processes. Within it messages keep their
// order; a new connection gives no order against the old one, whose bytes may still arrive.
// Model: loss and cuts act when a message is sent; what is already under way arrives.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <type_traits>
#include <vector>

#include "sim/ids.hpp"
#include "sim/latency.hpp"
#include "sim/names.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"
#include "sim/trace.hpp"

namespace locklab {

class World;
struct NetworkLink;

/// A message on its way. The payload is a trivially copyable request or reply of some service.
struct Packet {
  static constexpr std::size_t kCapacity = 128;

  MessageId id;
  ProcessId from;
  ProcessId to;
  Symbol kind;
  Symbol subject;
  CallId call;  // the call it asks or answers; none: one-way
  bool is_reply = false;
  std::uint16_t size = 0;        // of the payload
  std::uint32_t connection = 0;  // which of the pair's successive connections carries it
  EventSeq sent;                 // its MessageSent event
  NetworkLink* way = nullptr;
  Duration travel{};       // drawn when it was sent, needed or not
  Packet* next = nullptr;  // in the pool, or among the held
  alignas(16) std::byte payload[kCapacity];

  template <class T>
  const T& as() const {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kCapacity);
    return *reinterpret_cast<const T*>(payload);
  }
};

/// What a link does to the messages in one direction.
struct LinkQuality {
  Latency latency;
  std::int64_t loss_ppm = 0;
  std::int64_t duplicate_ppm = 0;
};

/// One direction between two processes. What each message needs is one cache line; the rest, which
/// only partitions and broken connections need, stands aside.
struct alignas(64) NetworkLink {
  struct Aside {
    LinkQuality quality;  // if it is not the network's standard
    Packet* held_first = nullptr;
    Packet* held_last = nullptr;
    std::uint64_t asides = 0;  // refusals and closings, which only faults send
  };

  /// Each message has one draw of each purpose, by its number, so that a fault that strikes one
  /// message, or changes the link for a while, leaves the draws of all others as they are.
  Rng stream;
  Instant last_arrival{};  // of the current connection, in this direction
  const LinkQuality* quality = nullptr;
  NetworkLink* back = nullptr;  // the other direction
  Aside* aside = nullptr;
  std::uint32_t sent = 0;         // messages so far
  std::uint32_t connection = 1;   // the current one
  std::uint32_t dead_before = 0;  // connections below this number lost what was under way
  std::uint16_t cuts = 0;
  std::uint16_t holding_cuts = 0;
};
static_assert(sizeof(NetworkLink) == 64);

/// Strikes the n-th message that matches. Empty fields match anything.
struct MessageRule {
  enum class Action : std::uint8_t { drop, delay, duplicate };

  ProcessId from;
  ProcessId to;
  Symbol kind;
  std::uint32_t nth = 1;    // counted from the moment the rule is set
  std::uint32_t times = 1;  // how many from the nth on; 0: all
  Action action = Action::drop;
  Duration delay{};  // delay: added to its latency; duplicate: of the copy
  std::uint32_t seen = 0;
  bool struck = false;                                          // the message at hand
  void (*on_strike)(void* context, std::uint64_t a) = nullptr;  // told before the rule acts
  void* context = nullptr;
  std::uint64_t a = 0;
};

class Network {
 public:
  explicit Network(World& world);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // ---- how it is built ----
  void set_default(const LinkQuality& quality) { default_ = quality; }
  void set_link(ProcessId from, ProcessId to, const LinkQuality& quality);
  LinkQuality link_quality(ProcessId from, ProcessId to);

  // ---- what processes do ----
  /// Sends `payload`; returns the message's id. `call` lets a reply find its way back.
  template <class T>
  MessageId send(ProcessId from, ProcessId to, Symbol kind, Symbol subject, CallId call,
                 const T& payload) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= Packet::kCapacity);
    return send_bytes(from, to, kind, subject, call, &payload, sizeof(T));
  }
  /// Answers a request on the connection that it came by; lost if that connection is no more.
  template <class T>
  MessageId reply(const Packet& request, Symbol kind, const T& payload) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= Packet::kCapacity);
    return reply_bytes(Return(request), kind, &payload, sizeof(T));
  }

  /// Where an answer goes, kept by servers that do not answer at once.
  struct Return {
    explicit Return(const Packet& request)
        : server(request.to),
          client(request.from),
          subject(request.subject),
          call(request.call),
          connection(request.connection),
          asked_on(request.way) {}
    ProcessId server;
    ProcessId client;
    Symbol subject;
    CallId call;
    std::uint32_t connection;
    NetworkLink* asked_on;
  };
  template <class T>
  MessageId reply(const Return& to, Symbol kind, const T& payload) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= Packet::kCapacity);
    return reply_bytes(to, kind, &payload, sizeof(T));
  }
  MessageId send_bytes(ProcessId from, ProcessId to, Symbol kind, Symbol subject, CallId call,
                       const void* payload, std::size_t size);
  MessageId reply_bytes(const Return& to, Symbol kind, const void* payload, std::size_t size);

  /// Nobody listens on the receiver's port: the sender's call ends with `connection_refused`.
  void refuse(const Packet& packet);

  /// The client opens a new connection: answers to the old one's requests are lost, its requests
  /// may still arrive, in no order with the new one's.
  void reconnect(ProcessId a, ProcessId b);

  // ---- what faults do ----
  /// One direction; cuts add up, and so must heals.
  void cut(ProcessId from, ProcessId to, bool hold);
  void heal(ProcessId from, ProcessId to, bool hold);
  /// Both ends learn of it at once; what was under way is lost. Ends calls with `connection_lost`.
  void reset_connection(ProcessId a, ProcessId b);
  void add_rule(const MessageRule& rule) { rules_.push_back(rule); }
  /// From now on no rule strikes; what one has done stays.
  void drop_rules() { rules_.clear(); }
  /// From now on the link from → to loses and doubles this much (its draws shift no other stream).
  void set_loss(ProcessId from, ProcessId to, std::int64_t loss_ppm, std::int64_t duplicate_ppm);
  void set_latency(ProcessId from, ProcessId to, const Latency& latency);

  // ---- what the world does ----
  void deliver(Packet& packet);
  /// The receiver is dead, or was reborn since: its machine refuses, or says nothing if it is off.
  void undeliverable(Packet& packet);
  /// A process died: the other ends of its connections hear of it, unless its machine lost power.
  void process_gone(ProcessId process, bool power_loss);

  /// Would the machine of `to` answer a probe of a connection that `from` has with it? It does so
  /// whatever its processes do, if it has power and neither direction is cut.
  bool answers(ProcessId from, ProcessId to) const;

  std::uint64_t messages() const { return next_message_; }

 private:
  using Link = NetworkLink;

  Link& link(ProcessId from, ProcessId to);
  Link& make_link(ProcessId from, ProcessId to);
  Link::Aside& aside(Link& link);
  LinkQuality& own_quality(Link& link);
  Packet& take_packet();
  void give_back(Packet& packet);
  void transmit(Link& link, Packet& packet);
  void depart(Packet& packet, Instant arrival);
  void depart_in_order(Link& link, Packet& packet, Duration extra);
  void lose(Packet& packet, LossReason why);
  /// Counts the packet if the rule matches it; is it one of those to strike?
  static bool strikes(MessageRule& rule, const Packet& packet);
  void duplicate(Packet& packet, Duration travel);
  /// Tells a process that its connection with `lost` is gone.
  void announce_loss(ProcessId to, ProcessId lost, Duration after);
  bool has_link(ProcessId from, ProcessId to) const { return find_link(from, to) != nullptr; }
  Link* find_link(ProcessId from, ProcessId to) const;

  World& world_;
  LinkQuality default_;
  std::uint64_t next_message_ = 0;
  /// Where a process's links are: open addressing by the other end's number. The links themselves
  /// lie together, both directions of a pair in one place and the pairs that one process asked for
  /// first side by side, so that a thousand clients do not touch a page for every message.
  struct Row {
    struct Place {
      std::uint32_t to = 0;  // 0: free
      Link* link = nullptr;
    };
    Place* places = nullptr;
    std::uint32_t capacity = 0;  // a power of two
    std::uint32_t count = 0;
    Link* block = nullptr;  // pairs not yet used
    std::uint32_t pairs_left = 0;
  };
  void insert(Row& row, std::uint32_t to, Link* link);

  std::pmr::vector<Row> rows_;  // by process
  std::pmr::vector<MessageRule> rules_;
  Packet* free_ = nullptr;
};

}  // namespace locklab
