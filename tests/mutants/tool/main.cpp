// locklab_mutate LIST SOURCE_DIR OUTPUT_DIR: copies each source that a mutant of the list is about,
// with switches in it. Fails, naming the mutant, where a patch does not fit exactly once.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "tests/mutants/tool/patch.hpp"

namespace {

namespace fs = std::filesystem;
using namespace locklab::mutants;

std::optional<std::string> text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

int fail(const std::string& sentence) {
  fmt::print(stderr, "error: {}\n", sentence);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail("usage: locklab_mutate LIST SOURCE_DIR OUTPUT_DIR");
  const fs::path list = argv[1];
  const auto text = text_of(list);
  if (!text) return fail("cannot read " + list.string());
  const auto mutants = read_mutants(*text);
  if (!mutants) return fail(list.string() + ": " + mutants.error().sentence);
  std::map<std::string, std::vector<const Mutant*>> by_file;
  for (const Mutant& mutant : *mutants) by_file[mutant.file].push_back(&mutant);
  for (const auto& [file, patches] : by_file) {
    const auto source = text_of(fs::path(argv[2]) / file);
    if (!source) return fail("cannot read " + file);
    const auto copy = patched(*source, patches);
    if (!copy) return fail(list.string() + ": " + file + ": " + copy.error().sentence);
    const fs::path output = fs::path(argv[3]) / file;
    if (text_of(output) == *copy) continue;  // nothing to compile again
    fs::create_directories(output.parent_path());
    std::ofstream(output, std::ios::binary) << *copy;
  }
  return 0;
}
