// Recordings that a user names: read, and doubted where they were changed.
#pragma once

#include <optional>
#include <string>

#include "reports/recording_json.hpp"

namespace locklab {

/// The recording, or nothing after saying why. Its doubts are the caller's to judge.
std::optional<LoadedRecording> load_recording(const std::string& path);

/// Says each of them.
void say_doubts(const LoadedRecording& loaded, const std::string& path);

/// Does a file of that text claim to be a recording?
bool looks_like_recording(std::string_view text);

}  // namespace locklab
