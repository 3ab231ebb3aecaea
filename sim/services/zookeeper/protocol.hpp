// What ZooKeeper clients and servers say to one another, and servers among themselves [spec D.1;
// ZooKeeper Internals]. All of it in flat structs, so that a message is one copy.
//
// A connection carries bytes in order and loses none, or breaks. Here single messages may be lost
// (a fault), so each message of a connection has a number: who sees a gap breaks the connection, as
// TCP would after its retransmissions; who sees a number again ignores it.
//
// Model: a transaction is the request itself, which every server executes alike, where the leader
// of the real ensemble turns it into its effect before it proposes it. What can be seen is the
// same: a request is judged at its place in the order.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "sim/ids.hpp"
#include "sim/names.hpp"
#include "sim/network.hpp"
#include "sim/time.hpp"

namespace locklab::zookeeper {

/// A transaction's number: the leader's epoch in the upper half, a counter in the lower.
using Zxid = std::uint64_t;
constexpr std::uint32_t epoch_of(Zxid zxid) { return static_cast<std::uint32_t>(zxid >> 32); }
constexpr Zxid first_of(std::uint32_t epoch) { return Zxid{epoch} << 32; }
using SessionId = std::uint64_t;

/// ZooKeeper counts in whole milliseconds.
constexpr std::int64_t in_ms(Duration duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

// ---- clients ------------------------------------------------------------------------------------

enum class Op : std::uint8_t {
  connect,  // without a session: opens one
  create,
  remove,
  exists,
  get_data,
  get_children,
  set_watch,  // after a reconnect: watch on, and tell me if I missed it
  sync,
  close_session,
};

/// The name that a trace shows.
constexpr std::string_view to_string(Op op) {
  switch (op) {
    case Op::connect:
      return "connect";
    case Op::create:
      return "create";
    case Op::remove:
      return "delete";
    case Op::exists:
      return "exists";
    case Op::get_data:
      return "getData";
    case Op::get_children:
      return "getChildren";
    case Op::set_watch:
      return "setWatches";
    case Op::sync:
      return "sync";
    case Op::close_session:
      return "closeSession";
  }
  return {};
}

/// Goes through the leader, and to the end of the session's queue.
constexpr bool is_write(Op op) {
  return op == Op::connect || op == Op::create || op == Op::remove || op == Op::close_session;
}

enum class NodeKind : std::uint8_t { persistent, ephemeral, container };
/// Model: nobody watches a node's children, as the recipes here do not, nor its data, which does
/// not change.
enum class WatchKind : std::uint8_t { none, data, existence };

enum class Code : std::uint8_t {
  ok,
  no_node,
  node_exists,
  not_empty,
  no_children_for_ephemerals,
  session_expired,
  session_moved,
};

struct Request {
  Op op = Op::get_data;
  NodeKind kind = NodeKind::persistent;  // create
  WatchKind watch = WatchKind::none;     // reads and set_watch
  bool sequential = false;               // create: a number is appended to `path`
  std::uint32_t connection = 0;          // the client's count of its connections
  std::uint32_t sequence = 0;            // of the message on that connection
  std::uint32_t timeout_ms = 0;          // connect: as requested; then as negotiated
  SessionId session = 0;
  Zxid seen = 0;  // connect, set_watch: the last zxid that the client has seen
  Symbol path{};
  Symbol parent{};                  // create: of the new node
  std::uint64_t guid{};             // create: a protected node's name holds it; zero: not protected
  Symbol data{};                    // create
  AttemptId attempt{};              // on whose behalf; for the trace, no rule looks at it
  bool if_empty_container = false;  // remove: the leader's own, of a container that stands empty
  bool by_operator = false;         // remove: by somebody who takes part in no recipe [corpus 83]
};

/// What a getChildren answer says of one child.
struct Child {
  Symbol path{};
  std::int32_t number = 0;  // the suffix of a sequential node
  std::uint64_t guid = 0;
};

struct Stat {
  Zxid czxid = 0;       // the transaction that created the node
  SessionId owner = 0;  // of an ephemeral node
  std::int32_t number = 0;
};

/// The number at the end of a sequential node's name, "%010d": ten digits, or a sign and at least
/// nine.
struct SuffixText {
  explicit constexpr SuffixText(std::int32_t number) {
    std::int64_t left = number < 0 ? -std::int64_t{number} : std::int64_t{number};
    const std::size_t digits = number < 0 ? 9 : 10;
    while (left > 0 || letters.size() - first < digits) {
      letters[--first] = static_cast<char>('0' + left % 10);
      left /= 10;
    }
    if (number < 0) letters[--first] = '-';
  }
  constexpr std::string_view text() const {
    return {letters.data() + first, letters.size() - first};
  }
  std::array<char, 12> letters{};
  std::size_t first = letters.size();
};

/// Longer answers come in parts: ChildrenPart messages, then the reply.
inline constexpr std::size_t kChildrenInReply = 3;
inline constexpr std::size_t kChildrenInPart = 6;

struct Reply {
  Code code = Code::ok;
  std::uint8_t count = 0;  // of `children`
  std::uint32_t sequence = 0;
  std::uint32_t timeout_ms = 0;  // connect: negotiated
  Symbol path{};                 // create: the node's full name
  SessionId session = 0;         // connect; zero: the session has expired
  Zxid zxid = 0;                 // the server's last when it answered
  Stat stat{};
  std::array<Child, kChildrenInReply> children{};
};

struct ChildrenPart {
  std::uint32_t connection = 0;
  std::uint32_t sequence = 0;
  std::uint32_t count = 0;
  std::array<Child, kChildrenInPart> children{};
};

/// A ping, its answer, a watch's event or the end of a connection.
struct Notice {
  std::uint32_t connection = 0;
  std::uint32_t sequence = 0;  // client's ping: of the last request before it
  Zxid zxid = 0;
  Symbol path{};
};

// ---- servers ------------------------------------------------------------------------------------

struct Transaction {
  Zxid zxid = 0;
  Request request{};
  ProcessId client{};
  std::uint32_t origin = 0;  // the server that took the request, from 1; zero: the leader's own
  Code refused = Code::ok;   // the leader refused it; it takes its place in the order all the same
};

/// The servers' words.
enum class PeerWord : std::uint8_t {
  vote,           // election: whom I would have lead, and what I am
  follower_info,  // discovery: I follow you; the epoch that I have accepted
  leader_info,    // the new epoch
  ack_epoch,      // accepted; my current epoch and my last zxid
  trunc,          // synchronisation: drop all after this zxid
  diff,           // and append this transaction
  new_leader,     // that is all; tell me when it is on your disk
  ack_new_leader,
  up_to_date,  // serve clients
  proposal,    // broadcast
  ack,
  commit,
  ping,
  ping_reply,  // with the sessions heard from
  request,     // a client's, forwarded
  revalidate,  // is this session alive? It is mine now
  revalidated,
  sync,
  synced,
  reset,  // this connection is no more
};
inline constexpr std::size_t kPeerWords = static_cast<std::size_t>(PeerWord::reset) + 1;

constexpr std::string_view to_string(PeerWord word) {
  constexpr std::array<std::string_view, kPeerWords> kNames{
      "VOTE",       "FOLLOWERINFO",     "LEADERINFO",    "ACKEPOCH",   "TRUNC",
      "DIFF",       "NEWLEADER",        "ACK NEWLEADER", "UPTODATE",   "PROPOSAL",
      "ACK",        "COMMIT",           "PING",          "PING reply", "REQUEST",
      "REVALIDATE", "REVALIDATE reply", "SYNC",          "SYNC reply", "RESET"};
  return kNames[static_cast<std::size_t>(word)];
}

enum class Standing : std::uint8_t { looking, following, leading };

struct Vote {
  std::uint32_t leader = 0;  // a server's number
  std::uint32_t epoch = 0;   // its current epoch
  Zxid zxid = 0;             // its last
  bool operator==(const Vote&) const = default;
  /// Fast leader election's order: epoch, then zxid, then the server's number.
  bool beats(const Vote& other) const {
    if (epoch != other.epoch) return epoch > other.epoch;
    if (zxid != other.zxid) return zxid > other.zxid;
    return leader > other.leader;
  }
};

inline constexpr std::size_t kTouchedInReply = 11;

struct PeerMessage {
  PeerWord word{};
  Standing standing{};           // vote
  bool yes = false;              // revalidated
  std::uint8_t count = 0;        // of `touched`
  std::uint32_t from = 0;        // a server's number
  std::uint32_t channel = 0;     // the follower's count of its connections to leaders
  std::uint32_t sequence = 0;    // of the message on that connection
  std::uint32_t epoch = 0;       // vote: the round of the election
  std::uint32_t connection = 0;  // revalidate, sync: the client's
  ProcessId client{};
  PeerMessage() : transaction{} {}
  union {
    Transaction transaction;
    std::array<SessionId, kTouchedInReply> touched;
    Vote vote;
    Zxid zxid;
    SessionId session;
  };
};

static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= 72);
static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= Packet::kCapacity);
static_assert(std::is_trivially_copyable_v<ChildrenPart> &&
              sizeof(ChildrenPart) <= Packet::kCapacity);
static_assert(std::is_trivially_copyable_v<PeerMessage> &&
              sizeof(PeerMessage) <= Packet::kCapacity);

}  // namespace locklab::zookeeper
