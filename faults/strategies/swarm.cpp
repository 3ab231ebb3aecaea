// As anchored, but each run of tries has kinds of its own, most of them switched off: a mix in
// which a few kinds meet often finds what an even mix never puts together (Groce et al., "Swarm
// Testing", ISSTA 2012).
#include "faults/draw.hpp"
#include "faults/strategy.hpp"

namespace locklab {
namespace {

class Swarm final : public Strategy {
 public:
  explicit Swarm(const FaultSpace& space) : space_(space) {}

  std::optional<FaultSchedule> propose(Rng& rng) override {
    Draw draw(space_, rng);
    if (left_ == 0) {
      kinds_ = 0;
      while ((kinds_ & space_.kinds) == 0)
        kinds_ = static_cast<SearchKinds>(rng.next()) & kEveryKind;
      left_ = kTriesAMix;
    }
    --left_;
    FaultSchedule schedule;
    const std::size_t faults = draw.how_many();
    while (schedule.size() < faults) schedule.push_back(draw.fault(draw.kind(kinds_)));
    return schedule;
  }

 private:
  static constexpr int kTriesAMix = 16;

  const FaultSpace& space_;
  SearchKinds kinds_ = 0;
  int left_ = 0;
};

}  // namespace

StrategyPtr make_swarm(const StrategySetting& setting) {
  return std::make_unique<Swarm>(setting.space);
}

}  // namespace locklab
