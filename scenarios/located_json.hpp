// JSON in which every value knows where it was written, so that a mistake found much later can
// still be pointed at. Numbers stay exact: an integer is an integer, and a number with a fraction
// or an exponent is kept as its source text. Comments (// and /* */) are allowed: people write
// these files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/diagnostics.hpp"
#include "sim/result.hpp"

namespace locklab {

struct Member;

/// A JSON value with its place: a scalar's first character, a container's opening bracket.
struct Node {
  enum class Kind : std::uint8_t {
    null,
    boolean,
    integer,           // fits std::int64_t
    unsigned_integer,  // only what does not: 2^63 to 2^64-1
    decimal,           // any other number; `text` is its source, "2.50" or "1e3"
    text,
    array,
    object,
  };

  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint64_t unsigned_integer = 0;
  std::string text;
  std::vector<Node> items;      // of an array
  std::vector<Member> members;  // of an object, in source order; keys are unique
  Place place;
  std::string pointer;  // RFC 6901: "/faults/0/pause"; "" is the document

  bool is_object() const { return kind == Kind::object; }
  bool is_array() const { return kind == Kind::array; }
  bool is_text() const { return kind == Kind::text; }
  bool is_number() const;

  /// The member's value, or null where this is no object or has no such member.
  const Node* find(std::string_view key) const;
};

/// A key and its value; the key's JSON pointer is that of its value.
struct Member {
  std::string key;
  Place key_place;
  Node value;
};

/// "the number 5", "the text \"fast\"", "a list", "an object", "true", "null".
std::string describe(const Node& node);

/// Reads one document; `source` is the name under which places and mistakes speak of it. Duplicate
/// keys and nesting deeper than 200 are mistakes. Without a mistake there is a Node.
Result<Node, Diagnostics> parse_located_json(std::string_view text, std::string_view source);

/// `--set lock.ttl=5s`: sets one value in a document. A path is keys and list indices joined by
/// dots, or a JSON pointer where it begins with "/" (for keys with dots in them). Missing objects
/// are created, and so are lists where an index follows; an index may be one past the end, or "-",
/// to append. The value is JSON where it is valid JSON (5, true, "text", {...}) and otherwise a
/// text; one that begins like an object, a list or a quoted text and is none is a mistake. What is
/// set has the place "--set lock.ttl". After a mistake the document is as it was.
Result<void, Diagnostic> set_path(Node& root, std::string_view path, std::string_view value_text);

/// `parent` extended by one step, with RFC 6901's escapes: "~" is "~0", "/" is "~1".
std::string pointer_to(std::string_view parent, std::string_view key);

}  // namespace locklab
