// libFuzzer: any bytes at all, as the text of a scenario. Reading it must end, in a scenario or in
// mistakes, and what it says must be one printable line a mistake.
//
//   ./dev build asan
//   build/asan/fuzzers/fuzz_scenario_fuzz scenarios/library tests/scenarios/bad
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scenarios/scenario_json.hpp"
#include "sim/assert.hpp"

namespace {

void check_messages(const locklab::Diagnostics& diagnostics) {
  LOCKLAB_ASSERT(!diagnostics.empty());
  const std::string text = locklab::to_string(diagnostics);
  LOCKLAB_ASSERT(locklab::is_utf8(text));
  LOCKLAB_ASSERT(text.back() == '\n');
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    LOCKLAB_ASSERT(letter == '\n' || (code >= 0x20 && code != 0x7f));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace locklab;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto root = parse_located_json(text, "fuzz.json");
  if (!root) {
    check_messages(root.error());
    return 0;
  }
  LOCKLAB_ASSERT(scenario_hash(*root).size() == 16);
  Diagnostics diagnostics;
  const auto scenario = read_scenario(*root, diagnostics);
  LOCKLAB_ASSERT(scenario.has_value() == diagnostics.empty());
  if (!scenario) {
    check_messages(diagnostics);
    return 0;
  }
  // What was read is complete: nobody behind the reader asks again.
  LOCKLAB_ASSERT(scenario->lock.algorithm != nullptr && !scenario->clients.empty());
  for (const ClientSpec& client : scenario->clients) LOCKLAB_ASSERT(!client.threads.empty());
  return 0;
}
