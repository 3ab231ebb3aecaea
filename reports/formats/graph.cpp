// The happens-before graph as DOT and as GraphML: the same nodes and edges, drawn or as data.
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "reports/causality.hpp"
#include "reports/escape.hpp"
#include "reports/fields.hpp"
#include "reports/formats/formats.hpp"
#include "reports/narrator.hpp"
#include "reports/timeline.hpp"

namespace locklab {
namespace {

std::string_view word(Causality::Link link) {
  switch (link) {
    case Causality::Link::order:
      return "order";
    case Causality::Link::cause:
      return "cause";
    case Causality::Link::message:
      return "message";
  }
  return {};
}

/// How a node looks: shape says what it is, so that grey print says it too.
std::string_view style_of(const TracePayload& what) {
  constexpr EventMask kWrong = events_of<ViolationBegan, ViolationEnded>();
  constexpr EventMask kFaults =
      events_of<MessageLost, MessageHeld, MessageDelayed, MessageDuplicated, ProcessPaused,
                ProcessResumed, ProcessCrashed, ProcessRestarted, ClockChanged, LinkCut, LinkHealed,
                ConnectionBroken, FaultStruck>();
  constexpr EventMask kLocks =
      events_of<LockGranted, LockRefused, LockAssumed, LeaseExtended, ExtensionFailed, BeliefEnded,
                ReleaseBegan, LockReleased, LockRequested>();
  const EventMask bit = EventMask{1} << what.index();
  if ((kWrong & bit) != 0) return ", shape=octagon, color=\"#b00020\", penwidth=2";
  if ((kFaults & bit) != 0) return ", shape=hexagon, color=\"#b00020\"";
  if ((kLocks & bit) != 0) return ", penwidth=2";
  return "";
}

std::string_view style_of(Causality::Link link) {
  switch (link) {
    case Causality::Link::order:
      return " [color=\"#999999\", arrowhead=none, weight=8]";
    case Causality::Link::cause:
      return " [style=dashed]";
    case Causality::Link::message:
      return " [color=\"#0b57d0\", constraint=true]";
  }
  return "";
}

}  // namespace

void write_dot(const Recording& recording, const TextOptions&, std::string& out) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const Causality causality(recording);
  out += fmt::format(
      "// locklab: what happened before what. Solid grey: the next event of a process; blue: a\n"
      "// message; dashed: another cause. dot -Tsvg FILE > run.svg\n"
      "digraph happens_before {{\n"
      "  label={};\n  labelloc=t;\n"
      "  node [shape=box, fontname=\"sans-serif\", fontsize=10];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9];\n",
      dot_string(recording.title.empty() ? recording.scenario
                                         : recording.scenario + ": " + recording.title));
  const auto nodes_of = [&](ProcessId process, std::string_view indent) {
    for (const TraceEvent& event : recording.events) {
      if (event.process != process) continue;
      out +=
          fmt::format("{}e{} [label={}{}];\n", indent, event.seq.number,
                      dot_string(fmt::format("{}  {}", shown(event.at), narrator.sentence(event))),
                      style_of(event.what));
    }
  };
  for (std::uint32_t number = 1; number <= recording.processes.size(); ++number) {
    out += fmt::format("  subgraph cluster_{} {{\n    label={};\n    color=\"#cccccc\";\n", number,
                       dot_string(recording.processes[number - 1].name));
    nodes_of(ProcessId{number}, "    ");
    out += "  }\n";
  }
  nodes_of(ProcessId{}, "  ");
  for (const Causality::Edge& edge : causality.edges())
    out += fmt::format("  e{} -> e{}{};\n", recording.events[edge.from].seq.number,
                       recording.events[edge.to].seq.number, style_of(edge.link));
  out += "}\n";
}

void write_graphml(const Recording& recording, const TextOptions&, std::string& out) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const Causality causality(recording);
  out +=
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n";
  for (const std::string_view key :
       {"scenario\" for=\"graph\" attr.type=\"string", "seed\" for=\"graph\" attr.type=\"string",
        "seq\" for=\"node\" attr.type=\"long", "at_ns\" for=\"node\" attr.type=\"long",
        "process\" for=\"node\" attr.type=\"string", "event\" for=\"node\" attr.type=\"string",
        "label\" for=\"node\" attr.type=\"string", "link\" for=\"edge\" attr.type=\"string"}) {
    const std::string_view name = key.substr(0, key.find('"'));
    out += fmt::format("  <key id=\"{}\" attr.name=\"{}\"{}\"/>\n", name, name,
                       key.substr(name.size() + 1));
  }
  const auto data = [&out](std::string_view key, std::string_view text) {
    out += fmt::format("<data key=\"{}\">{}</data>", key, xml_text(text));
  };
  out += "  <graph id=\"happens_before\" edgedefault=\"directed\">\n    ";
  data("scenario", recording.scenario);
  data("seed", fmt::format("{}", recording.seed));  // may exceed every signed type
  out += '\n';
  for (const TraceEvent& event : recording.events) {
    out += fmt::format("    <node id=\"e{}\">", event.seq.number);
    data("seq", fmt::format("{}", event.seq.number));
    data("at_ns", fmt::format("{}", event.at.time_since_epoch().count()));
    data("process", process_text(event.process, recording));
    data("event", payload_name(event.what));
    data("label", narrator.sentence(event));
    out += "</node>\n";
  }
  for (const Causality::Edge& edge : causality.edges()) {
    out +=
        fmt::format("    <edge source=\"e{}\" target=\"e{}\">",
                    recording.events[edge.from].seq.number, recording.events[edge.to].seq.number);
    data("link", word(edge.link));
    out += "</edge>\n";
  }
  out += "  </graph>\n</graphml>\n";
}

}  // namespace locklab
