#include "live/core.hpp"

#include <fmt/format.h>

#include "live/page.hpp"
#include "live/verdict_words.hpp"
#include "reports/markup.hpp"
#include "reports/plain_text.hpp"
#include "reports/recording_json.hpp"
#include "scenarios/scenario_json.hpp"

namespace locklab {
namespace {

std::string mistakes(const Diagnostics& diagnostics) {
  return "{\"error\":" + script_literal(safe_text(to_string(diagnostics))) + "}";
}

}  // namespace

std::string PageCore::run(std::string_view scenario_text, std::optional<std::uint64_t> seed,
                          Wanted wanted) {
  const auto root = parse_located_json(scenario_text, "scenario");
  if (!root) return mistakes(root.error());
  Diagnostics diagnostics;
  auto scenario = read_scenario(*root, diagnostics);
  if (!scenario) return mistakes(diagnostics);
  if (wanted == Wanted::reason) {
    if (seed) scenario->seed = *seed;
    return page_reason_markup(*scenario);
  }

  Recording recording;
  recording.version = LOCKLAB_VERSION;
  RunOptions options;
  options.seed = seed;
  if (wanted != Wanted::verdict) options.recording = &recording;
  options.explain_mismatches = wanted == Wanted::parts || wanted == Wanted::sketch;
  runner_.run(*scenario, options, result_);

  std::string out;
  switch (wanted) {
    case Wanted::verdict: {
      std::string names;
      for (const std::string& name : violated(result_.findings))
        names += (names.empty() ? "" : ",") + script_literal(name);
      return fmt::format("{{\"verdict\":\"{}\",\"violated\":[{}],\"digest\":\"{:016x}\"}}",
                         to_string(result_.verdict), names, result_.digest);
    }
    case Wanted::parts: {
      HtmlOptions page = page_options(recording, &*scenario);
      page.verdict = verdict_sentence(*scenario, result_);
      return page_parts_json(recording, page);
    }
    case Wanted::sketch: {
      HtmlOptions page = page_options(recording, &*scenario);
      page.verdict = verdict_sentence(*scenario, result_);
      return page_sketch_json(recording, page);
    }
    case Wanted::window:
      return page_window(recording, window_);
    case Wanted::trace:
      write_recording_json(recording, out);
      return out;
    case Wanted::reason:
      break;
  }
  return out;
}

}  // namespace locklab
