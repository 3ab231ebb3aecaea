// The checkout as text: which files there are, what they include, what is left of them when
// comments and quoted texts are taken out.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace locklab::house {

namespace fs = std::filesystem;

inline const fs::path kRoot = LOCKLAB_SOURCE_DIR;

/// The folders that are the program, from the ground up.
inline constexpr std::array<std::string_view, 9> kFolders{
    "sim", "algorithms", "faults", "invariants", "reports", "scenarios", "live", "real", "cli"};

inline std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Lines without their newlines.
inline std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

struct Include {
  std::string file;    // that includes: "sim/world.cpp"
  std::size_t line;    // from 1
  std::string target;  // "sim/world.hpp", "boost/graph/adjacency_list.hpp", "vector"
  bool quoted;         // ours; otherwise in angle brackets
};

struct Source {
  std::string path;  // from the root: "sim/services/redis/client.hpp"
  std::string text;
  std::vector<Include> includes;
  bool is_header() const { return path.ends_with(".hpp"); }
  /// "sim", "algorithms", ... and each service by itself: "sim/services/redis".
  std::string unit() const {
    std::size_t end = path.find('/');
    if (path.starts_with("sim/services/"))
      end = path.find('/', std::string("sim/services/").size());
    return path.substr(0, end);
  }
};

inline std::vector<Include> includes_of(const std::string& path, std::string_view text) {
  std::vector<Include> found;
  std::size_t number = 0;
  for (std::string_view line : lines(text)) {
    ++number;
    if (!line.starts_with("#include ")) continue;
    line.remove_prefix(std::string_view("#include ").size());
    if (line.empty() || (line.front() != '"' && line.front() != '<')) continue;
    const bool quoted = line.front() == '"';
    const std::size_t end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos) continue;
    found.push_back({path, number, std::string(line.substr(1, end - 1)), quoted});
  }
  return found;
}

/// The C++ files below these folders, by path.
template <class Folders>
std::vector<Source> sources(const Folders& folders) {
  std::vector<Source> all;
  for (const auto& folder : folders) {
    if (!fs::exists(kRoot / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      const std::string ending = entry.path().extension().string();
      if (ending != ".cpp" && ending != ".hpp" && ending != ".inc") continue;
      Source source;
      source.path = entry.path().lexically_relative(kRoot).generic_string();
      source.text = contents(entry.path());
      source.includes = includes_of(source.path, source.text);
      all.push_back(std::move(source));
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Source& a, const Source& b) { return a.path < b.path; });
  return all;
}

inline const std::vector<Source>& program_sources() {
  static const std::vector<Source> all = sources(kFolders);
  return all;
}

inline bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The text with its comments and the insides of its quoted texts made blank. Lines stay lines.
inline std::string code_only(std::string_view text) {
  std::string code(text);
  const auto blank = [&code](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < std::min(to, code.size()); ++i)
      if (code[i] != '\n') code[i] = ' ';
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("//")) {
      const std::size_t end = std::min(text.find('\n', i), text.size());
      blank(i, end);
      i = end;
    } else if (text.substr(i).starts_with("/*")) {
      const std::size_t end = text.find("*/", i + 2);
      const std::size_t after = end == std::string_view::npos ? text.size() : end + 2;
      blank(i, after);
      i = after;
    } else if (text.substr(i).starts_with("R\"") && (i == 0 || !is_word_character(text[i - 1]))) {
      const std::size_t open = text.find('(', i);
      const std::string close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
      const std::size_t end = std::min(text.find(close, open), text.size());
      blank(i, end + close.size());
      i = std::min(end + close.size(), text.size());
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !is_word_character(text[i - 1])))) {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != text[i]) end += text[end] == '\\' ? 2 : 1;
      blank(i + 1, end);
      i = end + 1;
    } else {
      ++i;
    }
  }
  return code;
}

/// Lines (from 1) on which the word stands by itself.
inline std::vector<std::size_t> lines_with_word(std::string_view code, std::string_view word) {
  std::vector<std::size_t> found;
  std::size_t number = 0;
  for (const std::string& line : lines(code)) {
    ++number;
    for (std::size_t at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
      const bool begins = at == 0 || !is_word_character(line[at - 1]);
      const std::size_t after = at + word.size();
      const bool ends = after >= line.size() || !is_word_character(line[after]);
      if (!begins || !ends) continue;
      found.push_back(number);
      break;
    }
  }
  return found;
}

/// "sim/world.cpp:17"
inline std::string place(std::string_view file, std::size_t line) {
  return std::string(file) + ":" + std::to_string(line);
}

/// Complaints as one text, a line each, so that a test fails with all of them.
class Complaints {
 public:
  void add(std::string sentence) { text_ += "\n  " + std::move(sentence); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace locklab::house
