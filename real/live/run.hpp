// A scenario run in real time: real Redis servers, a real process for each client, and faults that
// are signals, files and commands. Its outcome stands beside that of the simulation.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "real/daemon.hpp"
#include "real/live/history.hpp"
#include "scenarios/scenario.hpp"
#include "sim/recording.hpp"

namespace locklab::real {

struct LiveOptions {
  bool distances = false;  // messages take the scenario's time too, not only the machine's own
  std::function<void(const std::string&)> say = {};  // a line of progress; null: silence
  std::function<bool()> interrupted = {};            // asked often; null: never
};

struct LiveResult {
  Recording recording;  // of the live run
  Recording simulated;  // of the simulation
  Outcome real_outcome;
  Outcome simulated_outcome;
  std::vector<std::string> differences;  // none: they agree
  /// The latest that a step of a client came which was not paused: what the machine did to the run.
  Duration latest{};
};

/// What is missing on this machine for the scenario, with the Debian package that brings it.
std::optional<std::string> missing_for(const Scenario& scenario);

/// Takes as long as the scenario does. why_not_live() and missing_for() have nothing to say of it.
Result<void, Trouble> run_live(const Scenario& scenario, const LiveOptions& options,
                               LiveResult& result);

}  // namespace locklab::real
