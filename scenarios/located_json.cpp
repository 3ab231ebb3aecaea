// The parsing is nlohmann/json's, through its SAX interface; it neither throws nor builds a tree
// here. It tells a handler which token it has read, but not where. So a Follower walks over the
// same text in step with it: from the end of one reported token over blanks, comments and
// separators to the next. Since the parser has already accepted what it reports, this takes no
// second parser, and it does not depend on how far ahead the lexer has looked.
#include "scenarios/located_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "scenarios/suggest.hpp"
#include "sim/assert.hpp"

namespace locklab {
namespace {

constexpr std::size_t kDeepest = 200;  // trees are walked and destroyed by recursion
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// What an unquoted word of a user's may consist of, for showing it whole.
bool is_word_letter(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         letter == '_' || letter == '-' || letter == '+' || letter == '.' || letter == '%' ||
         static_cast<unsigned char>(letter) >= 0x80;
}

struct Position {
  std::size_t offset = 0;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Walks over a text and always knows line and column.
class Follower {
 public:
  Follower(std::string_view text, bool comments) : text_(text), comments_(comments) {
    if (text_.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      here_.offset = kByteOrderMark.size();  // the first line begins behind it
    }
  }

  const Position& here() const { return here_; }
  bool at_end() const { return here_.offset >= text_.size(); }
  char next() const { return at_end() ? '\0' : text_[here_.offset]; }
  std::string_view rest() const { return text_.substr(here_.offset); }
  std::string_view since(std::size_t offset) const {
    return text_.substr(offset, here_.offset - offset);
  }

  void step() {
    const char letter = text_[here_.offset++];
    const bool first_half_of_break = letter == '\r' && next() == '\n';
    if (letter == '\n' || (letter == '\r' && !first_half_of_break)) {
      ++here_.line;
      here_.column = 1;
    } else if ((static_cast<unsigned char>(letter) & 0xC0u) != 0x80u) {  // once a code point
      ++here_.column;
    }
  }

  void step_to(std::size_t offset) {
    while (!at_end() && here_.offset < offset) step();
  }

  /// Over white space and whole comments. A comment that never ends, or is none, is left standing.
  void skip_blanks() {
    while (!at_end()) {
      const char letter = next();
      if (letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r') {
        step();
      } else if (comments_ && rest().substr(0, 2) == "//") {
        while (!at_end() && next() != '\n' && next() != '\r') step();
      } else if (comments_ && rest().substr(0, 2) == "/*") {
        const std::size_t close = rest().find("*/", 2);
        if (close == std::string_view::npos) return;
        step_to(here_.offset + close + 2);
      } else {
        return;
      }
    }
  }

  /// From the end of one token to the beginning of the next that the parser reports.
  void skip_to_token() {
    for (skip_blanks(); next() == ',' || next() == ':'; skip_blanks()) step();
  }

  /// Over a token that the parser has accepted, and not one character further: of "5s" only the 5.
  void skip_token() {
    LOCKLAB_ASSERT(!at_end());
    switch (next()) {
      case '"':
        return skip_text();
      case 't':
      case 'n':
        return step_to(here_.offset + 4);
      case 'f':
        return step_to(here_.offset + 5);
      default:
        break;
    }
    if (next() == '-' || is_digit(next())) return skip_number();
    step();  // a bracket
  }

  void skip_word() {
    while (!at_end() && is_word_letter(next())) step();
  }

 private:
  void skip_text() {
    for (step(); next() != '"'; step()) {
      LOCKLAB_ASSERT(!at_end());
      if (next() == '\\') step();
    }
    step();
  }

  void skip_number() {
    const auto skip_digits = [&] {
      while (is_digit(next())) step();
    };
    if (next() == '-') step();
    if (next() == '0') {
      step();  // no digit may follow: "01" is two numbers
    } else {
      skip_digits();
    }
    if (next() == '.') {
      step();
      skip_digits();
    }
    if (next() == 'e' || next() == 'E') {
      step();
      if (next() == '+' || next() == '-') step();
      skip_digits();
    }
  }

  std::string_view text_;
  Position here_;
  bool comments_;
};

/// What stands here, for a message: a bracket, a word, a text, or the end.
std::string found_at(Follower at) {
  if (at.at_end()) return "the end";
  if (at.next() == '"') {
    const std::string_view behind_quote = at.rest().substr(1);
    return "the text " + in_quotes(behind_quote.substr(0, behind_quote.find('"')));
  }
  const std::size_t begin = at.here().offset;
  at.skip_word();
  if (at.here().offset == begin) at.step();
  return in_quotes(at.since(begin));
}

struct ParseSettings {
  std::string source;
  std::string pointer;  // of the document's root, where it becomes part of another document
  bool comments = true;
  bool lines = true;  // false: every place is the source alone
};

/// nlohmann/json's SAX handler: builds the tree, and turns what goes wrong into sentences.
class Builder {
 public:
  Builder(std::string_view text, const ParseSettings& settings)
      : settings_(settings), follower_(text, settings.comments) {}

  // What the parser calls; names and signatures are given by it. False ends the parsing.

  bool null() { return add(take(Node::Kind::null)); }
  bool boolean(bool value) {
    Node node = take(Node::Kind::boolean);
    node.boolean = value;
    return add(std::move(node));
  }
  bool number_integer(std::int64_t value) {
    Node node = take(Node::Kind::integer);
    node.integer = value;
    return add(std::move(node));
  }
  bool number_unsigned(std::uint64_t value) {
    if (value <= static_cast<std::uint64_t>(INT64_MAX)) {
      return number_integer(static_cast<std::int64_t>(value));
    }
    Node node = take(Node::Kind::unsigned_integer);
    node.unsigned_integer = value;
    return add(std::move(node));
  }
  bool number_float(double, const std::string&) {
    Node node = take(Node::Kind::decimal);
    node.text = follower_.since(token_.offset);  // theirs has the decimal point of the locale
    return add(std::move(node));
  }
  bool string(std::string& value) {
    Node node = take(Node::Kind::text);
    node.text = std::move(value);
    return add(std::move(node));
  }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // JSON text has none

  bool start_object(std::size_t) { return open(Node::Kind::object); }
  bool start_array(std::size_t) { return open(Node::Kind::array); }
  bool end_object() {
    report_duplicates(open_.back().node);
    return close();
  }
  bool end_array() { return close(); }

  bool key(std::string& value) {
    take_token();
    open_.back().key = std::move(value);
    open_.back().key_place = place_of(token_);
    after_ = After::key;
    return true;
  }

  bool parse_error(std::size_t bytes_read, const std::string&,
                   const nlohmann::json::exception& error) {
    explain(bytes_read, error.id, error.what());
    return false;
  }

  Result<Node, Diagnostics> result() && {
    if (!diagnostics_.empty()) return std::move(diagnostics_);
    return std::move(root_);
  }

 private:
  /// What came last, hence what may come next.
  enum class After : std::uint8_t { nothing, bracket, key, colon, value, comma };

  struct Open {
    Node node;
    std::string key;  // of the member whose value comes next
    Place key_place;
  };

  Place place_of(const Position& position) const {
    if (!settings_.lines) return {settings_.source, 0, 0};
    return {settings_.source, position.line, position.column};
  }

  void take_token() {
    follower_.skip_to_token();
    token_ = follower_.here();
    follower_.skip_token();
  }

  /// The pointer of a value that would come next.
  std::string next_pointer() const {
    if (open_.empty()) return settings_.pointer;
    const Open& parent = open_.back();
    if (parent.node.is_array()) {
      return pointer_to(parent.node.pointer, std::to_string(parent.node.items.size()));
    }
    return pointer_to(parent.node.pointer, parent.key);
  }

  Node take(Node::Kind kind) {
    take_token();
    Node node;
    node.kind = kind;
    node.place = place_of(token_);
    node.pointer = next_pointer();
    return node;
  }

  bool add(Node node) {
    after_ = After::value;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.is_array()) {
      parent.node.items.push_back(std::move(node));
    } else {
      parent.node.members.push_back(
          {std::move(parent.key), std::move(parent.key_place), std::move(node)});
    }
    return true;
  }

  bool open(Node::Kind kind) {
    Node node = take(kind);
    if (open_.size() == kDeepest) {
      diagnostics_.add(node.place, node.pointer,
                       fmt::format("objects and lists are nested more than {} deep", kDeepest));
      return false;
    }
    open_.push_back({std::move(node), {}, {}});
    after_ = After::bracket;
    return true;
  }

  bool close() {
    take_token();
    Node node = std::move(open_.back().node);
    open_.pop_back();
    return add(std::move(node));
  }

  void report_duplicates(const Node& object) {
    std::vector<const Member*> members;
    members.reserve(object.members.size());
    for (const Member& member : object.members) members.push_back(&member);
    std::stable_sort(members.begin(), members.end(),
                     [](const Member* a, const Member* b) { return a->key < b->key; });
    const Member* first = nullptr;
    for (const Member* member : members) {
      if (first == nullptr || first->key != member->key) {
        first = member;
        continue;
      }
      std::string message = fmt::format("the key {} appears twice", in_quotes(member->key));
      if (settings_.lines) message += "; the first is at " + to_string(first->key_place);
      diagnostics_.add(member->key_place, member->value.pointer, std::move(message));
    }
  }

  void explain(std::size_t bytes_read, int id, std::string_view what);
  std::string explain_lexer(std::size_t bytes_read, std::string_view why, Position& where,
                            std::string_view& suggestion) const;
  std::string explain_order() const;
  std::string opened_at() const;

  ParseSettings settings_;
  Follower follower_;
  Position token_;  // the beginning of the token that was taken last
  After after_ = After::nothing;
  std::vector<Open> open_;
  Node root_;
  Diagnostics diagnostics_;
};

/// From the end of the last token that was reported to the one that is wrong, and says what is
/// wrong with it. `bytes_read` counts up to the last character that the lexer has looked at.
void Builder::explain(std::size_t bytes_read, int id, std::string_view what) {
  const Position last_token = token_;
  const std::size_t last_end = follower_.here().offset;
  follower_.skip_blanks();
  while ((follower_.next() == ',' || follower_.next() == ':') &&
         follower_.here().offset + 1 < bytes_read) {
    after_ = follower_.next() == ',' ? After::comma : After::colon;
    follower_.step();
    follower_.skip_blanks();
  }
  Position where = follower_.here();
  const std::string pointer = open_.empty() || after_ == After::key || after_ == After::colon ||
                                      open_.back().node.is_array()
                                  ? next_pointer()
                                  : open_.back().node.pointer;

  // Unquoted "5s": the parser has taken the 5 and stumbles over the rest.
  const std::string_view taken = follower_.since(last_token.offset);
  const bool glued = after_ == After::value && where.offset == last_end && !follower_.at_end() &&
                     is_word_letter(taken.front()) && is_word_letter(follower_.next());
  // The lexer quotes what it has read, the parser, which knows tokens only, does not.
  const std::size_t quote = what.find("; last read: '");
  std::string message;
  std::string_view suggestion;
  constexpr int kNumberOutOfRange = 406;
  if (id == kNumberOutOfRange) {
    message = fmt::format("the number {} is too large", found_at(follower_));
  } else if (glued) {
    follower_.skip_word();
    where = last_token;
    message =
        fmt::format("what is neither a number nor true, false or null is written in quotes: {}",
                    in_quotes(follower_.since(last_token.offset)));
  } else if (quote != std::string_view::npos) {
    const std::size_t dash = what.find(" - ");
    message = explain_lexer(bytes_read, what.substr(dash + 3, quote - dash - 3), where, suggestion);
  } else {
    message = explain_order();
  }
  diagnostics_.add(place_of(where), pointer, std::move(message), suggestion);
}

/// A token that is no token. `where` is its beginning; a mistake inside a text is moved there.
std::string Builder::explain_lexer(std::size_t bytes_read, std::string_view why, Position& where,
                                   std::string_view& suggestion) const {
  const char first = follower_.next();
  Follower inside = follower_;
  inside.step_to(bytes_read - 1);

  if (first == '"') {
    if (inside.at_end() || inside.next() == '\n' || inside.next() == '\r') {
      return "this text has no closing quote";
    }
    where = inside.here();
    if (static_cast<unsigned char>(inside.next()) < 0x20) {
      return "a control character inside a text has to be escaped, as in \\t or \\u001b";
    }
    if (why.find("UTF-8") != std::string_view::npos) return "this text is not valid UTF-8";
    if (why.find("after backslash") != std::string_view::npos) {
      return fmt::format(
          "{} does not belong behind a backslash; there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and "
          "\\u with four hexadecimal digits",
          in_quotes(inside.rest().substr(0, 1)));
    }
    const std::size_t colon = why.find(": ");
    return "this text is not valid: " +
           std::string(colon == std::string_view::npos ? why : why.substr(colon + 2));
  }
  if (first == '/') {
    return follower_.rest().substr(0, 2) == "/*" ? "this comment has no closing */"
                                                 : "a comment begins with // or with /*";
  }
  if (first == '-' || first == '+' || first == '.' || is_digit(first)) {
    return fmt::format("{} is not a number as JSON writes them", found_at(follower_));
  }
  if (first == '\'') return "texts and keys are written in \"double quotes\"";

  constexpr std::array<std::string_view, 3> kLiterals = {"true", "false", "null"};
  Follower end = follower_;
  end.skip_word();
  const std::string_view word = end.since(where.offset);
  if (word.empty()) return fmt::format("{} has no meaning here", found_at(follower_));
  const bool key_expected = !open_.empty() && open_.back().node.is_object() &&
                            (after_ == After::bracket || after_ == After::comma);
  if (key_expected) {
    return fmt::format("expected a key in double quotes, found {}", in_quotes(word));
  }
  suggestion = closest(word, kLiterals).value_or("");
  return fmt::format("{} has no meaning here; a text is written in double quotes", in_quotes(word));
}

/// A token that is right in itself, in a place where it must not stand.
std::string Builder::explain_order() const {
  const std::string found = found_at(follower_);
  const bool at_end = follower_.at_end();
  if (open_.empty()) {
    if (after_ == After::nothing) {
      return at_end ? "there is nothing in it; expected an object in {braces}"
                    : fmt::format("expected a value, found {}", found);
    }
    return fmt::format("expected nothing after the end of the document, found {}", found);
  }
  if (at_end) return "the text ends too early: " + opened_at();

  const bool object = open_.back().node.is_object();
  const std::string_view closing = object ? "\"}\"" : "\"]\"";
  const bool closes = follower_.next() == '}' || follower_.next() == ']';
  switch (after_) {
    case After::comma:
      if (closes) return fmt::format("there is a comma too many before {}", found);
      return fmt::format("expected {} after the comma, found {}",
                         object ? "a key in double quotes" : "a value", found);
    case After::bracket:
      return fmt::format("expected {} or {}, found {}",
                         object ? "a key in double quotes" : "a value", closing, found);
    case After::key:
      return fmt::format("expected \":\" after the key {}, found {}", in_quotes(open_.back().key),
                         found);
    case After::colon:
      return fmt::format("expected a value for {}, found {}", in_quotes(open_.back().key), found);
    case After::nothing:
    case After::value:
      break;
  }
  if (closes) return fmt::format("expected {}, found {}: {}", closing, found, opened_at());
  return fmt::format("expected \",\" or {} before {}", closing, found);
}

std::string Builder::opened_at() const {
  const Node& node = open_.back().node;
  std::string out = node.is_object() ? "the \"{\"" : "the \"[\"";
  if (settings_.lines) out += fmt::format(" at {}:{}", node.place.line, node.place.column);
  return out + " is not closed";
}

Result<Node, Diagnostics> parse(std::string_view text, const ParseSettings& settings) {
  // The parser takes a NUL for the end, and would accept whatever follows it.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    Follower follower(text, false);
    follower.step_to(nul);
    Diagnostics diagnostics;
    const Position& at = follower.here();
    diagnostics.add(
        settings.lines ? Place{settings.source, at.line, at.column} : Place{settings.source, 0, 0},
        settings.pointer, "there is a NUL character in the text");
    return diagnostics;
  }
  Builder builder(text, settings);
  nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &builder,
                            nlohmann::json::input_format_t::json, true, settings.comments);
  return std::move(builder).result();
}

// -----------------------------------------------------------------------------------------------
// --set
// -----------------------------------------------------------------------------------------------

/// "lock.ttl" or "/lock/ttl" as its steps; nothing for a path with an empty step.
std::optional<std::vector<std::string>> steps_of(std::string_view path) {
  const bool is_pointer = !path.empty() && path.front() == '/';
  const char separator = is_pointer ? '/' : '.';
  if (is_pointer) path.remove_prefix(1);
  std::vector<std::string> steps;
  while (true) {
    const std::size_t end = std::min(path.find(separator), path.size());
    std::string step;
    for (std::size_t at = 0; at < end; ++at) {
      const bool escaped = is_pointer && path[at] == '~' && at + 1 < end &&
                           (path[at + 1] == '0' || path[at + 1] == '1');
      step += escaped ? (path[++at] == '0' ? '~' : '/') : path[at];
    }
    if (step.empty()) return std::nullopt;
    steps.push_back(std::move(step));
    if (end == path.size()) return steps;
    path.remove_prefix(end + 1);
  }
}

/// The index that a step names in a list of this size; "-" is one past the end. [RFC 6901]
std::optional<std::size_t> index_of(std::string_view step, std::size_t size) {
  if (step == "-") return size;
  if (step.size() > 9 || !std::all_of(step.begin(), step.end(), is_digit)) return std::nullopt;
  if (step.size() > 1 && step.front() == '0') return std::nullopt;
  std::size_t index = 0;
  for (const char digit : step) index = index * 10 + static_cast<std::size_t>(digit - '0');
  return index;
}

/// The value of `--set path=value`: JSON where it is JSON, otherwise the text itself.
Result<Node, Diagnostics> parse_set_value(std::string_view text, const Place& place,
                                          const std::string& pointer) {
  Result<Node, Diagnostics> value = parse(text, {place.source, pointer, false, false});
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool meant_as_json = first != std::string_view::npos &&
                             std::string_view("{[\"").find(text[first]) != std::string_view::npos;
  if (value || meant_as_json) return value;

  Diagnostics diagnostics;
  if (!is_utf8(text)) {
    diagnostics.add(place, pointer, "the value is not valid UTF-8");
    return diagnostics;
  }
  Node node;
  node.kind = Node::Kind::text;
  node.text = text;
  node.place = place;
  node.pointer = pointer;
  return node;
}

}  // namespace

bool Node::is_number() const {
  return kind == Kind::integer || kind == Kind::unsigned_integer || kind == Kind::decimal;
}

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return node.boolean ? "true" : "false";
    case Node::Kind::integer:
      return fmt::format("the number {}", node.integer);
    case Node::Kind::unsigned_integer:
      return fmt::format("the number {}", node.unsigned_integer);
    case Node::Kind::decimal: {
      const std::string quoted = in_quotes(node.text, 40);
      return "the number " + quoted.substr(1, quoted.size() - 2);
    }
    case Node::Kind::text:
      return "the text " + in_quotes(node.text);
    case Node::Kind::array:
      return node.items.empty() ? "an empty list" : "a list";
    case Node::Kind::object:
      return "an object";
  }
  return "nothing";
}

std::string pointer_to(std::string_view parent, std::string_view key) {
  std::string pointer(parent);
  pointer += '/';
  for (const char letter : key) {
    if (letter == '~') {
      pointer += "~0";
    } else if (letter == '/') {
      pointer += "~1";
    } else {
      pointer += letter;
    }
  }
  return pointer;
}

Result<Node, Diagnostics> parse_located_json(std::string_view text, std::string_view source) {
  return parse(text, {std::string(source), "", true, true});
}

Result<void, Diagnostic> set_path(Node& root, std::string_view path, std::string_view value_text) {
  const Place place{fmt::format("--set {}", path), 0, 0};
  const auto wrong = [&](const std::string& pointer, std::string message,
                         std::string_view suggestion = {}) {
    return Diagnostic{place, pointer, std::move(message), std::string(suggestion)};
  };
  const auto not_an_index = [&](const std::string& pointer, std::string_view step,
                                std::size_t size) {
    const std::string last =
        size == 0 ? "the list is empty; its first item is 0"
                  : fmt::format("the list ends at {}, and {} would append to it", size - 1, size);
    return wrong(pointer, fmt::format("there is no item {}: {}", in_quotes(step), last));
  };
  if (!is_utf8(path)) return wrong("", "the path is not valid UTF-8");
  const auto steps = steps_of(path);
  if (!steps) {
    return wrong("",
                 "expected keys and list indices joined by dots, as in lock.ttl or faults.0.at");
  }
  if (steps->size() > kDeepest) return wrong("", "the path is too long");

  // Down to the value that is replaced, or to the container that lacks the next step.
  Node* node = &root;
  std::size_t depth = 0;
  for (; depth < steps->size(); ++depth) {
    const std::string& step = (*steps)[depth];
    if (node->is_object()) {
      const auto member = std::find_if(node->members.begin(), node->members.end(),
                                       [&](const Member& other) { return other.key == step; });
      if (member == node->members.end()) break;
      node = &member->value;
    } else if (node->is_array()) {
      const auto index = index_of(step, node->items.size());
      if (!index || *index > node->items.size()) {
        return not_an_index(node->pointer, step, node->items.size());
      }
      if (*index == node->items.size()) break;
      node = &node->items[*index];
    } else {
      return wrong(node->pointer, fmt::format("expected an object or a list that has {}, got {}",
                                              in_quotes(step), describe(*node)));
    }
  }

  // What has to be created: one container a step that is missing, and the value in the last one.
  std::vector<Node> created;
  const std::size_t first_created = depth;
  std::string pointer = node->pointer;
  for (std::size_t at = depth; at < steps->size(); ++at) {
    const Node& parent = at == first_created ? *node : created.back();
    const std::string& step = (*steps)[at];
    if (at != first_created && parent.is_array() && index_of(step, 0) != 0) {
      return not_an_index(parent.pointer, step, 0);
    }
    pointer = pointer_to(pointer, parent.is_array() ? std::to_string(parent.items.size()) : step);
    if (at + 1 == steps->size()) break;
    Node container;
    container.kind = index_of((*steps)[at + 1], 0) ? Node::Kind::array : Node::Kind::object;
    container.place = place;
    container.pointer = pointer;
    created.push_back(std::move(container));
  }

  Result<Node, Diagnostics> value = parse_set_value(value_text, place, pointer);
  if (!value) return value.error().sorted().front();
  if (depth == steps->size()) {
    *node = std::move(*value);
    return {};
  }
  const auto attach = [&](Node& parent, const std::string& step, Node child) {
    if (parent.is_array()) {
      parent.items.push_back(std::move(child));
    } else {
      parent.members.push_back({step, place, std::move(child)});
    }
  };
  Node child = std::move(*value);
  for (std::size_t at = steps->size() - 1; at > first_created; --at) {
    Node parent = std::move(created.back());
    created.pop_back();
    attach(parent, (*steps)[at], std::move(child));
    child = std::move(parent);
  }
  attach(*node, (*steps)[first_created], std::move(child));
  return {};
}

}  // namespace locklab
