// A wall clock of its own for a real server, under libfaketime: it runs as the machine's, and can
// be set while the server runs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/time.hpp"

namespace locklab::real {

class ServerClock {
 public:
  /// Is libfaketime here?
  static bool is_there();
  /// Right at first; its file lies in the server's folder.
  explicit ServerClock(const std::string& folder);

  /// What the server is started with.
  std::vector<std::pair<std::string, std::string>> environment() const;
  /// From now on it shows so much more than the machine's; false: its file cannot be written.
  bool set(Duration ahead) const;

 private:
  std::string file_;
};

}  // namespace locklab::real
