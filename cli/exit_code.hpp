// How the program ends, as a number that scripts can rely on.
#pragma once

namespace locklab {

enum class ExitCode : int {
  ok = 0,               // everything was as expected
  not_as_expected = 1,  // a violation that nobody expected, or an expected one that did not come
  bad_input = 2,        // the command line, a file, or a place to write to
  undecided = 3,        // a run reached its limit of events before it was decided
  diverged = 4,         // a replay gave another run than the recording
  internal = 70,        // a bug of locklab's own
  interrupted = 130,    // Ctrl-C
};

/// Of several scenarios the worst counts. Bad input comes first, since nothing can be said about
/// what was not read; then what surely went wrong; then what is not known; a run that is as
/// expected last.
constexpr ExitCode worse(ExitCode a, ExitCode b) {
  constexpr ExitCode kWorstFirst[] = {ExitCode::interrupted,     ExitCode::internal,
                                      ExitCode::bad_input,       ExitCode::diverged,
                                      ExitCode::not_as_expected, ExitCode::undecided};
  for (const ExitCode code : kWorstFirst)
    if (a == code || b == code) return code;
  return ExitCode::ok;
}

}  // namespace locklab
