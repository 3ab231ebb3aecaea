#include "reports/html_report.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "reports/markup.hpp"
#include "reports/page_data_json.hpp"
#include "reports/page_files.hpp"
#include "reports/plain_text.hpp"
#include "reports/story.hpp"
#include "reports/svg_timeline.hpp"

namespace locklab {
namespace {

using Tone = StoryLine::Tone;

struct VerdictWords {
  std::string_view kind;  // good, broken, bad
  std::string_view sign;
  std::string text;  // markup
};

std::string sentence(std::string_view text) {
  std::string out = markup_text(text);
  if (!out.empty() && !out.ends_with('.')) out += '.';
  return out;
}

/// A script without its indentation and the lines that are nothing but comment: a page is mailed
/// more often than its source is read in it.
void append_script(std::string_view text, std::string& out) {
  bool comment = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.starts_with("/**")) comment = true;
    const bool shown = !comment && !line.empty() && !line.starts_with("//");
    if (comment && line.ends_with("*/")) comment = false;
    if (shown) out.append(line).append("\n");
  }
}

/// The scripts in the order of their names.
std::string scripts() {
  std::string out;
  for (const PageFile& file : page_files())
    if (file.name.ends_with(".js")) append_script(file.text, out);
  return out.empty() ? out : "<script>\n\"use strict\";\n(() => {\n" + out + "})();\n</script>";
}

class Page {
 public:
  Page(const Recording& recording, const HtmlOptions& options)
      : recording_(recording),
        options_(options),
        timeline_(make_timeline(recording)),
        narrator_(recording, timeline_),
        axis_(picture_axis(recording, timeline_)) {
    parts_["picture"] = svg_picture(source(), &left_out_);
    const VerdictWords verdict = verdict_words();
    parts_["verdict-kind"] = verdict.kind;
    parts_["verdict-sign"] = verdict.sign;
    parts_["verdict"] = verdict.text;
    parts_["left-out"] = left_out();
    parts_["legend"] = legend();
    parts_["story"] = story();
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
    parts_["picture.css"] = page_file("picture.css");
    parts_["page.css"] = page_file("page.css");
    parts_["scripts"] = scripts();
    const bool alive = !options_.scenario_json.empty() && !page_core().empty();
    parts_["core"] = alive ? "<script type=\"application/octet-stream\" id=\"core\">" +
                                 base64(page_core()) + "</script>"
                           : std::string();
    return filled(page_file("template.html"));
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

  /// `{{name}}` in the template is the part of that name.
  std::string filled(std::string_view form) const {
    std::string out;
    while (true) {
      const std::size_t open = form.find("{{");
      if (open == std::string_view::npos) return out.append(form);
      const std::size_t close = form.find("}}", open);
      const auto part = parts_.find(form.substr(open + 2, close - open - 2));
      out.append(form.substr(0, open));
      if (part != parts_.end()) out += part->second;
      form.remove_prefix(close + 2);
    }
  }

  // ---- the verdict ----

  bool found(std::string_view invariant) const {
    return std::any_of(recording_.findings.begin(), recording_.findings.end(),
                       [&](const Finding& finding) { return finding.invariant == invariant; });
  }

  std::string finding_words(std::size_t index) const {
    if (index < options_.finding_messages.size() && !options_.finding_messages[index].empty())
      return safe_text(options_.finding_messages[index]);
    return narrator_.sentence(recording_.findings[index]);
  }

  VerdictWords verdict_words() const {
    VerdictWords words{"good", "✓ Safe", {}};
    const bool damaged = found("stale_write") || found("lost_update");
    const bool shared = found("client_mutual_exclusion") || found("service_mutual_exclusion");
    const bool written = !timeline_.writes.empty();
    if (damaged)
      words = {"bad", "⚠ Data lost", {}};
    else if (shared)
      words = {"broken", written ? "◐ Lock broken, data safe" : "◐ Lock broken", {}};
    else if (!recording_.findings.empty())
      words = {"broken", "◐ Not as it should be", {}};

    constexpr std::size_t kMost = 3;
    const auto add = [&](const std::string& one) {
      words.text += (words.text.empty() ? "" : " ") + one;
    };
    // What was damaged is said first.
    std::vector<std::size_t> order;
    for (const bool first : {true, false})
      for (std::size_t i = 0; i < recording_.findings.size(); ++i) {
        const std::string_view invariant = recording_.findings[i].invariant;
        if ((invariant == "stale_write" || invariant == "lost_update") == first) order.push_back(i);
      }
    for (std::size_t i = 0; i < order.size() && i < kMost; ++i)
      add(sentence(capital(finding_words(order[i]))));
    if (order.size() > kMost) add(fmt::format("And {} more.", order.size() - kMost));
    if (order.empty()) add(markup_text(all_went_well()));
    add(refusals());
    const std::string judged = options_.verdict.empty() ? recording_.verdict : options_.verdict;
    if (!judged.empty())
      add("<span class=\"expected\">" + sentence("This is " + judged) + "</span>");
    return words;
  }

  /// A sentence begins with a capital, unless it begins with a name.
  std::string capital(std::string words) const {
    for (const RecordedProcess& process : recording_.processes)
      if (words.starts_with(process.name)) return words;
    if (!words.empty() && words.front() >= 'a' && words.front() <= 'z')
      words.front() = static_cast<char>(words.front() - 'a' + 'A');
    return words;
  }

  std::string all_went_well() const {
    const std::size_t grants = timeline_.beliefs.size();
    std::string out = two_believed()
                          ? "No invariant that this scenario checks was violated"
                          : "At every moment at most one client believed that it held the lock";
    if (grants == 0) return "Nobody got the lock, and nothing was violated.";
    return out + fmt::format("; it was granted {}.", grants == 1 ? "once"
                                                     : grants == 2
                                                         ? "twice"
                                                         : fmt::format("{} times", grants));
  }

  bool two_believed() const {
    for (const BeliefSpan& a : timeline_.beliefs)
      for (const BeliefSpan& b : timeline_.beliefs)
        if (&a != &b && a.lock == b.lock && a.client != b.client && a.span.from <= b.span.from &&
            b.span.from < a.span.until)
          return true;
    return false;
  }

  /// "Storage refused the late write of client-a: token 100 < 101."
  std::string refusals() const {
    std::string out;
    std::size_t more = 0;
    for (const WriteMark& write : timeline_.writes) {
      if (write.accepted) continue;
      if (!out.empty()) {
        ++more;
        continue;
      }
      out = markup_text(
          fmt::format("{} refused the write of {}{}", narrator_.process(write.storage),
                      write.client ? narrator_.process(write.client) : "somebody",
                      write.token && write.highest
                          ? ": token " + Narrator::comparison(write.token, write.highest)
                          : std::string()));
    }
    if (more > 0) out += fmt::format(", and {} more", more);
    if (!out.empty()) out += '.';
    return out;
  }

  // ---- beside and below the picture ----

  std::string left_out() const {
    std::string out;
    for (const std::string& words : left_out_)
      out += "<p class=\"left-out\">" + markup_text(words) + "</p>";
    return out;
  }

  std::string hue_class(ProcessId process) const {
    std::size_t hue = 0;
    for (std::uint32_t number = 1; number <= recording_.processes.size(); ++number) {
      if (recording_.processes[number - 1].role != ProcessRole::client) continue;
      if (ProcessId{number} == process) return fmt::format("h{}", hue % 6);
      ++hue;
    }
    return "h-none";
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
      const std::string hue = hue_class(belief.client);
      entry("<rect class=\"" + hue + " belief\" width=\"34\" height=\"14\"/>",
            "believes that it holds the lock, and is right");
      break;
    }
    if (any_wrong())
      for (const BeliefSpan& belief : timeline_.beliefs) {
        if (belief.wrong.empty()) continue;
        entry("<rect class=\"" + hue_class(belief.client) +
                  " wrong\" x=\"1\" y=\"1\" width=\"32\" height=\"12\"/>",
              "believes it, and is wrong");
        break;
      }
    if (!timeline_.ownerships.empty())
      entry("<rect class=\"" + hue_class(timeline_.ownerships.front().client) +
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

  static std::string_view sign_of(Tone tone) {
    switch (tone) {
      case Tone::good:
        return "✓";
      case Tone::refused:
        return "✗";
      case Tone::fault:
        return "✱";
      case Tone::wrong:
        return "?";
      case Tone::violation:
        return "⚠";
      case Tone::plain:
      case Tone::left_out:
        return "";
    }
    return "";
  }

  static std::string_view class_of(Tone tone) {
    switch (tone) {
      case Tone::good:
        return "good";
      case Tone::refused:
        return "refused";
      case Tone::fault:
        return "fault";
      case Tone::wrong:
        return "wrong";
      case Tone::violation:
        return "violation";
      case Tone::left_out:
        return "left-out";
      case Tone::plain:
        return "plain-line";
    }
    return "";
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
          class_of(line.tone), hue_class(line.who), line.event, line.at.time_since_epoch().count(),
          told ? shown(line.at) : std::string(), sign_of(line.tone), markup_text(line.text));
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
      findings.push_back(finding_words(i));
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
          "<tr><td class=\"number\">{}</td><td>{}</td><td>{}</td><td{}>{}</td></tr>",
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
  std::map<std::string, std::string, std::less<>> parts_;
};

}  // namespace

std::string html_report(const Recording& recording, const HtmlOptions& options) {
  return Page(recording, options).html();
}

std::string page_parts_json(const Recording& recording, const HtmlOptions& options) {
  return Page(recording, options).parts_json();
}

}  // namespace locklab
