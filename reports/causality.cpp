#include "reports/causality.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>

#include <algorithm>
#include <map>
#include <queue>
#include <utility>
#include <variant>

#include "reports/fields.hpp"

namespace locklab {
namespace {

using Link = Causality::Link;

/// An edge leads from an event to what it follows: every question here looks back in time.
using ReasonGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Link>;

/// What the schedule, or chance, did to the system.
bool strikes(const TracePayload& what) {
  constexpr EventMask kStrikes =
      events_of<MessageLost, MessageHeld, MessageDelayed, MessageDuplicated, ProcessPaused,
                ProcessResumed, ProcessCrashed, ProcessRestarted, ServiceRecovered, ClockChanged,
                LinkCut, LinkHealed, ConnectionBroken, FaultStruck>();
  return (kStrikes >> what.index() & 1) != 0;
}

/// What a fault does to several processes (a partition, clocks that jump) names one as the cause of
/// the next, although no word passed between them.
bool only_suffered(const TracePayload& what) {
  constexpr EventMask kSuffered =
      events_of<ProcessPaused, ProcessResumed, ProcessCrashed, ProcessRestarted, ServiceRecovered,
                ClockChanged, LinkCut, LinkHealed, KeyRemoved>();
  return (kSuffered >> what.index() & 1) != 0;
}

/// What was done in the name of an attempt, where the event is about a lock or its keys.
struct AttemptOf {
  AttemptId operator()(const LockRequested& e) const { return e.attempt; }
  AttemptId operator()(const LockRefused& e) const { return e.attempt; }
  AttemptId operator()(const LockGranted& e) const { return e.attempt; }
  AttemptId operator()(const LockAssumed& e) const { return e.attempt; }
  AttemptId operator()(const LeaseExtended& e) const { return e.attempt; }
  AttemptId operator()(const ExtensionFailed& e) const { return e.attempt; }
  AttemptId operator()(const BeliefEnded& e) const { return e.attempt; }
  AttemptId operator()(const ReleaseBegan& e) const { return e.attempt; }
  AttemptId operator()(const LockReleased& e) const { return e.attempt; }
  AttemptId operator()(const KeyStored& e) const { return e.attempt; }
  AttemptId operator()(const KeyExtended& e) const { return e.attempt; }
  AttemptId operator()(const KeyRemoved& e) const { return e.attempt; }
  AttemptId operator()(const TokenIssued& e) const { return e.attempt; }
  AttemptId operator()(const WriteAccepted& e) const { return e.attempt; }
  AttemptId operator()(const WriteRejected& e) const { return e.attempt; }
  template <class Payload>
  AttemptId operator()(const Payload&) const {
    return {};
  }
};

template <class T>
bool contains(const T& list, const auto& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

struct Causality::Graph {
  explicit Graph(std::size_t events) : reasons(events) {}
  ReasonGraph reasons;
};

Causality::Causality(const Recording& recording)
    : recording_(recording), graph_(std::make_unique<Graph>(recording.events.size())) {
  const std::vector<TraceEvent>& events = recording.events;
  std::map<ProcessId, std::size_t> last;
  for (std::size_t index = 0; index < events.size(); ++index) {
    const TraceEvent& event = events[index];
    const std::size_t cause = cause_of(index);
    if (event.process) {
      const auto [before, first] = last.try_emplace(event.process, index);
      if (!first && before->second != cause)
        boost::add_edge(index, before->second, Link::order, graph_->reasons);
      before->second = index;
    }
    if (cause == events.size()) continue;
    const ProcessId other = events[cause].process;
    const bool crosses = other && event.process && other != event.process;
    boost::add_edge(index, cause, crosses ? Link::message : Link::cause, graph_->reasons);
  }
}

Causality::~Causality() = default;
Causality::Causality(Causality&&) noexcept = default;

/// The number of events: it has none.
std::size_t Causality::cause_of(std::size_t event) const {
  const std::vector<TraceEvent>& events = recording_.events;
  const ProcessId lane = events[event].process;
  for (std::size_t index = event;;) {
    const std::size_t cause = place(events[index].cause);
    if (cause >= index) return events.size();
    const ProcessId other = events[cause].process;
    if (!lane || !other || other == lane || !only_suffered(events[event].what)) return cause;
    index = cause;
  }
}

std::size_t Causality::place(EventSeq seq) const { return index_of(seq, recording_.events); }

std::vector<Causality::Edge> Causality::reasons(std::size_t event) const {
  std::vector<Edge> found;
  const auto [first, last] = boost::out_edges(event, graph_->reasons);
  for (auto edge = first; edge != last; ++edge)
    found.push_back({boost::target(*edge, graph_->reasons), event, graph_->reasons[*edge]});
  return found;
}

std::vector<Causality::Edge> Causality::edges() const {
  std::vector<Edge> all;
  for (std::size_t event = 0; event < recording_.events.size(); ++event)
    for (const Edge& edge : reasons(event)) all.push_back(edge);
  return all;
}

/// By index: is it one of these events, or before one of them? What comes before `not_before` is
/// not looked at.
std::vector<bool> Causality::reached(std::span<const EventSeq> events,
                                     std::size_t not_before) const {
  const std::size_t count = recording_.events.size();
  // Black vertices are done: the search does not enter them.
  std::vector<boost::default_color_type> colors(count, boost::white_color);
  std::fill_n(colors.begin(), std::min(not_before, count), boost::black_color);
  const auto color_map = boost::make_iterator_property_map(
      colors.begin(), boost::get(boost::vertex_index, graph_->reasons));
  boost::queue<std::size_t> waiting;
  for (const EventSeq seq : events) {
    const std::size_t start = place(seq);
    if (start >= count || colors[start] != boost::white_color) continue;
    boost::breadth_first_visit(graph_->reasons, start, waiting, boost::default_bfs_visitor(),
                               color_map);
  }
  std::vector<bool> seen(count, false);
  for (std::size_t index = not_before; index < count; ++index)
    seen[index] = colors[index] == boost::black_color;
  return seen;
}

bool Causality::happens_before(EventSeq first, EventSeq second) const {
  const std::size_t from = place(first);
  const std::size_t to = place(second);
  if (from >= recording_.events.size() || to >= recording_.events.size() || from >= to)
    return false;
  return reached({&second, 1}, from)[from];
}

bool Causality::concurrent(EventSeq a, EventSeq b) const {
  return a != b && !happens_before(a, b) && !happens_before(b, a);
}

std::vector<EventSeq> Causality::past(std::span<const EventSeq> events) const {
  std::vector<EventSeq> found;
  const std::vector<bool> seen = reached(events, 0);
  for (std::size_t index = 0; index < seen.size(); ++index)
    if (seen[index]) found.push_back(recording_.events[index].seq);
  return found;
}

std::vector<EventSeq> Causality::past(EventSeq event) const { return past({&event, 1}); }

std::vector<EventSeq> Causality::chain(EventSeq event) const {
  std::vector<EventSeq> found;
  for (std::size_t index = place(event); index < recording_.events.size();) {
    found.push_back(recording_.events[index].seq);
    index = cause_of(index);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::vector<EventSeq> Causality::slice(const Finding& finding) const {
  const std::vector<TraceEvent>& events = recording_.events;
  const std::vector<EventSeq> proof(finding.events.begin(), finding.events.end());
  const std::vector<bool> before = reached(proof, 0);
  std::vector<bool> chosen(events.size(), false);
  const auto choose = [&](EventSeq seq) {
    for (const EventSeq step : chain(seq)) {
      const std::size_t index = place(step);
      chosen[index] = true;
    }
  };
  for (const EventSeq seq : proof) choose(seq);
  for (std::size_t index = 0; index < events.size(); ++index) {
    const TraceEvent& event = events[index];
    const bool concerned =
        event.at <= finding.from && event.process && contains(finding.processes, event.process);
    if (strikes(event.what) && (before[index] || concerned)) choose(event.seq);
    const AttemptId attempt = std::visit(AttemptOf{}, event.what);
    if (before[index] && attempt && contains(finding.attempts, attempt)) choose(event.seq);
  }
  std::vector<EventSeq> found;
  for (std::size_t index = 0; index < events.size(); ++index)
    if (chosen[index]) found.push_back(events[index].seq);
  return found;
}

}  // namespace locklab
