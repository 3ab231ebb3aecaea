// A real server on this machine: started with files and ports of its own, found ready by asking it,
// frozen, killed and started again, and gone with whoever started it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/result.hpp"

namespace locklab::real {

/// What could not be done with the machine and why: a sentence without its full stop.
struct Trouble {
  std::string sentence;
};

/// A folder under the system's place for temporary files; removed, with all in it, at the end.
class Workspace {
 public:
  static Result<Workspace, Trouble> make();
  Workspace(Workspace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Workspace& operator=(Workspace&& other) noexcept;
  ~Workspace();

  const std::string& path() const { return path_; }
  /// A folder inside, made if it is missing.
  std::string folder(const std::string& name) const;

 private:
  explicit Workspace(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Where a program is in PATH or in the folders that distributions put servers in; empty: nowhere.
std::string find_program(const std::string& name, const std::vector<std::string>& folders = {});

/// `count` different ports of the loopback that nobody listens on at this moment.
std::vector<std::uint16_t> free_ports(std::size_t count);

/// Can somebody connect to the port of the loopback?
bool listens(std::uint16_t port);

/// Waits until `ready` says yes, asking every few milliseconds; false after `limit`.
bool wait_until(const std::function<bool()>& ready, std::chrono::milliseconds limit);

struct Command {
  std::vector<std::string> arguments;  // the first is the program, by its full path
  std::vector<std::pair<std::string, std::string>> environment;  // besides ours
  std::string folder;  // where it runs; its output goes to `log` there
  std::string log = "log";
  std::string user;  // by whom, if we are root and the program will not run as root; empty: by us
  std::string network_namespace;  // by its name, as `ip netns` knows it; empty: ours
};

/// A running program. Whatever ends the thread that started it ends it too: the kernel sees to
/// that.
class Daemon {
 public:
  static Result<Daemon, Trouble> start(Command command);
  Daemon(Daemon&& other) noexcept;
  Daemon& operator=(Daemon&& other) noexcept;
  ~Daemon();  // kills it

  const Command& command() const { return command_; }
  pid_t pid() const { return pid_; }
  /// Neither ended nor killed.
  bool alive();
  /// SIGSTOP and SIGCONT; freeze() returns once every thread has stopped.
  void freeze();
  void thaw();
  /// SIGKILL, and waits for its end: what a crash does.
  void kill();
  /// SIGTERM, and waits for its end; kills it after `limit`. True: it went by itself.
  bool stop(std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// The same command again, after kill() or stop().
  Result<void, Trouble> restart();
  /// The last lines that it wrote, for an error message.
  std::string last_words(std::size_t lines = 12) const;

 private:
  explicit Daemon(Command command) : command_(std::move(command)) {}
  void reap();

  Command command_;
  pid_t pid_ = -1;  // -1: none
};

}  // namespace locklab::real
