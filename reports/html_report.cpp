#include "reports/html_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "reports/markup.hpp"
#include "reports/page_data_json.hpp"
#include "reports/page_files.hpp"
#include "reports/page_lines.hpp"
#include "reports/page_parts.hpp"
#include "reports/page_reason.hpp"
#include "reports/page_verdict.hpp"
#include "reports/plain_text.hpp"
#include "reports/story.hpp"
#include "reports/svg_timeline.hpp"

namespace locklab {
namespace {

using Tone = StoryLine::Tone;

class Page {
 public:
  Page(const Recording& recording, const HtmlOptions& options)
      : recording_(recording),
        options_(options),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_),
        axis_(picture_axis(recording, timeline_)) {
    parts_["picture"] = svg_picture(source(), &left_out_);
    const PageVerdict verdict =
        page_verdict(recording, timeline_, narrator_, options.finding_messages, options.verdict);
    parts_["verdict-kind"] = verdict.kind;
    parts_["verdict-sign"] = verdict.sign;
    parts_["verdict"] = verdict.text;
    parts_["left-out"] = left_out();
    parts_["legend"] = legend();
    parts_["story"] = story();
    if (options_.reason) parts_["reason"] = reason_markup(*options_.reason, recording_, narrator_);
    parts_["below"] = below();
    parts_["footer"] = footer();
    parts_["data"] = page_data_json(
        source(), {options.command, options.scenario_json, options.twin_name, options.twin_json});
  }

  std::string html() {
    std::string title = safe_text(recording_.title);
    if (title.empty()) title = safe_text(recording_.scenario);
    parts_["version"] = markup_text(recording_.version);
    parts_["title"] = markup_text("locklab: " + title);
    parts_["heading"] = markup_text(title);
    parts_["scenario"] = markup_text(recording_.scenario);
    parts_["seed"] = fmt::format("{}", recording_.seed);
    parts_["digest"] = fmt::format("{:016x}", recording_.digest);
    parts_["about"] =
        options_.story.empty() ? "" : "<p class=\"about\">" + markup_text(options_.story) + "</p>";
    parts_["command"] = markup_text(options_.command);
    parts_["links"] = links();
    add_means();
    return filled(page_file("page/template.html"), parts_);
  }

  /// Styles, scripts and the core: in the page, or beside it.
  void add_means() {
    const bool alive = !options_.scenario_json.empty() && !page_core().empty();
    if (!options_.shared) {
      parts_["allowed"] =
          "style-src 'unsafe-inline'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; worker-src "
          "blob:";
      parts_["styles"] = "<style>\n" + page_styles() + "</style>";
      parts_["scripts"] = "<script>\n" + page_scripts() + "</script>";
      if (alive)
        parts_["core"] = "<script type=\"application/octet-stream\" id=\"core\">" +
                         dense_text(page_core()) + "</script>";
      return;
    }
    const std::string at = markup_text(*options_.shared);
    parts_["allowed"] =
        "style-src 'self' file:; script-src 'self' file: 'wasm-unsafe-eval'; worker-src blob:";
    parts_["styles"] = "<link rel=\"stylesheet\" href=\"" + at + "page.css\">";
    parts_["scripts"] = "<script src=\"" + at + "page.js\"></script>";
    if (alive)
      parts_["core"] = "<script type=\"application/octet-stream\" id=\"core\" data-src=\"" + at +
                       "core.js\"></script>";
  }

  /// To other pages of the site.
  std::string links() const {
    if (options_.links.empty()) return {};
    std::string out = "<nav class=\"links screen\" aria-label=\"This site\">";
    for (const PageLink& link : options_.links)
      out += fmt::format("<a href=\"{}\">{}</a>", markup_text(link.href), markup_text(link.words));
    return out + "</nav>";
  }

  std::string parts_json() const {
    std::string out = "{";
    for (const std::string_view part : {"verdict-kind", "verdict-sign", "verdict", "left-out",
                                        "legend", "picture", "story", "below", "footer"})
      out += fmt::format("{}:{},", script_literal(part), script_literal(parts_.find(part)->second));
    return out + "\"data\":" + parts_.find("data")->second + "}";
  }

 private:
  PictureSource source() const { return {recording_, timeline_, narrator_, axis_}; }

  // ---- beside and below the picture ----

  std::string left_out() const {
    std::string out;
    for (const std::string& words : left_out_)
      out += "<p class=\"left-out\">" + markup_text(words) + "</p>";
    return out;
  }

  std::string legend() const {
    std::string out;
    const auto entry = [&](std::string_view drawn, std::string_view words) {
      out += fmt::format(
          "<li><svg class=\"picture\" viewBox=\"0 0 34 14\" aria-hidden=\"true\">{}</svg>{}</li>\n",
          drawn, markup_text(words));
    };
    const auto any_wrong = [this] {
      return std::any_of(timeline_.beliefs.begin(), timeline_.beliefs.end(),
                         [](const BeliefSpan& belief) { return !belief.wrong.empty(); });
    };
    for (const BeliefSpan& belief : timeline_.beliefs) {
      const std::string hue = hue_class(recording_, belief.client);
      entry("<rect class=\"" + hue + " belief\" width=\"34\" height=\"14\"/>",
            "believes that it holds the lock, and is right");
      break;
    }
    if (any_wrong())
      for (const BeliefSpan& belief : timeline_.beliefs) {
        if (belief.wrong.empty()) continue;
        entry("<rect class=\"" + hue_class(recording_, belief.client) +
                  " wrong\" x=\"1\" y=\"1\" width=\"32\" height=\"12\"/>",
              "believes it, and is wrong");
        break;
      }
    if (!timeline_.ownerships.empty())
      entry("<rect class=\"" + hue_class(recording_, timeline_.ownerships.front().client) +
                " owned\" x=\"1\" y=\"1\" width=\"32\" height=\"12\"/>",
            "so at the service, in the hue of whose it is");
    if (!timeline_.standstills.empty())
      entry("<rect class=\"block\" x=\"1\" y=\"1\" width=\"32\" height=\"12\"/>", "stands still");
    entry("<line class=\"way\" x1=\"2\" y1=\"2\" x2=\"30\" y2=\"12\" marker-end=\"url(#way)\"/>",
          "message, on a scale of true time");
    if (std::any_of(timeline_.writes.begin(), timeline_.writes.end(),
                    [](const WriteMark& write) { return !write.accepted; }))
      entry(
          "<g class=\"stopped\" transform=\"translate(17 7) scale(.7)\"><circle r=\"9\"/><path "
          "d=\"M-4-4l8 8m0-8l-8 8\"/></g>",
          "write refused by storage");
    if (std::any_of(axis_.pieces().begin(), axis_.pieces().end(),
                    [](const TimeAxis::Piece& piece) { return piece.shortened; }))
      entry(
          "<rect class=\"idle\" width=\"34\" height=\"14\"/><text x=\"17\" y=\"11\" "
          "text-anchor=\"middle\">…</text>",
          "time drawn shorter than it was");
    return out;
  }

  std::string story() const {
    const std::vector<StoryLine> lines = shortened_story(
        tell_story(recording_, timeline_, narrator_, Detail::brief), options_.most_lines);
    std::string out;
    for (const StoryLine& line : lines) {
      const bool told = line.tone != Tone::left_out;
      out += fmt::format(
          "<li class=\"{} {}\" data-e=\"{}\" data-t=\"{}\"><time>{}</time><span class=\"sign\" "
          "aria-hidden=\"true\">{}</span><span>{}</span></li>\n",
          tone_class(line.tone), hue_class(recording_, line.who), line.event,
          line.at.time_since_epoch().count(), told ? shown(line.at) : std::string(),
          tone_sign(line.tone), markup_text(line.text));
    }
    return out.empty() ? "<li class=\"plain-line\"><span></span><span></span><span>Nothing "
                         "happened.</span></li>\n"
                       : out;
  }

  std::string below() const {
    std::string out;
    const auto list = [&](std::string_view heading, std::string_view form,
                          const std::vector<std::string>& items) {
      if (items.empty()) return;
      out += fmt::format("<section class=\"card\"><h2>{}</h2><{} class=\"plain\">", heading, form);
      for (const std::string& item : items) out += "<li>" + markup_text(item) + "</li>";
      out += fmt::format("</{}></section>\n", form);
    };
    std::vector<std::string> findings;
    for (std::size_t i = 0; i < recording_.findings.size(); ++i)
      findings.push_back(finding_words(recording_, narrator_, options_.finding_messages, i));
    list("What was found", "ol", findings);
    out += writes();
    std::vector<std::string> faults;
    for (const RecordedFault& fault : recording_.faults) faults.push_back(fault.sentence);
    list("Faults", "ul", faults);
    list("Remarks", "ul", options_.remarks);
    list("Sources", "ul", options_.sources);
    return out;
  }

  std::string writes() const {
    if (timeline_.writes.empty()) return {};
    constexpr std::size_t kMost = 40;
    std::string out =
        "<section class=\"card\"><h2>Writes, in the order in which storage decided</h2>"
        "<table><thead><tr><th>at</th><th>by</th><th>token</th><th>storage</th></tr></thead>"
        "<tbody>";
    std::size_t count = 0;
    for (const WriteMark& write : timeline_.writes) {
      if (count++ == kMost) break;
      const std::string_view verdict = write.blamed     ? "took it, and should not have"
                                       : write.accepted ? "took it"
                                                        : "refused it";
      out += fmt::format(
          "<tr><td class=\"number\">{}</td><td class=\"name\">{}</td><td>{}</td><td{}>{}</td></tr>",
          shown(write.at),
          markup_text(write.client ? narrator_.process(write.client) : std::string("somebody")),
          markup_text(write.token ? Narrator::comparison(write.token, write.highest) : "none"),
          write.blamed ? " class=\"bad\"" : "", verdict);
    }
    out += "</tbody></table>";
    if (timeline_.writes.size() > kMost)
      out += fmt::format("<p>And {} more, in the list of events.</p>",
                         timeline_.writes.size() - kMost);
    return out + "</section>\n";
  }

  std::string footer() const {
    return markup_text(fmt::format(
        "locklab {} · {} events, {} messages · stopped: {} at {} · scenario {} · trace digest "
        "{:016x}",
        recording_.version, recording_.events.size(), recording_.messages,
        plain_words(safe_text(recording_.stopped)), shown(recording_.ended),
        recording_.scenario_hash, recording_.digest));
  }

  const Recording& recording_;
  const HtmlOptions& options_;
  Timeline timeline_;
  Narrator narrator_;
  TimeAxis axis_;
  std::vector<std::string> left_out_;
  PageParts parts_;
};

}  // namespace

std::string html_report(const Recording& recording, const HtmlOptions& options) {
  return Page(recording, options).html();
}

std::string page_sketch_json(const Recording& recording, const HtmlOptions& options) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const TimeAxis axis = picture_axis(recording, timeline);
  const PageVerdict verdict =
      page_verdict(recording, timeline, narrator, options.finding_messages, options.verdict);
  const PictureSource source{recording, timeline, narrator, axis, {}, {.sketch = true}};
  return fmt::format(
      "{{\"verdict-kind\":{},\"verdict-sign\":{},\"verdict\":{},\"picture\":{},\"data\":{}}}",
      script_literal(verdict.kind), script_literal(verdict.sign), script_literal(verdict.text),
      script_literal(svg_picture(source, nullptr)), sketch_data_json(source));
}

std::string page_window(const Recording& recording, Interval window) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const TimeAxis axis = picture_axis(recording, timeline);
  return svg_picture({recording, timeline, narrator, axis, {}, {.window = window}}, nullptr);
}

std::string page_parts_json(const Recording& recording, const HtmlOptions& options) {
  return Page(recording, options).parts_json();
}

}  // namespace locklab
