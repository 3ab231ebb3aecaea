#include "scenarios/library.hpp"

#include <algorithm>

#include "scenarios/embedded.hpp"

namespace locklab {

namespace {

constexpr std::string_view kFolder = "library/";
constexpr std::string_view kEnding = ".json";

std::string_view embedded(std::string_view path) {
  for (const EmbeddedFile& file : embedded_files())
    if (file.path == path) return file.text;
  return {};
}

}  // namespace

std::vector<std::string_view> library_names() {
  std::vector<std::string_view> names;
  for (const EmbeddedFile& file : embedded_files()) {
    if (!file.path.starts_with(kFolder) || !file.path.ends_with(kEnding)) continue;
    names.push_back(
        file.path.substr(kFolder.size(), file.path.size() - kFolder.size() - kEnding.size()));
  }
  // The files are in the order of their paths, in which "doc-3-jump.json" stands before
  // "doc-3.json".
  std::sort(names.begin(), names.end());
  std::stable_partition(names.begin(), names.end(),
                        [](std::string_view name) { return name.starts_with("doc-"); });
  return names;
}

std::optional<std::string_view> library_text(std::string_view name) {
  const std::string path = std::string(kFolder) + std::string(name) + std::string(kEnding);
  const std::string_view text = embedded(path);
  if (text.empty()) return std::nullopt;
  return text;
}

std::string_view starter_text() { return embedded("starter.json"); }

std::string_view corpus_text() { return embedded("corpus.json"); }

std::string_view schema_text() { return embedded("schema.json"); }

}  // namespace locklab
