#include "live/page.hpp"

#include <algorithm>
#include <string_view>

#include "invariants/message.hpp"

namespace locklab {
namespace {

/// For a POSIX shell: as it is, or in single quotes.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out += '\'';
}

}  // namespace

HtmlOptions page_options(const Recording& recording, const Scenario* scenario) {
  HtmlOptions options;
  std::vector<std::string_view> names;
  for (const RecordedProcess& process : recording.processes) names.push_back(process.name);
  for (const Finding& finding : recording.findings)
    options.finding_messages.push_back(message(finding, recording.names, names));
  if (scenario == nullptr) return options;
  options.story = scenario->story;
  options.remarks = scenario->remarks;
  options.sources = scenario->sources;
  return options;
}

std::string run_command(const std::string& argument, std::optional<std::uint64_t> seed,
                        const std::vector<std::string>& sets) {
  std::string out = "locklab run " + quoted(argument);
  if (seed) out += " --seed " + std::to_string(*seed);
  for (const std::string& set : sets) out += " --set " + quoted(set);
  return out;
}

}  // namespace locklab
