#include "invariants/invariant.hpp"

#include <bit>

#include "sim/assert.hpp"

namespace locklab {

std::uint32_t Findings::open(const Finding& finding) {
  const auto index = static_cast<std::uint32_t>(findings_.size());
  findings_.push_back(finding);
  if (announcer_ != nullptr) announcer_->violation_began(index, finding.invariant);
  return index;
}

void Findings::close(std::uint32_t index, Instant until, Duration dormant, Duration active) {
  Finding& finding = findings_[index];
  LOCKLAB_ASSERT(finding.until == kEndOfTime && until >= finding.from);
  finding.until = until;
  finding.dormant = dormant;
  finding.active = active;
  if (announcer_ != nullptr)
    announcer_->violation_ended(index, finding.invariant, until - finding.from);
}

void Findings::note(Finding finding) {
  finding.until = finding.from;
  open(finding);
}

void Findings::measure(std::uint32_t index, Duration dormant, Duration active) {
  findings_[index].dormant = dormant;
  findings_[index].active = active;
}

void Invariant::finish(const RunEnd&, const LockBook&, Findings&) {}

Watch::Watch(std::pmr::memory_resource* memory, Announcer* announcer)
    : book_(memory), findings_(memory, announcer), invariants_(memory) {}

void Watch::add(InvariantPtr invariant) {
  LOCKLAB_ASSERT(invariants_.size() < 32);
  const std::uint32_t bit = std::uint32_t{1} << invariants_.size();
  const EventMask wanted = invariant->events();
  for (EventMask left = wanted; left != 0; left &= left - 1)
    wanted_by_[static_cast<std::size_t>(std::countr_zero(left))] |= bit;
  events_ |= wanted;
  invariants_.push_back(std::move(invariant));
}

EventMask Watch::events() const {
  return invariants_.empty() ? EventMask{0} : events_ | LockBook::kEvents;
}

void Watch::observe(const TraceEvent& event) {
  const std::size_t type = event.what.index();
  if ((LockBook::kEvents >> type & 1) != 0) book_.observe(event);
  for (std::uint32_t left = wanted_by_[type]; left != 0; left &= left - 1)
    invariants_[static_cast<std::size_t>(std::countr_zero(left))]->observe(event, book_, findings_);
}

void Watch::finish(const RunEnd& end) {
  for (const InvariantPtr& invariant : invariants_) invariant->finish(end, book_, findings_);
}

}  // namespace locklab
