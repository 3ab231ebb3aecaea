// Mutant schemata: every mutated place asks whether it is its turn, so that one program holds all
// mutants and no shipped source is touched [Untch, Offutt and Harrold, "Mutation Analysis Using
// Mutant Schemata", ISSTA 1993].
#pragma once

namespace locklab {

/// The mutant that is switched on in this thread; none: 0.
inline thread_local unsigned active_mutant = 0;

inline bool mutant(unsigned number) { return active_mutant == number; }

}  // namespace locklab
