// What the servers of one replicated log say to each other [Ongaro and Ousterhout, "In Search of an
// Understandable Consensus Algorithm", 2014, figure 2; Ongaro's thesis 6.4 and 9.6]. Model: one
// entry a message, where the real ones send batches; several messages are under way at once, so it
// costs messages and no time. Model: no snapshots; a log is never cut at its beginning, and a
// server that comes back is sent all of it that it lacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "sim/names.hpp"

namespace locklab::raft {

/// What a service writes into the log: one of its own requests, as bytes.
struct Command {
  static constexpr std::size_t kCapacity = 80;
  alignas(8) std::byte bytes[kCapacity]{};

  template <class Request>
  static Command of(const Request& request) {
    static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= kCapacity);
    Command command;
    std::memcpy(command.bytes, &request, sizeof request);
    return command;
  }
  template <class Request>
  Request as() const {
    static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= kCapacity);
    Request request;
    std::memcpy(&request, bytes, sizeof request);
    return request;
  }
};

struct Entry {
  std::uint32_t term = 0;
  std::uint32_t origin =
      0;  // process that a client asked; 0: the entry that a new leader begins with
  std::uint32_t life = 0;    // of that process
  std::uint32_t ticket = 0;  // counts that life's requests
  Command command{};

  bool empty() const { return origin == 0; }
  bool same_request(const Entry& other) const {
    return origin == other.origin && life == other.life && ticket == other.ticket;
  }
};

struct VoteRequest {
  std::uint32_t term = 0;
  std::uint32_t last_index = 0;
  std::uint32_t last_term = 0;
  bool pre = false;  // would you vote for me? [thesis 9.6]
};

struct VoteReply {
  std::uint32_t term = 0;
  bool granted = false;
  bool pre = false;
};

/// AppendEntries. Without an entry it is a heartbeat, or tells of a commit.
struct Append {
  std::uint32_t term = 0;
  std::uint32_t prev_index = 0;
  std::uint32_t prev_term = 0;
  std::uint32_t commit = 0;
  std::uint32_t round = 0;  // of heartbeats, by which a leader confirms that it still is one
  bool has_entry = false;
  Entry entry{};
};

struct AppendReply {
  std::uint32_t term = 0;
  std::uint32_t index = 0;       // matched up to here; of a refusal: no use in trying above it
  std::uint32_t prev_index = 0;  // that was asked about
  std::uint32_t round = 0;
  bool matched = false;
};

/// A follower hands a client's request on to the leader.
struct Forward {
  Entry entry;
};

/// "How far must I be to answer a read that begins now?" [thesis 6.4]
struct ReadIndex {
  std::uint32_t ticket = 0;
  std::uint32_t index = 0;  // of a reply
  bool confirmed = false;   // of a reply
};

static_assert(sizeof(Append) <= 128 && std::is_trivially_copyable_v<Append>);

/// The kinds of message between servers, as symbols of one run.
struct Kinds {
  explicit Kinds(Names& names)
      : vote_request(names.intern("request vote")),
        vote_reply(names.intern("request vote reply")),
        heartbeat(names.intern("heartbeat")),
        append(names.intern("append entries")),
        append_reply(names.intern("append entries reply")),
        forward(names.intern("forward")),
        read_index(names.intern("read index")),
        read_index_reply(names.intern("read index reply")) {}
  Symbol vote_request, vote_reply, heartbeat, append, append_reply, forward, read_index,
      read_index_reply;
};

}  // namespace locklab::raft
