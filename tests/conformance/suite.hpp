// Models against the real servers: what a suite gets, and what it leaves on record. A suite puts
// the same questions to a model and to a server, compares the answers one by one, and counts them
// by behaviour. A difference is explained (a `Model:` remark that docs/model_fidelity.md lists) or
// it fails the suite.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/rng.hpp"

namespace locklab::conformance {

/// How much a suite compares: `sample` is what every CI run does, `full` what the record is of.
enum class Scale : std::uint8_t { sample, full };

/// What was compared, by behaviour.
class Record {
 public:
  /// The server's own words for its version: "Redis 7.0.15".
  void set_version(std::string version) { version_ = std::move(version); }
  /// Behaviours stand in the order in which they were first named. `model` names the file whose
  /// behaviour it is.
  void describe(std::string_view behaviour, std::string_view model, std::string_view compared);
  /// `answers` more answers of that behaviour were compared.
  void add(std::string_view behaviour, std::uint64_t answers = 1);
  /// They differ, and nothing explains it: fails the suite. `place` says how to see it again.
  void differ(std::string_view behaviour, std::string_view place, std::string_view model,
              std::string_view server);
  /// They differ as docs/model_fidelity.md says.
  void differ_as_said(std::string_view behaviour, std::string_view row);
  /// Something that is no answer but was measured: "removed 4.1 to 5.9 s after its client died".
  void measure(std::string_view behaviour, std::string measured);
  /// A part of the suite could not run here, and why.
  void skip(std::string_view behaviour, std::string why);

  struct Row {
    std::string behaviour, model, compared;
    std::uint64_t answers = 0;
    std::uint64_t differences = 0;                 // unexplained
    std::map<std::string, std::uint64_t> as_said;  // by the row that says it
    std::vector<std::string> measured;
    std::string skipped;
  };
  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<std::string>& differences() const { return differences_; }
  const std::string& version() const { return version_; }
  std::uint64_t answers() const;
  std::uint64_t unexplained() const;

 private:
  Row& row(std::string_view behaviour);

  std::string version_;
  std::vector<Row> rows_;
  std::vector<std::string> differences_;  // the first of each behaviour, in words
};

struct Context {
  Scale scale = Scale::sample;
  std::uint64_t seed = 1;
  Record& record;

  Rng stream(std::string_view name, std::uint64_t number = 0) const { return {seed, name, number}; }
  std::uint64_t of(std::uint64_t sample, std::uint64_t full) const {
    return scale == Scale::full ? full : sample;
  }
  /// A line of progress.
  void say(std::string_view line) const;
};

struct Suite {
  std::string_view name;    // of its record as well: docs/conformance/<name>.md
  std::string_view server;  // "Redis"
  /// Why it cannot run here; empty: it can.
  std::string (*missing)();
  void (*run)(Context& context);
};

/// Every suite, those that this build has no client library for included.
const std::vector<Suite>& suites();

extern const Suite kRedisSuite;
extern const Suite kZooKeeperSuite;
extern const Suite kPostgreSqlSuite;
extern const Suite kEtcdSuite;

}  // namespace locklab::conformance
