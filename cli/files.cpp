#include "cli/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/signals.hpp"
#include "scenarios/diagnostics.hpp"

namespace locklab {
namespace {

using Outcome = Result<void, FileError>;

constexpr std::size_t kMostBytes = std::size_t{1}
                                   << 30U;  // a file without end must not eat all memory

constexpr std::string_view kTemporary = ".XXXXXX";  // after the name of what is written

FileError because(std::string_view what, const std::string& path, int error) {
  return {fmt::format("cannot {} {}: {}", what, in_quotes(path, 400), std::strerror(error))};
}

Result<std::string, FileError> read_all(int descriptor, const std::string& path) {
  std::string text;
  std::array<char, 65536> block{};
  while (true) {
    const ::ssize_t count = ::read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return because("read", path, errno);
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > kMostBytes)
      return FileError{
          fmt::format("cannot read {}: it is larger than 1 GiB", in_quotes(path, 400))};
  }
}

Outcome write_all(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ::ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return because("write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

/// What the permissions of a new file would be.
::mode_t new_file_mode() {
  const ::mode_t mask = ::umask(0);
  ::umask(mask);
  return static_cast<::mode_t>(0666U & ~mask);
}

/// Fills the open temporary file and closes it.
Outcome fill(int descriptor, const std::string& text, ::mode_t mode, const std::string& path) {
  Outcome outcome = write_all(descriptor, text, path);
  if (outcome && ::fchmod(descriptor, mode) != 0) outcome = because("write", path, errno);
  if (outcome && ::fsync(descriptor) != 0) outcome = because("write", path, errno);
  if (::close(descriptor) != 0 && outcome) outcome = because("write", path, errno);
  return outcome;
}

FileError already_there(const std::string& path) {
  return {fmt::format("{} is there already", in_quotes(path, 400))};
}

/// A link to a name that is taken fails, where a rename would take the name over; it is one step,
/// so that two programs cannot both succeed.
Outcome give_new_name(const std::string& temporary, const std::string& path) {
  if (::link(temporary.c_str(), path.c_str()) == 0) {
    ::unlink(temporary.c_str());
    return {};
  }
  if (errno == EEXIST) return already_there(path);
  // A file system without links.
  if (is_existing_path(path)) return already_there(path);
  if (::rename(temporary.c_str(), path.c_str()) == 0) return {};
  return because("write", path, errno);
}

Outcome write_in_place(const std::string& path, const std::string& text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return because("write", path, errno);
  Outcome outcome = write_all(descriptor, text, path);
  if (::close(descriptor) != 0 && outcome) outcome = because("write", path, errno);
  return outcome;
}

/// Where a symbolic link leads: the link itself stays.
std::string resolved(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string target = real;
  std::free(real);
  return target;
}

}  // namespace

bool is_existing_path(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

Result<std::string, FileError> read_file(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, "standard input");
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return because("read", path, errno);
  Result<std::string, FileError> text = read_all(descriptor, path);
  ::close(descriptor);
  return text;
}

Outcome write_file(const std::string& path, const std::string& text, Overwrite overwrite) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && overwrite == Overwrite::refused) return already_there(path);
  if (exists && S_ISDIR(status.st_mode)) return because("write", path, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) return write_in_place(path, text);

  const std::string target = exists ? resolved(path) : path;
  std::string temporary = target + std::string(kTemporary);
  const int descriptor = ::mkstemp(temporary.data());
  if (descriptor < 0) return because("write", path, errno);
  const PendingFile pending(temporary);
  Outcome outcome =
      fill(descriptor, text, exists ? status.st_mode & 07777U : new_file_mode(), path);
  if (outcome && overwrite == Overwrite::refused)
    outcome = give_new_name(temporary, target);
  else if (outcome && ::rename(temporary.c_str(), target.c_str()) != 0)
    outcome = because("write", path, errno);
  if (!outcome) ::unlink(temporary.c_str());
  return outcome;
}

void remove_leftovers(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path target(resolved(path));
  const std::string stem = target.filename().string() + '.';
  std::error_code error;
  std::vector<fs::path> leftovers;
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(stem) && name.size() == stem.size() + kTemporary.size() - 1)
      leftovers.push_back(entry->path());
  }
  for (const fs::path& leftover : leftovers) fs::remove(leftover, error);
}

}  // namespace locklab
