// Who may include whom: the table of docs/architecture.md "Who may include whom", read from every
// #include of the program. Whoever changes the table changes kFloors, and the other way round.
#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <set>

#include "tests/house/source.hpp"

using namespace locklab::house;

namespace {

using Names = std::set<std::string, std::less<>>;

/// What a folder may include of ours, besides itself. "sim/services/*" is each service, which knows
/// no other but the replicated log that several stand on.
const std::map<std::string, Names, std::less<>> kFloors{
    {"sim", {}},
    {"sim/services/*", {"sim", "sim/services/raft"}},
    {"faults", {"sim"}},
    {"invariants", {"sim"}},
    {"reports", {"sim"}},
    {"algorithms", {"sim", "sim/services/*"}},
    {"scenarios", {"sim", "sim/services/*", "algorithms", "faults", "invariants"}},
    {"live",
     {"sim", "sim/services/*", "algorithms", "faults", "invariants", "scenarios", "reports"}},
    {"real",
     {"sim", "sim/services/*", "algorithms", "faults", "invariants", "scenarios", "reports",
      "live"}},
    {"cli",
     {"sim", "sim/services/*", "algorithms", "faults", "invariants", "scenarios", "reports", "live",
      "real"}},
};

std::string row_of(const std::string& unit) {
  return unit.starts_with("sim/services/") ? "sim/services/*" : unit;
}

bool may_include(const Names& allowed, const std::string& unit) {
  return allowed.count(unit) == 1 || allowed.count(row_of(unit)) == 1;
}

/// Libraries that only some files may know: what their headers begin with, and who.
struct Guarded {
  std::string_view begins;
  Names files;  // one that ends in "/" is a folder
};
const std::vector<Guarded> kGuarded{
    {"boost/", {"invariants/deadlock.cpp", "reports/causality.cpp"}},
    {"nlohmann/",
     {"scenarios/located_json.cpp", "reports/recording_json_read.cpp",
      "reports/recording_json_write.cpp", "cli/", "real/"}},
    {"CLI/", {"cli/options.cpp", "cli/option_mistakes.hpp"}},
    {"sanitizer/", {"sim/arena.hpp"}},
    // What WebAssembly does not have.
    {"unistd.h", {"cli/", "real/"}},
    {"fcntl.h", {"cli/", "real/"}},
    // What speaks to this machine and to real servers.
    {"arpa/", {"real/"}},
    {"netinet/", {"real/"}},
    {"poll.h", {"real/"}},
    {"grp.h", {"real/"}},
    {"hiredis/", {"real/"}},
    {"libpq-fe.h", {"real/"}},
    {"pwd.h", {"real/"}},
    {"curl/", {"real/"}},
    {"zookeeper/", {"real/"}},
    {"sched.h", {"real/"}},
    {"signal.h", {"real/"}},
    {"fnmatch.h", {"cli/"}},
    {"sys/", {"cli/", "real/"}},
};
/// And these all may.
const Names kFree{"fmt/"};

bool listed(const Names& files, std::string_view file) {
  return std::any_of(files.begin(), files.end(), [&](const std::string& one) {
    return one.ends_with('/') ? file.starts_with(one) : file == one;
  });
}

const Source* find(std::string_view path) {
  for (const Source& source : program_sources())
    if (source.path == path) return &source;
  return nullptr;
}

/// Of the standard library: no folder and no ending.
bool is_standard(std::string_view target) {
  return target.find('/') == std::string_view::npos && target.find('.') == std::string_view::npos;
}

/// Headers that `path` needs, itself included.
void collect(const std::string& path, Names& needed) {
  if (!needed.insert(path).second) return;
  if (const Source* source = find(path))
    for (const Include& include : source->includes)
      if (include.quoted) collect(include.target, needed);
}

/// A client process's side of a service: its calls, and what it keeps for as long as it lives.
bool is_of_a_client(const Source& source) {
  return source.path.starts_with("sim/services/") &&
         (source.path.ends_with("/client.hpp") || source.path.ends_with("/session.hpp"));
}

std::string sentence(const Include& include, std::string_view why) {
  return place(include.file, include.line) + ": includes " + include.target + ", " +
         std::string(why);
}

}  // namespace

TEST_CASE("there is something to look at, and every folder is in the table") {
  CHECK(program_sources().size() > 100);
  std::size_t includes = 0;
  for (const Source& source : program_sources()) {
    CAPTURE(source.path);
    includes += source.includes.size();
    CHECK(kFloors.count(row_of(source.unit())) == 1);
  }
  CHECK(includes > 500);
}

TEST_CASE("an include of ours is written from the root, and there is such a file") {
  Complaints complaints;
  for (const Source& source : program_sources())
    for (const Include& include : source.includes)
      if (include.quoted && find(include.target) == nullptr)
        complaints.add(sentence(include, "which is not there"));
  CHECK(complaints.text() == "");
}

TEST_CASE("each folder includes only those that the table allows") {
  Complaints complaints;
  for (const Source& source : program_sources()) {
    const auto floor = kFloors.find(row_of(source.unit()));
    if (floor == kFloors.end()) continue;
    for (const Include& include : source.includes) {
      const Source* target = include.quoted ? find(include.target) : nullptr;
      if (target == nullptr || target->unit() == source.unit()) continue;
      if (!may_include(floor->second, target->unit()))
        complaints.add(sentence(include, "which " + source.unit() + "/ may not"));
    }
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("what the table allows has no circle: each folder stands above those that it includes") {
  std::map<std::string, int> height;
  const std::function<int(const std::string&, int)> climb = [&](const std::string& unit,
                                                                int depth) {
    REQUIRE(depth < 20);
    if (height.count(unit) == 1) return height[unit];
    int most = 0;
    for (const std::string& below : kFloors.find(unit)->second)
      if (below != "sim/services/raft") most = std::max(most, climb(below, depth + 1) + 1);
    return height[unit] = most;
  };
  for (const auto& [unit, below] : kFloors) climb(unit, 0);
  CHECK(height["sim"] == 0);
  CHECK(height["sim/services/*"] == 1);  // the log among them half a step lower
  CHECK(height["faults"] == 1);
  CHECK(height["invariants"] == 1);
  CHECK(height["reports"] == 1);
  CHECK(height["algorithms"] == 2);
  CHECK(height["scenarios"] == 3);
  CHECK(height["live"] == 4);
  CHECK(height["real"] == 5);
  CHECK(height["cli"] == 6);
}

TEST_CASE("the replicated log knows none of the services that stand on it") {
  Complaints complaints;
  for (const Source& source : program_sources())
    if (source.unit() == "sim/services/raft")
      for (const Include& include : source.includes)
        if (include.target.starts_with("sim/services/") &&
            !include.target.starts_with("sim/services/raft/"))
          complaints.add(sentence(include, "which stands above it"));
  CHECK(complaints.text() == "");
}

TEST_CASE("no header includes itself by way of others") {
  Complaints complaints;
  for (const Source& source : program_sources()) {
    Names needed;
    for (const Include& include : source.includes)
      if (include.quoted) collect(include.target, needed);
    if (needed.count(source.path) == 1) complaints.add(source.path + " comes back to itself");
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("an algorithm sees a service's client and what that needs, and nothing of its inside") {
  Names allowed;
  for (const Source& source : program_sources())
    if (is_of_a_client(source)) collect(source.path, allowed);
  CHECK(allowed.count("sim/services/redis/client.hpp") == 1);
  CHECK(allowed.count("sim/services/redis/server.hpp") == 0);
  CHECK(allowed.count("sim/services/redis/keyspace.hpp") == 0);
  CHECK(allowed.count("sim/services/storage/server.hpp") == 0);

  Complaints complaints;
  for (const Source& source : program_sources()) {
    if (source.unit() != "algorithms") continue;
    for (const Include& include : source.includes)
      if (include.target.starts_with("sim/services/") && allowed.count(include.target) == 0)
        complaints.add(sentence(include, "which is the inside of a server"));
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("a client of a service does not know its server") {
  for (const Source& source : program_sources()) {
    if (!is_of_a_client(source)) continue;
    CAPTURE(source.path);
    Names needed;
    collect(source.path, needed);
    const std::string folder = source.unit();
    CHECK(needed.count(folder + "/server.hpp") == 0);
  }
}

TEST_CASE("every library is included where it is allowed, and nowhere else") {
  Complaints complaints;
  for (const Source& source : program_sources()) {
    for (const Include& include : source.includes) {
      if (include.quoted || is_standard(include.target)) continue;
      const bool free = std::any_of(kFree.begin(), kFree.end(), [&](const std::string& begins) {
        return include.target.starts_with(begins);
      });
      if (free) continue;
      const auto guard = std::find_if(kGuarded.begin(), kGuarded.end(), [&](const Guarded& one) {
        return include.target.starts_with(one.begins);
      });
      if (guard == kGuarded.end())
        complaints.add(sentence(include, "a library that nobody has agreed to"));
      else if (!listed(guard->files, include.file))
        complaints.add(sentence(include, "which only others may"));
    }
  }
  CHECK(complaints.text() == "");
}

TEST_CASE("the files to which a library is entrusted use it: the list has no dead rows") {
  for (const Guarded& guard : kGuarded)
    for (const std::string& file : guard.files) {
      CAPTURE(guard.begins);
      CAPTURE(file);
      bool used = false;
      for (const Source& source : program_sources())
        if (listed({file}, source.path))
          for (const Include& include : source.includes)
            used = used || include.target.starts_with(guard.begins);
      CHECK(used);
    }
}

TEST_CASE("the table of docs/architecture.md has a row for each folder") {
  const std::string page = contents(kRoot / "docs/architecture.md");
  for (const std::string_view folder : kFolders) {
    CAPTURE(folder);
    std::size_t rows = 0;
    for (const std::string& line : lines(page))
      if (line.starts_with("| ") &&
          line.find("`" + std::string(folder) + "/`") != std::string::npos)
        ++rows;
    CHECK(rows >= 1);
  }
}
