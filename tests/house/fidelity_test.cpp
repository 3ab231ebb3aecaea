// docs/model_fidelity.md and the records of docs/conformance: every behaviour that a record
// compares is named there once, with the number of answers, the version and the day of the record.
#include <doctest/doctest.h>

#include <map>

#include "tests/house/source.hpp"

using namespace locklab::house;

namespace {

std::string trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(' ');
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(' ') - from + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    parts.push_back(trimmed(text.substr(from, to - from)));
    from = to + 1;
  }
  return parts;
}

/// The cells of a line of a table; none: it is no such line.
std::vector<std::string> cells(std::string_view line) {
  if (line.size() < 2 || !line.starts_with('|') || !line.ends_with('|')) return {};
  return split(line.substr(1, line.size() - 2), '|');
}

/// 53,076 is 53076.
std::uint64_t number(std::string text) {
  std::erase(text, ',');
  return text.empty() || text.find_first_not_of("0123456789") != std::string::npos
             ? 0
             : std::stoull(text);
}

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

struct Row {
  std::string behaviour, compared_as;
  std::uint64_t answers = 0;
};

std::vector<Row> modelled() {
  std::vector<Row> rows;
  bool in_table = false;
  for (const std::string& line : lines(contents(kRoot / "docs/model_fidelity.md"))) {
    const std::vector<std::string> row = cells(line);
    if (row.size() == 4 && row[2] == "compared as")
      in_table = true;
    else if (row.size() != 4)
      in_table = false;
    else if (in_table && !row[0].starts_with("---"))
      rows.push_back({row[0], row[2], number(row[3])});
  }
  return rows;
}

/// Answers by behaviour, of all records.
std::map<std::string, std::uint64_t> recorded() {
  std::map<std::string, std::uint64_t> answers;
  for (const char* name : {"etcd", "postgresql", "redis", "zookeeper"})
    for (const std::string& line :
         lines(contents(kRoot / "docs/conformance" / (std::string(name) + ".md")))) {
      const std::vector<std::string> row = cells(line);
      if (row.size() == 6 && number(row[3]) > 0) answers[row[0]] = number(row[3]);
    }
  return answers;
}

}  // namespace

TEST_CASE(
    "every compared behaviour is on the page of fidelity, with the record's number of answers") {
  const std::map<std::string, std::uint64_t> answers = recorded();
  REQUIRE(answers.size() > 30);
  std::map<std::string, int> named;
  Complaints complaints;
  for (const Row& row : modelled()) {
    if (row.compared_as.starts_with("not compared")) {
      if (row.answers != 0) complaints.add(row.behaviour + ": compared, or not?");
      continue;
    }
    std::uint64_t sum = 0;
    for (const std::string& behaviour : split(row.compared_as, ';')) {
      const auto found = answers.find(behaviour);
      if (found == answers.end())
        complaints.add(row.behaviour + ": no record compares \"" + behaviour + '"');
      else
        sum += found->second;
      ++named[behaviour];
    }
    if (sum != row.answers) complaints.add(row.behaviour + ": " + std::to_string(sum) + " answers");
  }
  for (const auto& [behaviour, count] : answers)
    if (named[behaviour] != 1) complaints.add('"' + behaviour + "\" is to be named once");
  CHECK(complaints.text() == "");
}

TEST_CASE("the page of fidelity has each record's total, version and day") {
  const std::string page = contents(kRoot / "docs/model_fidelity.md");
  Complaints complaints;
  for (const char* name : {"etcd", "postgresql", "redis", "zookeeper"}) {
    // "13333 answers compared with etcd 3.4.23 on 2026-11-24, seed 1: ..."
    const std::string record = contents(kRoot / "docs/conformance" / (std::string(name) + ".md"));
    const std::string kWith = " answers compared with ";
    const std::size_t with = record.find(kWith);
    REQUIRE(with != std::string::npos);
    const std::size_t begin = record.rfind('\n', with) + 1;
    const std::size_t server = with + kWith.size();
    const std::string sentence =
        "Compared with " + record.substr(server, record.find(',', server) - server) + ": " +
        with_commas(number(record.substr(begin, with - begin))) + " answers";
    if (page.find(sentence) == std::string::npos) complaints.add("not there: " + sentence);
  }
  CHECK(complaints.text() == "");
}
