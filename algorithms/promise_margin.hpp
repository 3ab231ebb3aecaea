// What is promised of a key or a row that expires by a server's clock: its TTL, less a margin for
// the error of clocks.
#pragma once

#include <array>
#include <cstdint>

#include "algorithms/settings.hpp"
#include "sim/time.hpp"

namespace locklab {

/// Model: the margin is that of the document's Redlock, 2 ms a second and 2 ms; the sources of the
/// locks that use it promise nothing.
struct PromiseMargin {
  explicit PromiseMargin(const Settings& settings)
      : permille(settings.integer("margin_permille")), constant(settings.duration("margin")) {}
  Duration promised(Duration ttl) const { return ttl - ttl * permille / 1000 - constant; }

  std::int64_t permille;
  Duration constant;
};

inline constexpr std::array kPromiseMarginParameters{
    Parameter{"margin_permille", Parameter::Type::integer, "2",
              "what the promise gives away for clock error, in thousandths of the TTL (model: the "
              "document's Redlock margin)"},
    Parameter{"margin", Parameter::Type::duration, "2ms", "the constant part of that"},
};

}  // namespace locklab
