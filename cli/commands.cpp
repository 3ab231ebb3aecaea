#include "cli/commands.hpp"

#include <variant>

namespace locklab {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // Clang 14 needs it said

}  // namespace

ExitCode execute(const Command& command, const TerminalChoice& terminal) {
  return std::visit(Overloaded{
                        [&](const RunCommand& c) { return run_scenarios(c, terminal); },
                        [&](const VerifyCommand& c) { return verify_library(c, terminal); },
                        [&](const ListCommand& c) { return list_things(c, terminal); },
                        [&](const CompareCommand& c) { return compare_locks(c, terminal); },
                        [&](const AdviseCommand& c) { return advise(c, terminal); },
                        [&](const CorpusCommand& c) { return show_corpus(c, terminal); },
                        [](const CheckCommand& c) { return check_files(c); },
                        [](const InitCommand& c) { return init_scenario(c); },
                        [](const ShowCommand& c) { return show_scenario(c); },
                        [](const SchemaCommand&) { return print_schema(); },
                        [&](const ReportCommand& c) { return report_trace(c, terminal); },
                        [](const ReplayCommand& c) { return replay_trace(c); },
                        [&](const FuzzCommand& c) { return fuzz_scenario(c, terminal); },
                        [&](const MergeCommand& c) { return merge_shards(c, terminal); },
                        [&](const ExplainCommand& c) { return explain_run(c, terminal); },
                        [&](const EnumerateCommand& c) { return enumerate_schedules(c, terminal); },
                        [&](const DiffCommand& c) { return diff_runs(c, terminal); },
                        [&](const LiveCommand& c) { return run_live_scenario(c, terminal); },
                        [](const CompletionsCommand& c) { return print_completions(c); },
                    },
                    command);
}

}  // namespace locklab
