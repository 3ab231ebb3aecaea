// Any fault at any instant: what a tool does that knows nothing of the protocol. Kept as the honest
// baseline against which the others are measured.
#include "faults/draw.hpp"
#include "faults/strategy.hpp"

namespace locklab {
namespace {

class Uniform final : public Strategy {
 public:
  explicit Uniform(const FaultSpace& space) : space_(space) {}

  std::optional<FaultSchedule> propose(Rng& rng) override {
    Draw draw(space_, rng, Taste::blind);
    FaultSchedule schedule;
    const std::size_t faults = draw.how_many();
    while (schedule.size() < faults) schedule.push_back(draw.fault(draw.kind(kEveryKind)));
    return schedule;
  }

 private:
  const FaultSpace& space_;
};

}  // namespace

StrategyPtr make_uniform(const StrategySetting& setting) {
  return std::make_unique<Uniform>(setting.space);
}

}  // namespace locklab
