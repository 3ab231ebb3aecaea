// A connection pooler between clients and the database, as PgBouncer is one: few server connections
// for many clients [spec E.4; PgBouncer documentation, "pool_mode"].
//
// In transaction mode a client has a server connection for a transaction, or for a statement
// outside of one, and the next client has it after that: what belongs to a session (advisory locks)
// then belongs to nobody in particular [corpus 91]. In session mode it has one until it hangs up.
// An idle connection that was used last is taken first, unless server_round_robin is on.
//
// Model: instead of a server_reset_query the connection is closed when a client in session mode
// hangs up. Left out: statement mode, time-outs of the queue, authentication.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/sql/client.hpp"
#include "sim/services/sql/kinds.hpp"
#include "sim/services/sql/protocol.hpp"
#include "sim/task.hpp"

namespace locklab::sql {

struct PoolerOptions {
  enum class Mode : std::uint8_t { transaction, session };
  Mode mode = Mode::transaction;
  std::int64_t size = 20;  // server connections at most; default_pool_size
  bool round_robin = false;
  bool operator==(const PoolerOptions&) const = default;
};

class Pooler final : public Actor {
 public:
  Pooler(Process& self, const Kinds& kinds, const PoolerOptions& options,
         std::span<const ProcessId> servers, std::uint64_t* sessions);
  ~Pooler() override;

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;
  void on_connection_lost(ProcessId peer) override;

  Arena& arena() const { return self_.arena(); }

 private:
  /// A server connection and the client session that has it.
  struct Slot {
    Connection* connection = nullptr;
    SessionId lent_to{};  // none: idle
    ProcessId client{};
    bool busy = false;  // a statement is under way
    bool in_transaction = false;
    std::uint64_t released = 0;  // the higher, the later
  };
  struct Queued {
    Request request;
    Network::Return to;
  };

  void serve(const Request& request, const Network::Return& to);
  Slot* slot_for(SessionId session);
  Task<> forward(std::size_t slot, Request request, Network::Return to);
  void give_back(Slot& slot);
  void hang_up(SessionId session);
  void serve_queue();

  Process& self_;
  const Kinds& kinds_;
  PoolerOptions options_;
  std::span<const ProcessId> servers_;
  std::uint64_t* sessions_;
  Pool* pool_ = nullptr;  // of this life
  std::pmr::vector<Slot> slots_;
  std::pmr::vector<Queued> queue_;
  std::uint64_t releases_ = 0;
};

}  // namespace locklab::sql
