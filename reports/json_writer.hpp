// JSON written from the front to the back, straight into a text: for formats whose files are one
// long list. It keeps the commas; what it writes is ASCII.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "reports/escape.hpp"
#include "sim/time.hpp"

namespace locklab {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_list() { return open('['); }
  JsonWriter& end_list() { return close(']'); }
  /// The same, on a line of its own.
  JsonWriter& end_lines() {
    out_ += '\n';
    return close(']');
  }
  /// The next item begins a line.
  JsonWriter& line() {
    if (comma_) out_ += ',';
    comma_ = false;
    out_ += '\n';
    return *this;
  }
  JsonWriter& key(std::string_view name) {
    separate();
    out_.append(json_string(name)).append(1, ':');
    return *this;
  }

  JsonWriter& value(std::string_view text) { return raw(json_string(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  template <std::integral Number>
  JsonWriter& value(Number number) {
    return raw(fmt::format("{}", number));
  }
  JsonWriter& null() { return raw("null"); }
  /// What is JSON already: a number with decimals, an object made elsewhere.
  JsonWriter& raw(std::string_view json) {
    separate();
    out_ += json;
    comma_ = true;
    return *this;
  }

  template <class T>
  JsonWriter& field(std::string_view name, const T& what) {
    return key(name).value(what);
  }
  /// Nanoseconds since the start; null: never.
  JsonWriter& field(std::string_view name, Instant at) {
    key(name);
    return at == kEndOfTime ? null() : value(at.time_since_epoch().count());
  }

 private:
  JsonWriter& open(char sign) {
    separate();
    out_ += sign;
    return *this;
  }
  JsonWriter& close(char sign) {
    out_ += sign;
    comma_ = true;
    return *this;
  }
  void separate() {
    if (comma_) out_ += ',';
    comma_ = false;
  }

  std::string& out_;
  bool comma_ = false;  // due before whatever comes next
};

}  // namespace locklab
