// A run's words inside another language. Names are somebody else's text: a quote, a line break or a
// right-to-left control in one must neither end the string that it stands in nor show as something
// else. In every format but JSON, what could command a terminal or reorder a line is written out
// first (`\u202e`, by safe_text), since most of these languages have no way to say it.
#pragma once

#include <string>
#include <string_view>

namespace locklab {

/// A JSON string with its quotes, ASCII throughout [RFC 8259]. The text itself survives, except
/// that U+FFFD stands for each byte that is no UTF-8.
std::string json_string(std::string_view text);

/// For element content and for attribute values in double or single quotes [XML 1.0].
std::string xml_text(std::string_view text);

/// One cell, in quotes where it needs them [RFC 4180]. A text that a spreadsheet would take for a
/// formula (it begins with =, +, - or @) gets an apostrophe before it.
std::string csv_cell(std::string_view text);

/// A string of Graphviz with its quotes, in which no escape and no entity has a meaning.
std::string dot_string(std::string_view text);

/// An EDN string with its quotes.
std::string edn_string(std::string_view text);

/// For a paragraph or a table's cell of GitHub's Markdown: shown as it stands, linking nothing.
std::string markdown_text(std::string_view text);

/// For names, notes and messages of a Mermaid diagram.
std::string mermaid_text(std::string_view text);

/// For names in quotes and for texts of PlantUML, whose preprocessor and markup see nothing in it.
std::string plantuml_text(std::string_view text);

}  // namespace locklab
