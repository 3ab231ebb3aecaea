#include "real/live/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>

#include "invariants/invariant.hpp"
#include "invariants/message.hpp"
#include "invariants/registry.hpp"

namespace locklab::real {

LiveHistory::LiveHistory(const Recording& like) {
  for (const RecordedProcess& process : like.processes) names_.intern(process.name);
}

std::size_t LiveHistory::add_teller() {
  symbols_.push_back({Symbol{}});
  return symbols_.size() - 1;
}

void LiveHistory::name(std::size_t teller, std::uint32_t number, const std::string& text) {
  auto& own = symbols_[teller];
  if (own.size() <= number) own.resize(std::size_t{number} + 1);
  own[number] = names_.intern(text);
}

Symbol LiveHistory::symbol(std::size_t teller, Symbol own) const {
  const auto& known = symbols_[teller];
  return own.number < known.size() ? known[own.number] : Symbol{};
}

Value LiveHistory::value(std::size_t teller, Value own) const {
  return own.kind == Value::Kind::name ? Value::name(symbol(teller, own.as_name())) : own;
}

AttemptId LiveHistory::attempt(std::size_t teller, AttemptId own) {
  if (!own) return own;
  const AttemptId next{static_cast<std::uint32_t>(attempts_.size() + 1)};
  return attempts_.try_emplace({teller, own.number}, next).first->second;
}

void LiveHistory::add(std::size_t teller, TraceEvent event) {
  std::visit(
      [&](auto& payload) {
        payload.fields(payload, [&](std::string_view, auto& field) {
          using Field = std::decay_t<decltype(field)>;
          if constexpr (std::is_same_v<Field, Symbol>)
            field = symbol(teller, field);
          else if constexpr (std::is_same_v<Field, Value>)
            field = value(teller, field);
          else if constexpr (std::is_same_v<Field, AttemptId>)
            field = attempt(teller, field);
          else if constexpr (std::is_same_v<Field, MessageId>)
            field.number = field.number << 8 | (teller & 0xFF);
        });
      },
      event.what);
  told_.push_back({teller, event});
}

void LiveHistory::add(Instant at, ProcessId process, TracePayload what) {
  const WallInstant wall{process ? at.time_since_epoch() : Duration{}};
  told_.push_back({kCoordinator, {{}, {}, at, process, wall, what}});
}

std::vector<Symbol> LiveHistory::keys_of(ProcessId node) const {
  std::set<Symbol> keys;
  for (const Told& told : told_)
    if (const auto* stored = std::get_if<KeyStored>(&told.event.what);
        stored != nullptr && told.event.process == node)
      keys.insert(stored->key);
  return {keys.begin(), keys.end()};
}

// ---- judging ------------------------------------------------------------------------------------

namespace {

/// The recording as it grows: gives out numbers, tells the observers, keeps.
class Judge final : public Announcer {
 public:
  Judge(const Scenario& scenario, Metrics& metrics, Names& names, Recording& recording)
      : metrics_(metrics),
        names_(names),
        recording_(recording),
        watch_(std::pmr::get_default_resource(), this) {
    add_invariants(watch_, std::pmr::get_default_resource(), scenario.checks);
  }

  EventSeq append(TraceEvent event) {
    event.seq = EventSeq{recording_.events.size() + 1};
    now_ = event.at;
    std::visit(
        [&](const auto& payload) {
          digest_.absorb(event.at, event.process, event.cause, event.wall, payload);
        },
        event.what);
    recording_.events.push_back(event);
    const EventMask bit = EventMask{1} << event.what.index();
    if ((watch_.events() & bit) != 0) watch_.observe(event);
    if ((Metrics::events() & bit) != 0) metrics_.observe(event);
    return event.seq;
  }

  void violation_began(std::uint32_t finding, std::string_view invariant) override {
    remark(ViolationBegan{finding, names_.intern(invariant)});
  }
  void violation_ended(std::uint32_t finding, std::string_view invariant,
                       Duration lasted) override {
    remark(ViolationEnded{finding, names_.intern(invariant), lasted});
  }

  void finish(Instant ended, bool quiescent) {
    now_ = ended;
    watch_.finish({ended, quiescent});
    const auto findings = watch_.findings().all();
    recording_.findings.assign(findings.begin(), findings.end());
    recording_.digest = digest_.value();
  }

 private:
  void remark(const TracePayload& what) {
    const EventSeq cause{recording_.events.size()};
    append({{}, cause, now_, {}, {}, what});
  }

  Metrics& metrics_;
  Names& names_;
  Recording& recording_;
  Watch watch_;
  Digest digest_;
  Instant now_{};
};

/// What stands on the nodes, as far as it was heard of: whose key it is that is removed.
class KeyTable {
 public:
  /// Completes an event about a key; false: it is about nothing that is there. What it says of an
  /// older key goes to `before`.
  bool complete(TraceEvent& event, std::vector<TraceEvent>& before) {
    if (auto* stored = std::get_if<KeyStored>(&event.what)) {
      const auto old = keys_.find({event.process, stored->key});
      if (old != keys_.end() && old->second.attempt != stored->attempt) {
        const bool expired = old->second.expires && old->second.expires_at < event.wall;
        before.push_back(event);
        before.back().what =
            KeyRemoved{.key = stored->key,
                       .value = old->second.value,
                       .attempt = old->second.attempt,
                       .by = expired ? AttemptId{} : stored->attempt,
                       .why = expired ? RemovalReason::expired : RemovalReason::overwritten};
      }
      keys_[{event.process, stored->key}] = *stored;
    } else if (auto* extended = std::get_if<KeyExtended>(&event.what)) {
      const auto old = keys_.find({event.process, extended->key});
      if (old == keys_.end()) return false;
      extended->value = old->second.value;
      extended->attempt = old->second.attempt;
      old->second.expires_at = extended->expires_at;
    } else if (auto* removed = std::get_if<KeyRemoved>(&event.what)) {
      const auto old = keys_.find({event.process, removed->key});
      if (old == keys_.end()) return false;
      removed->value = old->second.value;
      removed->attempt = old->second.attempt;
      keys_.erase(old);
    }
    return true;
  }

 private:
  std::map<std::pair<ProcessId, Symbol>, KeyStored> keys_;
};

}  // namespace

// Who deletes a key hears of it when the answer arrives, and by then somebody else may have heard
// that he stored his own: the server did the two in the other order.
void LiveHistory::put_removals_first() {
  constexpr Duration kRoundTrip = std::chrono::milliseconds{2};
  const auto about = [](const Told& told, auto* payload) {
    return std::pair(told.event.process, payload->key);
  };
  std::map<std::pair<ProcessId, Symbol>, AttemptId> holders;
  for (std::size_t i = 0; i < told_.size(); ++i) {
    if (const auto* removed = std::get_if<KeyRemoved>(&told_[i].event.what))
      holders.erase(about(told_[i], removed));
    const auto* stored = std::get_if<KeyStored>(&told_[i].event.what);
    if (stored == nullptr) continue;
    const auto key = about(told_[i], stored);
    const Instant at = told_[i].event.at;
    const auto holder = holders.find(key);
    if (holder != holders.end() && holder->second != stored->attempt) {
      for (std::size_t j = i + 1; j < told_.size() && told_[j].event.at <= at + kRoundTrip; ++j) {
        const auto* removed = std::get_if<KeyRemoved>(&told_[j].event.what);
        if (removed == nullptr || about(told_[j], removed) != key || removed->by == stored->attempt)
          continue;
        Told first = told_[j];
        first.event.at = at;
        told_.erase(told_.begin() + static_cast<std::ptrdiff_t>(j));
        told_.insert(told_.begin() + static_cast<std::ptrdiff_t>(i), first);
        ++i;
        break;
      }
    }
    holders[key] = std::get<KeyStored>(told_[i].event.what).attempt;
  }
}

std::unique_ptr<Metrics> LiveHistory::judge(const Scenario& scenario, Instant ended, bool quiescent,
                                            Recording& recording) {
  auto metrics = std::make_unique<Metrics>(std::pmr::get_default_resource());
  for (const SeedRegister& seed : scenario.storage.registers)
    if (seed.value.is_number) metrics->initial_amount(names_.intern(seed.name), seed.value.number);
  std::ranges::stable_sort(told_, {}, [](const Told& told) { return told.event.at; });
  put_removals_first();
  recording.events.clear();
  Judge judge(scenario, *metrics, names_, recording);
  KeyTable keys;
  std::map<std::pair<std::size_t, EventSeq>, EventSeq> numbers;
  for (Told& told : told_) {
    const EventSeq own = told.event.seq;
    const auto cause = numbers.find({told.teller, told.event.cause});
    told.event.cause = cause == numbers.end() ? EventSeq{} : cause->second;
    std::vector<TraceEvent> before;
    const bool stands = keys.complete(told.event, before);
    for (const TraceEvent& event : before) judge.append(event);
    if (!stands) continue;
    const EventSeq number = judge.append(told.event);
    if (told.teller != kCoordinator) numbers[{told.teller, own}] = number;
  }
  judge.finish(ended, quiescent);
  recording.ended = ended;
  recording.stopped = quiescent ? "quiescent" : "horizon";
  recording.messages = static_cast<std::uint64_t>(std::ranges::count_if(
      recording.events,
      [](const TraceEvent& event) { return std::holds_alternative<MessageSent>(event.what); }));
  recording.names.copy_from(names_);
  return metrics;
}

// ---- comparing ----------------------------------------------------------------------------------

Instant rounded(Instant at) {
  if (at == kEndOfTime) return at;
  return Instant{std::chrono::round<std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>>(
      at.time_since_epoch())};
}

Outcome outcome_of(const Recording& recording, const Metrics& metrics) {
  std::vector<std::string_view> processes;
  for (const RecordedProcess& process : recording.processes) processes.push_back(process.name);
  const auto name = [&](ProcessId id) {
    return id ? std::string(processes[id.number - 1]) : std::string("nobody");
  };
  Outcome outcome;
  std::set<std::string> violated;
  for (const Finding& finding : recording.findings) {
    violated.emplace(finding.invariant);
    outcome.violations.push_back({std::string(finding.invariant),
                                  message(finding, recording.names, processes), finding.from,
                                  finding.until});
  }
  outcome.violated.assign(violated.begin(), violated.end());
  for (const GrantRecord& grant : metrics.grants()) {
    std::string what = fmt::format("{} votes", grant.votes);
    if (grant.token) what += fmt::format(", token {}", grant.token.number);
    outcome.grants.push_back({name(grant.process), what, grant.at});
  }
  for (const RefusalRecord& refusal : metrics.refusals())
    outcome.refusals.push_back({name(refusal.process),
                                fmt::format("{} votes, {}", refusal.votes, to_string(refusal.why)),
                                refusal.at});
  for (const WriteRecord& write : metrics.writes()) {
    std::string what = write.accepted ? "accepted" : "rejected";
    if (write.token)
      what += fmt::format(", token {}, highest seen {}", write.token.number, write.highest.number);
    outcome.writes.push_back({name(metrics.process_of(write.attempt)), what, write.at});
  }
  for (std::size_t i = 0; i < kDamages; ++i) {
    const auto damage = static_cast<Damage>(i);
    if (metrics.happened(damage))
      outcome.damage.push_back(fmt::format("{}: {}", to_string(damage), metrics.damage(damage)));
  }
  return outcome;
}

namespace {

using Lines = std::vector<Outcome::Line>;

Lines of_process(const Lines& lines, const std::string& process) {
  Lines own;
  std::ranges::copy_if(lines, std::back_inserter(own),
                       [&](const Outcome::Line& line) { return line.process == process; });
  return own;
}

void compare(std::string_view sort, const Lines& simulated, const Lines& real,
             std::vector<std::string>& differences) {
  std::set<std::string> processes;
  for (const Lines* lines : {&simulated, &real})
    for (const Outcome::Line& line : *lines) processes.insert(line.process);
  for (const std::string& process : processes) {
    const Lines a = of_process(simulated, process);
    const Lines b = of_process(real, process);
    if (a.size() != b.size()) {
      differences.push_back(fmt::format("{} has {} {} in the simulation and {} live", process,
                                        a.size(), sort, b.size()));
      continue;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i].what != b[i].what)
        differences.push_back(fmt::format("{} {} of {}: {} in the simulation, {} live", sort, i + 1,
                                          process, a[i].what, b[i].what));
      else if (const Duration apart = b[i].at - a[i].at;
               apart > kLiveTolerance || apart < -kLiveTolerance)
        differences.push_back(fmt::format("{} {} of {}: at {} in the simulation, at {} live", sort,
                                          i + 1, process, to_string(rounded(a[i].at)),
                                          to_string(rounded(b[i].at))));
    }
  }
}

}  // namespace

std::vector<std::string> differences(const Outcome& simulated, const Outcome& real) {
  std::vector<std::string> all;
  for (const std::string& invariant : simulated.violated)
    if (std::ranges::find(real.violated, invariant) == real.violated.end())
      all.push_back(invariant + " is violated in the simulation and not live");
  for (const std::string& invariant : real.violated)
    if (std::ranges::find(simulated.violated, invariant) == simulated.violated.end())
      all.push_back(invariant + " is violated live and not in the simulation");
  compare("grants", simulated.grants, real.grants, all);
  compare("refusals", simulated.refusals, real.refusals, all);
  compare("writes", simulated.writes, real.writes, all);
  if (simulated.damage != real.damage)
    all.push_back(fmt::format(
        "damage: {} in the simulation, {} live",
        simulated.damage.empty() ? "none" : fmt::format("{}", fmt::join(simulated.damage, ", ")),
        real.damage.empty() ? "none" : fmt::format("{}", fmt::join(real.damage, ", "))));
  return all;
}

}  // namespace locklab::real
