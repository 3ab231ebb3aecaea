// The journal of a campaign, a file that only grows. Each block of tries is one write, so a program
// that is killed loses at most what its threads were at; a machine that crashes may lose some more.
// What is lost is simply tried again: the islands make the same tries.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "cli/files.hpp"
#include "cli/fuzz/journal_line.hpp"
#include "faults/campaign.hpp"
#include "sim/result.hpp"

namespace locklab {

/// "campaign.journal", or "campaign-2-of-4.journal".
std::string journal_name(const Shard& shard);
/// Is it the name of a journal, of whatever shard?
bool is_journal_name(std::string_view name);

class Journal {
 public:
  enum class For : std::uint8_t {
    reading,
    writing,  // the file is made if there is none, and nobody else can write to it meanwhile
  };
  static Result<std::unique_ptr<Journal>, FileError> open(const std::string& path, For purpose);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::string& path() const { return path_; }
  /// The first line: what the campaign is. Empty: no such line was ever completed.
  const std::string& header() const { return header_; }
  /// Writes the first line, of an empty journal or of one without a whole first line.
  Result<void, FileError> begin(std::string_view header);

  /// The next block that is written down; nothing after the last one that is as it was written.
  std::optional<JournalBlock> next();
  /// How many bytes stand behind the last good line: torn, or damaged. Known when `next` gave
  /// nothing. They are cut off before anything is added.
  std::uint64_t left_out() const { return left_out_; }

  /// Adds a block; any thread may, once `next` gave nothing. After an error nothing more is added.
  void append(const JournalBlock& block);
  /// What the first failed `append` failed with.
  std::optional<FileError> failure() const;
  /// Waits until the disk has it all.
  void sync();

 private:
  Journal(std::string path, int descriptor, For purpose);
  std::optional<std::string> next_line();
  void stop_reading();
  Result<void, FileError> add(std::string_view payload);

  std::string path_;
  int descriptor_;
  For purpose_;
  JournalLines lines_;
  std::string header_;
  std::string buffer_;
  std::size_t buffer_at_ = 0;
  std::uint64_t good_ = 0;  // bytes from the start that are as they were written
  std::uint64_t left_out_ = 0;
  bool read_to_end_ = false;
  mutable std::mutex mutex_;
  std::optional<FileError> failure_;
};

}  // namespace locklab
