// Assertions that stay on in every build: a simulator that goes on after nonsense teaches nonsense.
#pragma once

namespace locklab {

/// Prints the broken condition with its place and ends the program (exit code 70 by way of abort's
/// handler in cli/). Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace locklab

#define LOCKLAB_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::locklab::assertion_failed(#condition, __FILE__, __LINE__))
