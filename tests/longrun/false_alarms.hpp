// False alarms: a lock that is correct is searched inside its assumption envelope, where nothing
// that it promises can break. Whatever is found is a mistake of a model, of a lock's code, or of an
// envelope.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faults/campaign.hpp"
#include "tests/longrun/subjects.hpp"

namespace locklab::longrun {

struct QuietRun {
  std::string label;
  std::vector<std::string> promises;
  Tally tally;
  std::uint64_t milliseconds = 0;     // of the whole campaign; not part of the outcome
  std::vector<std::string> findings;  // the first of each bug: a sentence and its schedule
};

/// `runs` schedules of the portfolio on `jobs` threads, shared among the islands; the tally is the
/// same for any number of threads.
QuietRun search_quietly(const Subject& subject, std::uint64_t runs, std::uint64_t seed,
                        std::size_t jobs);

}  // namespace locklab::longrun
