#include "reports/page_lines.hpp"

#include <fmt/format.h>

namespace locklab {

using Tone = StoryLine::Tone;

std::string_view tone_sign(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "✓";
    case Tone::refused:
      return "✗";
    case Tone::fault:
      return "✱";
    case Tone::wrong:
      return "?";
    case Tone::violation:
      return "⚠";
    case Tone::plain:
    case Tone::left_out:
      return "";
  }
  return "";
}

std::string_view tone_class(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "good";
    case Tone::refused:
      return "refused";
    case Tone::fault:
      return "fault";
    case Tone::wrong:
      return "wrong";
    case Tone::violation:
      return "violation";
    case Tone::left_out:
      return "left-out";
    case Tone::plain:
      return "plain-line";
  }
  return "";
}

std::string hue_class(const Recording& recording, ProcessId process) {
  std::size_t hue = 0;
  for (std::uint32_t number = 1; number <= recording.processes.size(); ++number) {
    if (recording.processes[number - 1].role != ProcessRole::client) continue;
    if (ProcessId{number} == process) return fmt::format("h{}", hue % 6);
    ++hue;
  }
  return "h-none";
}

std::string capital(std::string words, const Recording& recording) {
  for (const RecordedProcess& process : recording.processes)
    if (words.starts_with(process.name)) return words;
  if (!words.empty() && words.front() >= 'a' && words.front() <= 'z')
    words.front() = static_cast<char>(words.front() - 'a' + 'A');
  return words;
}

}  // namespace locklab
