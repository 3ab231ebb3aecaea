// A run as one HTML file that needs nothing else: no network, no server, and for reading it not
// even scripts. The verdict, the picture and the story stand in the file as text; scripts then make
// them answer. The file's form is reports/page/template.html; here its places are filled.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/page_reason.hpp"
#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// To another page.
struct PageLink {
  std::string href;
  std::string words;
};

struct HtmlOptions {
  std::string story;                          // what the scenario is about; may be empty
  std::vector<std::string> finding_messages;  // one for each finding, or fewer
  std::vector<std::string> remarks;
  std::vector<std::string> sources;
  std::optional<PageReason> reason;  // why it came to this, if somebody has found out
  std::string verdict;               // "as expected: ..."; empty: the recording's
  std::string command;               // that gives this run again; empty: none is known
  std::string scenario_json;         // the scenario, for pages that can run it again; may be empty
  std::string twin_name;  // of the same schedule with the fix, or without it; may be empty
  std::string twin_json;  // that scenario
  /// How many lines the story has at most; what is left out says so. Zero: all.
  std::size_t most_lines = 400;
  /// Where the files lie that the pages of a site share (page.css, page.js, core.js), as a relative
  /// address ("../"); none: the page carries all of it itself.
  std::optional<std::string> shared;
  std::vector<PageLink> links;
};

/// The page. The same recording and options give the same bytes.
std::string html_report(const Recording& recording, const HtmlOptions& options);

/// What of the page a new run of its scenario changes, as one JSON object with the members
/// "kind", "sign", "verdict", "picture", "left_out", "story", "below", "footer" (markup) and
/// "data".
std::string page_parts_json(const Recording& recording, const HtmlOptions& options);

/// The verdict and a sketch of the picture, for as long as a hand moves something.
std::string page_sketch_json(const Recording& recording, const HtmlOptions& options);

/// The picture of a part of the run, as closely as it is looked at; markup.
std::string page_window(const Recording& recording, Interval window);

}  // namespace locklab
