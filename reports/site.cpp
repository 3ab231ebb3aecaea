#include "reports/site.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "reports/markup.hpp"
#include "reports/miniature.hpp"
#include "reports/page_files.hpp"
#include "reports/page_parts.hpp"
#include "reports/plain_text.hpp"
#include "reports/svg_timeline.hpp"

namespace locklab {
namespace {

std::string joined_words(const std::vector<std::string>& names, std::string_view none) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + plain_words(name);
  return out.empty() ? std::string(none) : out;
}

/// One run as a tile: picture, title, what broke.
std::string tile(const SiteEntry& entry) {
  return fmt::format(
      "<li class=\"tile\" data-kind=\"{}\" data-lock=\"{}\" data-broke=\"{}\" data-fault=\"{}\" "
      "data-group=\"{}\"><a href=\"{}\">{}<strong>{}</strong></a><span class=\"name\">{}</span>"
      "<span class=\"sign\">{}</span><span class=\"meta\">{} · {}</span></li>\n",
      entry.verdict.kind, markup_text(entry.lock),
      markup_text(joined_words(entry.violated, "nothing broke")),
      markup_text(joined_words(entry.faults, "no fault")), markup_text(entry.group),
      markup_text(entry.href), entry.miniature, markup_text(entry.title), markup_text(entry.name),
      markup_text(entry.verdict.sign), markup_text(entry.lock),
      markup_text(joined_words(entry.faults, "no fault")));
}

std::string tiles_by_lock(const Site& site) {
  std::vector<std::string> locks;
  for (const SiteEntry& entry : site.entries)
    if (std::find(locks.begin(), locks.end(), entry.lock) == locks.end())
      locks.push_back(entry.lock);
  std::string out;
  for (const std::string& lock : locks) {
    std::string tiles;
    std::size_t count = 0;
    for (const SiteEntry& entry : site.entries)
      if (entry.lock == lock) {
        tiles += tile(entry);
        ++count;
      }
    out += fmt::format(
        "<section class=\"group\"><h3>{} <span class=\"meta\">{}</span></h3><ul "
        "class=\"tiles\">\n{}</ul></section>\n",
        markup_text(lock), count, tiles);
  }
  return out;
}

/// How bad, as one of five steps: 0 nothing, 4 in half of the runs or more.
int step_of(const SiteCell& cell) {
  const std::uint64_t bad = std::max(cell.broken, cell.damaged);
  if (bad == 0 || cell.runs == 0) return 0;
  if (bad * 2 >= cell.runs) return 4;
  if (bad * 4 >= cell.runs) return 3;
  return bad * 10 >= cell.runs ? 2 : 1;
}

std::string cell_markup(const std::optional<SiteCell>& cell, std::string_view lock,
                        std::string_view fault) {
  if (!cell) return "<td class=\"none\"><span class=\"unseen\">does not apply</span>–</td>";
  const std::string words = cell->broken == 0 && cell->damaged == 0
                                ? "0"
                                : fmt::format("{}{}", std::max(cell->broken, cell->damaged),
                                              cell->damaged > 0 ? " ⚠" : "");
  const std::string label =
      fmt::format("{} under {}: of {} runs the lock broke in {}, stale data was written in {}",
                  lock, plain_words(fault), cell->runs, cell->broken, cell->damaged);
  const std::string inside =
      cell->href.empty()
          ? words
          : fmt::format("<a href=\"{}\" aria-label=\"{}\" title=\"{}\">{}</a>",
                        markup_text(cell->href), markup_text(label), markup_text(label), words);
  return fmt::format("<td class=\"step{}\">{}</td>", step_of(*cell), inside);
}

std::string matrix_markup(const SiteMatrix& matrix) {
  if (matrix.rows.empty()) return {};
  std::string out = "<table class=\"matrix\"><thead><tr><th scope=\"col\">lock</th>";
  for (const std::string& fault : matrix.faults)
    out += fmt::format("<th scope=\"col\">{}</th>", markup_text(plain_words(fault)));
  out += "</tr></thead><tbody>\n";
  for (const SiteMatrix::Row& row : matrix.rows) {
    out += fmt::format("<tr><th scope=\"row\">{}</th>", markup_text(row.lock));
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      out += cell_markup(row.cells[i], row.lock, matrix.faults[i]);
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

PageParts shared_parts(const Site& site) {
  PageParts parts;
  parts["version"] = markup_text(site.version);
  parts["definitions"] = miniature_definitions();
  for (const SiteEntry& entry : site.entries) {
    parts["verdict " + entry.name] =
        fmt::format("<div class=\"verdict\" data-kind=\"{}\"><strong>{}</strong><p>{}</p></div>",
                    entry.verdict.kind, entry.verdict.sign, entry.verdict.text);
    parts["tile " + entry.name] = "<ul class=\"tiles one\">" + tile(entry) + "</ul>";
  }
  for (const auto& [name, picture] : site.pictures) parts["picture " + name] = picture;
  return parts;
}

}  // namespace

std::string site_address(std::string_view name) { return std::string(name) + ".html"; }

std::string site_root_from(std::string_view address) {
  std::string out;
  for (const char c : address)
    if (c == '/') out += "../";
  return out;
}

std::string site_index(const Site& site) {
  PageParts parts = shared_parts(site);
  std::size_t broken = 0;
  for (const SiteEntry& entry : site.entries) broken += entry.violated.empty() ? 0u : 1u;
  parts["count"] = std::to_string(site.entries.size());
  parts["broken"] = std::to_string(broken);
  parts["matrix"] = matrix_markup(site.matrix);
  parts["matrix-about"] = markup_text(site.matrix.about);
  parts["tiles"] = tiles_by_lock(site);
  return filled(page_file("site/index.html"), parts);
}

std::string site_lesson(const Site& site) {
  return filled(page_file("site/lesson.html"), shared_parts(site));
}

SiteEntry site_entry(const Recording& recording, const HtmlOptions& options) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const TimeAxis axis = picture_axis(recording, timeline);
  SiteEntry entry;
  entry.name = recording.scenario;
  entry.title = recording.title.empty() ? recording.scenario : recording.title;
  entry.href = site_address(recording.scenario);
  entry.verdict =
      page_verdict(recording, timeline, narrator, options.finding_messages, options.verdict);
  for (const Finding& finding : recording.findings)
    if (std::find(entry.violated.begin(), entry.violated.end(), finding.invariant) ==
        entry.violated.end())
      entry.violated.emplace_back(finding.invariant);
  entry.miniature = svg_miniature({recording, timeline, narrator, axis});
  return entry;
}

std::string site_picture(const Recording& recording) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const TimeAxis axis = picture_axis(recording, timeline);
  return svg_picture({recording, timeline, narrator, axis}, nullptr);
}

}  // namespace locklab
