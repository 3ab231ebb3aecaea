// A database server as a process: backends for its clients' connections, the disk that a commit
// waits for, deadlock_timeout and lock_timeout, the keep-alive that finds a client which vanished
// without a word, and a standby that follows by its log and can be promoted [spec E].
//
// What is committed survives a crash and a power loss, unless synchronous_commit is off: then what
// was committed in the last wal_writer_delay may be gone. A standby learns of a commit after it; a
// promotion loses what it had not learned yet [corpus 88]. With synchronous replication a commit
// waits for the standby's word.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/sql/database.hpp"
#include "sim/services/sql/kinds.hpp"
#include "sim/services/sql/protocol.hpp"

namespace locklab::sql {

struct ServerOptions {
  DatabaseOptions database;
  /// How long a commit that changed something waits for the disk.
  Duration fsync{};
  bool synchronous_commit = true;
  Duration wal_writer_delay = 200ms;  // without it: when the disk has a commit
  Duration deadlock_timeout = 1s;
  // TCP keep-alive of a connection whose backend holds something; Linux's own numbers.
  Duration keepalive_idle = 2h;
  Duration keepalive_interval = 75s;
  std::int64_t keepalive_count = 9;
  // With a standby.
  bool synchronous_replication = false;
  Duration replication_delay{};
  /// From the primary's death to the promotion; none: nobody promotes.
  std::optional<Duration> failover_delay{};
  std::optional<Duration> promote_at{};  // true time; the old primary is shut out
  bool operator==(const ServerOptions&) const = default;
};

class Server final : public Actor {
 public:
  enum class Part : std::uint8_t { primary, standby };

  Server(Process& self, const Kinds& kinds, const ServerOptions& options, Part part, Symbol store);

  /// A primary's standby; `this` outlives neither.
  void follow(Server& primary);
  /// A row that is there before the run.
  void initialize(Table table, Symbol name, const Row& row);

  void on_message(const Packet& packet) override;
  void on_crash(bool power_loss) override;
  void on_start() override;
  void on_connection_lost(ProcessId peer) override;
  void on_disk_stall(bool stalled) override;

  const Database& database() const { return database_; }
  bool serves() const { return serving_; }

 private:
  /// What a message of the log carries: one row of a commit, the last of them with its mark.
  struct LogRecord {
    std::uint64_t number = 0;  // of the commit
    bool last = false;
    RowImage image{};
  };
  static_assert(sizeof(LogRecord) <= Packet::kCapacity);
  struct LogReply {
    std::uint64_t number = 0;
  };
  struct Outgoing {
    Instant due{};
    LogRecord record{};
  };
  /// A client's connection, as the server's network stack sees it.
  struct Backend {
    SessionId session;
    ProcessId client;
    std::uint32_t client_life = 0;
    std::optional<Network::Return> to{};  // who waits for the answer
    MonoInstant heard{};
    EventId probe{};
    std::int64_t unanswered = 0;
  };
  struct Commit {
    SessionId session;
    std::uint64_t number = 0;
    bool due = false;  // as far as the disk's usual time goes
    bool on_disk = false;
    bool on_standby = false;
  };

  std::int64_t now_us() const;
  Backend* find(SessionId session);
  void handle(const Request& request, const Packet& packet);
  /// Carries out what came of a call to the database: events, answers, commits, timers.
  void settle();
  void say(const Change& change);
  void answer(const Output::Answer& answer);
  void begin_commit(SessionId session);
  void on_disk(Commit& commit);
  void finish_commits();
  void send_log();
  void on_log(const LogRecord& record);
  void watch_connections();
  void probe(SessionId session);
  void close(SessionId session, SessionEnd why);
  void promote();
  void shut_out();
  void say_difference(const Database& before, const Database& after);
  void write_log_later();
  EventId arm(Duration after, std::uint64_t which, Event::Act act);

  Process& self_;
  const Kinds& kinds_;
  ServerOptions options_;
  Symbol store_;  // none: alone
  Server* primary_ = nullptr;
  Server* standby_ = nullptr;
  Database database_;
  Database on_disk_;       // without synchronous_commit: what a crash leaves
  Database before_crash_;  // for the trace: what clients believe to be there
  Output output_;
  std::pmr::vector<Backend> backends_;
  std::pmr::vector<Commit> commits_;
  std::pmr::vector<RowImage> images_;    // kept for its memory
  std::pmr::vector<Outgoing> outgoing_;  // to the standby
  std::pmr::vector<RowImage> incoming_;  // of a commit whose end has not come
  std::uint64_t commit_numbers_ = 0;
  bool serving_;
  bool stalled_ = false;
  bool first_start_ = true;
  bool flush_armed_ = false;
};

}  // namespace locklab::sql
