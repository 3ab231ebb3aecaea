// What is wrong with a user's input, where, and what was probably meant. All mistakes of a document
// are collected before anything is said, so that a newcomer repairs a file in one go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace locklab {

/// Where a value was written: a file with line and column (both from 1; columns are code points),
/// or a place without lines, such as the command line's "--set lock.ttl" (line 0).
struct Place {
  std::string source;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool operator==(const Place&) const = default;
};

/// "scenario.json:3:7", or the source alone where there are no lines. Control characters escaped.
std::string to_string(const Place& place);

/// One mistake, as one sentence without its full stop.
struct Diagnostic {
  Place place;
  std::string pointer;  // JSON pointer (RFC 6901) of the value; "" is the whole document
  std::string message;
  std::string suggestion;  // what was probably meant, or nothing
};

/// `file:line:column: /json/pointer: message (did you mean "..."?)`, in one line, no newline.
std::string to_string(const Diagnostic& diagnostic);

/// Collects mistakes in whatever order a reader comes across them.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }
  void add(const Place& place, std::string_view pointer, std::string message,
           std::string_view suggestion = {});

  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }

  /// By file, line and column; what has no line (the command line) comes last, as it was added.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> all_;
};

/// One line each, every line with its newline, sorted; after `most` of them "and N more".
std::string to_string(const Diagnostics& diagnostics, std::size_t most = 100);

/// The text with everything escaped that could move a cursor, hide or reorder what is printed:
/// control characters (\n, \u001b), bidirectional controls, and bytes that are not UTF-8 (\xff).
std::string printable(std::string_view text);

/// The text in double quotes as JSON would write it, printable, cut after `most` characters.
std::string in_quotes(std::string_view text, std::size_t most = 60);

bool is_utf8(std::string_view text);

}  // namespace locklab
