// All single faults at all anchors, then all pairs: what is small is tried before chance is asked.
// The list is gone through in strides, so that its first hundred lines already show every kind and
// every anchor.
#include <numeric>

#include "faults/enumerator.hpp"
#include "faults/strategy.hpp"

namespace locklab {
namespace {

/// A step through 0..count-1 that meets every place once, and neighbours late.
std::uint64_t stride_for(std::uint64_t count) {
  if (count < 4) return 1;
  std::uint64_t stride = count * 618 / 1000;  // near the golden section
  while (std::gcd(stride, count) != 1) ++stride;
  return stride;
}

/// Each island has its own tables: exchanges of two nodes find nearly all that is symmetric.
constexpr std::size_t kFewPermutations = 24;

class Enumerate final : public Strategy {
 public:
  explicit Enumerate(const StrategySetting& setting)
      : all_(enumeration_of(setting.space), kFewPermutations),
        next_(setting.island),
        step_(setting.of) {
    most_ = setting.space.most_faults < 2 ? 1 : 2;
  }

  std::optional<FaultSchedule> propose(Rng&) override {
    while (faults_ <= most_) {
      const std::uint64_t count = all_.count(faults_).value_or(0);
      if (next_ >= count) {
        next_ -= count;
        ++faults_;
        stride_ = 0;
        continue;
      }
      if (stride_ == 0) stride_ = stride_for(count);
      const auto place = static_cast<std::uint64_t>(static_cast<Uint128>(next_) * stride_ % count);
      next_ += step_;
      if (auto schedule = all_.at(faults_, place)) return schedule;
    }
    return std::nullopt;
  }

 private:
  Enumerator all_;
  std::size_t faults_ = 1;
  std::size_t most_ = 2;
  std::uint64_t next_;
  std::uint64_t step_;
  std::uint64_t stride_ = 0;
};

}  // namespace

StrategyPtr make_enumerate(const StrategySetting& setting) {
  return std::make_unique<Enumerate>(setting);
}

}  // namespace locklab
