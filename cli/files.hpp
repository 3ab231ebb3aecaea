// Files, read whole and written whole: a reader of what we write sees all of it or nothing. Errors
// are sentences without their full stop.
#pragma once

#include <cstdint>
#include <string>

#include "sim/result.hpp"

namespace locklab {

/// What could not be done and why: a sentence without its full stop, harmless to a terminal.
struct FileError {
  std::string sentence;
};

/// The text of a file; "-" is standard input.
Result<std::string, FileError> read_file(const std::string& path);

enum class Overwrite : std::uint8_t { refused, allowed };

/// Writes to a temporary file beside `path`, then gives it the name. After an error everything is
/// as it was. What is no regular file (/dev/stdout, a pipe) is written to as it stands.
Result<void, FileError> write_file(const std::string& path, const std::string& text,
                                   Overwrite overwrite = Overwrite::allowed);

/// Removes what `write_file` leaves beside `path` if the program is killed while it writes: nobody
/// else may be writing there.
void remove_leftovers(const std::string& path);

bool is_existing_path(const std::string& path);

}  // namespace locklab
