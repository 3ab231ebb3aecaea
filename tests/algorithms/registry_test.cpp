// The table of locks: whatever a scenario may name is there once, and every preset applies.
#include "algorithms/registry.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/lock_lab.hpp"

namespace locklab {
namespace {

TEST_CASE("names of algorithms are unique, and each can be found") {
  std::set<std::string_view> names;
  for (const Algorithm& algorithm : algorithms()) {
    CAPTURE(algorithm.name);
    CHECK(names.insert(algorithm.name).second);
    CHECK(find_algorithm(algorithm.name) == &algorithm);
    CHECK_FALSE(algorithm.description.empty());
    CHECK(algorithm.description.find('\n') == std::string_view::npos);
    CHECK_FALSE(algorithm.source.empty());
  }
  CHECK(find_algorithm("bakery") == nullptr);
}

TEST_CASE("every parameter has one name, a default that reads and a line of help") {
  for (const Algorithm& algorithm : algorithms()) {
    CAPTURE(algorithm.name);
    std::set<std::string_view> names;
    Settings settings(algorithm.parameters);
    for (const Parameter& parameter : algorithm.parameters) {
      CAPTURE(parameter.name);
      CHECK(names.insert(parameter.name).second);
      CHECK_FALSE(parameter.help.empty());
      CHECK((parameter.type == Parameter::Type::choice) == !parameter.choices.empty());
      // What is printed can be read again.
      CHECK(settings.set(parameter.name, settings.text(parameter.name)).has_value());
    }
    CHECK(settings == Settings(algorithm.parameters));
  }
}

TEST_CASE("every preset has one name and sets each parameter once, to a value that it takes") {
  for (const Algorithm& algorithm : algorithms()) {
    CAPTURE(algorithm.name);
    std::set<std::string_view> names;
    for (const Preset& preset : algorithm.presets) {
      CAPTURE(preset.name);
      CHECK(names.insert(preset.name).second);
      CHECK_FALSE(preset.help.empty());
      std::set<std::string_view> set;
      Settings settings(algorithm.parameters);
      for (const PresetValue& value : preset.values) {
        CAPTURE(value.parameter);
        CHECK(set.insert(value.parameter).second);
        CHECK(settings.set(value.parameter, value.value).has_value());
      }
    }
  }
}

TEST_CASE("with every preset a lock is taken, given back and taken by the next") {
  for (const Algorithm& algorithm : algorithms()) {
    // Locks of the other services are tried in scenarios/services_test.cpp.
    if (algorithm.needs != roles(ProcessRole::redis)) continue;
    for (const Preset& preset : algorithm.presets) {
      CAPTURE(algorithm.name);
      CAPTURE(preset.name);
      LockLab::Options options;
      options.nodes = algorithm.several_nodes == "redis" ? 5 : 1;
      options.database = (algorithm.needs & role_bit(ProcessRole::database)) != 0;
      LockLab lab(options);
      Lock& a = lab.lock(lab.client(0), algorithm.name, preset.name);
      Lock& b = lab.lock(lab.client(1), algorithm.name, preset.name);
      Try& first = lab.acquire(a);
      lab.run_until(100ms);
      REQUIRE(first.ok());
      CHECK(lab.last<LockRequested>().of == options.nodes);
      Done& released = lab.release(a, first.lease());
      lab.run_until(200ms);
      CHECK(released.ok());
      Try& second = lab.acquire(b);
      lab.run_until(300ms);
      CHECK(second.ok());
      CHECK(lab.both_believed() == 0ms);
      CHECK(lab.grants_inside_a_promise() == 0);
      CHECK(lab.foreign_removals() == 0);
    }
  }
}

}  // namespace
}  // namespace locklab
