// The client library: one session with the ensemble over one connection at a time [spec D.1
// "Client library"; ZooKeeper ClientCnxn]. It pings when the line is idle, declares the connection
// lost after two thirds of the session's time without a byte, tries the next server after a random
// wait of up to a second, and puts its watches back with the last zxid that it has seen. It does
// not end a session on its own (option: at 4T/3, as the 3.10 branch does): it learns that from a
// server.
//
//   const auto made = co_await zk.request(...);          // Result<Reply>
//   Watcher watcher(zk);
//   const auto seen = co_await zk.exists(path, &watcher);
//   co_await watcher.wait();                             // an event, or a change of the connection
//
// Requests that are made while there is no connection wait for the next one, and fail with it:
// connection_lost leaves open whether they were carried out.
//
// Model: when a session has expired the application opens another at once, on the same object.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "sim/process.hpp"
#include "sim/rpc.hpp"
#include "sim/service_client.hpp"
#include "sim/services/zookeeper/kinds.hpp"
#include "sim/services/zookeeper/protocol.hpp"
#include "sim/task.hpp"

namespace locklab::zookeeper {

struct ClientOptions {
  Duration session_timeout = 60s;  // as requested
  std::uint32_t first_server = 0;  // index of the server that is tried first; then the next ones
  bool expires_sessions = false;   // gives a session up by itself after 4T/3 without a server
};

class Client;

/// Who wants to know what becomes of the connection. Lives as long as the client's process.
class Listener {
 public:
  enum class Event : std::uint8_t {
    connected,     // for the first time in this session
    disconnected,  // the session may live on
    reconnected,   // it does
    expired,       // it does not
  };
  virtual ~Listener() = default;
  virtual void on_event(Event event) = 0;
};

/// Hears of the watches that were set with it, and of every change of the connection.
class Watcher {
 public:
  explicit Watcher(Client& client);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  /// Until something was heard, or `timeout` has passed (negative: never).
  Signal::Wait wait(Duration timeout = Duration{-1}) { return heard_.wait(timeout); }

 private:
  friend class Client;
  Client& client_;
  Signal heard_;
};

class Client final : public ServiceClient {
 public:
  Client(Process& self, std::span<const ProcessId> servers, const Kinds& kinds,
         const ClientOptions& options);
  ~Client() override = default;

  bool on_message(const Packet& packet) override;
  void on_connection_lost(ProcessId server) override;

  /// One request to the ensemble. Errors: connection_lost (outcome unknown). What the servers
  /// answer, good or bad, is the reply's code; session_expired comes as Errc::lost. Whoever waits
  /// no longer than `patience` (negative: for ever) gets `cancelled`; what was asked is done all
  /// the same.
  Task<Result<Reply>> request(Request request, Watcher* watcher = nullptr,
                              std::pmr::vector<Child>* children = nullptr,
                              Duration patience = Duration{-1});
  Task<Result<Reply>> exists(Symbol path, Watcher* watcher);
  /// Leaves no watch on a node that is not there.
  Task<Result<Reply>> get_data(Symbol path, Watcher* watcher);
  Task<Result<Reply>> get_children(Symbol path, std::pmr::vector<Child>& children);
  Task<Result<Reply>> remove(Symbol path, AttemptId attempt);

  bool connected() const { return state_ == State::connected; }
  SessionId session() const { return session_; }
  /// As negotiated; as requested before that.
  Duration session_timeout() const { return std::chrono::milliseconds(timeout_ms_); }
  void listen(Listener& listener) { listeners_.push_back(&listener); }
  /// The application gives its session up, as Curator does when it declares it lost: another is
  /// opened.
  void abandon_session();

  Process& self() const { return self_; }
  Arena& arena() const { return self_.arena(); }

 private:
  friend class Watcher;
  enum class State : std::uint8_t { waiting, connecting, connected };

  /// A request and whoever waits for its answer. In the frame of the one who asks.
  struct Exchange {
    Exchange(Client& owner, std::pmr::vector<Child>* parts);
    ~Exchange();
    Client& client;
    std::uint32_t id;
    std::pmr::vector<Child>* children;
    Watcher* watcher = nullptr;
    Symbol path{};
    bool awaits_creation = false;  // exists() on a node that is not there leaves a watch
    Signal answered;
    Result<Reply> outcome = Errc::connection_lost;
  };
  struct Outgoing {
    std::uint32_t id;
    Request request;
  };
  struct WatchSet {
    Symbol path;
    WatchKind kind;
    Watcher* watcher;
  };

  ProcessId server() const { return servers_[server_]; }
  Duration read_timeout() const { return std::chrono::milliseconds(timeout_ms_ * 2 / 3); }
  Duration connect_timeout() const;
  void next_server();
  void connect();
  void lose_connection();
  void lose_connection_soon();
  void hang_up();
  void lose_session();
  void tell(Listener::Event event);
  void opened(const Reply& reply);
  void fail_outgoing();
  void evaluate();
  void arm(Duration after);
  void ping();
  bool in_order(std::uint32_t sequence);
  Task<> exchange(std::uint32_t id, Request request, std::uint32_t connection);
  void depart(std::uint32_t id, Request request);
  void finish(std::uint32_t id, const Result<Reply>& outcome);
  void expire_unless_connected();

  template <void (Client::*act)()>
  EventId after(Duration duration) {
    Event event;
    event.context = this;
    event.act = [](void* client, std::uint64_t) { (static_cast<Client*>(client)->*act)(); };
    return self_.timer(ClockKind::mono, duration, event);
  }

  Process& self_;
  const Kinds& kinds_;
  std::pmr::vector<ProcessId> servers_;
  ClientOptions options_;

  State state_ = State::waiting;
  std::size_t server_ = 0;
  std::uint32_t connection_ = 0;  // counts
  SessionId session_ = 0;
  std::uint32_t timeout_ms_;
  Zxid seen_ = 0;

  std::uint32_t sent_ = 0;          // requests of this connection
  std::uint32_t sent_earlier_ = 0;  // before this instant
  Instant sent_at_{};
  std::uint32_t heard_ = 0;
  MonoInstant last_send_{};
  MonoInstant last_heard_{};
  EventId timer_;
  EventId expiry_timer_;

  std::uint32_t exchanges_made_ = 0;
  std::pmr::vector<Exchange*> exchanges_;
  std::pmr::vector<Outgoing> outgoing_;
  std::pmr::vector<Child> parts_;  // of the getChildren answer that comes next
  std::pmr::vector<WatchSet> watches_;
  std::pmr::vector<Watcher*> watchers_;
  std::pmr::vector<Listener*> listeners_;
};

}  // namespace locklab::zookeeper
