// LOST-RELEASE: a lock stays taken by keys that their owner has given up [spec 1.3; corpus 23, 24,
// 38, 39, 54]. The owner lives, and neither believes, nor tries (as an attempt, or as a client that
// waits for the lock), nor is releasing; yet so many nodes hold its keys that fewer than a quorum
// are free. Lasts from the moment its interest ended (or the key arrived after that) until the lock
// could be had, and is reported if that takes longer than a grace, since a release takes a moment.
//
// What a crashed owner leaves behind is the TTL's business: bounded_wait judges how long that
// takes. Keys that expire unnoticed end it when they do, as far as the node's clock is known.
#include <algorithm>
#include <functional>
#include <vector>

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

class LostRelease final : public Invariant {
 public:
  LostRelease(std::pmr::memory_resource* memory, Duration grace)
      : grace_(grace), episodes_(memory), expiries_(memory) {}

  EventMask events() const override {
    return events_of<KeyStored, KeyExtended, KeyRemoved, LockRefused, BeliefEnded, ReleaseBegan,
                     LockReleased, LockWaitBegan, LockWaitEnded, ProcessCrashed, ClockChanged>();
  }

  void observe(const TraceEvent& event, const LockBook& book, Findings& findings) override {
    if (lasting_ == 0 && !may_begin(event, book)) return;
    if (const LockBook::LockState* lock = lock_of(event, book)) {
      judge(book.number_of(*lock), event, book, findings);
    } else if (std::holds_alternative<ProcessCrashed>(event.what) ||
               std::holds_alternative<ClockChanged>(event.what)) {
      for (LockBook::LockNumber lock_number = 0; lock_number < book.locks().size(); ++lock_number)
        judge(lock_number, event, book, findings);
    }
  }

  void finish(const RunEnd& end, const LockBook&, Findings& findings) override {
    for (Episode& episode : episodes_) {
      if (!episode.lasts) continue;
      // If nothing is left to happen, the keys are known to stand there until they expire.
      if (episode.ends_at <= end.at || (end.quiescent && episode.ends_at != kEndOfTime)) {
        finish_episode(episode, episode.ends_at, findings);
        continue;
      }
      const Duration lasted = end.at - episode.finding.from;
      if (lasted > grace_ || end.quiescent) report(episode, findings);
      if (episode.reported) findings.measure(episode.number, Duration{0}, lasted);
    }
  }

 private:
  struct Episode {  // of one lock; there is one at a time
    bool lasts = false;
    bool reported = false;
    std::uint32_t number = 0;      // of the finding, once reported
    Instant ends_at = kEndOfTime;  // by expiry alone
    Finding finding;
  };

  /// Most events are a key that somebody answers for, or that goes.
  static bool may_begin(const TraceEvent& event, const LockBook& book) {
    AttemptId stored;
    if (const auto* key = std::get_if<KeyStored>(&event.what))
      stored = key->attempt;
    else if (const auto* extended = std::get_if<KeyExtended>(&event.what))
      stored = extended->attempt;
    else
      return std::holds_alternative<LockRefused>(event.what) ||
             std::holds_alternative<BeliefEnded>(event.what) ||
             std::holds_alternative<LockReleased>(event.what) ||
             std::holds_alternative<LockWaitEnded>(event.what);
    const LockBook::Attempt* attempt = book.find(stored);
    return attempt != nullptr && given_up(*attempt, book);
  }

  static const LockBook::LockState* lock_of(const TraceEvent& event, const LockBook& book) {
    return std::visit(
        [&](const auto& payload) -> const LockBook::LockState* {
          if constexpr (requires { payload.lock; }) {
            return book.find_lock(payload.lock);
          } else if constexpr (requires { payload.attempt; }) {
            const LockBook::Attempt* attempt = book.find(payload.attempt);
            return attempt != nullptr ? &book.lock(attempt->lock) : nullptr;
          } else {
            return nullptr;
          }
        },
        event.what);
  }

  static bool given_up(const LockBook::Attempt& attempt, const LockBook& book) {
    return !attempt.dead && !attempt.trying && !attempt.believing && !attempt.releasing &&
           book.find_wait(attempt.process, attempt.lock) == nullptr;
  }

  void judge(LockBook::LockNumber number, const TraceEvent& event, const LockBook& book,
             Findings& findings) {
    if (episodes_.size() <= number) episodes_.resize(std::size_t{number} + 1);
    Episode& episode = episodes_[number];
    const LockBook::LockState& lock = book.lock(number);
    if (episode.lasts && episode.ends_at <= event.at)
      finish_episode(episode, episode.ends_at, findings);

    const Instant taken_until = taken_by_abandoned_keys_until(lock, event.at, book);
    if (taken_until <= event.at) {
      if (episode.lasts) finish_episode(episode, event.at, findings);
      return;
    }
    if (!episode.lasts) {
      begin(episode, lock, event, book);
      ++lasting_;
    }
    episode.ends_at = taken_until;
    if (!episode.reported && event.at - episode.finding.from > grace_) report(episode, findings);
  }

  /// `now` or earlier: they do not keep it taken.
  Instant taken_by_abandoned_keys_until(const LockBook::LockState& lock, Instant now,
                                        const LockBook& book) {
    if (lock.of < lock.quorum) return now;
    if (!lock.believers.empty()) return now;  // it is somebody's
    const std::size_t needed = std::size_t{lock.of} - lock.quorum + 1;
    if (lock.keys.size() < needed) return now;
    expiries_.clear();
    for (const LockBook::StoredKey& key : lock.keys) {
      const LockBook::Attempt& attempt = book.attempt(key.attempt);
      // Who stands in line behind another does not keep the lock taken.
      if (key.rank != 0 && !attempt.owns) continue;
      if (key.gone_at > now && given_up(attempt, book)) expiries_.push_back(key.gone_at);
    }
    if (expiries_.size() < needed) return now;
    // The lock can be had when fewer than `needed` are left.
    std::ranges::sort(expiries_, std::greater{});
    return expiries_[needed - 1];
  }

  static void begin(Episode& episode, const LockBook::LockState& lock, const TraceEvent& event,
                    const LockBook& book) {
    episode = Episode{};
    episode.lasts = true;
    Finding& finding = episode.finding;
    finding.invariant = "lost_release";
    finding.what = "keys_left_behind";
    finding.subject = lock.name;
    finding.from = event.at;
    for (const LockBook::StoredKey& key : lock.keys) {
      const LockBook::Attempt& attempt = book.attempt(key.attempt);
      if (key.gone_at <= event.at || !given_up(attempt, book)) continue;
      finding.processes.add_once(attempt.process);
      finding.attempts.add_once(attempt.id);
      finding.events.add_once(attempt.granted ? attempt.granted : attempt.requested);
    }
    finding.events.add_once(event.seq);
  }

  static void report(Episode& episode, Findings& findings) {
    if (episode.reported) return;
    episode.reported = true;
    episode.number = findings.open(episode.finding);
  }

  void finish_episode(Episode& episode, Instant at, Findings& findings) {
    episode.lasts = false;
    --lasting_;
    const Duration lasted = at - episode.finding.from;
    if (lasted > grace_) report(episode, findings);
    if (episode.reported) findings.close(episode.number, at, Duration{0}, lasted);
  }

  Duration grace_;
  std::pmr::vector<Episode> episodes_;  // by lock
  std::size_t lasting_ = 0;
  std::pmr::vector<Instant> expiries_;  // kept for its memory
};

}  // namespace

InvariantPtr make_lost_release(std::pmr::memory_resource* memory,
                               const InvariantSettings& settings) {
  return make_invariant<LostRelease>(memory, memory, settings.lost_release_grace);
}

}  // namespace locklab
