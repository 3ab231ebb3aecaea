// Faults hung on the events of the run without faults, in sizes that mean something to the
// scenario: before a write, just after a grant, as long as a TTL.
#include "faults/draw.hpp"
#include "faults/strategy.hpp"

namespace locklab {
namespace {

class Anchored final : public Strategy {
 public:
  explicit Anchored(const FaultSpace& space) : space_(space) {}

  std::optional<FaultSchedule> propose(Rng& rng) override {
    Draw draw(space_, rng);
    FaultSchedule schedule;
    const std::size_t faults = draw.how_many();
    while (schedule.size() < faults) schedule.push_back(draw.fault(draw.kind(kEveryKind)));
    return schedule;
  }

 private:
  const FaultSpace& space_;
};

}  // namespace

StrategyPtr make_anchored(const StrategySetting& setting) {
  return std::make_unique<Anchored>(setting.space);
}

}  // namespace locklab
