// Text for HTML and SVG. Names in a report were written by somebody else, and a browser obeys what
// it is sent: whatever is not ours passes through here, as text and as an attribute alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace locklab {

/// The text as HTML or XML shows it, in an element or in a quoted attribute: & < > " ' are written
/// as references, what is harmful to read (control and bidirectional characters, bytes that are not
/// UTF-8) is written out as safe_text() does.
std::string markup_text(std::string_view text);

/// A text as a JSON literal that may stand in a <script> element: ASCII, and free of < > &.
std::string script_literal(std::string_view text);

/// Bytes as base64 [RFC 4648].
std::string base64(std::string_view bytes);

/// Hundredths of a pixel as SVG reads them: 1250 is "12.5".
std::string pixels(std::int64_t hundredths);

}  // namespace locklab
