#include "cli/pages.hpp"

#include "cli/result_json.hpp"
#include "live/page.hpp"
#include "live/verdict_words.hpp"

namespace locklab {

HtmlOptions page_of(const LoadedScenario& loaded, const Recording& recording,
                    const RunResult& result, std::optional<std::uint64_t> seed,
                    const std::vector<std::string>& sets) {
  HtmlOptions options = page_options(recording, &loaded.scenario);
  options.verdict = verdict_sentence(loaded.scenario, result);
  options.command = run_command(loaded.argument, seed, sets);
  options.scenario_json = compact_json(loaded.document);
  const Twin twin = twin_of(loaded.scenario.name);
  options.twin_name = twin.name;
  options.twin_json = twin.scenario_json;
  options.reason = page_reason(loaded.scenario, recording);
  return options;
}

}  // namespace locklab
