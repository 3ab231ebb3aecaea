// The model's requests in the words of the real Redis, and the real replies in the model's: one
// request, one command line; one reply, one Reply.
#pragma once

#include <string>
#include <vector>

#include "real/redis/connection.hpp"
#include "sim/names.hpp"
#include "sim/services/redis/protocol.hpp"

namespace locklab::real {

/// The command line of a request: a script is sent as EVAL.
std::vector<std::string> words_of(const redis::Request& request, const Names& names);

/// A real reply to the request. An error that the model has no name for becomes ReplyError::none.
/// Texts that are no number and no UUID are interned.
redis::Reply reply_of(const redis::Request& request, const Answer& answer, Names& names);

}  // namespace locklab::real
