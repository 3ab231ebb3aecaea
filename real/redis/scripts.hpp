// The Lua texts of the scripts that the model knows by a name of their own: what each library does
// to its keys, in our words. Keys and arguments stand in the order in which words.cpp gives them.
#pragma once

#include <string_view>

#include "sim/services/redis/protocol.hpp"

namespace locklab::real {

/// The script of a command; empty: it is a command of Redis' own.
std::string_view script_of(redis::Command command);

}  // namespace locklab::real
