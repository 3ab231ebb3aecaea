// One line for each built-in scenario: its name, the digest of its run, the verdict. Every
// compiler, every optimisation level and WebAssembly must print the same lines;
// tests/tools/compare_digests.sh tells whether they do. Takes no arguments, reads no files, throws
// nothing.
#include <cinttypes>
#include <cstdio>

#include "scenarios/library.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/scenario_json.hpp"

namespace {

void print(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

/// The scenario; or nothing, and the reason on standard error.
std::optional<locklab::Scenario> load(std::string_view name) {
  const auto root = locklab::parse_located_json(*locklab::library_text(name), name);
  if (!root) {
    print(stderr, to_string(root.error()));
    return std::nullopt;
  }
  locklab::Diagnostics diagnostics;
  auto scenario = locklab::read_scenario(*root, diagnostics);
  print(stderr, to_string(diagnostics));
  return scenario;
}

}  // namespace

int main() {
  int failures = 0;
  locklab::Runner runner;
  locklab::RunResult result;
  for (const std::string_view name : locklab::library_names()) {
    const auto scenario = load(name);
    if (!scenario) {
      ++failures;
      continue;
    }
    runner.run(*scenario, {.explain_mismatches = false}, result);
    print(stdout, name);
    std::printf(" %016" PRIx64 " ", result.digest);
    print(stdout, to_string(result.verdict));
    print(stdout, "\n");
  }
  return failures == 0 ? 0 : 1;
}
