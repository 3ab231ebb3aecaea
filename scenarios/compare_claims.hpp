// What the document says of four kinds of lock in one word or one number [doc §7 "Performance
// Considerations", §9 "Lock Implementation Comparison"], beside what was measured of a lock of that
// kind. A measured word follows from a number by a rule that is printed with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/compare.hpp"

namespace locklab {

/// One lock, compared.
struct ComparedLock {
  ComparePlan plan;
  std::vector<std::optional<CompareCell>>
      cells;  // by fault of the comparison; none: not applicable
  ComparePerformance performance;
  std::size_t survived = 0;  // servers of which it can lose any one and still be had
};

/// Everything that was measured.
struct Comparison {
  std::uint64_t seed = 1;
  std::uint64_t runs = 0;  // a cell
  std::vector<CompareFault> faults;
  std::vector<ComparedLock> locks;
  std::vector<std::string> left_out;  // "label: why"
};

struct Claim {
  std::string aspect;    // "safety"
  std::string document;  // "Low"
  std::string measured;  // "Low: 31.2% of the runs ..."
  bool agrees = false;
};

/// The document's column for such a lock: "Redis Single", "Redlock", "ZooKeeper", "Database".
/// Empty: it has none.
std::string_view document_column(const Algorithm& algorithm);

/// Empty for a lock that the document does not compare.
std::vector<Claim> claims_of(const ComparedLock& lock, const std::vector<CompareFault>& faults);

/// "12.5%" of parts per million.
std::string percent_text(std::int64_t ppm);
/// "12.5% (8.1-18.6)": with its 95 % interval.
std::string share_text(const Share& share);
/// "9.62 s"
std::string seconds_text(Duration duration);
/// "1.03 ms"
std::string ms_text(Duration duration);

}  // namespace locklab
