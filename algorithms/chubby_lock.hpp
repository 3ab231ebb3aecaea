// A lock of Google's Chubby [spec G; Burrows, OSDI 2006]: coarse, advisory, held by a session whose
// lease the master extends while the client keeps a KeepAlive with it.
//
// When the holder fails, the lock stays closed for the lock-delay, up to a minute, so that requests
// that it sent before may arrive; a lock that is given back is free at once. That protects servers
// that check nothing, and only so far: what is under way for longer arrives all the same [corpus
// 101]. Servers that are given a sequencer, the lock's name and its generation, refuse what is
// older than what they have seen.
#pragma once

#include <cstdint>
#include <span>

#include "algorithms/lock.hpp"
#include "algorithms/registry.hpp"
#include "sim/services/chubby/client.hpp"

namespace locklab {

extern const std::span<const Parameter> kChubbyLockParameters;
extern const std::span<const Preset> kChubbyLockPresets;

class ChubbyLock final : public Lock, private chubby::ClientSession::Listener {
 public:
  ChubbyLock(const Environment& environment, const Settings& settings, Symbol resource);

 protected:
  Task<Acquired> try_acquire(AttemptId attempt) override;
  Task<Extended> try_extend(const Lease& lease, Duration to) override;
  Task<Released> try_release(const Lease& lease) override;

 private:
  enum class AtJeopardy : std::uint8_t { stop, go_on };
  enum class Wait : std::uint8_t { acquire, try_acquire };

  chubby::Request request(chubby::Operation operation, AttemptId attempt) const;
  void tell();
  void lease_asked() override;
  void lease_extended(Duration lasts) override;
  void in_jeopardy() override;
  void expired() override;

  chubby::Client& chubby_;
  chubby::ClientSession session_;
  Symbol key_;
  Lease held_;  // attempt none: not held
  Start asked_;
  Start extended_;
  Duration lasts_{};
  Duration lock_delay_;
  AtJeopardy at_jeopardy_;
  Wait wait_;
  bool sequencer_;
};

Lock* make_chubby_lock(const Environment& environment, const Settings& settings, Symbol resource);

}  // namespace locklab
