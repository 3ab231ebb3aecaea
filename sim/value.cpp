#include "sim/value.hpp"

#include <fmt/format.h>

namespace locklab {

std::string to_string(const Value& value, const Names& names) {
  switch (value.kind) {
    case Value::Kind::none:
      return {};
    case Value::Kind::integer:
      return fmt::format("{}", value.as_integer());
    case Value::Kind::unique:
      return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", value.high >> 32,
                         value.high >> 16 & 0xffff, value.high & 0xffff, value.low >> 48,
                         value.low & 0xffff'ffff'ffff);
    case Value::Kind::name:
      return std::string(names.text(value.as_name()));
  }
  return {};
}

}  // namespace locklab
