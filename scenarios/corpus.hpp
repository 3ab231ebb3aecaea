// The corpus of failures as a table: which entries there are (scenarios/corpus.json), which of them
// a scenario plays, and what came out when it was run. docs/corpus.md is this table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/fencing.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

/// One entry of the list; whether a scenario plays it is for the library to say.
struct CorpusItem {
  std::int64_t number = 0;  // 0: believed to break, and it holds
  std::string id;           // its scenario is corpus/<id>, the mended one corpus/<id>+fixed
  bool core = false;
  std::string left_out;  // why no scenario plays it; empty: one does, or is to
};

struct CorpusChapter {
  std::string letter;
  std::string title;
  std::vector<CorpusItem> items;
};

struct CorpusList {
  std::vector<CorpusChapter> chapters;
  std::string later;  // what is said of an entry that has neither a scenario nor a reason
};

/// The list that is built into the program.
const CorpusList& corpus_list();

/// "corpus/<id>" and "corpus/<id>+fixed".
std::string corpus_scenario(std::string_view id);
std::string corpus_twin(std::string_view id);

/// What a run of an entry's scenario, and of its twin, came to.
struct CorpusResult {
  struct Twin {
    std::string name;
    std::vector<std::string> violated;
    bool as_expected = false;
  };

  Scenario scenario;
  std::vector<std::string> faults;    // kinds, each once; "none" is an empty list
  std::vector<std::string> violated;  // each once, in the order of the registry
  bool as_expected = false;
  FencingAnswer fencing{};
  std::optional<Twin> twin;
  std::string remark;  // where the run and the source disagree; empty: nowhere
};

/// One line of the table.
struct CorpusRow {
  const CorpusItem* item;
  std::optional<CorpusResult> result;  // none: no scenario plays it
  std::string why_not;
};

struct CorpusTable {
  struct Chapter {
    const CorpusChapter* chapter;
    std::vector<CorpusRow> rows;
  };
  std::vector<Chapter> chapters;  // without those of which nothing was wanted
};

/// Reads a built-in scenario, which is known to have no mistakes.
Scenario built_in_scenario(std::string_view name);

/// Runs the scenarios of all entries whose id, or number, is `wanted`.
CorpusTable run_corpus(const std::function<bool(const CorpusItem&)>& wanted, Runner& runner);

/// docs/corpus.md.
std::string corpus_markdown(const CorpusTable& table);

}  // namespace locklab
