#include "real/namespaces.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <thread>
#include <vector>

namespace locklab::real {

Result<void, Trouble> in_namespace(const std::string& name, const std::function<void()>& act) {
  if (name.empty()) {
    act();
    return {};
  }
  bool entered = false;
  std::thread([&] {
    const int there = open(("/var/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    entered = there >= 0 && setns(there, CLONE_NEWNET) == 0;
    if (there >= 0) close(there);
    if (entered) act();
  }).join();
  if (!entered) return Trouble{"cannot enter the network namespace " + name};
  return {};
}

namespace {

/// `ip` with these words; true: it did as it was told.
bool ip(const std::string& words) {
  std::vector<std::string> arguments{find_program("ip")};
  if (arguments.front().empty()) return false;
  std::istringstream list(words);
  for (std::string word; list >> word;) arguments.push_back(word);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    execv(pointers.front(), pointers.data());
    _exit(127);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

}  // namespace

Result<TwoSides, Trouble> TwoSides::make() {
  if (geteuid() != 0) return Trouble{"network namespaces can be made by root alone"};
  TwoSides sides(fmt::format("ll{}", getpid()));
  const std::string a = sides.left();
  const std::string b = sides.right();
  const std::array steps{
      fmt::format("netns add {}", a),
      fmt::format("netns add {}", b),
      fmt::format("link add {0} netns {0} type veth peer name {1} netns {1}", a, b),
      fmt::format("-n {0} addr add {1}/24 dev {0}", a, kLeftAddress),
      fmt::format("-n {0} addr add {1}/24 dev {0}", b, kRightAddress),
      fmt::format("-n {} link set lo up", a),
      fmt::format("-n {} link set lo up", b),
      fmt::format("-n {0} link set {0} up", a),
      fmt::format("-n {0} link set {0} up", b)};
  for (const std::string& step : steps)
    if (!ip(step)) return Trouble{"`ip " + step + "` did not work here"};
  return sides;
}

TwoSides::~TwoSides() {
  if (name_.empty()) return;
  ip("netns del " + left());
  ip("netns del " + right());
}

// A link that is set down tells its own side at once. A neighbour with somebody else's hardware
// address tells nobody: what is sent is thrown away where it arrives.
Result<void, Trouble> TwoSides::cut() {
  constexpr const char* kNobody = "02:00:00:00:00:99";
  if (ip(fmt::format("-n {0} neigh replace {1} lladdr {2} dev {0} nud permanent", left(),
                     kRightAddress, kNobody)) &&
      ip(fmt::format("-n {0} neigh replace {1} lladdr {2} dev {0} nud permanent", right(),
                     kLeftAddress, kNobody)))
    return {};
  return Trouble{"the line between two network namespaces could not be cut"};
}

Result<void, Trouble> TwoSides::heal() {
  if (ip(fmt::format("-n {0} neigh del {1} dev {0}", left(), kRightAddress)) &&
      ip(fmt::format("-n {0} neigh del {1} dev {0}", right(), kLeftAddress)))
    return {};
  return Trouble{"the line between two network namespaces could not be mended"};
}

}  // namespace locklab::real
