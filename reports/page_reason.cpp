#include "reports/page_reason.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "reports/fields.hpp"
#include "reports/markup.hpp"
#include "reports/page_lines.hpp"

namespace locklab {
namespace {

class ReasonMarkup {
 public:
  ReasonMarkup(const PageReason& reason, const Recording& recording, const Narrator& narrator)
      : reason_(reason), recording_(recording), narrator_(narrator) {}

  std::string markup() {
    out_ = "<section class=\"card reason\" aria-labelledby=\"reason-heading\"";
    if (reason_.lost)
      out_ += fmt::format(" data-lost=\"{}\"", reason_.lost->time_since_epoch().count());
    out_ += ">";
    if (reason_.violation.empty()) {
      out_ += "<h2 id=\"reason-heading\">How close it came</h2>";
      paragraph(reason_.closest);
    } else {
      out_ += "<h2 id=\"reason-heading\">Why</h2>";
      out_ +=
          "<p class=\"explained\">" + markup_text(capital(reason_.violation, recording_)) + ".</p>";
      out_ += "<div class=\"reason-parts\">";
      steps();
      out_ += "<div class=\"reason-part\">";
      faults();
      if (!reason_.no_return.empty()) {
        out_ += "<h3>Point of no return</h3>";
        paragraph(reason_.no_return);
      }
      remedies();
      out_ += "</div></div>";
      out_ += fmt::format(
          "<p class=\"meta\">Only the steps are read off the trace. The rest is the outcome of {} "
          "runs: this one, and the same with something left out or changed. "
          "<code>locklab explain</code> says the same.</p>",
          reason_.runs);
    }
    return std::move(out_) + "</section>";
  }

 private:
  /// So many events of a chain are shown: before them lies how the run began.
  static constexpr std::size_t kMostCauses = 8;

  void paragraph(std::string_view text) { out_ += "<p>" + markup_text(text) + "</p>"; }

  std::string place(std::size_t event) const {
    return fmt::format("data-e=\"{}\" data-t=\"{}\"", event,
                       recording_.events[event].at.time_since_epoch().count());
  }

  // ---- how it came about ----

  void steps() {
    if (reason_.steps.empty()) return;
    out_ += "<div class=\"reason-part\"><h3>How it came about</h3><ol class=\"steps\">";
    for (const StoryLine& line : reason_.steps) step(line);
    out_ += "</ol></div>";
  }

  void step(const StoryLine& line) {
    const std::string words = fmt::format(
        "<time>{}</time> <span class=\"sign\" aria-hidden=\"true\">{}</span> <span>{}</span>",
        shown(line.at), tone_sign(line.tone), markup_text(line.text));
    const std::vector<std::size_t> causes = causes_of(line);
    out_ += fmt::format("<li class=\"{} {}\"{}>", tone_class(line.tone),
                        hue_class(recording_, line.who),
                        causes.empty() ? std::string() : " " + place(line.event));
    if (causes.empty()) {
      out_ += "<div class=\"step\">" + words + "</div>";
    } else {
      out_ += "<details><summary>" + words + "</summary><ol class=\"causes\">";
      for (std::size_t i = 0; i < causes.size() && i < kMostCauses; ++i) {
        const TraceEvent& event = recording_.events[causes[i]];
        out_ += fmt::format("<li {}>{}: {}</li>", place(causes[i]), shown(event.at),
                            markup_text(narrator_.sentence(event)));
      }
      if (causes.size() > kMostCauses)
        out_ +=
            fmt::format("<li class=\"more\">and {} steps before</li>", causes.size() - kMostCauses);
      out_ += "</ol></details>";
    }
    out_ += "</li>";
  }

  /// Lines of what nobody saw have no event: they stand before another one.
  bool has_event(const StoryLine& line) const {
    if (line.event >= recording_.events.size()) return false;
    const TraceEvent& event = recording_.events[line.event];
    return line.tone != StoryLine::Tone::wrong ||
           (event.at == line.at && event.process == line.who);
  }

  /// The events that led to the one that the line tells, the nearest first.
  std::vector<std::size_t> causes_of(const StoryLine& line) const {
    std::vector<std::size_t> causes;
    if (!has_event(line)) return causes;
    const std::vector<TraceEvent>& events = recording_.events;
    for (std::size_t event = line.event; events[event].cause < events[event].seq;) {
      event = index_of(events[event].cause, events);
      if (event >= events.size()) break;
      causes.push_back(event);
    }
    return causes;
  }

  // ---- what it took ----

  void faults() {
    if (reason_.faults.empty() && reason_.together.empty()) return;
    out_ += "<h3>What it took</h3>";
    if (!reason_.faults.empty()) {
      out_ += "<ol class=\"plain took\">";
      for (const PageReason::Fault& fault : reason_.faults)
        out_ += fmt::format("<li class=\"{}\">{}: <span class=\"part\">{}</span></li>",
                            fault.needed ? "needed" : "spare", markup_text(fault.what),
                            markup_text(fault.part));
      out_ += "</ol>";
    }
    for (const std::string& text : reason_.together) paragraph(text);
  }

  void remedies() {
    if (reason_.remedies.empty()) return;
    out_ += "<h3>Under the same faults it holds with</h3><ul class=\"plain\">";
    for (const std::string& remedy : reason_.remedies)
      out_ += "<li>" + markup_text(remedy) + "</li>";
    out_ += "</ul>";
  }

  const PageReason& reason_;
  const Recording& recording_;
  const Narrator& narrator_;
  std::string out_;
};

}  // namespace

std::string reason_markup(const PageReason& reason, const Recording& recording,
                          const Narrator& narrator) {
  return ReasonMarkup(reason, recording, narrator).markup();
}

}  // namespace locklab
