// Does a fencing token save it? The same scenario twice: with a storage that checks nothing, and
// with one that checks tokens as well as a storage can, under the same lock with a token from its
// own grant where it can hand one out. What the document says of fencing is found by running, not
// by asking [doc §3 "Fencing Tokens"; spec 1.3, C].
#pragma once

#include <cstdint>
#include <string_view>

#include "scenarios/runner.hpp"
#include "scenarios/scenario.hpp"

namespace locklab {

/// The scenario with a storage that accepts every write. Programs that never write get a critical
/// section that does: each reads a register of its lock when it has the lock, and writes it before
/// it gives the lock back. For these registers storage is no distance away, so nothing else moves.
Scenario without_fencing(Scenario scenario);

/// The same, with tokens: storage refuses older ones and those of another owner, also after a
/// restart; a read registers its token; and where every write is made under a lock, a write without
/// a token is refused as well.
Scenario with_fencing(Scenario scenario);

/// Storage checks all that it can, and asks every write for a token that is made under a lock.
void check_tokens(Scenario& scenario);

/// Lets the lock hand out a token with its grant, if it can and does not yet.
void hand_out_token(LockSpec& lock);

enum class FencingAnswer : std::uint8_t {
  saves,          // without tokens the data came to harm, with tokens they did not
  saves_data,     // the same, but somebody's lock was still removed by somebody else
  no,             // the data come to harm all the same
  no_token,       // the lock has no token that a storage could check
  nothing_stale,  // nobody harmed the data anyway
};
/// "saves", "saves the data only", "no", "there is no token to check", "n.a."
std::string_view to_string(FencingAnswer answer);

/// Runs the scenario twice.
FencingAnswer does_fencing_save(const Scenario& scenario, Runner& runner);

}  // namespace locklab
