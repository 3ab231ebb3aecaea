// What the parts of the scenario reader share (scenario_json*.cpp; nobody else includes this).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/diagnostics.hpp"
#include "scenarios/located_json.hpp"
#include "scenarios/object_reader.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/scenario_json.hpp"

namespace locklab::reading {

using Names = std::vector<std::string>;

/// The reading of one file: where mistakes go, what has been read, and which names there are. Parts
/// are read in such an order that the names a part may use are known before it.
struct Reading {
  Diagnostics& diagnostics;
  KnownKeys* keys;
  Scenario& scenario;
  Names clients;
  Names processes;
  Names machines;
  Names registers;
  std::int64_t repeats = 1;  // how often the step at hand is run by the "repeat"s around it

  void mistake(const Node& at, std::string message, std::string_view suggestion = {}) const {
    diagnostics.add(at.place, at.pointer, std::move(message), suggestion);
  }
};

/// An ObjectReader that leaves its keys in Reading::keys, under the schema's name for the object.
class Section : public ObjectReader {
 public:
  Section(Reading& reading, const Node& node, std::string_view name)
      : ObjectReader(node, reading.diagnostics), reading_(reading), name_(name) {}
  ~Section();

 private:
  Reading& reading_;
  std::string name_;
};

// ---- words --------------------------------------------------------------------------------------

inline constexpr std::string_view kModes[] = {"once", "poll", "blocking"};
inline constexpr DurationRange kAnyTime{.min = -8760h};  // to a year back
/// What polls must let some time pass, or a run of zero latency stands still.
inline constexpr DurationRange kPollRange{.min = 1us};
inline constexpr std::int64_t kMostRounds = 1'000'000;  // of all nested repetitions together

/// Is the name among those? If not, it is a mistake: "there is no client named ...".
bool check_name(const Reading& reading, const Node& at, std::string_view name,
                std::string_view what, const Names& names);

/// A text of one or more characters, none of them blank or control: a name that others refer to.
std::optional<std::string> read_name(const Node& node, Diagnostics& diagnostics);
/// The same for a key that must be there, or may be.
std::string name_of(Section& r, Reading& reading, std::string_view key, Required);
std::string name_of(Section& r, Reading& reading, std::string_view key);

/// A whole number or a word.
std::optional<Datum> read_datum(const Node& node, Diagnostics& diagnostics);

/// "500us", {"uniform": ["1ms", "5ms"]} or {"lognormal": {"median": "1ms", "sigma_permille": 500}}.
std::optional<Latency> read_latency(Reading& reading, const Node& node);

/// `{"kind": ...}`, besides keys that the caller reads itself: the one member that says what this
/// is, as its place in `kinds`. Other members are mistakes.
struct Tagged {
  std::size_t kind = 0;
  const Node* value = nullptr;
};
std::optional<Tagged> read_tagged(Reading& reading, const Node& node, std::string_view what,
                                  std::span<const std::string_view> kinds,
                                  std::span<const std::string_view> besides = {});

// ---- the parts ----------------------------------------------------------------------------------

/// All threads of a client; checks that the locks it uses are locks it takes.
std::vector<Program> read_threads(Reading& reading, std::span<const Node* const> programs);

/// scenario_json_faults.cpp
void read_faults(Reading& reading, std::span<const Node> nodes);

/// scenario_json_expect.cpp
void read_checks(Reading& reading, const Node& node);
void read_expect(Reading& reading, const Node& node);

}  // namespace locklab::reading
