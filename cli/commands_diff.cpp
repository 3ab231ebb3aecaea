// `locklab diff`: two runs compared, each a recording on disk or a scenario that is run now.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/loading.hpp"
#include "cli/recordings.hpp"
#include "cli/verdict.hpp"
#include "live/page.hpp"
#include "reports/difference.hpp"
#include "reports/difference_page.hpp"
#include "scenarios/library.hpp"
#include "scenarios/runner.hpp"

namespace locklab {
namespace {

/// A recording, and what its findings' names may stand in. Stays where it is.
class Run {
 public:
  Run(std::span<const std::string> sets, std::optional<std::uint64_t> seed)
      : sets_(sets), seed_(seed) {}

  /// False after saying why not.
  bool load(const std::string& argument) {
    return is_recording(argument) ? read(argument) : run(argument);
  }
  /// What the invariants say of each finding.
  std::vector<std::string> messages() const {
    return page_options(recording(), nullptr).finding_messages;
  }
  const Recording& recording() const { return loaded_ ? loaded_->recording : own_; }

 private:
  static bool is_recording(const std::string& argument) {
    if (argument == "-" || library_text(argument) || !is_existing_path(argument)) return false;
    const auto text = read_file(argument);
    return text && looks_like_recording(*text);
  }

  bool read(const std::string& path) {
    if (!sets_.empty() || seed_) {
      complain(in_quotes(path, 400) + " is a recording: --set and --seed change a scenario");
      return false;
    }
    auto loaded = load_recording(path);
    if (!loaded) return false;
    loaded_.emplace(std::move(*loaded));
    say_doubts(*loaded_, path);
    return loaded_->intact();
  }

  bool run(const std::string& argument) {
    ScenarioLoader loader(sets_);
    const auto loaded = loader.load(argument);
    if (!loaded) {
      print_error(loader.errors());
      return false;
    }
    RunOptions options;
    options.seed = seed_;
    options.recording = &own_;
    own_.version = LOCKLAB_VERSION;
    RunResult result;
    Runner().run(loaded->scenario, options, result);
    return true;
  }

  std::span<const std::string> sets_;
  std::optional<std::uint64_t> seed_;
  std::optional<LoadedRecording> loaded_;
  Recording own_;
};

}  // namespace

ExitCode diff_runs(const DiffCommand& command, const TerminalChoice& choice) {
  Run first({}, {});
  Run second(command.sets, command.seed);
  if (!first.load(command.first) || !second.load(command.second)) return ExitCode::bad_input;
  const Difference difference = compare(first.recording(), second.recording());
  if (!command.html.empty()) {
    const auto written =
        write_file(command.html, difference_page(difference, first.recording(), second.recording(),
                                                 first.messages(), second.messages()));
    if (!written) {
      complain(written.error().sentence);
      return ExitCode::bad_input;
    }
  }
  const Terminal terminal = standard_output(choice);
  print(command.json ? difference_json(difference, first.recording(), second.recording())
                     : difference_text(difference, first.recording(), second.recording(),
                                       terminal.width, terminal.ascii));
  return difference.equal() ? ExitCode::ok : ExitCode::not_as_expected;
}

}  // namespace locklab
