#include "tests/cli/program.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace locklab::test {
namespace {

namespace fs = std::filesystem;

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  REQUIRE(out.good());
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// A pipe whose writing end stays open keeps a reader of standard input waiting.
void interrupt_when_it_waits(::pid_t child, const Call& how) {
  ::usleep(static_cast<::useconds_t>(how.interrupt_after_us));
  REQUIRE(::kill(child, how.interrupt) == 0);
}

}  // namespace

Outcome call_program(const std::string& program, const Call& how) {
  const Folder streams;
  write(streams.path("in"), how.input);
  int pipe_ends[2] = {-1, -1};
  ::posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  if (how.interrupt != 0) {
    REQUIRE(::pipe2(pipe_ends, O_CLOEXEC) == 0);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[0], STDIN_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, streams.path("in").c_str(), O_RDONLY,
                                       0);
  }
  constexpr int kNew = O_WRONLY | O_CREAT;
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, streams.path("out").c_str(), kNew,
                                     0600);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, streams.path("err").c_str(), kNew,
                                     0600);
  if (!how.directory.empty())
    ::posix_spawn_file_actions_addchdir_np(&actions, how.directory.c_str());

  std::vector<std::string> words{program};
  words.insert(words.end(), how.arguments.begin(), how.arguments.end());
  std::map<std::string, std::string> environment{{"LANG", "C.UTF-8"},
                                                 {"PATH", std::getenv("PATH")}};
  for (const auto& [name, value] : how.environment) environment[name] = value;
  std::vector<std::string> settings;
  for (const auto& [name, value] : environment) settings.push_back(name + '=' + value);

  ::pid_t child = 0;
  const int spawned = ::posix_spawnp(&child, program.c_str(), &actions, nullptr,
                                     pointers(words).data(), pointers(settings).data());
  ::posix_spawn_file_actions_destroy(&actions);
  REQUIRE(spawned == 0);
  if (how.interrupt != 0) interrupt_when_it_waits(child, how);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  for (const int end : pipe_ends)
    if (end >= 0) ::close(end);

  Outcome outcome;
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  outcome.out = read(streams.path("out"));
  outcome.err = read(streams.path("err"));
  return outcome;
}

Outcome call(const Call& how) { return call_program(LOCKLAB_PROGRAM, how); }

Outcome locklab(std::vector<std::string> arguments) {
  Call how;
  how.arguments = std::move(arguments);
  return call(how);
}

bool is_installed(const std::string& program) {
  Call how;
  how.arguments = {"-c", "command -v " + program};
  return call_program("sh", how).code == 0;
}

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "locklab-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::path(const std::string& name) const {
  return name.empty() ? path_ : path_ + '/' + name;
}

std::string Folder::file(const std::string& name, const std::string& text) const {
  write(path(name), text);
  return path(name);
}

std::string Folder::text(const std::string& name) const { return read(path(name)); }

std::vector<std::string> Folder::names() const {
  std::vector<std::string> all;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_))
    all.push_back(entry.path().filename().string());
  std::sort(all.begin(), all.end());
  return all;
}

namespace {

std::string scenario_with(const std::string& more) {
  return R"({
  "schema": "locklab-scenario/1",
  "name": "small",
  "title": "Two clients in turn",
  "seed": 7,
  "lock": {"algorithm": "simple_redis_lock", "ttl": "10s"},
  "workload": {"kind": "inventory", "work": "100ms"},
  "clients": ["client-a", "client-b"])" +
         more + "\n}\n";
}

}  // namespace

std::string small_scenario() {
  return scenario_with(R"(,
  "expect": {"violates": []})");
}

std::string wrong_scenario() {
  return scenario_with(R"(,
  "expect": {"violates": ["stale_write"]})");
}

std::string undecided_scenario() {
  return scenario_with(R"(,
  "max_events": 3,
  "expect": {"violates": []})");
}

}  // namespace locklab::test
