// What happens when the program is stopped from outside, or stops itself: a half-written file goes
// away, colours end, and the exit code says which it was.
#pragma once

#include <string>

namespace locklab {

/// Ctrl-C ends with 130, SIGTERM with 143; abort() (a failed assertion, no memory) with 70 and a
/// sentence that says that it is our fault.
void install_signal_handlers();

/// Standard output is a terminal in colour: an interruption sets it back.
void reset_colors_when_interrupted();

/// While this object lives, the first Ctrl-C is only noted, so that long work can stop at a good
/// place; the second one ends the program at once. One at a time.
class GracefulInterrupt {
 public:
  GracefulInterrupt();
  ~GracefulInterrupt();
  GracefulInterrupt(const GracefulInterrupt&) = delete;
  GracefulInterrupt& operator=(const GracefulInterrupt&) = delete;

  /// Any thread may ask.
  bool requested() const;
};

/// The file is removed if the program is interrupted while this object lives. One at a time.
class PendingFile {
 public:
  explicit PendingFile(std::string path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

 private:
  std::string path_;
};

}  // namespace locklab
