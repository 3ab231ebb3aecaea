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

/// Bytes in the 91 printable letters of ASCII that neither markup nor a quoted text takes for its
/// own: two letters for each 13 bits, the first bits first; the last ones are filled up with zeros.
/// A tenth shorter than base64.
std::string dense_text(std::string_view bytes);

/// Hundredths of a pixel as SVG reads them: 1250 is "12.5".
std::string pixels(std::int64_t hundredths);

}  // namespace locklab
