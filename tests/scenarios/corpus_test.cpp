// The corpus as data: the list, the scenarios that play its entries, what fencing does to them, and
// the page that is made of all that. LOCKLAB_REWRITE=1 writes docs/corpus.md anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "scenarios/corpus.hpp"
#include "scenarios/library.hpp"

namespace locklab {
namespace {

constexpr std::string_view kFolder = "corpus/";
constexpr std::string_view kFixed = "+fixed";

std::map<std::string, const CorpusItem*> items() {
  std::map<std::string, const CorpusItem*> all;
  for (const CorpusChapter& chapter : corpus_list().chapters)
    for (const CorpusItem& item : chapter.items) all.emplace(item.id, &item);
  return all;
}

std::vector<std::string> corpus_names() {
  std::vector<std::string> names;
  for (const std::string_view name : library_names())
    if (name.starts_with(kFolder)) names.emplace_back(name);
  return names;
}

FencingAnswer answer(std::string_view id) {
  Runner runner;
  return does_fencing_save(built_in_scenario(corpus_scenario(id)), runner);
}

TEST_CASE("the corpus has 129 entries, 103 of them failures, each with a number and a name") {
  std::set<std::int64_t> numbers;
  std::size_t negatives = 0;
  const auto all = items();
  CHECK(all.size() == 129);
  for (const auto& entry : all) {
    const auto& id = entry.first;
    const auto& item = entry.second;
    CAPTURE(id);
    CHECK((item->number == 0) == id.starts_with("neg-"));
    if (item->number == 0)
      ++negatives;
    else
      CHECK(numbers.insert(item->number).second);
  }
  CHECK(negatives == 26);
  CHECK(numbers.size() == 103);
}

TEST_CASE("every entry is played by a scenario, or the list says why not") {
  for (const auto& entry : items()) {
    const auto& id = entry.first;
    const auto& item = entry.second;
    CAPTURE(id);
    const bool played = library_text(corpus_scenario(id)).has_value();
    if (played)
      CHECK(item->left_out.empty());
    else
      CHECK_FALSE((item->left_out.empty() && corpus_list().later.empty()));
  }
}

TEST_CASE("every scenario of the corpus plays an entry, and says of it what the list says") {
  const auto all = items();
  for (const std::string& name : corpus_names()) {
    CAPTURE(name);
    std::string id = name.substr(kFolder.size());
    if (id.ends_with(kFixed)) id.resize(id.size() - kFixed.size());
    const auto item = all.find(id);
    REQUIRE(item != all.end());
    const Scenario scenario = built_in_scenario(name);
    REQUIRE(scenario.corpus);
    CHECK(scenario.corpus->number == item->second->number);
    CHECK(scenario.corpus->core == item->second->core);
    CHECK(scenario.corpus->why.ends_with('.'));
    if (item->second->number != 0) CHECK_FALSE(scenario.corpus->fix.empty());
  }
}

TEST_CASE("every failure that is played has its mended twin") {
  for (const auto& entry : items()) {
    const auto& id = entry.first;
    if (entry.second->number == 0 || !library_text(corpus_scenario(id))) continue;
    CAPTURE(id);
    CHECK(library_text(corpus_twin(id)));
  }
}

// ---- does fencing save it? ----------------------------------------------------------------------

TEST_CASE("a token saves the data where the holder was only late [corpus 1, 2, 3]") {
  CHECK(answer("gc-pause-stale-write") == FencingAnswer::saves);
  CHECK(answer("delayed-write-in-network") == FencingAnswer::saves);
  CHECK(answer("check-then-write-pause") == FencingAnswer::saves);
}

TEST_CASE("a token does not give back a lock that somebody else removed [corpus 9]") {
  CHECK(answer("lock-value-per-object") == FencingAnswer::saves_data);
}

TEST_CASE("a token in the wrong order saves nothing [corpus 58, 59]") {
  CHECK(answer("token-inversion-after-acquire") == FencingAnswer::no);
  CHECK(answer("process-local-token-counter") == FencingAnswer::no);
}

TEST_CASE("Redlock has no token that a storage could check [corpus 29, 34]") {
  CHECK(answer("redlock-wall-jump-one-node") == FencingAnswer::no_token);
  CHECK(answer("redlock-pause-after-validity-check") == FencingAnswer::no_token);
}

TEST_CASE("where somebody only waits too long there is nothing to fence [corpus 5, 104]") {
  CHECK(answer("ttl-too-long-after-crash") == FencingAnswer::nothing_stale);
  CHECK(answer("abba-deadlock") == FencingAnswer::nothing_stale);
}

TEST_CASE("who was refused has no token, so a storage that insists keeps him out [corpus 6, 116]") {
  CHECK(answer("set-result-ignored") == FencingAnswer::saves);
  CHECK(answer("fail-open-on-lock-error") == FencingAnswer::saves);
}

TEST_CASE("a writer that takes no lock cannot be asked for a token [corpus 107]") {
  const Scenario scenario = built_in_scenario(corpus_scenario("hybrid-force-update-lost-update"));
  CHECK_FALSE(with_fencing(scenario).storage.options.require_token);
  CHECK(answer("hybrid-force-update-lost-update") == FencingAnswer::no);
  CHECK(with_fencing(built_in_scenario(corpus_scenario("gc-pause-stale-write")))
            .storage.options.require_token);
}

TEST_CASE("a section that is made to write moves nothing else") {
  // Neither of these programs writes. Grants come when they came before.
  for (const char* id : {"redis-wall-jump-forward", "redlock-client-wall-back-jump",
                         "auto-extend-dies-on-exception"}) {
    CAPTURE(id);
    const Scenario scenario = built_in_scenario(corpus_scenario(id));
    const Scenario writing = without_fencing(scenario);
    Runner before;
    Runner after;
    RunResult result;
    before.run(scenario, {}, result);
    after.run(writing, {.explain_mismatches = false}, result);
    const auto was = before.metrics().grants();
    const auto is = after.metrics().grants();
    REQUIRE(was.size() == is.size());
    for (std::size_t i = 0; i < was.size(); ++i) CHECK(was[i].at == is[i].at);
    CHECK(before.metrics().writes().empty());
    CHECK_FALSE(after.metrics().writes().empty());
  }
}

// ---- the page -----------------------------------------------------------------------------------

TEST_CASE("docs/corpus.md is what the scenarios say") {
  const std::string path = LOCKLAB_SOURCE_DIR "/docs/corpus.md";
  Runner runner;
  const std::string page =
      corpus_markdown(run_corpus([](const CorpusItem&) { return true; }, runner));
  if (std::getenv("LOCKLAB_REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << page;
  std::ifstream file(path, std::ios::binary);
  const std::string agreed{std::istreambuf_iterator<char>(file), {}};
  const bool same = page == agreed;
  CHECK_MESSAGE(same, "LOCKLAB_REWRITE=1 build/release/test_scenarios writes docs/corpus.md anew");
}

TEST_CASE("a part of the table is what was wanted, and nothing else") {
  Runner runner;
  const CorpusTable table =
      run_corpus([](const CorpusItem& item) { return item.number == 29; }, runner);
  REQUIRE(table.chapters.size() == 1);
  REQUIRE(table.chapters[0].rows.size() == 1);
  const CorpusRow& row = table.chapters[0].rows[0];
  REQUIRE(row.result);
  CHECK(row.result->as_expected);
  CHECK(row.result->violated ==
        std::vector<std::string>{"service_mutual_exclusion", "client_mutual_exclusion"});
  CHECK(row.result->faults == std::vector<std::string>{"partition", "wall_jump"});
  REQUIRE(row.result->twin);
  CHECK(row.result->twin->violated.empty());
  CHECK_FALSE(row.result->remark.empty());
}

}  // namespace
}  // namespace locklab
