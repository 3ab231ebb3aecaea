// All strategies at once. Each has a floor of tries, and gets up to five times that while it brings
// news: a way that no run had gone, less slack than ever. The floors are a choice, by how soon each
// strategy alone finds the corpus again [docs/rediscovery.md].
#include <algorithm>
#include <array>
#include <set>

#include "faults/strategy.hpp"

namespace locklab {
namespace {

class Portfolio final : public Strategy {
 public:
  explicit Portfolio(const StrategySetting& setting)
      : members_{Member{"anchored", make_anchored(setting), 12},
                 Member{"swarm", make_swarm(setting), 12},
                 Member{"branch", make_branch(setting), 6},
                 Member{"enumerate", make_enumerate(setting), 1},
                 Member{"uniform", make_uniform(setting), 1}} {}

  std::optional<FaultSchedule> propose(Rng& rng) override {
    for (;;) {
      std::int64_t total = 0;
      for (const Member& member : members_) total += member.weight();
      if (total == 0) return std::nullopt;
      auto left = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(total)));
      for (Member& member : members_) {
        if (left >= member.weight()) {
          left -= member.weight();
          continue;
        }
        auto schedule = member.strategy->propose(rng);
        if (!schedule) {
          member.exhausted = true;
          break;
        }
        proposer_ = &member;
        return schedule;
      }
    }
  }

  std::string_view proposer() const override {
    return proposer_ == nullptr ? std::string_view() : proposer_->name;
  }

  void learn(const FaultSchedule& schedule, const Trial& trial) override {
    bool news = shapes_.insert(trial.shape).second;
    if (trial.slack < least_slack_) {
      least_slack_ = trial.slack;
      news = true;
    }
    if (proposer_ != nullptr) {
      // A moving average in 1/1024: what was news a hundred tries ago counts little.
      proposer_->yield += ((news ? 1024 : 0) - proposer_->yield) / 16;
      proposer_ = nullptr;
    }
    for (Member& member : members_) member.strategy->learn(schedule, trial);
  }

 private:
  struct Member {
    std::string_view name;
    StrategyPtr strategy;
    std::int64_t floor = 1;  // what it gets without any news, against the others
    std::int64_t yield = 512;
    bool exhausted = false;
    std::int64_t weight() const { return exhausted ? 0 : floor * (256 + yield); }
  };

  std::array<Member, 5> members_;
  Member* proposer_ = nullptr;
  std::set<std::uint64_t> shapes_;
  Duration least_slack_ = Duration::max();
};

}  // namespace

StrategyPtr make_portfolio(const StrategySetting& setting) {
  return std::make_unique<Portfolio>(setting);
}

}  // namespace locklab
