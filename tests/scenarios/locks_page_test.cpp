// docs/locks/README.md: one line for each lock of the registry. LOCKLAB_REWRITE=1 writes it anew.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "algorithms/registry.hpp"
#include "scenarios/corpus.hpp"
#include "scenarios/library.hpp"

namespace locklab {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(LOCKLAB_SOURCE_DIR) / "docs/locks";

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Their names, sorted; without the list itself.
std::vector<std::string> pages() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder))
    if (entry.path().filename() != "README.md") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// The page of its name, or the first that speaks of it: locks of one family may share a page.
std::string page_of(const Algorithm& algorithm) {
  const std::string name(algorithm.name);
  if (fs::exists(kFolder / (name + ".md"))) return name;
  for (const std::string& page : pages())
    if (text_of(kFolder / (page + ".md")).find('`' + name + '`') != std::string::npos) return page;
  return {};
}

std::string services(const Algorithm& algorithm) {
  std::vector<std::string_view> names;
  for (std::uint32_t i = 0; i < kRoles; ++i)
    if ((algorithm.needs & role_bit(static_cast<ProcessRole>(i))) != 0)
      names.push_back(to_string(static_cast<ProcessRole>(i)));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string presets(const Algorithm& algorithm) {
  std::string out;
  for (const Preset& preset : algorithm.presets)
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", preset.name);
  return out;
}

/// Numbers of the entries that this lock plays, the failures first.
std::string entries(const Algorithm& algorithm) {
  std::string out;
  for (const CorpusChapter& chapter : corpus_list().chapters)
    for (const CorpusItem& item : chapter.items) {
      if (item.number == 0 || !library_text(corpus_scenario(item.id))) continue;
      if (built_in_scenario(corpus_scenario(item.id)).lock.algorithm != &algorithm) continue;
      out += fmt::format("{}{}", out.empty() ? "" : ", ", item.number);
    }
  return out;
}

std::string page() {
  std::string out =
      "<!-- LOCKLAB_REWRITE=1 build/release/test_scenarios writes this page. -->\n"
      "# The locks\n\n"
      "A page for each: what it promises, how it works, and where it fails, with the command that "
      "shows it. `locklab list algorithms NAME` has every parameter, `locklab compare` puts the "
      "locks "
      "side by side, and `locklab advise` says which one to take. "
      "[Assumption envelopes](../envelopes.md) lists what each was built to survive.\n\n"
      "| lock | what it is | needs | presets | [corpus](../corpus.md) |\n|---|---|---|---|---|\n";
  for (const Algorithm& algorithm : algorithms()) {
    const std::string told = page_of(algorithm);
    const std::string name = told.empty() ? fmt::format("`{}`", algorithm.name)
                                          : fmt::format("[`{}`]({}.md)", algorithm.name, told);
    out += fmt::format("| {} | {} | {} | {} | {} |\n", name, algorithm.description,
                       services(algorithm), presets(algorithm), entries(algorithm));
  }
  return out;
}

TEST_CASE("docs/locks has a line for every lock, and it says what the registry says") {
  const fs::path path = kFolder / "README.md";
  const std::string said = page();
  if (std::getenv("LOCKLAB_REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << said;
  const bool same = said == text_of(path);
  CHECK_MESSAGE(same, "LOCKLAB_REWRITE=1 build/release/test_scenarios writes docs/locks/README.md");
}

TEST_CASE("every lock has a page, and every page a lock") {
  for (const Algorithm& algorithm : algorithms()) {
    CAPTURE(std::string(algorithm.name));
    CHECK_MESSAGE(!page_of(algorithm).empty(), "no page in docs/locks speaks of it");
  }
  for (const std::string& name : pages()) {
    CAPTURE(name);
    if (name == "optimistic") continue;  // a way to do without a lock: steps of a client
    const auto all = algorithms();
    CHECK(std::any_of(all.begin(), all.end(),
                      [&name](const Algorithm& algorithm) { return page_of(algorithm) == name; }));
  }
}

}  // namespace
}  // namespace locklab
