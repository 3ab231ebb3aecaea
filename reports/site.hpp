// A site of many runs: an index with a picture of each, a matrix of locks and faults, and the
// document's four scenarios as a lesson. Its files are plain and need no server; the pages of its
// runs share page.css, page.js and core.js [html_report.hpp]. This file knows what was run as plain
// data only; who runs it and writes the files is the command line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/html_report.hpp"
#include "reports/page_verdict.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// One page of the site.
struct SiteEntry {
  std::string name;  // "corpus/gc-pause-stale-write"
  std::string title;
  std::string href;   // from the site's folder
  std::string lock;   // "redlock"
  std::string group;  // of which the index makes a heading: "the document", a chapter of the corpus
  std::vector<std::string> faults;    // kinds, each once
  std::vector<std::string> violated;  // invariants, each once
  PageVerdict verdict;
  std::string miniature;  // markup
};

/// What came of the runs of one lock under one fault.
struct SiteCell {
  std::uint64_t runs = 0;
  std::uint64_t broken = 0;   // of these, two clients counted on the lock at once, or worse
  std::uint64_t damaged = 0;  // of these, storage took a stale write
  std::string href;           // the page of one of them; empty: none
};

struct SiteMatrix {
  struct Row {
    std::string lock;
    std::vector<std::optional<SiteCell>> cells;  // one a fault; none: the fault means nothing to it
  };
  std::vector<std::string> faults;
  std::vector<Row> rows;
  std::string about;  // what was run, in a sentence
};

struct Site {
  std::string version;
  std::vector<SiteEntry> entries;
  SiteMatrix matrix;
  std::map<std::string, std::string, std::less<>> pictures;  // of the lesson's scenarios, by name
};

/// "corpus/x+fixed" to "corpus/x+fixed.html", and from there back to the site's folder: "../".
std::string site_address(std::string_view name);
std::string site_root_from(std::string_view address);

/// index.html, and lesson.html: the document's scenarios in order.
std::string site_index(const Site& site);
std::string site_lesson(const Site& site);

/// What an index needs of a run: its verdict and its miniature. The other fields are the caller's.
SiteEntry site_entry(const Recording& recording, const HtmlOptions& options);

/// Its whole picture, for a lesson.
std::string site_picture(const Recording& recording);

}  // namespace locklab
