// A finding as one plain English sentence, for reports and for the terminal. Made when somebody
// reads it, never during a run.
#pragma once

#include <string>

#include "sim/finding.hpp"
#include "sim/names.hpp"

namespace locklab {

/// "client-a and client-b both believe that they hold inventory:item-123 from 5002ms to 9978ms
/// (4976ms, 0ms of it while one was paused)"
std::string message(const Finding& finding, const Names& names, ProcessNames processes);

}  // namespace locklab
