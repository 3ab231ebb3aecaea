// Random programs of lock commands, the same for a model's keys and for a real node: real time
// passes between their phases, and what the node's clock says around a phase tells at which
// milliseconds its commands can have been executed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "real/redis/connection.hpp"
#include "sim/names.hpp"
#include "sim/rng.hpp"
#include "sim/services/redis/protocol.hpp"
#include "tests/conformance/suite.hpp"

namespace locklab::conformance {

struct ProgramStep {
  std::size_t phase = 0;
  redis::Request request;
  bool dated = false;      // its PXAT counts from the beginning of the program
  bool own_clock = false;  // its client_ms does
};

struct Program {
  Names names;
  std::vector<ProgramStep> steps;  // by phase
};

/// When the phases begin, in ms after the first: 15 ms and more from where any deadline may lie
/// that a program of `make_program` asks for.
inline constexpr std::int64_t kPhasesMs[] = {0, 25, 55, 85};

Program make_program(Rng rng, std::uint64_t number);

struct Outcome {
  enum class Kind : std::uint8_t {
    same,
    different,
    discarded,  // a deadline fell where the clock's readings cannot tell before from after
  };
  Kind kind = Kind::same;
  std::size_t step = 0;  // the first that differs
  std::string model, server;
};

/// Runs programs side by side, on keys of their own.
Result<std::vector<Outcome>, real::Trouble> run_programs(real::RedisConnection& connection,
                                                         std::vector<Program>& programs);

/// Leaves out steps of a program that differs, as long as it still does.
Program shrunk(real::RedisConnection& connection, const Program& program);

/// Its steps in words, in one line.
std::string to_string(const Program& program);

/// Where an answer to this step is counted.
std::string behaviour_of(const ProgramStep& step);

/// Compares as many programs as come to about `answers` answers, and counts them.
void compare_programs(Context& context, real::RedisConnection& connection, std::uint64_t answers);

/// One answer, and what the node's clock showed before and after.
struct Asked {
  real::Answer answer;
  redis::Reply reply;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};
Result<Asked, real::Trouble> ask(real::RedisConnection& connection, const redis::Request& request,
                                 Names& names);

/// The request of a step whose program began at `base_ms` of the node's clock.
redis::Request placed(const ProgramStep& step, std::int64_t base_ms);

/// Equal but for `slack_ms` of a time that passes.
bool alike(const redis::Request& request, const redis::Reply& model, const redis::Reply& server,
           std::int64_t slack_ms);

/// What TIME answered, in ms.
std::int64_t whole_ms_of(const real::Answer& time);

/// The model's reply and the server's in words, for a report.
std::string to_string(const redis::Reply& reply, const Names& names);

}  // namespace locklab::conformance
