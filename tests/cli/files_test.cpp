// Files: checked, begun, shown, and never half written.
#include "cli/files.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.hpp"

using namespace locklab;
using test::Folder;
using test::Outcome;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Outcome in_folder(const Folder& folder, std::vector<std::string> arguments) {
  test::Call how;
  how.arguments = std::move(arguments);
  how.directory = folder.path();
  return test::call(how);
}

}  // namespace

TEST_CASE("a file is written whole, with the usual permissions, or not at all") {
  const Folder folder;
  CHECK(write_file(folder.path("new"), "text"));
  CHECK(folder.text("new") == "text");
  CHECK(write_file(folder.path("new"), "other"));
  CHECK(folder.text("new") == "other");

  const mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat status {};
  REQUIRE(::stat(folder.path("new").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == (0666U & ~mask));
  REQUIRE(::chmod(folder.path("new").c_str(), 0640) == 0);
  CHECK(write_file(folder.path("new"), "again"));
  REQUIRE(::stat(folder.path("new").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0640U);

  const auto refused = write_file(folder.path("new"), "no", Overwrite::refused);
  REQUIRE_FALSE(refused);
  CHECK(contains(refused.error().sentence, "is there already"));
  CHECK(folder.text("new") == "again");
  CHECK_FALSE(write_file(folder.path(), "no"));                 // a folder
  CHECK_FALSE(write_file(folder.path("missing/file"), "no"));   // in no folder
  CHECK_FALSE(write_file(folder.path("new") + "/file", "no"));  // in no folder either
  CHECK(folder.names() == std::vector<std::string>{"new"});
}

TEST_CASE("writing through a symbolic link keeps the link") {
  const Folder folder;
  folder.file("target", "old");
  std::filesystem::create_symlink("target", folder.path("link"));
  CHECK(write_file(folder.path("link"), "new"));
  CHECK(folder.text("target") == "new");
  CHECK(std::filesystem::is_symlink(folder.path("link")));
}

TEST_CASE("a folder that cannot be written to is left as it was") {
  const Folder folder;
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  // Root may write everywhere but to what is no real file system.
  const std::string path = ::geteuid() == 0 ? "/proc/locklab.jsonl" : folder.path("run.jsonl");
  const Outcome outcome = test::locklab({"run", "doc-1", "--quiet", "--trace", path});
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "locklab: cannot write"));
  CHECK(folder.names().empty());
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
}

TEST_CASE("what is no regular file is written to as it stands") {
  CHECK(test::locklab({"run", "doc-1", "--quiet", "--trace", "/dev/null"}).code == 0);
  const Outcome full = test::locklab({"run", "doc-1", "--quiet", "--trace", "/dev/full"});
  CHECK(full.code == 2);
  CHECK(contains(full.err, "No space left"));
}

TEST_CASE("init writes a starter that runs, and overwrites nothing") {
  const Folder folder;
  const Outcome first = in_folder(folder, {"init"});
  CHECK(first.code == 0);
  CHECK(contains(first.out, "locklab run scenario.json"));
  CHECK(folder.names() == std::vector<std::string>{"scenario.json"});
  CHECK(contains(folder.text("scenario.json"), "\"name\": \"scenario\""));
  CHECK(contains(folder.text("scenario.json"), "//"));
  CHECK(in_folder(folder, {"check", "scenario.json"}).code == 0);
  CHECK(in_folder(folder, {"run", "scenario.json", "--quiet"}).code == 0);

  folder.file("scenario.json", "mine");
  const Outcome again = in_folder(folder, {"init"});
  CHECK(again.code == 2);
  CHECK(contains(again.err, "is there already; --force overwrites it"));
  CHECK(folder.text("scenario.json") == "mine");
  CHECK(in_folder(folder, {"init", "--force"}).code == 0);
  CHECK(contains(folder.text("scenario.json"), "\"name\": \"scenario\""));
}

TEST_CASE("init takes a name, with or without its ending") {
  const Folder folder;
  CHECK(in_folder(folder, {"init", "stock"}).code == 0);
  CHECK(contains(folder.text("stock.json"), "\"name\": \"stock\""));
  CHECK(in_folder(folder, {"init", "orders.json"}).code == 0);
  CHECK(contains(folder.text("orders.json"), "\"name\": \"orders\""));
  std::filesystem::create_directory(folder.path("sub"));
  CHECK(in_folder(folder, {"init", "sub/deep"}).code == 0);
  CHECK(contains(folder.text("sub/deep.json"), "\"name\": \"deep\""));

  CHECK(in_folder(folder, {"init", "missing/x"}).code == 2);
  CHECK(in_folder(folder, {"init", ".json"}).code == 2);
  for (const std::string name : {"a b", "a\"b", "a\\b"}) {
    const Outcome refused = in_folder(folder, {"init", name});
    CHECK(refused.code == 2);
    CHECK(contains(refused.err, "nothing was written"));
    CHECK_FALSE(is_existing_path(folder.path(name + ".json")));
  }
}

TEST_CASE("check finds all mistakes of all files at once") {
  const Folder folder;
  folder.file("good.json", test::small_scenario());
  std::string text = test::small_scenario();
  text.replace(text.find("simple_redis_lock"), 17, "simple_redis_lok");
  text.replace(text.find("\"10s\""), 5, "10");
  folder.file("bad.json", text);
  const Outcome outcome = in_folder(folder, {"check", "good.json", "bad.json", "none.json"});
  CHECK(outcome.code == 2);
  CHECK(outcome.out == "good.json: ok\n");
  CHECK(contains(outcome.err, "bad.json:6:25: /lock/algorithm: "));
  CHECK(contains(outcome.err, "(did you mean \"simple_redis_lock\"?)"));
  CHECK(contains(outcome.err, "cannot read \"none.json\""));
  CHECK(in_folder(folder, {"check", "good.json"}).code == 0);
}

TEST_CASE("show and schema print what is built in") {
  const Outcome shown = test::locklab({"show", "doc-1"});
  CHECK(shown.code == 0);
  CHECK(contains(shown.out, "\"name\": \"doc-1\""));
  test::Call again;
  again.arguments = {"run", "-", "--json"};
  again.input = shown.out;
  CHECK(test::call(again).out == test::locklab({"run", "doc-1", "--json"}).out);

  const Outcome unknown = test::locklab({"show", "dok-1"});
  CHECK(unknown.code == 2);
  CHECK(contains(unknown.err, "(did you mean \"doc-1\"?)"));

  const Outcome schema = test::locklab({"schema"});
  CHECK(schema.code == 0);
  CHECK(nlohmann::json::parse(schema.out).is_object());
}
