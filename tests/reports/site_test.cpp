// A site of runs: what its index and its lesson say without scripts, and that words of others stay
// words in them. And the page of two runs.
#include <doctest/doctest.h>

#include <string>

#include "reports/difference_page.hpp"
#include "reports/page_parts.hpp"
#include "reports/site.hpp"
#include "tests/reports/markup_reader.hpp"
#include "tests/reports/recordings.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string main_of(const std::string& page) {
  const std::size_t from = page.find("<main>");
  return page.substr(from, page.find("</main>") - from) + "</main>";
}

Site site_of(const Recording& recording, const std::string& lock) {
  Site site;
  SiteEntry entry = site_entry(recording, {});
  entry.lock = lock;
  entry.faults = {"pause"};
  site.entries.push_back(entry);
  site.matrix.faults = {"client-pause", "server-amnesia"};
  site.matrix.rows.push_back({lock, {SiteCell{40, 9, 8, "compare/a.html"}, std::nullopt}});
  return site;
}

}  // namespace

TEST_CASE("the index has a tile a run, and a cell a lock and fault that leads to a run") {
  const std::string index = main_of(site_index(site_of(document_scenario_4(), "fenced_lock")));
  CHECK(read_markup(index).mistake == "");
  CHECK(contains(index, "href=\"doc-4.html\""));
  CHECK(contains(index, "Lock broken, data safe"));
  CHECK(contains(index, "class=\"picture miniature\""));
  CHECK(contains(index, "href=\"compare/a.html\""));
  CHECK(contains(index, "of 40 runs the lock broke in 9, stale data was written in 8"));
  CHECK(contains(index, "does not apply"));
}

TEST_CASE("a miniature shows who believed what, where it was wrong, and who stood still") {
  const std::string picture = site_entry(document_scenario_4(), {}).miniature;
  CHECK(read_markup(picture).mistake == "");
  for (const std::string_view part : {"h0 belief", "h1 belief", "h0 wrong", "block", "violation"}) {
    CAPTURE(part);
    CHECK(contains(picture, part));
  }
  CHECK(!contains(site_entry(document_scenario_1(), {}).miniature, "wrong"));
}

TEST_CASE("the lesson shows the verdict and the picture of the run, not of the claim") {
  Site site = site_of(document_scenario_4(), "fenced_lock");
  site.entries.front().name = "doc-4";
  site.pictures["doc-4"] = site_picture(document_scenario_4());
  const std::string lesson = site_lesson(site);
  CHECK(contains(lesson, "two holders for "));
  CHECK(contains(lesson, "token 100 &lt; 101"));
  CHECK(!contains(lesson, "{{"));
}

TEST_CASE("pages in folders find the way back") {
  CHECK(site_address("corpus/x+fixed") == "corpus/x+fixed.html");
  CHECK(site_root_from("corpus/x+fixed.html") == "../");
  CHECK(site_root_from("doc-1.html").empty());
}

TEST_CASE("the pages of a site share styles, scripts and core, and may load nothing else") {
  HtmlOptions options;
  options.shared = "../";
  options.links = {{"../index.html", "All <scenarios>"}};
  const std::string page = html_report(document_scenario_4(), options);
  CHECK(contains(page, "<link rel=\"stylesheet\" href=\"../page.css\">"));
  CHECK(contains(page, "<script src=\"../page.js\"></script>"));
  CHECK(contains(page, "All &lt;scenarios&gt;"));
  CHECK(contains(page, "default-src 'none'"));
  CHECK(!contains(page, "unsafe-inline"));
  CHECK(page.size() < html_report(document_scenario_4(), {}).size());
}

TEST_CASE("a template's places are filled by name, and an unknown one is left empty") {
  CHECK(filled("a {{x}} b {{y}} c", {{"x", "1 {{y}}"}}) == "a 1 {{y}} b  c");
}

TEST_CASE("hostile words stay words in an index") {
  const std::string hostile = "</script><img src=x onerror=y>\"'&";
  RecordingMaker run{hostile, hostile};
  run.process(hostile, ProcessRole::client);
  Site site = site_of(run.finish(ms(10)), hostile);
  site.entries.front().group = hostile;
  site.entries.front().faults = {hostile};
  site.matrix.about = hostile;
  site.matrix.faults.front() = hostile;
  const std::string index = main_of(site_index(site));
  CHECK(read_markup(index).mistake == "");
  CHECK(!contains(index, "<img"));
}

TEST_CASE("the page of two runs says where they part, and draws both on one axis") {
  const Recording first = document_scenario_1();
  const Recording second = document_scenario_4();
  const Difference difference = compare(first, second);
  REQUIRE(difference.diverges);
  const std::string page = difference_page(difference, first, second, {}, {});
  CHECK(read_markup(main_of(page)).mistake == "");
  CHECK(contains(page, "in the first, "));
  CHECK(contains(page, "in the second, "));
  CHECK(contains(page, "class=\"parting\""));
  CHECK(!contains(page, "<script"));
  const std::string same = difference_page(compare(first, first), first, first, {}, {});
  CHECK(contains(same, "The two runs are the same, event for event."));
  CHECK(!contains(same, "class=\"parting\""));
}
