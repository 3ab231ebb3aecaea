// ShiViz draws a space-time diagram from vector clocks [Beschastnikh et al. 2016]. Each process of
// the run is a host. The schedule's faults are a host that only influences others, and the findings
// one that is only influenced, so that neither connects processes that did not talk.
#include <algorithm>
#include <cstdint>
#include <map>
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

/// A host's name has no spaces, and no quotes that its clock would have to escape; two different
/// names stay different.
std::string host_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

using VectorClock = std::map<std::size_t, std::uint64_t>;  // by host

void merge(VectorClock& clock, const VectorClock& other) {
  for (const auto& [host, count] : other) {
    std::uint64_t& mine = clock[host];
    mine = std::max(mine, count);
  }
}

}  // namespace

void write_shiviz(const Recording& recording, const TextOptions&, std::string& out) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const Causality causality(recording);

  std::vector<std::string> hosts;
  for (const std::string& name : unique_process_names(recording)) hosts.push_back(host_name(name));
  const std::size_t faults = hosts.size();
  const std::size_t findings = faults + 1;
  hosts.emplace_back("+faults");  // a plus is in no other name
  hosts.emplace_back("+findings");

  out += "(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)\n\n";
  std::vector<VectorClock> clocks(recording.events.size());
  std::map<std::size_t, std::size_t> last;  // event of a host
  for (std::size_t index = 0; index < recording.events.size(); ++index) {
    const TraceEvent& event = recording.events[index];
    const bool found = std::holds_alternative<ViolationBegan>(event.what) ||
                       std::holds_alternative<ViolationEnded>(event.what);
    const std::size_t host = event.process ? event.process.number - 1 : found ? findings : faults;
    VectorClock& clock = clocks[index];
    if (const auto before = last.find(host); before != last.end())
      merge(clock, clocks[before->second]);
    if (host != faults)
      for (const Causality::Edge& reason : causality.reasons(index))
        if (host == findings || !clocks[reason.from].contains(findings))
          merge(clock, clocks[reason.from]);
    ++clock[host];
    last[host] = index;

    std::string counts;
    for (const auto& [other, count] : clock)
      counts += fmt::format("{}\"{}\":{}", counts.empty() ? "" : ", ", hosts[other], count);
    out += fmt::format("{} {{{}}}\n{} {}\n", hosts[host], counts, shown(event.at),
                       narrator.sentence(event));
  }
}

}  // namespace locklab
