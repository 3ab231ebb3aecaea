// The house rules of CONTRIBUTING.md that a machine can keep: nothing that makes two runs differ,
// no exceptions, headers that tell what they are, files of a readable length, links that lead
// somewhere, and models that own up to what they leave out.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/house/source.hpp"

using namespace locklab::house;

namespace {

using Files = std::set<std::string, std::less<>>;

/// What is to give the same bytes everywhere: all but the command line and the real servers.
bool below_cli(const Source& source) {
  return !source.path.starts_with("cli/") && !source.path.starts_with("real/");
}

/// Code (no comments, no quoted texts) of the whole program, by path.
const std::map<std::string, std::string>& program_code() {
  static const std::map<std::string, std::string> all = [] {
    std::map<std::string, std::string> made;
    for (const Source& source : program_sources())
      made.emplace(source.path, code_only(source.text));
    return made;
  }();
  return all;
}

/// Complains about each place with the word, except in the files (or the folders, which end in "/")
/// where it cannot be avoided.
void forbid(Complaints& complaints, std::string_view word, const Files& allowed) {
  for (const auto& [path, code] : program_code()) {
    if (std::any_of(allowed.begin(), allowed.end(), [&path = path](const std::string& one) {
          return one.ends_with('/') ? path.starts_with(one) : path == one;
        }))
      continue;
    for (const std::size_t line : lines_with_word(code, word))
      complaints.add(place(path, line) + ": " + std::string(word));
  }
}

// ---- links --------------------------------------------------------------------------------------

/// The anchor that a heading has on GitHub: lower case, spaces become hyphens, other signs go.
std::string anchor(std::string_view heading) {
  std::string made;
  for (const char c : heading) {
    if (c == ' ')
      made += '-';
    else if (is_word_character(c) || c == '-')
      made += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (static_cast<unsigned char>(c) >= 0x80)
      made += c;
  }
  return made;
}

/// A page without its blocks of code, in which nothing is a link or a heading.
std::vector<std::string> prose(const fs::path& page) {
  std::vector<std::string> all;
  bool code = false;
  for (const std::string& line : lines(contents(page))) {
    if (line.starts_with("```")) code = !code;
    all.push_back(code ? std::string() : line);
  }
  return all;
}

Files anchors(const fs::path& page) {
  Files all;
  for (std::string_view line : prose(page)) {
    if (!line.starts_with('#')) continue;
    line.remove_prefix(std::min(line.find_first_not_of("# "), line.size()));
    std::string made = anchor(line);
    for (int again = 1; all.count(made) == 1; ++again)
      made = anchor(line) + "-" + std::to_string(again);
    all.insert(made);
  }
  return all;
}

std::vector<fs::path> pages() {
  std::vector<fs::path> all;
  for (const fs::directory_entry& entry : fs::directory_iterator(kRoot))
    if (entry.path().extension() == ".md") all.push_back(entry.path());
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / "docs"))
    if (entry.path().extension() == ".md") all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("below cli/ nothing is included that could make two runs differ") {
  const Files forbidden{
      "iostream",  "ostream",   "istream", "sstream",    "iomanip",       "fstream",
      "locale",    "thread",    "mutex",   "future",     "atomic",        "condition_variable",
      "random",    "ctime",     "regex",   "filesystem", "unordered_map", "unordered_set",
      "exception", "stdexcept",
  };
  Complaints complaints;
  for (const Source& source : program_sources()) {
    if (!below_cli(source)) continue;
    for (const Include& include : source.includes)
      if (!include.quoted && forbidden.count(include.target) == 1)
        complaints.add(place(include.file, include.line) + ": <" + include.target + ">");
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("below cli/ nobody asks the machine for the time, for chance or for its environment") {
  Complaints complaints;
  for (const std::string_view word :
       {"system_clock", "steady_clock", "high_resolution_clock", "clock_gettime", "gettimeofday",
        "time_t", "random_device", "mt19937", "srand", "rand", "getenv", "thread_local", "fopen",
        "setlocale", "unordered_map", "unordered_set"})
    forbid(complaints, word, {"cli/", "real/"});
  CHECK(complaints.text() == "");
}

TEST_CASE("below cli/ there is no floating point") {
  // A parser that is told of each number names the type that it would have had.
  const Files allowed{"cli/", "real/", "scenarios/located_json.cpp"};
  Complaints complaints;
  forbid(complaints, "double", allowed);
  forbid(complaints, "float", allowed);
  CHECK(complaints.text() == "");
}

TEST_CASE("no exception is thrown or caught anywhere in the program") {
  Complaints complaints;
  for (const std::string_view word : {"throw", "try", "catch"})
    forbid(complaints, word, {"cli/options.cpp"});
  CHECK(complaints.text() == "");
}

TEST_CASE("a header has #pragma once and opens with the story of its file") {
  std::vector<Source> all = program_sources();
  for (Source& test : sources(std::array<std::string_view, 1>{"tests"})) all.push_back(test);
  Complaints complaints;
  for (const Source& source : all) {
    if (!source.is_header()) continue;
    const std::vector<std::string> text = lines(source.text);
    if (text.empty() || !text.front().starts_with("// ") || text.front().size() < 30)
      complaints.add(source.path + " does not say what it is");
    const auto pragma = std::find(text.begin(), text.end(), "#pragma once");
    if (pragma == text.end()) {
      complaints.add(source.path + " has no #pragma once");
      continue;
    }
    // Nothing but the story stands before it.
    for (auto line = text.begin(); line != pragma; ++line)
      if (!line->empty() && !line->starts_with("//"))
        complaints.add(source.path + ": \"" + *line + "\" stands before #pragma once");
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("a file has at most 700 lines") {
  constexpr std::size_t kMost = 700;
  // Those that are one thing, and would only be harder to find in two files. No more of them, and
  // they shall not grow much.
  const std::map<std::string, std::size_t, std::less<>> longer{
      {"sim/trace.hpp", 860},  // the vocabulary: one struct an event
  };
  Complaints complaints;
  for (const Source& source : program_sources()) {
    const std::size_t count = lines(source.text).size();
    const auto known = longer.find(source.path);
    const std::size_t most = known != longer.end() ? known->second : kMost;
    if (count > most)
      complaints.add(source.path + " has " + std::to_string(count) + " lines, of " +
                     std::to_string(most));
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("files end with a newline, and hold no tabs and no spaces at a line's end") {
  Complaints complaints;
  for (const Source& source : program_sources()) {
    if (!source.text.ends_with('\n')) complaints.add(source.path + " ends without a newline");
    std::size_t number = 0;
    for (const std::string& line : lines(source.text)) {
      ++number;
      if (line.find('\t') != std::string::npos || line.ends_with(' ') || line.ends_with('\r'))
        complaints.add(place(source.path, number));
    }
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("every link of a page leads to a file or a heading that is there") {
  CHECK(pages().size() >= 5);
  Complaints complaints;
  for (const fs::path& page : pages()) {
    std::size_t number = 0;
    for (const std::string& line : prose(page)) {
      ++number;
      for (std::size_t at = line.find("]("); at != std::string::npos;
           at = line.find("](", at + 1)) {
        const std::size_t end = line.find(')', at);
        if (end == std::string::npos) continue;
        const std::string target = line.substr(at + 2, end - at - 2);
        if (target.starts_with("http://") || target.starts_with("https://")) continue;
        const std::size_t hash = std::min(target.find('#'), target.size());
        const fs::path file = hash == 0 ? page : page.parent_path() / target.substr(0, hash);
        const std::string where = place(page.lexically_relative(kRoot).generic_string(), number);
        if (!fs::exists(file))
          complaints.add(where + ": there is no " + target);
        else if (hash < target.size() && anchors(file).count(target.substr(hash + 1)) == 0)
          complaints.add(where + ": there is no heading " + target);
      }
    }
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("every file with a mark 'Model:' is named in docs/model_fidelity.md, and no other") {
  Files marked;
  for (const Source& source : program_sources())
    for (const std::string& line : lines(source.text))
      if (line.find("//") < line.find("Model:") && line.find("Model:") != std::string::npos)
        marked.insert(source.path);
  CHECK(marked.size() >= 10);

  // Paths in code font: `sim/network.hpp`.
  Files named;
  for (const std::string& line : lines(contents(kRoot / "docs/model_fidelity.md"))) {
    for (std::size_t open = line.find('`'); open != std::string::npos;) {
      const std::size_t close = line.find('`', open + 1);
      if (close == std::string::npos) break;
      const std::string word = line.substr(open + 1, close - open - 1);
      if (word.find('/') != std::string::npos && (word.ends_with(".hpp") || word.ends_with(".cpp")))
        named.insert(word);
      open = line.find('`', close + 1);
    }
  }
  Complaints complaints;
  for (const std::string& file : marked)
    if (named.count(file) == 0) complaints.add(file + " has a mark, and the page does not name it");
  for (const std::string& file : named)
    if (marked.count(file) == 0) complaints.add(file + " is named by the page, and has no mark");
  CHECK(complaints.text() == "");
}

TEST_CASE("the reader of code is not fooled by comments and texts") {
  CHECK(code_only("int a; // try\nint b;") == "int a;       \nint b;");
  CHECK(code_only("a /* x\ny */ b") == "a     \n     b");
  CHECK(code_only("f(\"a\\\"try\", 'x', '\\'') + 1'000") == "f(\"      \", ' ', '  ') + 1'000");
  CHECK(code_only("R\"(try \" // )\" + 1") == std::string(14, ' ') + " + 1");
  CHECK(lines_with_word("try_acquire\nretry\n try {", "try") == std::vector<std::size_t>{3});
}
