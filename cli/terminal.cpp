#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "cli/signals.hpp"

namespace locklab {
namespace {

std::size_t number(const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

bool wants_color(ColorChoice choice, bool is_terminal, const Environ& environ) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  if (!environ("NO_COLOR").empty()) return false;
  const std::string force = environ("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  const std::string term = environ("TERM");
  return is_terminal && !term.empty() && term != "dumb";
}

bool is_utf8_locale(const Environ& environ) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string locale = environ(name);
    if (locale.empty()) continue;
    for (char& letter : locale)
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Terminal of(int descriptor, const TerminalChoice& choice) {
  const bool is_terminal = ::isatty(descriptor) == 1;
  ::winsize size{};
  const bool sized = is_terminal && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  return describe_terminal(choice, is_terminal, sized ? size.ws_col : 0, environment);
}

}  // namespace

Terminal describe_terminal(const TerminalChoice& choice, bool is_terminal, std::size_t columns,
                           const Environ& environ) {
  Terminal terminal;
  terminal.is_terminal = is_terminal;
  terminal.color = wants_color(choice.color, is_terminal, environ);
  terminal.ascii = choice.ascii || !is_utf8_locale(environ);
  std::size_t width = choice.width.value_or(0);
  if (width == 0) width = number(environ("COLUMNS"));
  if (width == 0) width = columns;
  if (width == 0) width = kUsualWidth;
  terminal.width = std::clamp(width, kLeastWidth, kMostWidth);
  return terminal;
}

bool standard_input_is_terminal() { return ::isatty(STDIN_FILENO) == 1; }

Terminal standard_output(const TerminalChoice& choice) {
  const Terminal terminal = of(STDOUT_FILENO, choice);
  if (terminal.is_terminal && terminal.color) reset_colors_when_interrupted();
  return terminal;
}

Terminal standard_error(const TerminalChoice& choice) { return of(STDERR_FILENO, choice); }

void print(std::string_view text) {
  if (!output_failed()) std::fwrite(text.data(), 1, text.size(), stdout);
}

bool output_failed() { return std::ferror(stdout) != 0; }

void complain(std::string_view sentence) { print_error(fmt::format("locklab: {}\n", sentence)); }

void print_error(std::string_view text) {
  // In the order in which things were said, where both streams end in one place.
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace locklab
