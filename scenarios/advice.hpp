// Which lock, then? The document answers with a decision tree of two questions [doc §5 "When to Use
// Which Lock"]. This asks a few more, tries every lock that the given services allow under the
// faults that matter, and lets the runs decide. Nothing here knows a lock by its name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/compare_claims.hpp"

namespace locklab {

/// What one needs the lock for.
struct Requirements {
  bool correctness = false;            // two holders would corrupt data; otherwise they cost work
  bool storage_checks_tokens = false;  // what the lock protects refuses an older token
  Duration longest_pause = 10s;        // of a client: garbage collection, a move of its machine
  RoleSet have = 0;                    // services that are there
  bool contention = false;             // many clients want the same lock
  bool cross_region = false;           // clients and servers are in several regions
};

/// Services that a lock of the registry rests on, by name: "redis", "zookeeper", ...
std::vector<std::string_view> known_services();
/// "redis,database"; nothing if a name is unknown, which is then in `unknown`.
std::optional<RoleSet> services_from(std::string_view list, std::string& unknown);

/// The life of a lock that outlasts the pause: renewed every third of it, it has two thirds left
/// when a pause begins just before a renewal; and it outlasts pause and work together where nobody
/// renews it.
Duration advised_ttl(Duration longest_pause);

/// Every lock, and preset of one, that the services allow, with the advised life where it has one.
std::vector<CompareLock> candidates(const Requirements& requirements);
CompareScale advised_scale(const Requirements& requirements);
/// The faults that a lock is tried under.
const std::vector<CompareFault>& advised_faults();

/// How good a lock is for it; the smaller is the better. What counts most comes first.
struct Fitness {
  bool gets_stuck = false;  // a crashed holder kept the lock to the end
  bool no_token = false;    // storage could check one, and there is none that keeps its order
  // At least so many percent of the runs, at 95 %: one unlucky run in a hundred decides nothing.
  std::int64_t harmed_percent = 0;  // the data came to harm, with the token checked where it can be
  std::int64_t twice_percent = 0;   // the lock was given away twice
  int services = 0;                 // that it rests on
  std::int64_t cost = 0;            // milliseconds to acquire; the rarer the locks, the greater
  std::int64_t idle_ppm = 0;        // of the time: nobody had the lock though somebody waited
  bool operator==(const Fitness&) const = default;
};
/// Does a scenario of the corpus show tokens of this lock in the wrong order?
bool has_unsound_token(const CompareLock& lock);
Fitness fitness_of(const ComparedLock& lock, const Requirements& requirements);
/// For correctness harm counts most, otherwise the cost does, among those that rarely break.
bool is_fitter(const Fitness& a, const Fitness& b, const Requirements& requirements);

/// What the document's tree says to the same questions.
std::string document_answer(const Requirements& requirements);
/// What is to be set and done, a sentence each.
std::vector<std::string> settings_of(const ComparedLock& lock, const Requirements& requirements);
/// What remains unsafe with this lock, a sentence each, from its runs.
std::vector<std::string> remaining_risks(const ComparedLock& lock,
                                         const Requirements& requirements);

}  // namespace locklab
