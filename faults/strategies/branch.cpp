// Goes on from what came close: keeps the schedules with the least slack, and those that went a way
// of their own, and changes a thing or two about one of them.
#include <algorithm>
#include <vector>

#include "faults/draw.hpp"
#include "faults/strategy.hpp"

namespace locklab {
namespace {

class Branch final : public Strategy {
 public:
  explicit Branch(const FaultSpace& space) : space_(space) {}

  std::optional<FaultSchedule> propose(Rng& rng) override {
    Draw draw(space_, rng);
    if (kept_.empty() || draw.one_in(8)) {
      FaultSchedule schedule;
      for (std::size_t left = draw.how_many(); left > 0; --left)
        schedule.push_back(draw.fault(draw.kind(kEveryKind)));
      return schedule;
    }
    // The better half twice as often.
    std::size_t chosen = draw.below(kept_.size());
    if (draw.one_in(2)) chosen /= 2;
    FaultSchedule schedule = kept_[chosen].schedule;
    do schedule = draw.mutate(std::move(schedule), kEveryKind);
    while (draw.one_in(2));
    return schedule;
  }

  void learn(const FaultSchedule& schedule, const Trial& trial) override {
    // What is found already is no way to something else.
    if (trial.violated() || trial.undecided) return;
    const auto seen = std::ranges::find(kept_, trial.shape, &Kept::shape);
    if (seen != kept_.end()) {
      if (trial.slack >= seen->slack) return;
      kept_.erase(seen);
    }
    const auto place = std::ranges::upper_bound(kept_, trial.slack, {}, &Kept::slack);
    if (place == kept_.end() && kept_.size() == kMost) return;
    kept_.insert(place, {schedule, trial.slack, trial.shape});
    if (kept_.size() > kMost) kept_.pop_back();
  }

 private:
  static constexpr std::size_t kMost = 32;
  struct Kept {
    FaultSchedule schedule;
    Duration slack;
    std::uint64_t shape;
  };

  const FaultSpace& space_;
  std::vector<Kept> kept_;  // the least slack first
};

}  // namespace

StrategyPtr make_branch(const StrategySetting& setting) {
  return std::make_unique<Branch>(setting.space);
}

}  // namespace locklab
