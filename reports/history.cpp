#include "reports/history.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "reports/fields.hpp"

namespace locklab {
namespace {

using What = Operation::What;
using Outcome = Operation::Outcome;

class Historian {
 public:
  explicit Historian(const Recording& recording) : recording_(recording) {}

  std::vector<Operation> write() {
    for (index_ = 0; index_ < recording_.events.size(); ++index_)
      std::visit([this](const auto& payload) { see(recording_.events[index_], payload); },
                 recording_.events[index_].what);
    std::stable_sort(
        operations_.begin(), operations_.end(),
        [](const Operation& a, const Operation& b) { return a.invoked_by < b.invoked_by; });
    number_processes();
    return std::move(operations_);
  }

 private:
  template <class Payload>
  void see(const TraceEvent&, const Payload&) {}

  // ---- locks ----

  void see(const TraceEvent& event, const LockRequested& what) {
    acquiring_[what.attempt] = begin(event, What::acquire, what.lock, what.attempt);
  }
  void see(const TraceEvent& event, const LockGranted& what) {
    if (Operation* operation = take(acquiring_, what.attempt)) {
      operation->token = what.token;
      end(*operation, event, Outcome::ok);
    }
    believed_.emplace(what.attempt, event.process);
  }
  void see(const TraceEvent& event, const LockRefused& what) {
    if (Operation* operation = take(acquiring_, what.attempt)) {
      operation->error = to_string(what.why);
      end(*operation, event, outcome_unknown(what.why) ? Outcome::info : Outcome::fail);
    }
  }
  /// It goes on without the lock: it acquired nothing, and has nothing to release.
  void see(const TraceEvent& event, const LockAssumed& what) {
    if (Operation* operation = take(acquiring_, what.attempt)) {
      operation->error = to_string(what.why);
      end(*operation, event, Outcome::fail);
    }
  }
  void see(const TraceEvent& event, const ReleaseBegan& what) {
    if (believed_.contains(what.attempt))
      releasing_[what.attempt] = begin(event, What::release, what.lock, what.attempt);
  }
  void see(const TraceEvent& event, const LockReleased& what) {
    const auto found = releasing_.find(what.attempt);
    if (found != releasing_.end() && what.outcome != Errc::none)
      operations_[found->second].error = to_string(what.outcome);
    end_belief(event, what.attempt, what.lock, "");
  }
  void see(const TraceEvent& event, const BeliefEnded& what) {
    end_belief(event, what.attempt, what.lock, to_string(what.why));
  }
  void end_belief(const TraceEvent& event, AttemptId attempt, Symbol lock, std::string_view why) {
    if (believed_.erase(attempt) == 0) return;
    if (Operation* operation = take(releasing_, attempt)) {
      end(*operation, event, Outcome::ok);
      return;
    }
    Operation& operation = operations_[begin(event, What::release, lock, attempt)];
    operation.error = why;
    end(operation, event, Outcome::ok);
  }
  /// Whatever the client had begun, nobody will ever learn how it went.
  void see(const TraceEvent& event, const ProcessCrashed&) {
    const auto of_client = [&](const auto& entry) {
      return operations_[entry.second].client == event.process;
    };
    std::erase_if(acquiring_, of_client);
    std::erase_if(calls_, of_client);
  }

  // ---- storage ----

  void see(const TraceEvent& event, const CallBegan& what) {
    const bool storage = what.to && what.to.number <= recording_.processes.size() &&
                         recording_.processes[what.to.number - 1].role == ProcessRole::storage;
    if (!storage) return;
    const bool reads = recording_.names.text(what.kind) == "read";
    calls_[{event.process, what.call}] =
        begin(event, reads ? What::read : What::write, what.subject, {});
  }
  void see(const TraceEvent& event, const CallEnded& what) {
    Operation* operation = take(calls_, std::pair(event.process, what.call));
    if (operation == nullptr) return;
    if (what.outcome != Errc::none) operation->error = to_string(what.outcome);
    const bool refused = refused_.contains(operation->invoked_by);
    end(*operation, event,
        outcome_unknown(what.outcome)           ? Outcome::info
        : what.outcome != Errc::none || refused ? Outcome::fail
                                                : Outcome::ok);
  }
  void see(const TraceEvent& event, const ReadServed& what) { serve(event, what); }
  void see(const TraceEvent& event, const WriteAccepted& what) { serve(event, what); }
  void see(const TraceEvent& event, const WriteRejected& what) {
    if (Operation* operation = serve(event, what)) {
      operation->error = to_string(what.why);
      refused_[operation->invoked_by] = true;
    }
  }
  template <class Served>
  Operation* serve(const TraceEvent& event, const Served& what) {
    Operation* operation = call_behind(event);
    if (operation == nullptr) return nullptr;
    operation->value = what.value;
    operation->token = what.token;
    operation->attempt = what.attempt;
    operation->subject = what.subject;
    return operation;
  }
  /// The operation whose request led to what a storage did.
  Operation* call_behind(const TraceEvent& event) {
    constexpr int kFarthest = 12;
    const std::vector<TraceEvent>& events = recording_.events;
    std::size_t index = index_of(event.cause, events);
    for (int step = 0; step < kFarthest && index < events.size(); ++step) {
      if (const auto* began = std::get_if<CallBegan>(&events[index].what)) {
        const auto found = calls_.find({events[index].process, began->call});
        return found == calls_.end() ? nullptr : &operations_[found->second];
      }
      index = index_of(events[index].cause, events);
    }
    return nullptr;
  }

  // ---- operations ----

  std::size_t begin(const TraceEvent& event, What what, Symbol subject, AttemptId attempt) {
    Operation operation;
    operation.what = what;
    operation.client = event.process;
    operation.subject = subject;
    operation.attempt = attempt;
    operation.invoked = event.at;
    operation.invoked_by = index_;
    operation.completed_by = recording_.events.size();
    operations_.push_back(operation);
    return operations_.size() - 1;
  }
  void end(Operation& operation, const TraceEvent& event, Outcome outcome) {
    operation.outcome = outcome;
    operation.completed_by = index_;
    if (outcome != Outcome::info) operation.completed = event.at;
  }
  template <class Open, class Key>
  Operation* take(Open& open, const Key& key) {
    const auto found = open.find(key);
    if (found == open.end()) return nullptr;
    Operation& operation = operations_[found->second];
    open.erase(found);
    return &operation;
  }

  void number_processes() {
    const auto count =
        static_cast<std::uint32_t>(std::max<std::size_t>(recording_.processes.size(), 1));
    struct Thread {
      std::size_t free_from = 0;  // index of an event
      bool gone = false;
    };
    std::map<ProcessId, std::vector<Thread>> threads;
    for (Operation& operation : operations_) {
      std::vector<Thread>& of_client = threads[operation.client];
      std::size_t thread = 0;
      while (thread < of_client.size() &&
             (of_client[thread].gone || of_client[thread].free_from > operation.invoked_by))
        ++thread;
      if (thread == of_client.size()) of_client.emplace_back();
      of_client[thread] = {operation.completed_by, operation.outcome == Outcome::info};
      operation.process = (operation.client ? operation.client.number - 1 : 0) +
                          static_cast<std::uint32_t>(thread) * count;
    }
  }

  const Recording& recording_;
  std::vector<Operation> operations_;
  std::size_t index_ = 0;
  // Open ones, as indices of operations.
  std::map<AttemptId, std::size_t> acquiring_;
  std::map<AttemptId, std::size_t> releasing_;
  std::map<std::pair<ProcessId, CallId>, std::size_t> calls_;
  std::map<AttemptId, ProcessId> believed_;
  std::map<std::size_t, bool> refused_;  // by the event that invoked it
};

}  // namespace

std::string_view to_string(What what) {
  switch (what) {
    case What::acquire:
      return "acquire";
    case What::release:
      return "release";
    case What::read:
      return "read";
    case What::write:
      return "write";
  }
  return {};
}

std::vector<Operation> make_history(const Recording& recording) {
  return Historian(recording).write();
}

}  // namespace locklab
