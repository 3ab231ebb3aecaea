// Runs the built program as a user's shell would: arguments, an environment, standard input; and
// keeps what came out.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace locklab::test {

struct Outcome {
  int code = -1;   // as the program said it
  int signal = 0;  // that killed it; 0: none
  std::string out;
  std::string err;
};

struct Call {
  std::vector<std::string> arguments;
  /// Besides PATH and LANG=C.UTF-8, which are always set; nothing of the tester's own is passed on.
  std::map<std::string, std::string> environment;
  std::string input;
  std::string directory;  // empty: the present one
  int interrupt = 0;      // a signal sent while standard input is still open
  int interrupt_after_us = 200'000;
};

Outcome call(const Call& how);
Outcome locklab(std::vector<std::string> arguments);

/// Any other program of PATH, such as "bash".
Outcome call_program(const std::string& program, const Call& how);
bool is_installed(const std::string& program);

/// An empty folder that goes away with this object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name = {}) const;
  /// Writes a file and returns its path.
  std::string file(const std::string& name, const std::string& text) const;
  std::string text(const std::string& name) const;
  std::vector<std::string> names() const;  // sorted

 private:
  std::string path_;
};

/// A whole scenario: two clients, one Redis node, nothing goes wrong.
std::string small_scenario();
/// The same, but it says that a violation is expected, which does not come.
std::string wrong_scenario();
/// The same, but it may use three events only.
std::string undecided_scenario();

}  // namespace locklab::test
