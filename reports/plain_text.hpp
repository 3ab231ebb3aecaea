// Text for people and terminals: made harmless, measured in columns, folded into lines. Reports
// show names that somebody else wrote, and a terminal obeys what it is sent. Widths are an
// approximation: wide for East Asian and emoji blocks, nothing for combining marks, one column for
// the rest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace locklab {

/// One character of a text, or one byte that is no UTF-8.
struct Character {
  char32_t value = 0;     // the byte, where it is not valid
  std::size_t bytes = 1;  // of the text that it takes
  bool valid = false;
};

/// The character that begins at `at`, which lies in the text; overlong forms, surrogates and values
/// past U+10FFFF are not UTF-8. [RFC 3629]
Character character_at(std::string_view text, std::size_t at);

/// The text with everything written out that could move a cursor, or hide or reorder what is
/// printed: control characters (\n, \u001b), bidirectional controls, and bytes that are not UTF-8
/// (\xff).
std::string safe_text(std::string_view text);

/// The same text in ASCII: the signs that reports draw with become their stand-ins ("…" is "..."),
/// everything else is written out (\u00e9).
std::string ascii_text(std::string_view text);

/// How many terminal columns a text takes that is UTF-8 without control characters.
std::size_t columns(std::string_view text);

/// The longest beginning of `text` that takes at most `width` columns; never a part of a character.
std::string_view first_columns(std::string_view text, std::size_t width);

/// `text`, or its beginning and an ellipsis, in at most `width` columns.
std::string shortened(std::string_view text, std::size_t width, std::string_view ellipsis);

/// Lines of at most `width` columns (at least 1), broken at spaces where there are any.
std::vector<std::string_view> wrapped(std::string_view text, std::size_t width);

}  // namespace locklab
