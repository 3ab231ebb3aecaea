// The command line as plain data. CLI11 stays inside options.cpp, and so do its exceptions; what it
// knows of commands and options also leaves as data, from which help and completions are made.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"

namespace locklab {

// ---- what a user may ask for --------------------------------------------------------------------

struct RunCommand {
  std::vector<std::string> scenarios;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> sets;
  bool text = false;  // the default, so that it says nothing
  bool json = false;
  bool quiet = false;
  bool full = false;
  std::string trace;  // a file; empty: none
  std::string html;   // the same
  std::string format = "text";
  std::string out;  // a file; empty: standard output
};

struct VerifyCommand {
  std::vector<std::string> patterns;  // none: all
  std::size_t jobs = 0;               // 0: as many as the machine has cores
  bool json = false;
  bool times = false;
};

struct ListCommand {
  std::string kind;
  std::string name;  // empty: all
  bool json = false;
};

struct CompareCommand {
  std::string locks;         // "redlock,simple_redis_lock:careful"; empty: every algorithm
  std::string faults;        // "client-pause,partition"; empty: every one
  std::uint64_t runs = 100;  // a cell
  std::uint64_t seed = 1;
  std::size_t jobs = 0;  // 0: as many as the machine has cores
  bool json = false;
  bool markdown = false;
  bool csv = false;
};

/// Empty answers are asked for.
struct AdviseCommand {
  std::string correctness;  // "correctness" or "efficiency"
  std::string storage_checks_tokens;
  std::string longest_pause;
  std::string have;  // services, with commas between them
  std::string contention;
  std::string cross_region;
  std::uint64_t runs = 40;  // a fault, of the finalists
  std::uint64_t seed = 1;
  std::size_t jobs = 0;
  bool json = false;
};

struct CorpusCommand {
  std::string pattern;  // a number, or a part of an id; empty: all
  bool json = false;
  bool markdown = false;
};

struct CheckCommand {
  std::vector<std::string> files;
};

struct InitCommand {
  std::string name = "scenario";
  bool force = false;
};

struct ShowCommand {
  std::string name;
};

struct SchemaCommand {};

struct ReportCommand {
  std::string trace;
  bool all = false;      // a site of all built-in scenarios instead
  std::size_t jobs = 0;  // for that site; 0: as many as the machine has cores
  std::string format = "text";
  std::string out;  // a file, or the site's folder; empty: standard output
  bool full = false;
};

/// What two runs differ in. Each is a recording or a scenario.
struct DiffCommand {
  std::string first;
  std::string second;
  std::vector<std::string> sets;      // of the second, if it is a scenario
  std::optional<std::uint64_t> seed;  // the same
  bool json = false;
  std::string html;  // a file to write as well; empty: none
};

struct ReplayCommand {
  std::string trace;
  std::string scenario;  // a file; empty: the built-in scenario that the recording names
  std::vector<std::string> sets;
};

struct FuzzCommand {
  std::string scenario;  // a lock's name, a built-in scenario, a file
  std::vector<std::string> sets;
  std::vector<std::string> faults;  // none: all kinds
  std::vector<std::string> checks;  // invariants; none: those that the scenario checks
  std::optional<std::uint64_t> runs;
  std::optional<std::chrono::nanoseconds> time;
  bool until_found = false;
  std::uint64_t seed = 1;
  std::size_t jobs = 0;
  std::size_t most_faults = 12;
  bool beyond = false;  // what the lock assumes not to happen may happen
  bool prove = false;
  bool whole = false;  // counterexamples keep the scenario as it is
  std::string strategy = "portfolio";
  std::string out;  // a folder; empty: nothing is written
  bool resume = false;
  std::uint32_t shard = 1;  // from 1 to `shards`
  std::uint32_t shards = 1;
  bool json = false;
  std::string junit;  // a file; empty: none
  std::string sarif;  // the same
};

/// The shards of a campaign, put together.
struct MergeCommand {
  std::vector<std::string> folders;
  std::string out;  // as for fuzz
  std::size_t jobs = 0;
  bool json = false;
  std::string junit;
  std::string sarif;
};

/// Why a run ended as it did.
struct ExplainCommand {
  std::string scenario;
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;
  std::string check;  // an invariant; empty: the heaviest violation
  bool json = false;
  bool markdown = false;
};

/// A scenario against real servers, in real time.
struct LiveCommand {
  std::string scenario;
  std::vector<std::string> sets;
  std::size_t tries = 3;  // as long as the machine delayed a run that differs
  bool distances = false;
  std::string html;  // a file; empty: none
  std::string keep;  // a folder for both recordings; empty: none
  bool json = false;
};

/// Every schedule of a few faults; or a certificate that says so, to be checked.
struct EnumerateCommand {
  std::string scenario;  // empty with `certificate`
  std::vector<std::string> sets;
  std::size_t faults = 1;
  std::vector<std::string> kinds;   // none: those of the scenario's declared space
  std::vector<std::string> checks;  // invariants; none: those that the scenario checks
  std::vector<std::string> sizes;   // how long faults last; none: the declared space's
  bool every_anchor = false;
  std::size_t jobs = 0;
  std::string out;          // a file; empty: none
  std::string certificate;  // a file to verify; empty: none
  bool json = false;
};

struct CompletionsCommand {
  std::string shell;
};

using Command =
    std::variant<RunCommand, VerifyCommand, ListCommand, CorpusCommand, CompareCommand,
                 AdviseCommand, CheckCommand, InitCommand, ShowCommand, SchemaCommand,
                 ReportCommand, ReplayCommand, FuzzCommand, MergeCommand, ExplainCommand,
                 EnumerateCommand, DiffCommand, LiveCommand, CompletionsCommand>;

/// The command line asked for nothing but words: help, a version, or the sentence about a mistake.
struct NothingToDo {
  ExitCode code = ExitCode::ok;
  std::string output;  // for standard output
  std::string error;   // a sentence for standard error; empty: none
};

struct CommandLine {
  std::variant<Command, NothingToDo> what;
  TerminalChoice terminal;
};

CommandLine parse_command_line(int argc, const char* const* argv);

// ---- what there is to ask for -------------------------------------------------------------------

/// What stands for a value says what it can be: "FILE", "SCENARIO", "RUN" (either of the two), "N",
/// "FORMAT", or all choices: "bash|zsh".
struct OptionRow {
  std::vector<std::string> names;  // "-j", "--jobs"; none for a positional argument
  std::string value;               // empty: it takes none
  std::string help;
  bool repeats = false;
  bool required = false;
};

struct CommandRow {
  std::string name;
  std::string help;
  std::string examples;  // lines
  std::vector<OptionRow> arguments;
  std::vector<OptionRow> options;
};

struct CommandTable {
  std::vector<CommandRow> commands;
  std::vector<OptionRow> options;  // that belong to no command
};

CommandTable command_table();

/// The choices of a value "a|b|c"; none where it is a word like FILE.
std::vector<std::string> choices_of(const OptionRow& row);

}  // namespace locklab
