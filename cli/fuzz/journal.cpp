#include "cli/fuzz/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "scenarios/diagnostics.hpp"
#include "sim/assert.hpp"

namespace locklab {
namespace {

constexpr std::string_view kStem = "campaign";
constexpr std::string_view kEnding = ".journal";

FileError because(std::string_view what, const std::string& path, int error) {
  return {fmt::format("cannot {} {}: {}", what, in_quotes(path, 400), std::strerror(error))};
}

}  // namespace

std::string journal_name(const Shard& shard) {
  if (shard.of == 1) return fmt::format("{}{}", kStem, kEnding);
  return fmt::format("{}-{}-of-{}{}", kStem, shard.number, shard.of, kEnding);
}

bool is_journal_name(std::string_view name) {
  return name.starts_with(kStem) && name.ends_with(kEnding);
}

Journal::Journal(std::string path, int descriptor, For purpose)
    : path_(std::move(path)), descriptor_(descriptor), purpose_(purpose) {}

Journal::~Journal() { ::close(descriptor_); }

Result<std::unique_ptr<Journal>, FileError> Journal::open(const std::string& path, For purpose) {
  const bool writes = purpose == For::writing;
  const int descriptor =
      ::open(path.c_str(), (writes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0666);
  if (descriptor < 0) return because(writes ? "write" : "read", path, errno);
  std::unique_ptr<Journal> journal(new Journal(path, descriptor, purpose));
  // A file system without locks has no say in this; that two are at work there is for its users
  // to prevent.
  if (writes && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return FileError{
        fmt::format("another locklab is writing to {} at this moment", in_quotes(path, 400))};
  if (const auto line = journal->next_line()) {
    const auto payload = journal->lines_.opened(*line);
    if (!payload)
      return FileError{fmt::format("{} is no journal of a campaign, or its first line is damaged",
                                   in_quotes(path, 400))};
    journal->header_ = *payload;
    journal->good_ = line->size() + 1;
  }
  return journal;
}

/// The next line that is ended by a newline.
std::optional<std::string> Journal::next_line() {
  std::array<char, 65536> block{};
  for (;;) {
    const std::size_t end = buffer_.find('\n', buffer_at_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(buffer_at_, end - buffer_at_);
      buffer_at_ = end + 1;
      return line;
    }
    buffer_.erase(0, buffer_at_);
    buffer_at_ = 0;
    const ::ssize_t count = ::read(descriptor_, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    buffer_.append(block.data(), static_cast<std::size_t>(count));
  }
}

std::optional<JournalBlock> Journal::next() {
  if (read_to_end_) return std::nullopt;
  if (!header_.empty())
    if (const auto line = next_line())
      if (const auto payload = lines_.opened(*line)) {
        // What bears the right checksum and is no block was written by a program of another mind.
        auto read = lines_.block_of(*payload);
        if (read) {
          good_ += line->size() + 1;
          return read;
        }
        const std::scoped_lock lock(mutex_);
        failure_ = FileError{fmt::format(
            "{} was written by another locklab than this " LOCKLAB_VERSION, in_quotes(path_, 400))};
      }
  stop_reading();
  return std::nullopt;
}

void Journal::stop_reading() {
  read_to_end_ = true;
  buffer_ = {};
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return;
  left_out_ = static_cast<std::uint64_t>(status.st_size) - good_;
  if (purpose_ != For::writing || left_out_ == 0) return;
  const std::scoped_lock lock(mutex_);
  if (!failure_ && ::ftruncate(descriptor_, static_cast<::off_t>(good_)) != 0)
    failure_ = because("write", path_, errno);
}

Result<void, FileError> Journal::begin(std::string_view header) {
  LOCKLAB_ASSERT(header_.empty() && purpose_ == For::writing);
  stop_reading();
  left_out_ = 0;  // half a first line is no loss
  header_ = header;
  return add(header);
}

Result<void, FileError> Journal::add(std::string_view payload) {
  const std::string line = lines_.sealed(payload);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ::ssize_t count = ::pwrite(descriptor_, rest.data(), rest.size(),
                                     static_cast<::off_t>(good_ + (line.size() - rest.size())));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return because("write", path_, errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  good_ += line.size();
  return {};
}

void Journal::append(const JournalBlock& block) {
  const std::scoped_lock lock(mutex_);
  LOCKLAB_ASSERT(read_to_end_ && purpose_ == For::writing);
  if (failure_) return;
  if (const auto added = add(lines_.payload_of(block)); !added) failure_ = added.error();
}

std::optional<FileError> Journal::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

void Journal::sync() { ::fdatasync(descriptor_); }

}  // namespace locklab
