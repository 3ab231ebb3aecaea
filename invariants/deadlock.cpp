// DEADLOCK: clients wait for one another in a circle [spec L; corpus 76, 104; document anti-pattern
// 3]. The wait-for graph leads from a client that waits, with no bound of its own, to each client
// that believes to hold what it waits for. A TTL breaks such a circle by taking the lock from a
// client that still works, so it is one for as long as it lasts. A client that waits for a lock
// that it holds itself is a circle of one.
//
// A circle can only close at a client that holds one lock and waits for another. Runs without
// nested waiting find no such client, and build no graph. (Boost's graph takes its memory from the
// heap; it is gone when the function returns.)
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

struct Edge {
  const LockBook::Wait* wait = nullptr;
  AttemptId holder;
};
using WaitForGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Edge>;
using Vertex = boost::graph_traits<WaitForGraph>::vertex_descriptor;
using EdgeOf = boost::graph_traits<WaitForGraph>::edge_descriptor;

/// Remembers by which edge each client was reached, and the first edge that leads back to the
/// start: breadth comes first, so the circle through it is a shortest one.
class CircleFinder : public boost::default_bfs_visitor {
 public:
  CircleFinder(Vertex start, std::vector<EdgeOf>& reached_by, EdgeOf& last, bool& found)
      : start_(start), reached_by_(&reached_by), last_(&last), found_(&found) {}

  void examine_edge(EdgeOf edge, const WaitForGraph& graph) {
    if (boost::target(edge, graph) != start_ || *found_) return;
    *found_ = true;
    *last_ = edge;
  }
  void tree_edge(EdgeOf edge, const WaitForGraph& graph) {
    (*reached_by_)[boost::target(edge, graph)] = edge;
  }

 private:
  Vertex start_;
  std::vector<EdgeOf>* reached_by_;
  EdgeOf* last_;
  bool* found_;
};

class Deadlock final : public Invariant {
 public:
  explicit Deadlock(std::pmr::memory_resource* memory) : circles_(memory), links_(memory) {}

  EventMask events() const override {
    return events_of<LockWaitBegan, LockWaitEnded, LockGranted, LockAssumed, BeliefEnded,
                     ProcessCrashed>();
  }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    if (!circles_.empty()) close_what_is_broken(event.at, book, findings);
    if (!std::holds_alternative<LockWaitBegan>(event.what) &&
        !std::holds_alternative<LockGranted>(event.what) &&
        !std::holds_alternative<LockAssumed>(event.what))
      return;
    // A new edge ends or begins at this client, and so does a new circle.
    if (waits(event.process, book) && holds(event.process, book)) search(event, book, findings);
  }

  void finish(const RunEnd& end, const LockBook&, Findings& findings) override {
    for (const Circle& circle : circles_)
      findings.measure(circle.finding, Duration{0}, end.at - circle.from);
  }

 private:
  struct Link {  // one edge of an open circle
    std::uint32_t finding = 0;
    EventSeq wait;
    AttemptId holder;
  };
  struct Circle {
    std::uint32_t finding = 0;
    Instant from{};
  };

  static bool waits(ProcessId process, const LockBook& book) {
    return std::ranges::any_of(book.waits(), [&](const LockBook::Wait& wait) {
      return wait.process == process && !wait.bounded && !wait.served;
    });
  }

  static bool holds(ProcessId process, const LockBook& book) {
    for (const LockBook::LockState& lock : book.locks())
      for (const AttemptId holder : lock.believers)
        if (book.attempt(holder).process == process) return true;
    return false;
  }

  void search(const TraceEvent& event, const LockBook& book, Findings& findings) {
    // Whoever only waits or only holds is in no circle.
    std::vector<ProcessId> clients;
    for (const LockBook::Wait& wait : book.waits())
      if (!wait.bounded && !wait.served && holds(wait.process, book) &&
          std::ranges::find(clients, wait.process) == clients.end())
        clients.push_back(wait.process);
    const auto vertex_of = [&](ProcessId process) {
      return static_cast<Vertex>(std::ranges::find(clients, process) - clients.begin());
    };

    WaitForGraph graph(clients.size());
    for (const LockBook::Wait& wait : book.waits()) {
      if (wait.bounded || wait.served || vertex_of(wait.process) == clients.size()) continue;
      for (const AttemptId holder : book.lock(wait.lock).believers) {
        const Vertex to = vertex_of(book.attempt(holder).process);
        if (to != clients.size())
          boost::add_edge(vertex_of(wait.process), to, Edge{&wait, holder}, graph);
      }
    }

    const Vertex start = vertex_of(event.process);
    std::vector<EdgeOf> reached_by(clients.size());
    EdgeOf last;
    bool found = false;
    boost::breadth_first_search(graph, start,
                                boost::visitor(CircleFinder(start, reached_by, last, found)));
    if (!found) return;

    std::vector<Edge> circle{graph[last]};
    for (Vertex at = boost::source(last, graph); at != start;
         at = boost::source(reached_by[at], graph))
      circle.push_back(graph[reached_by[at]]);
    std::ranges::reverse(circle);  // from the client that closed it, along the waits
    if (!is_open(circle)) report(circle, event, book, findings);
  }

  bool is_open(const std::vector<Edge>& circle) const {
    return std::ranges::any_of(circles_, [&](const Circle& open) {
      return std::ranges::all_of(circle, [&](const Edge& edge) {
        return std::ranges::any_of(links_, [&](const Link& link) {
          return link.finding == open.finding && link.wait == edge.wait->event &&
                 link.holder == edge.holder;
        });
      });
    });
  }

  void report(const std::vector<Edge>& circle, const TraceEvent& event, const LockBook& book,
              Findings& findings) {
    Finding finding;
    finding.invariant = "deadlock";
    finding.what = circle.size() == 1 ? "waits_for_itself" : "circle";
    finding.subject = book.lock(circle.front().wait->lock).name;
    finding.from = event.at;
    std::vector<EventSeq> proof;
    for (const Edge& edge : circle) {
      finding.processes.add(edge.wait->process);
      finding.attempts.add(edge.holder);
      proof.push_back(edge.wait->event);
      proof.push_back(book.attempt(edge.holder).believed);
    }
    std::ranges::sort(proof);
    for (const EventSeq seq : proof) finding.events.add_once(seq);
    const std::uint32_t number = findings.open(finding);
    circles_.push_back({number, event.at});
    for (const Edge& edge : circle) links_.push_back({number, edge.wait->event, edge.holder});
  }

  static bool stands(const Link& link, const LockBook& book) {
    return book.attempt(link.holder).believing &&
           std::ranges::any_of(book.waits(), [&](const LockBook::Wait& wait) {
             return wait.event == link.wait && !wait.served;
           });
  }

  void close_what_is_broken(Instant now, const LockBook& book, Findings& findings) {
    std::erase_if(circles_, [&](const Circle& circle) {
      const bool whole = std::ranges::all_of(links_, [&](const Link& link) {
        return link.finding != circle.finding || stands(link, book);
      });
      if (whole) return false;
      std::erase_if(links_, [&](const Link& link) { return link.finding == circle.finding; });
      findings.close(circle.finding, now, Duration{0}, now - circle.from);
      return true;
    });
  }

  std::pmr::vector<Circle> circles_;
  std::pmr::vector<Link> links_;
};

}  // namespace

InvariantPtr make_deadlock(std::pmr::memory_resource* memory, const InvariantSettings&) {
  return make_invariant<Deadlock>(memory, memory);
}

}  // namespace locklab
