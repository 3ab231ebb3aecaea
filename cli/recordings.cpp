#include "cli/recordings.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "cli/files.hpp"
#include "cli/terminal.hpp"
#include "scenarios/diagnostics.hpp"

namespace locklab {

std::optional<LoadedRecording> load_recording(const std::string& path) {
  const auto text = read_file(path);
  if (!text) {
    complain(text.error().sentence);
    return std::nullopt;
  }
  auto loaded = read_recording_json(*text);
  if (loaded) return std::move(*loaded);
  print_error(to_string(loaded.error(), path == "-" ? "<stdin>" : path) + '\n');
  complain("this is no recording that `locklab run --trace` wrote");
  return std::nullopt;
}

void say_doubts(const LoadedRecording& loaded, const std::string& path) {
  for (const std::string& doubt : loaded.doubts)
    complain(fmt::format("{} was changed after it was written: {}", in_quotes(path, 400),
                         printable(doubt)));
}

bool looks_like_recording(std::string_view text) {
  return text.starts_with("{\"schema\":\"locklab-trace/");
}

}  // namespace locklab
