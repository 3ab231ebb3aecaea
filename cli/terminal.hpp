// What the other end of a stream can show: colours, how many columns, more than ASCII. Nothing of
// it changes what a run does, and a pipe gets the same bytes on every machine with the same locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace locklab {

enum class ColorChoice : std::uint8_t { automatic, always, never };

/// What the command line says about it.
struct TerminalChoice {
  ColorChoice color = ColorChoice::automatic;
  std::optional<std::size_t> width;
  bool ascii = false;
};

inline constexpr std::size_t kLeastWidth = 40;
inline constexpr std::size_t kMostWidth = 1000;
inline constexpr std::size_t kUsualWidth = 80;

struct Terminal {
  bool is_terminal = false;
  bool color = false;
  bool ascii = false;
  std::size_t width = kUsualWidth;
};

/// An environment variable's value; empty where it is not set, which no convention here tells
/// apart.
using Environ = std::function<std::string(const char* name)>;

/// `columns` is what the terminal itself says (0: it does not).
///
/// Colours: --color, else NO_COLOR (set to anything: none), else CLICOLOR_FORCE (anything but "0"),
/// else on a terminal that is not dumb. Columns: --width, else COLUMNS, else the terminal's,
/// else 80. UTF-8 where the first of LC_ALL, LC_CTYPE and LANG that is set names it.
Terminal describe_terminal(const TerminalChoice& choice, bool is_terminal, std::size_t columns,
                           const Environ& environ);

/// Of standard output, or standard error.
Terminal standard_output(const TerminalChoice& choice);
Terminal standard_error(const TerminalChoice& choice);

bool standard_input_is_terminal();

/// Writes to standard output. After a failure (a full disk) nothing more is written and
/// `output_failed()` is true.
void print(std::string_view text);
bool output_failed();
/// Writes "locklab: " and the sentence to standard error.
void complain(std::string_view sentence);
/// Writes to standard error as it is.
void print_error(std::string_view text);

}  // namespace locklab
