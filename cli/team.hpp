// Many independent tasks on several threads: whoever is free takes the next one. Each thread has a
// runner of its own, and results belong in slots of their own, so the number of threads changes
// nothing but the time.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "scenarios/runner.hpp"

namespace locklab {

/// Does tasks 0 to `tasks` - 1 on `jobs` threads (0: as many as the machine has cores). While they
/// run, "17 of 200 scenarios" stands on standard error, if that is wanted.
void work_together(std::size_t tasks, std::size_t jobs, std::string_view what, bool show_progress,
                   const std::function<void(std::size_t task, Runner& runner)>& work);

}  // namespace locklab
