// What could have influenced what: the happens-before order of a recording [Lamport 1978]. An event
// follows another one of its process that came earlier, and it follows its cause: the delivery of a
// message its sending, an answer the request, a timer's end the call that waited. Whatever these
// steps do not connect is concurrent: neither knew of the other, whichever came first in time.
//
// Events of the world (a fault that strikes, a violation that an invariant found) happen in no
// process, so only causes connect them. A fault that waits for an event follows it, and what it
// strikes follows the fault: nobody told the victim, but the schedule made it so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/recording.hpp"

namespace locklab {

class Causality {
 public:
  enum class Link : std::uint8_t {
    order,    // the next event of the same process
    cause,    // the event that led to it, in the same process (or one of the world)
    message,  // the same, in another process
  };
  /// A step of the order, between indices of events: from < to.
  struct Edge {
    std::size_t from = 0;
    std::size_t to = 0;
    Link link{};
    bool operator==(const Edge&) const = default;
  };

  /// The recording must outlive it. A cause that does not come earlier (in a file that somebody
  /// changed) is no cause.
  explicit Causality(const Recording& recording);
  ~Causality();
  Causality(Causality&&) noexcept;
  Causality(const Causality&) = delete;
  Causality& operator=(const Causality&) = delete;

  /// What an event follows directly: at most the one before it in its process and its cause, and
  /// only once where that is the same event.
  std::vector<Edge> reasons(std::size_t event) const;
  /// All steps, by the event that they lead to.
  std::vector<Edge> edges() const;

  bool happens_before(EventSeq first, EventSeq second) const;
  /// Two events that are not connected; no event is concurrent with itself.
  bool concurrent(EventSeq a, EventSeq b) const;

  /// Everything that happened before any of these, and they themselves, in the order of the trace.
  std::vector<EventSeq> past(std::span<const EventSeq> events) const;
  std::vector<EventSeq> past(EventSeq event) const;

  /// The event, its cause, the cause of that, ..., the first one first.
  std::vector<EventSeq> chain(EventSeq event) const;

  /// What a finding depends on, in the order of the trace: the events that prove it, with the
  /// chains of their causes; of all that happened before them, what the attempts concerned did to
  /// the lock and its keys, and what struck any process or link; and, until the finding began, what
  /// struck the processes concerned. That is the skeleton of an explanation: of everything that
  /// *could* have influenced the finding (past()) it leaves out the traffic that decided nothing.
  std::vector<EventSeq> slice(const Finding& finding) const;

 private:
  struct Graph;
  std::size_t place(EventSeq seq) const;
  std::size_t cause_of(std::size_t event) const;
  std::vector<bool> reached(std::span<const EventSeq> events, std::size_t not_before) const;

  const Recording& recording_;
  std::unique_ptr<Graph> graph_;
};

}  // namespace locklab
