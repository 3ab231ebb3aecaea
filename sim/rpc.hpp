// A request, then a reply, a time-out or a broken connection. The request leaves at a scheduling
// point of its own, so that a pause can fall between the decision to call and the call.
#pragma once

#include <coroutine>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/result.hpp"

namespace locklab {

class CallGroupBase;

/// How a client library treats its calls.
struct CallOptions {
  Duration timeout{};                 // zero: wait for ever
  ClockKind clock = ClockKind::mono;  // that the time-out reads
  bool reconnect_on_timeout = false;  // gives the connection up with the call
};

/// A call without its types. Before it begins it may be moved; then it stays where it is.
class CallBase {
 public:
  CallBase(const CallBase&) = delete;
  CallBase& operator=(const CallBase&) = delete;
  CallBase& operator=(CallBase&&) = delete;
  ~CallBase();

  ProcessId to() const { return to_; }
  bool done() const { return state_ == State::done; }

  // ---- what its process and its group do ----
  void begin();
  void complete(Errc outcome, const Packet* reply);
  void set_group(CallGroupBase& group) { group_ = &group; }
  CallBase* next_done = nullptr;  // in the group's list

 protected:
  CallBase(Process& self, ProcessId to, Symbol kind, Symbol subject, const CallOptions& options,
           const void* request, std::size_t size);
  CallBase(CallBase&& other) noexcept;
  void suspend(std::coroutine_handle<> waiting);

  enum class State : std::uint8_t { fresh, leaving, waiting, done };

  Process* self_;
  ProcessId to_;
  Symbol kind_;
  Symbol subject_;
  CallOptions options_;
  CallId id_;
  State state_ = State::fresh;
  Errc outcome_ = Errc::none;
  std::uint16_t size_;
  EventId event_;  // the departure, then the time-out
  std::coroutine_handle<> waiting_;
  CallGroupBase* group_ = nullptr;
  alignas(16) std::byte body_[Packet::kCapacity];  // the request, then the reply

 private:
  static void depart(void* call, std::uint64_t);
  static void time_out(void* call, std::uint64_t);
};

/// co_await client.operation(...) gives Result<Reply>.
template <class Reply>
class [[nodiscard]] Call : public CallBase {
 public:
  template <class Request>
  Call(Process& self, ProcessId to, Symbol kind, Symbol subject, const CallOptions& options,
       const Request& request)
      : CallBase(self, to, kind, subject, options, &request, sizeof(Request)) {
    static_assert(std::is_trivially_copyable_v<Request> && sizeof(Request) <= Packet::kCapacity);
    static_assert(std::is_trivially_copyable_v<Reply> && sizeof(Reply) <= Packet::kCapacity);
  }
  Call(Call&&) noexcept = default;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { suspend(waiting); }
  Result<Reply> await_resume() const { return result(); }

  /// Of a call that is done.
  Result<Reply> result() const {
    LOCKLAB_ASSERT(done());
    if (outcome_ != Errc::none) return outcome_;
    Reply reply;
    std::memcpy(&reply, body_, sizeof reply);
    return reply;
  }
};

/// Several calls at once, taken in the order in which they end.
class CallGroupBase : Waiter {
 public:
  explicit CallGroupBase(Process& self) { process = &self; }
  CallGroupBase(const CallGroupBase&) = delete;
  CallGroupBase& operator=(const CallGroupBase&) = delete;

  void call_done(CallBase& call);
  bool ready() const { return first_done_ != nullptr || open_ == 0; }
  void suspend(std::coroutine_handle<> waiting) { handle = waiting; }
  CallBase* take_done();
  std::uint32_t open() const { return open_; }

 protected:
  Process& self() { return *process; }
  std::uint32_t open_ = 0;  // begun and not yet done

 private:
  CallBase* first_done_ = nullptr;
  CallBase* last_done_ = nullptr;
};

/// group.start(redis.set(...)) for each server, then `while (auto* call = co_await group.next())`:
/// the calls in the order of their endings, nothing when none is left. Destroying the group forgets
/// calls that still wait; what they sent is on its way all the same.
template <class Reply>
class CallGroup : public CallGroupBase {
 public:
  explicit CallGroup(Process& self) : CallGroupBase(self) {}
  ~CallGroup() {
    while (calls_ != nullptr) {
      Node* node = calls_;
      calls_ = node->next;
      node->~Node();
      self().arena().give_back(node, sizeof(Node));
    }
  }

  Call<Reply>& start(Call<Reply> call) {
    Node* node = new (self().arena().take(sizeof(Node))) Node(std::move(call), calls_);
    calls_ = node;
    node->call.set_group(*this);
    ++open_;
    node->call.begin();
    return node->call;
  }

  struct [[nodiscard]] Next {
    CallGroup& group;
    bool await_ready() const noexcept { return group.ready(); }
    void await_suspend(std::coroutine_handle<> waiting) { group.suspend(waiting); }
    Call<Reply>* await_resume() { return static_cast<Call<Reply>*>(group.take_done()); }
  };
  Next next() { return {*this}; }

 private:
  struct Node {
    Node(Call<Reply>&& moved, Node* rest) : call(std::move(moved)), next(rest) {}
    Call<Reply> call;
    Node* next;
  };
  Node* calls_ = nullptr;
};

}  // namespace locklab
