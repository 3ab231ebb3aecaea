// The list of mutants, tests/mutants/mutants.txt, and what it does to a source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/result.hpp"

namespace locklab::mutants {

/// One entry of the list. A key a line, an empty line between two entries; # begins a comment.
struct Mutant {
  unsigned number = 0;
  std::string mistake;   // what somebody might have got wrong
  std::string lock;      // "redlock:spec": two clients, one stock; or
  std::string scenario;  // a built-in one
  std::string guard;     // "tokens": storage checks them
  std::string search;    // "inside" the lock's envelope, or "beyond" it
  std::string breaks;    // the invariants, with commas, one of which it is expected to break
  std::string survives;  // why it is expected not to be found; empty: it is
  // The patch. White space matters nowhere.
  std::string file;
  std::string within;      // occurs once in the file; empty: `original` does
  std::string expression;  // occurs once within that; or
  std::string statement;
  std::string becomes;

  bool is_statement() const { return !statement.empty(); }
  const std::string& original() const { return is_statement() ? statement : expression; }
};

/// What is wrong with the list: a sentence that names the line or the mutant.
struct Problem {
  std::string sentence;
};

Result<std::vector<Mutant>, Problem> read_mutants(std::string_view text);

/// The source with a switch at each mutated place.
Result<std::string, Problem> patched(std::string_view source,
                                     const std::vector<const Mutant*>& mutants);

}  // namespace locklab::mutants
