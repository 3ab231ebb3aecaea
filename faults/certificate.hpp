// "Of all schedules of up to K faults in this space, these break it": what an exhaustive
// enumeration found, as a value that somebody else can compute again and compare. The schedules are
// run in blocks, which may run side by side; joined in order, they give the same certificate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "faults/enumerator.hpp"
#include "faults/oracle.hpp"
#include "faults/schedule.hpp"
#include "sim/time.hpp"

namespace locklab {

/// Which schedule it is: of how many faults, and the how many-th of those.
struct SchedulePlace {
  std::size_t faults = 0;
  std::uint64_t index = 0;
  bool operator==(const SchedulePlace&) const = default;
};

/// Schedules of one number of faults. all = skipped + run.
struct LevelCount {
  std::size_t faults = 0;
  std::uint64_t all = 0;
  std::uint64_t skipped = 0;  // an exchange of processes makes an earlier schedule of it
  std::uint64_t run = 0;
  std::uint64_t violating = 0;
  std::uint64_t undecided = 0;  // the event limit was spent
  bool operator==(const LevelCount&) const = default;
};

/// Schedules that break the same thing by the same kinds of faults [signature_of].
struct CertifiedViolation {
  std::uint64_t signature = 0;
  std::string_view invariant;
  std::string_view what;
  SearchKinds kinds = 0;  // that struck
  std::uint64_t schedules = 0;
  /// Of them, those none of whose faults breaks the same thing alone.
  std::uint64_t together = 0;
  SchedulePlace first;
  FaultSchedule schedule;  // the first
};

struct Certificate {
  std::vector<LevelCount> levels;  // from no fault on
  std::uint64_t digest = 0;        // of all runs, in order
  std::uint64_t events = 0;
  std::vector<CertifiedViolation> violations;  // in the order of their first schedules
  /// The least slack of a run that violates nothing [Trial::slack], and the first schedule that
  /// shows it.
  Duration least_slack = Duration::max();
  SchedulePlace closest_place;
  FaultSchedule closest;
};

inline constexpr std::uint64_t kSchedulesInBlock = 1024;

/// What the schedules of one block gave. Its level counts them alone.
struct CertificateBlock {
  Certificate part;
  /// Of a block of single faults: what each of its schedules broke [Trial::signature]; zero:
  /// nothing, or skipped.
  std::vector<std::uint64_t> signatures;
};

/// Puts a certificate together, level by level: first no fault, then all single ones, and so on.
class Certifier {
 public:
  /// The enumeration outlives it.
  explicit Certifier(const Enumerator& all) : all_(all) {}

  /// How many blocks the schedules of `faults` faults make. Their count is known to be a number.
  std::uint64_t blocks(std::size_t faults) const;
  /// Runs one. May be called from several threads, each with an oracle of its own, once the level
  /// before has been added.
  CertificateBlock run(std::size_t faults, std::uint64_t block, Oracle& oracle) const;
  /// In order.
  void add(const CertificateBlock& block);

  const Certificate& certificate() const { return certificate_; }

 private:
  bool breaks_alone(std::size_t atom, std::uint64_t signature) const;

  const Enumerator& all_;
  Certificate certificate_;
  std::vector<std::uint64_t> alone_;  // by atom
};

}  // namespace locklab
