// `locklab corpus`: the corpus of failures as a table, run on the spot; docs/corpus.md is its
// --markdown.
#include <fmt/format.h>

#include <charconv>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/loading.hpp"
#include "cli/result_json.hpp"
#include "cli/table.hpp"
#include "scenarios/corpus.hpp"

namespace locklab {
namespace {

/// A number means that entry, anything else a part of an id.
bool is_wanted(const CorpusItem& item, const std::string& pattern) {
  if (pattern.empty()) return true;
  std::int64_t number = 0;
  const char* last = pattern.data() + pattern.size();
  const auto [end, error] = std::from_chars(pattern.data(), last, number);
  if (error == std::errc{} && end == last) return item.number != 0 && item.number == number;
  return item.id.find(pattern) != std::string::npos;
}

std::string number_of(const CorpusItem& item) {
  return (item.number == 0 ? std::string("neg") : std::to_string(item.number)) +
         (item.core ? "*" : "");
}

std::string list(const std::vector<std::string>& names, const char* none) {
  return names.empty() ? none : fmt::format("{}", fmt::join(names, ", "));
}

Json row_json(const CorpusRow& row) {
  Json json;
  json["number"] = row.item->number == 0 ? Json(nullptr) : Json(row.item->number);
  json["id"] = row.item->id;
  json["core"] = row.item->core;
  json["scenario"] = nullptr;
  if (!row.result) {
    json["left_out"] = row.why_not;
    return json;
  }
  const CorpusResult& result = *row.result;
  const Scenario& scenario = result.scenario;
  json["scenario"] = scenario.name;
  json["title"] = scenario.title;
  json["lock"] = {{"algorithm", scenario.lock.algorithm->name}, {"preset", scenario.lock.preset}};
  json["faults"] = result.faults;
  json["violates"] = result.violated;
  json["as_expected"] = result.as_expected;
  json["fencing"] = to_string(result.fencing);
  if (scenario.corpus) {
    json["status"] = scenario.corpus->status;
    json["source_on_fencing"] = scenario.corpus->fencing;
    json["why"] = scenario.corpus->why;
    json["fix"] = scenario.corpus->fix;
  }
  json["fixed"] = nullptr;
  if (result.twin) {
    json["fixed"] = {{"scenario", result.twin->name},
                     {"violates", result.twin->violated},
                     {"as_expected", result.twin->as_expected}};
  }
  json["sources"] = scenario.sources;
  json["remark"] = result.remark;
  return json;
}

std::string table_text(const CorpusTable& table, const Terminal& terminal) {
  std::string out;
  for (const CorpusTable::Chapter& chapter : table.chapters) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{}. {}\n", chapter.chapter->letter, chapter.chapter->title);
    Table rows({{"no.", Table::Align::right},
                {"entry"},
                {"breaks", Table::Align::left, true},
                {"does fencing save it?", Table::Align::left, true},
                {"fixed", Table::Align::left, true}});
    for (const CorpusRow& row : chapter.rows) {
      if (!row.result) {
        rows.add({number_of(*row.item), row.item->id, "(" + row.why_not + ")", "", ""});
        continue;
      }
      const CorpusResult& result = *row.result;
      std::string fixed = "no scenario";
      if (result.twin) fixed = list(result.twin->violated, "holds");
      if (row.item->number == 0) fixed.clear();
      rows.add({number_of(*row.item), row.item->id, list(result.violated, "nothing"),
                row.item->number == 0 ? "" : std::string(to_string(result.fencing)), fixed});
    }
    out += rows.text(terminal);
  }
  return out;
}

}  // namespace

ExitCode show_corpus(const CorpusCommand& command, const TerminalChoice& choice) {
  Runner runner;
  const CorpusTable table = run_corpus(
      [&command](const CorpusItem& item) { return is_wanted(item, command.pattern); }, runner);
  if (table.chapters.empty()) {
    std::vector<std::string_view> ids;
    for (const CorpusChapter& chapter : corpus_list().chapters)
      for (const CorpusItem& item : chapter.items) ids.push_back(item.id);
    complain(no_such("entry of the corpus", command.pattern, ids, "locklab corpus"));
    return ExitCode::bad_input;
  }
  ExitCode worst = ExitCode::ok;
  for (const CorpusTable::Chapter& chapter : table.chapters)
    for (const CorpusRow& row : chapter.rows)
      if (row.result &&
          !(row.result->as_expected && (!row.result->twin || row.result->twin->as_expected)))
        worst = ExitCode::not_as_expected;

  if (command.json) {
    Json json;
    json["schema"] = "locklab-corpus/1";
    json["ok"] = worst == ExitCode::ok;
    json["entries"] = Json::array();
    for (const CorpusTable::Chapter& chapter : table.chapters) {
      for (const CorpusRow& row : chapter.rows) {
        Json entry = row_json(row);
        entry["chapter"] = chapter.chapter->title;
        json["entries"].push_back(std::move(entry));
      }
    }
    print(json_text(json));
  } else if (command.markdown) {
    print(corpus_markdown(table));
  } else {
    print(table_text(table, standard_output(choice)));
  }
  return worst;
}

}  // namespace locklab
