#include "scenarios/metrics.hpp"

#include <algorithm>

#include "sim/assert.hpp"

namespace locklab {

std::string_view to_string(Damage damage) {
  switch (damage) {
    case Damage::oversold:
      return "oversold";
    case Damage::double_charges:
      return "double_charges";
    case Damage::duplicate_runs:
      return "duplicate_runs";
    case Damage::stale_leader_acts:
      return "stale_leader_acts";
    case Damage::lost_blocks:
      return "lost_blocks";
    case Damage::double_applied:
      return "double_applied";
  }
  return {};
}

namespace {

Damage damage_of(DomainAct act) {
  switch (act) {
    case DomainAct::sold:
      return Damage::oversold;
    case DomainAct::charged:
      return Damage::double_charges;
    case DomainAct::job_ran:
      return Damage::duplicate_runs;
    case DomainAct::led:
      return Damage::stale_leader_acts;
    case DomainAct::appended:
      return Damage::lost_blocks;
    case DomainAct::applied:
      return Damage::double_applied;
  }
  return Damage::oversold;
}

}  // namespace

Metrics::Metrics(std::pmr::memory_resource* memory)
    : grants_(memory),
      refusals_(memory),
      writes_(memory),
      acquire_times_(memory),
      hold_times_(memory),
      attempts_(memory),
      waits_(memory),
      counts_(memory),
      amounts_(memory),
      operations_(memory) {}

EventMask Metrics::events() {
  return events_of<LockWaitBegan, LockWaitEnded, LockRequested, LockRefused, LockGranted,
                   LockAssumed, LeaseExtended, BeliefEnded, KeyStored, KeyRemoved, WriteAccepted,
                   WriteRejected, DomainEvent, CallEnded>();
}

void Metrics::initial_amount(Symbol subject, std::int64_t amount) {
  amounts_.push_back({subject, amount, amount});
}

void Metrics::remember(AttemptId attempt, ProcessId process, Instant asked) {
  if (attempts_.size() < attempt.number) attempts_.resize(attempt.number);
  attempts_[attempt.number - 1] = {process, asked, {}, {}};
}

EventSeq& Metrics::order(AttemptId attempt, EventSeq now) {
  if (attempts_.size() < attempt.number) attempts_.resize(attempt.number);
  EventSeq& order = attempts_[attempt.number - 1].order;
  if (!order) order = now;
  return order;
}

ProcessId Metrics::process_of(AttemptId attempt) const {
  return attempt && attempt.number <= attempts_.size() ? attempts_[attempt.number - 1].process
                                                       : ProcessId{};
}

Metrics::Count& Metrics::count(DomainAct act, Symbol subject) {
  for (Count& known : counts_)
    if (known.act == act && known.subject == subject) return known;
  counts_.push_back({act, subject, 0, 0, {}, 0});
  return counts_.back();
}

void Metrics::observe(const TraceEvent& event) {
  const TracePayload& what = event.what;
  if (const auto* ended = std::get_if<CallEnded>(&what)) {
    if (ended->outcome == Errc::timeout) ++timeouts_;
  } else if (const auto* wait = std::get_if<LockWaitBegan>(&what)) {
    waits_.push_back({event.process, wait->lock, event.at});
  } else if (const auto* over = std::get_if<LockWaitEnded>(&what)) {
    const auto found = std::find_if(waits_.begin(), waits_.end(), [&](const Wait& waiting) {
      return waiting.process == event.process && waiting.lock == over->lock;
    });
    if (found != waits_.end()) {
      if (over->granted) acquire_times_.push_back(event.at - found->since);
      waits_.erase(found);
    }
  } else if (const auto* requested = std::get_if<LockRequested>(&what)) {
    remember(requested->attempt, event.process, event.at);
  } else if (const auto* refused = std::get_if<LockRefused>(&what)) {
    refusals_.push_back({event.process, refused->lock, event.at, refused->why, refused->votes});
  } else if (const auto* granted = std::get_if<LockGranted>(&what)) {
    Attempt& attempt = attempts_[granted->attempt.number - 1];
    attempt.granted = event.at;
    order(granted->attempt, event.seq);
    grants_.push_back({event.process, granted->lock, granted->attempt, event.at, granted->validity,
                       granted->promise_until, granted->belief_until, granted->token,
                       granted->votes});
  } else if (const auto* assumed = std::get_if<LockAssumed>(&what)) {
    attempts_[assumed->attempt.number - 1].granted = event.at;
    order(assumed->attempt, event.seq);
  } else if (std::holds_alternative<LeaseExtended>(what)) {
    ++extensions_;
  } else if (const auto* believed = std::get_if<BeliefEnded>(&what)) {
    hold_times_.push_back(event.at - attempts_[believed->attempt.number - 1].granted);
  } else if (const auto* stored = std::get_if<KeyStored>(&what)) {
    if (stored->attempt) order(stored->attempt, event.seq);
  } else if (const auto* removed = std::get_if<KeyRemoved>(&what)) {
    if (removed->why == RemovalReason::expired) ++expiries_;
  } else if (const auto* accepted = std::get_if<WriteAccepted>(&what)) {
    writes_.push_back(
        {accepted->attempt, accepted->subject, event.at, accepted->token, accepted->highest, true});
    for (Amount& amount : amounts_)
      if (amount.subject == accepted->subject && accepted->value.kind == Value::Kind::integer)
        amount.last = accepted->value.as_integer();
  } else if (const auto* rejected = std::get_if<WriteRejected>(&what)) {
    ++rejected_;
    writes_.push_back({rejected->attempt, rejected->subject, event.at, rejected->token,
                       rejected->highest, false});
  } else if (const auto* domain = std::get_if<DomainEvent>(&what)) {
    happened_[static_cast<std::size_t>(damage_of(domain->act))] = true;
    Count& counted = count(domain->act, domain->subject);
    counted.total += domain->amount;
    ++counted.times;
    if (domain->act == DomainAct::applied) {
      const Operation operation{domain->subject, domain->amount};
      if (std::find(operations_.begin(), operations_.end(), operation) != operations_.end())
        ++counted.stale;
      operations_.push_back(operation);
    }
    if (domain->act == DomainAct::led && domain->attempt) {
      const EventSeq place = order(domain->attempt, event.seq);
      if (place < counted.newest) ++counted.stale;
      counted.newest = std::max(counted.newest, place);
    }
  }
}

std::int64_t Metrics::damage(Damage which) const {
  std::int64_t sum = 0;
  for (const Count& counted : counts_) {
    if (damage_of(counted.act) != which) continue;
    const auto amount = std::find_if(amounts_.begin(), amounts_.end(), [&](const Amount& known) {
      return known.subject == counted.subject;
    });
    const std::int64_t initial = amount != amounts_.end() ? amount->initial : 0;
    const std::int64_t last = amount != amounts_.end() ? amount->last : 0;
    switch (which) {
      case Damage::oversold:
        sum += std::max<std::int64_t>(counted.total - initial, 0);
        break;
      case Damage::double_charges:
      case Damage::duplicate_runs:
        sum += counted.times - 1;
        break;
      case Damage::stale_leader_acts:
      case Damage::double_applied:
        sum += counted.stale;
        break;
      case Damage::lost_blocks:
        sum += std::max<std::int64_t>(counted.total - (last - initial), 0);
        break;
    }
  }
  return sum;
}

}  // namespace locklab
