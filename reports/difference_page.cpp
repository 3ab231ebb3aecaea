#include "reports/difference_page.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "reports/markup.hpp"
#include "reports/page_files.hpp"
#include "reports/page_parts.hpp"
#include "reports/page_verdict.hpp"
#include "reports/plain_text.hpp"
#include "reports/svg_timeline.hpp"

namespace locklab {
namespace {

struct Side {
  Side(const Recording& run, std::span<const std::string> words)
      : recording(run), timeline(make_timeline(run)), narrator(run, timeline), messages(words) {}

  /// The event at which it differs from the other run; null: this run ended before.
  const TraceEvent* parting(const Difference& difference) const {
    return difference.diverges && difference.common < recording.events.size()
               ? &recording.events[difference.common]
               : nullptr;
  }

  const Recording& recording;
  Timeline timeline;
  Narrator narrator;
  std::span<const std::string> messages;
};

std::string name_of(const Side& side) {
  return fmt::format("{}, seed {}", safe_text(side.recording.scenario), side.recording.seed);
}

void add_side(const std::string& key, const Side& side, const TimeAxis& axis,
              std::optional<Instant> parting, PageParts& parts) {
  const PageVerdict verdict =
      page_verdict(side.recording, side.timeline, side.narrator, side.messages, {});
  parts[key + "-name"] = markup_text(name_of(side));
  parts[key + "-verdict"] =
      fmt::format("<div class=\"verdict\" data-kind=\"{}\"><strong>{}</strong><p>{}</p></div>",
                  verdict.kind, verdict.sign, verdict.text);
  parts[key + "-picture"] =
      svg_picture({side.recording, side.timeline, side.narrator, axis, parting}, nullptr);
}

/// "at 10001.5ms storage rejects ...": the first event that only one of them has.
std::string parting_words(const Difference& difference, const Side& side) {
  const TraceEvent* event = side.parting(difference);
  return event == nullptr ? std::string("had ended")
                          : fmt::format("{}: {}", shown(event->at), side.narrator.sentence(*event));
}

std::string parting(const Difference& difference, const Side& first, const Side& second) {
  if (!difference.diverges) return "<p>The two runs are the same, event for event.</p>";
  return fmt::format(
      "<p>The first {} events are the same. Then</p><ul><li>in the first, {}</li><li>in the "
      "second, "
      "{}</li></ul>",
      difference.common, markup_text(parting_words(difference, first)),
      markup_text(parting_words(difference, second)));
}

std::string rows(const Difference& difference) {
  std::string out;
  for (const DifferenceRow& row : difference.rows)
    if (row.differs())
      out += fmt::format(
          "<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
          "class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
          markup_text(row.process), plain_words(row.kind), row.same, row.moved, row.changed,
          row.added, row.missing);
  return out;
}

std::string findings(const Difference& difference, const Side& first, const Side& second) {
  std::string out;
  const auto add = [&out](std::string_view where, const Side& side, std::size_t number) {
    out += fmt::format(
        "<li>{}: {}</li>", where,
        markup_text(finding_words(side.recording, side.narrator, side.messages, number)));
  };
  for (const FindingDifference& one : difference.findings) {
    if (one.first) add(one.second ? "in the first" : "in the first alone", first, *one.first);
    if (one.second) add(one.first ? "in the second" : "in the second alone", second, *one.second);
  }
  return out.empty() ? "<p>What was found is the same.</p>" : "<ul>" + out + "</ul>";
}

std::string header(const Difference& difference) {
  std::string out;
  for (const std::string& sentence : difference.header)
    out += "<li>" + markup_text(sentence) + "</li>";
  return out.empty() ? out : "<ul>" + out + "</ul>";
}

}  // namespace

std::string difference_page(const Difference& difference, const Recording& first,
                            const Recording& second, std::span<const std::string> first_messages,
                            std::span<const std::string> second_messages) {
  const Side a(first, first_messages);
  const Side b(second, second_messages);
  const TimeAxis axis({&first, &second}, {&a.timeline, &b.timeline}, kAxisWidth * 100);
  std::optional<Instant> at;
  for (const Side* side : {&a, &b})
    if (const TraceEvent* event = side->parting(difference))
      at = at ? std::min(*at, event->at) : event->at;
  PageParts parts;
  parts["version"] = markup_text(second.version);
  parts["styles"] = page_styles();
  add_side("first", a, axis, at, parts);
  add_side("second", b, axis, at, parts);
  parts["header"] = header(difference);
  parts["parting"] = parting(difference, a, b);
  parts["rows"] = rows(difference);
  parts["findings"] = findings(difference, a, b);
  return filled(page_file("page/difference.html"), parts);
}

}  // namespace locklab
