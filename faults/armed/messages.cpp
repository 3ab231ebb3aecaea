// Faults of the network: single messages, cut links, lost connections, links that are bad for a
// while.
#include <algorithm>
#include <optional>

#include "faults/armed/armed_fault.hpp"
#include "faults/armed/names.hpp"

namespace locklab {
namespace {

class ArmedMessageFault final : public ArmedFault {
 public:
  ArmedMessageFault(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                    const MessageFault& f)
      : ArmedFault(injector, index, kind) {
    rule_.from = process_or_any(world, f.from);
    rule_.to = process_or_any(world, f.to);
    rule_.kind = world.names().intern(f.kind);
    rule_.nth = f.nth;
    rule_.times = f.times;
    rule_.delay = f.by;
    switch (f.action) {
      case MessageAction::drop:
        rule_.action = MessageRule::Action::drop;
        break;
      case MessageAction::delay:
        rule_.action = MessageRule::Action::delay;
        break;
      case MessageAction::duplicate:
        rule_.action = MessageRule::Action::duplicate;
        break;
    }
    rule_.context = this;
    rule_.on_strike = [](void* fault, std::uint64_t) {
      auto& self = *static_cast<ArmedMessageFault*>(fault);
      if (self.strikes++ == 0) self.world().remark(ProcessId{}, self.struck());
    };
  }

 private:
  bool strikes_later() const override { return true; }
  void begin() override { world().network().add_rule(rule_); }

  MessageRule rule_;
};

class ArmedPartition final : public ArmedFault {
 public:
  ArmedPartition(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                 const Partition& f)
      : ArmedFault(injector, index, kind),
        cuts_(&world.arena()),
        hold_(f.mode == CutMode::hold),
        lasts_(f.lasts) {
    const Processes side_a = side_named(world, f.side_a);
    Processes side_b = side_named(world, f.side_b);
    const auto in_a = [&](ProcessId process) {
      return std::find(side_a.begin(), side_a.end(), process) != side_a.end();
    };
    if (f.side_b.empty())  // everybody else
      for (std::uint32_t number = 1; number <= world.processes(); ++number)
        side_b.push_back(ProcessId{number});
    std::erase_if(side_b, in_a);
    for (const ProcessId a : side_a)
      for (const ProcessId b : side_b) {
        if (f.direction != CutDirection::b_to_a) cuts_.emplace_back(a, b);
        if (f.direction != CutDirection::a_to_b) cuts_.emplace_back(b, a);
      }
  }

 private:
  void begin() override {
    for (const auto& [from, to] : cuts_) world().network().cut(from, to, hold_);
    lasts_for(lasts_);
  }
  void end() override {
    for (const auto& [from, to] : cuts_) world().network().heal(from, to, hold_);
  }

  Pairs cuts_;
  bool hold_;
  std::optional<Duration> lasts_;
};

class ArmedReset final : public ArmedFault {
 public:
  ArmedReset(Injector& injector, World& world, std::uint32_t index, Symbol kind,
             const ResetConnection& f)
      : ArmedFault(injector, index, kind),
        a_(process_named(world, f.a)),
        b_(process_named(world, f.b)) {}

 private:
  void begin() override { world().network().reset_connection(a_, b_); }

  ProcessId a_;
  ProcessId b_;
};

class ArmedLinkTrouble final : public ArmedFault {
 public:
  ArmedLinkTrouble(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                   const LinkTrouble& f)
      : ArmedFault(injector, index, kind),
        links_(&world.arena()),
        quality_{f.latency.value_or(Latency{}), f.loss_ppm, f.duplicate_ppm},
        latency_too_(f.latency.has_value()),
        lasts_(f.lasts) {
    const ProcessId only_from = process_or_any(world, f.from);
    const ProcessId only_to = process_or_any(world, f.to);
    for (std::uint32_t from = 1; from <= world.processes(); ++from)
      for (std::uint32_t to = 1; to <= world.processes(); ++to)
        if (from != to && (!only_from || only_from.number == from) &&
            (!only_to || only_to.number == to))
          links_.emplace_back(ProcessId{from}, ProcessId{to});
  }

 private:
  void begin() override {
    auto& troubles = layers().links;
    for (const auto& [from, to] : links_) {
      if (!troubled(from, to))  // what the link is like without any fault
        troubles.push_back({from, to, nullptr, world().network().link_quality(from, to), true});
      troubles.push_back({from, to, this, quality_, latency_too_});
      apply(from, to);
    }
    lasts_for(lasts_);
  }
  void end() override {
    std::erase_if(layers().links, [this](const auto& layer) { return layer.by == this; });
    for (const auto& [from, to] : links_) apply(from, to);
  }
  bool troubled(ProcessId from, ProcessId to) {
    for (const auto& layer : layers().links)
      if (layer.from == from && layer.to == to) return true;
    return false;
  }
  /// The last trouble that began and has not ended decides; its latency only if it has one.
  void apply(ProcessId from, ProcessId to) {
    LinkQuality now;
    for (const auto& layer : layers().links) {
      if (layer.from != from || layer.to != to) continue;
      now.loss_ppm = layer.quality.loss_ppm;
      now.duplicate_ppm = layer.quality.duplicate_ppm;
      if (layer.latency_too) now.latency = layer.quality.latency;
    }
    world().network().set_loss(from, to, now.loss_ppm, now.duplicate_ppm);
    world().network().set_latency(from, to, now.latency);
  }

  Pairs links_;
  LinkQuality quality_;
  bool latency_too_;
  std::optional<Duration> lasts_;
};

}  // namespace

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const MessageFault& fault) {
  return arm_as<ArmedMessageFault>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const Partition& fault) {
  return arm_as<ArmedPartition>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const ResetConnection& fault) {
  return arm_as<ArmedReset>(injector, world, index, kind, fault);
}

ArmedFault* arm(Injector& injector, World& world, std::uint32_t index, Symbol kind,
                const LinkTrouble& fault) {
  return arm_as<ArmedLinkTrouble>(injector, world, index, kind, fault);
}

}  // namespace locklab
