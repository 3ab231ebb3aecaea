#include "real/daemon.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace locklab::real {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

Trouble trouble(const std::string& what) {
  return {fmt::format("{}: {}", what, std::strerror(errno))};
}

}  // namespace

// ---- places -------------------------------------------------------------------------------------

Result<Workspace, Trouble> Workspace::make() {
  std::error_code error;
  std::string path = (fs::temp_directory_path(error) / "locklab-XXXXXX").string();
  if (error || mkdtemp(path.data()) == nullptr) return trouble("no folder for temporary files");
  chmod(path.c_str(), 0755);  // a server may run as somebody else
  return Workspace(std::move(path));
}

Workspace& Workspace::operator=(Workspace&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

Workspace::~Workspace() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Workspace::folder(const std::string& name) const {
  const fs::path made = fs::path(path_) / name;
  std::error_code ignored;
  fs::create_directories(made, ignored);
  return made.string();
}

std::string find_program(const std::string& name, const std::vector<std::string>& folders) {
  std::vector<std::string> places = folders;
  if (const char* path = std::getenv("PATH")) {
    std::istringstream list(path);
    for (std::string place; std::getline(list, place, ':');) places.push_back(place);
  }
  places.insert(places.end(), {"/usr/sbin", "/sbin"});  // not everybody's PATH has them
  for (const std::string& place : places) {
    std::string path = (fs::path(place) / name).string();
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

// ---- ports --------------------------------------------------------------------------------------

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<std::uint16_t> ports;
  std::vector<int> held;  // until all are found, so that none is found twice
  while (ports.size() < count) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) break;
    held.push_back(socket);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      break;
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int socket : held) close(socket);
  return ports;
}

bool listens(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  sockaddr_in address = loopback(port);
  const bool yes = connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(socket);
  return yes;
}

bool wait_until(const std::function<bool()>& ready, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!ready()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// ---- daemons ------------------------------------------------------------------------------------

namespace {

/// Between fork and exec: nothing here allocates.
[[noreturn]] void become(const Command& command, char* const* arguments, char* const* environment,
                         const passwd* user, int name_space, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it is gone already
  setpgid(0, 0);                        // a Ctrl-C is ours to handle, not the server's
  if (name_space >= 0 && setns(name_space, CLONE_NEWNET) != 0) _exit(126);
  if (!command.folder.empty() && chdir(command.folder.c_str()) != 0) _exit(126);
  const int log = open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (log >= 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  if (user != nullptr) {
    if (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
      _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // changing the user cleared it
  }
  execve(arguments[0], arguments, environment);
  _exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> whole_environment(const Command& command) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view text = *one;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::none_of(command.environment,
                             [name](const auto& own) { return own.first == name; }))
      all.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) all.push_back(name + "=" + value);
  return all;
}

}  // namespace

Result<Daemon, Trouble> Daemon::start(Command command) {
  Daemon daemon(std::move(command));
  if (auto started = daemon.restart(); !started) return started.error();
  return daemon;
}

Daemon::Daemon(Daemon&& other) noexcept
    : command_(std::move(other.command_)), pid_(std::exchange(other.pid_, -1)) {}

Daemon& Daemon::operator=(Daemon&& other) noexcept {
  std::swap(command_, other.command_);
  std::swap(pid_, other.pid_);
  return *this;
}

Daemon::~Daemon() { kill(); }

Result<void, Trouble> Daemon::restart() {
  kill();
  const passwd* user = nullptr;
  if (!command_.user.empty() && geteuid() == 0) {
    user = getpwnam(command_.user.c_str());
    if (user == nullptr) return Trouble{"there is no user " + command_.user};
    for (const auto& entry : fs::recursive_directory_iterator(command_.folder))
      if (lchown(entry.path().c_str(), user->pw_uid, user->pw_gid) != 0)
        return trouble("cannot give " + entry.path().string() + " to " + command_.user);
    if (lchown(command_.folder.c_str(), user->pw_uid, user->pw_gid) != 0)
      return trouble("cannot give " + command_.folder + " to " + command_.user);
  }
  int name_space = -1;
  if (!command_.network_namespace.empty()) {
    const std::string path = "/var/run/netns/" + command_.network_namespace;
    name_space = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (name_space < 0) return trouble("no network namespace " + command_.network_namespace);
  }
  std::vector<std::string> environment = whole_environment(command_);
  const std::vector<char*> variables = pointers(environment);
  const std::vector<char*> arguments = pointers(command_.arguments);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(command_, arguments.data(), variables.data(), user, name_space, parent);
  if (name_space >= 0) close(name_space);
  if (pid_ < 0) return trouble("cannot start " + command_.arguments.front());
  return {};
}

bool Daemon::alive() {
  if (pid_ < 0) return false;
  if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void Daemon::freeze() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGSTOP);
  int status = 0;
  waitpid(pid_, &status, WUNTRACED);
  if (WIFEXITED(status) || WIFSIGNALED(status)) pid_ = -1;
}

void Daemon::thaw() {
  if (pid_ >= 0) ::kill(pid_, SIGCONT);
}

void Daemon::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  reap();
}

bool Daemon::stop(std::chrono::milliseconds limit) {
  if (pid_ < 0) return true;
  ::kill(pid_, SIGTERM);
  ::kill(pid_, SIGCONT);
  const bool gone = wait_until([this] { return !alive(); }, limit);
  kill();
  return gone;
}

void Daemon::reap() {
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

std::string Daemon::last_words(std::size_t lines) const {
  std::ifstream log(fs::path(command_.folder) / command_.log);
  std::vector<std::string> all;
  for (std::string line; std::getline(log, line);) all.push_back(line);
  std::string said;
  for (std::size_t i = all.size() > lines ? all.size() - lines : 0; i < all.size(); ++i)
    said += all[i] + "\n";
  return said;
}

}  // namespace locklab::real
