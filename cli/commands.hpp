// What the program does, one function a command. Everything a command needs is in its argument;
// what it says goes to standard output, and what is wrong to standard error.
#pragma once

#include "cli/exit_code.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"

namespace locklab {

/// commands_run.cpp
ExitCode run_scenarios(const RunCommand& command, const TerminalChoice& terminal);
/// commands_verify.cpp
ExitCode verify_library(const VerifyCommand& command, const TerminalChoice& terminal);
/// commands_list.cpp
ExitCode list_things(const ListCommand& command, const TerminalChoice& terminal);
/// commands_advise.cpp
ExitCode advise(AdviseCommand command, const TerminalChoice& terminal);
/// commands_compare.cpp
ExitCode compare_locks(const CompareCommand& command, const TerminalChoice& terminal);
/// commands_corpus.cpp
ExitCode show_corpus(const CorpusCommand& command, const TerminalChoice& terminal);
/// commands_files.cpp
ExitCode check_files(const CheckCommand& command);
ExitCode init_scenario(const InitCommand& command);
ExitCode show_scenario(const ShowCommand& command);
ExitCode print_schema();
ExitCode print_completions(const CompletionsCommand& command);
/// commands_trace.cpp
ExitCode report_trace(const ReportCommand& command, const TerminalChoice& terminal);
/// commands_site.cpp
ExitCode report_site(const ReportCommand& command, const TerminalChoice& terminal);
/// commands_trace.cpp
ExitCode replay_trace(const ReplayCommand& command);
/// commands_diff.cpp
ExitCode diff_runs(const DiffCommand& command, const TerminalChoice& terminal);

/// commands_fuzz.cpp
ExitCode fuzz_scenario(const FuzzCommand& command, const TerminalChoice& terminal);
/// commands_merge.cpp
ExitCode merge_shards(const MergeCommand& command, const TerminalChoice& terminal);

/// commands_live.cpp
ExitCode run_live_scenario(const LiveCommand& command, const TerminalChoice& terminal);

/// commands_explain.cpp
ExitCode explain_run(const ExplainCommand& command, const TerminalChoice& terminal);
/// commands_enumerate.cpp
ExitCode enumerate_schedules(const EnumerateCommand& command, const TerminalChoice& terminal);

ExitCode execute(const Command& command, const TerminalChoice& terminal);

}  // namespace locklab
