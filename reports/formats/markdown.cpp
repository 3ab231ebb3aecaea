#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "reports/escape.hpp"
#include "reports/formats/formats.hpp"
#include "reports/narrator.hpp"
#include "reports/plain_text.hpp"
#include "reports/story.hpp"
#include "reports/text_report.hpp"
#include "reports/timeline.hpp"

namespace locklab {
namespace {

std::string_view sign_of(StoryLine::Tone tone) {
  switch (tone) {
    case StoryLine::Tone::good:
      return "✓ ";
    case StoryLine::Tone::refused:
      return "✗ ";
    case StoryLine::Tone::fault:
      return "⚡ ";
    case StoryLine::Tone::wrong:
      return "❓ ";
    case StoryLine::Tone::violation:
      return "❗ ";
    case StoryLine::Tone::plain:
    case StoryLine::Tone::left_out:
      return "";
  }
  return "";
}

/// Four spaces before each line: unlike a fence, nothing in the text can end this.
std::string as_code(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append("    ").append(text.substr(0, end)).append(1, '\n');
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// A word of a shell.
std::string quoted(std::string_view word) {
  std::string plain = safe_text(word);
  if (!plain.empty() &&
      plain.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789-_./+") == std::string::npos)
    return plain;
  std::string out = "'";
  for (const char c : plain) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

void write_markdown(const Recording& recording, const TextOptions& options, std::string& out) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  const auto text = [&out](std::string_view words) { out += markdown_text(words); };

  out += "# ";
  text(recording.title.empty() ? recording.scenario : recording.scenario + ": " + recording.title);
  out += "\n\n";
  const std::string& verdict = options.verdict.empty() ? recording.verdict : options.verdict;
  if (!verdict.empty()) out += "**Verdict:** " + markdown_text(verdict) + ".\n\n";
  if (!options.story.empty()) out += markdown_text(options.story) + "\n\n";

  out += "| process | role |\n| --- | --- |\n";
  for (const RecordedProcess& process : recording.processes)
    out += fmt::format("| {} | {} |\n", markdown_text(process.name), to_string(process.role));
  if (!recording.faults.empty()) out += "\n## Faults\n\n";
  for (const RecordedFault& fault : recording.faults)
    out += fmt::format("- {}\n", markdown_text(fault.sentence));

  out += "\n## What happened\n\n| time | |\n| ---: | --- |\n";
  std::vector<StoryLine> lines = tell_story(recording, timeline, narrator, options.detail);
  if (options.detail == Detail::brief)
    lines = shortened_story(std::move(lines), options.most_lines);
  for (const StoryLine& line : lines) {
    const std::string words = markdown_text(line.text);
    const bool strong = line.tone == StoryLine::Tone::violation;
    out += fmt::format("| {} | {}{}{}{} |\n",
                       line.tone == StoryLine::Tone::left_out ? std::string() : shown(line.at),
                       sign_of(line.tone), strong ? "**" : "", words, strong ? "**" : "");
  }

  TextOptions picture = options;
  picture.width = 80;
  picture.colour = false;
  if (const std::string chart = text_chart(recording, picture); !chart.empty())
    out += "\n## Belief against truth\n\n" + as_code(chart);

  if (!recording.findings.empty()) out += "\n## Found\n\n";
  for (std::size_t i = 0; i < recording.findings.size(); ++i) {
    const bool told = i < options.finding_messages.size() && !options.finding_messages[i].empty();
    out += fmt::format("{}. {}\n", i + 1,
                       markdown_text(told ? options.finding_messages[i]
                                          : narrator.sentence(recording.findings[i])));
  }

  if (!timeline.writes.empty())
    out +=
        "\n## Writes\n\n| time | client | what | token | highest seen | |\n"
        "| ---: | --- | --- | ---: | ---: | --- |\n";
  const auto token = [](FencingToken of) {
    return of ? fmt::format("{}", of.number) : std::string("none");
  };
  for (const WriteMark& write : timeline.writes)
    out += fmt::format(
        "| {} | {} | {} | {} | {} | {} |\n", shown(write.at),
        markdown_text(write.client ? narrator.process(write.client) : std::string("somebody")),
        markdown_text(narrator.text(write.subject)), token(write.token), token(write.highest),
        write.blamed     ? "**accepted, and should not have been**"
        : write.accepted ? "accepted"
                         : "refused");

  if (!options.remarks.empty()) out += "\n## Remarks\n\n";
  for (const std::string& remark : options.remarks)
    out += fmt::format("- {}\n", markdown_text(remark));

  out += "\n## The same run again\n\n";
  out += as_code(options.command.empty() ? fmt::format("locklab run {} --seed {}",
                                                       quoted(recording.scenario), recording.seed)
                                         : safe_text(options.command));
  out += fmt::format("\n{} events, {} messages, digest `{:016x}`.\n", recording.events.size(),
                     recording.messages, recording.digest);
}

}  // namespace locklab
