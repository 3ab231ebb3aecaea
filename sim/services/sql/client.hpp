// A client process's connections to the database: `co_await connection.execute(statement)`. A
// connection is a session with a backend of its own; when it is lost, the next statement opens
// another one, which knows nothing of the transaction or the locks of the first.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/ids.hpp"
#include "sim/rpc.hpp"
#include "sim/service_client.hpp"
#include "sim/services/sql/kinds.hpp"
#include "sim/services/sql/protocol.hpp"
#include "sim/task.hpp"
#include "sim/trace.hpp"

namespace locklab::sql {

class Pool;

class Connection {
 public:
  /// Whoever wants to know that the connection broke while nobody was asking anything of it.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void connection_lost(Connection& connection) = 0;
  };

  Connection(Pool& pool, Arena& arena) : pool_(&pool), arena_(&arena), after_commit_(&arena) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Arena& arena() const { return *arena_; }
  void set_options(const CallOptions& options) { options_ = options; }
  /// East of UTC; counts for the sessions that are opened from now on.
  void set_zone_seconds(std::int32_t zone) { zone_seconds_ = zone; }
  void set_autocommit(bool autocommit) { autocommit_ = autocommit; }
  void set_listener(Listener* listener) { listener_ = listener; }

  /// Carries out a statement, on a new session if the last one is lost. Errors: timeout,
  /// connection_lost, connection_refused; each ends the session.
  Task<Result<Reply>> execute(Request request);
  /// The same on this session alone: connection_lost if it is no more.
  Task<Result<Reply>> execute_in(SessionId session, Request request);
  Task<Result<Reply>> commit(SessionId session, AttemptId attempt);
  Task<Result<Reply>> rollback(SessionId session, AttemptId attempt);
  /// Closes the session, and tells the server so.
  void close();
  /// To be said of the business once the present transaction is known to be committed; forgotten if
  /// it is not.
  void say_after_commit(const DomainEvent& event) { after_commit_.push_back(event); }

  /// The session at hand; none: not (or no longer) connected.
  SessionId session() const { return session_; }

 private:
  friend class Pool;
  void lost();

  Pool* pool_;
  Arena* arena_;
  CallOptions options_{};
  std::int32_t zone_seconds_ = 0;
  bool autocommit_ = true;
  Listener* listener_ = nullptr;
  ProcessId server_{};
  SessionId session_{};
  Instant begun_{};      // the session, by true time
  bool opened_ = false;  // the server has heard of the session, as far as it was sent
  std::pmr::vector<DomainEvent> after_commit_;
};

/// Where a lease lives: one session of one connection.
struct SessionHandle {
  Connection* connection = nullptr;
  SessionId session{};
  bool in_transaction = false;  // what is written through it is not committed before the release
  explicit operator bool() const { return connection != nullptr; }
};

/// The connections of one life of a client process. It finds the server that takes statements: the
/// primary, or the standby that was promoted.
class Pool final : public ServiceClient {
 public:
  /// `servers`: those that it may try, in this order; `registers`: rows of the table of data;
  /// `sessions` counts those of the whole run.
  Pool(Process& self, std::span<const ProcessId> servers, std::span<const Symbol> registers,
       const Kinds& kinds, std::uint64_t* sessions);
  ~Pool() override;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A new connection; lives as long as the pool.
  Connection& connect();
  /// The connection for what needs none of its own: each statement commits by itself.
  Connection& any();
  /// Is this register a row of the database?
  bool keeps(Symbol subject) const;

  bool on_message(const Packet& packet) override;
  void on_connection_lost(ProcessId server) override;

 private:
  friend class Connection;
  /// This server does not serve: the next one is tried.
  void leave(ProcessId server);

  Process& self_;
  std::span<const ProcessId> servers_;
  std::span<const Symbol> registers_;
  const Kinds& kinds_;
  std::uint64_t* sessions_;
  std::size_t current_ = 0;
  Connection* any_ = nullptr;
  std::pmr::vector<Connection*> connections_;
};

}  // namespace locklab::sql
