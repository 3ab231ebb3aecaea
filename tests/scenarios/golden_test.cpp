// Whole reports, letter by letter: what `locklab run NAME --width 100` prints for six scenarios.
// LOCKLAB_REWRITE=1 writes them anew; the difference is reviewed like code.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "cli/verdict.hpp"
#include "tests/support/recorded_run.hpp"

namespace locklab {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string transcript(std::string_view name) {
  const Scenario scenario = test::library_scenario(name);
  const test::RecordedRun run(scenario);
  Terminal terminal;
  terminal.width = 100;
  return report_text(run.recording, &scenario, verdict_sentence(scenario, run.result),
                     Detail::brief, terminal);
}

/// "corpus/x" is corpus-x.txt.
fs::path file_of(std::string name) {
  for (char& c : name)
    if (c == '/') c = '-';
  return fs::path(LOCKLAB_SOURCE_DIR) / "tests/golden" / (name + ".txt");
}

TEST_CASE("the report of each of these scenarios is as it was agreed") {
  const bool rewrite = std::getenv("LOCKLAB_REWRITE") != nullptr;
  for (const char* name :
       {"doc-1", "doc-2", "doc-3", "doc-3-jump", "doc-4", "corpus/gc-pause-stale-write"}) {
    CAPTURE(name);
    const std::string said = transcript(name);
    const fs::path agreed = file_of(name);
    if (rewrite) std::ofstream(agreed, std::ios::binary) << said;
    CHECK(said == contents(agreed));
  }
}

TEST_CASE("no agreed report is without its scenario") {
  std::size_t reports = 0;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(LOCKLAB_SOURCE_DIR) / "tests/golden")) {
    if (entry.is_directory()) continue;  // formats/, which has a test of its own
    CAPTURE(entry.path().filename().string());
    bool known = false;
    for (const std::string_view name : library_names())
      known = known || file_of(std::string(name)) == entry.path();
    CHECK(known);
    ++reports;
  }
  CHECK(reports == 6);
}

}  // namespace
}  // namespace locklab
