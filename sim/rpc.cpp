#include "sim/rpc.hpp"

#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab {

CallBase::CallBase(Process& self, ProcessId to, Symbol kind, Symbol subject,
                   const CallOptions& options, const void* request, std::size_t size)
    : self_(&self),
      to_(to),
      kind_(kind),
      subject_(subject),
      options_(options),
      size_(static_cast<std::uint16_t>(size)) {
  std::memcpy(body_, request, size);
}

CallBase::CallBase(CallBase&& other) noexcept
    : self_(other.self_),
      to_(other.to_),
      kind_(other.kind_),
      subject_(other.subject_),
      options_(other.options_),
      size_(other.size_) {
  LOCKLAB_ASSERT(other.state_ == State::fresh);
  std::memcpy(body_, other.body_, size_);
}

CallBase::~CallBase() {
  if (state_ == State::fresh || state_ == State::done) return;
  self_->world().loop().cancel(event_);
  self_->forget_call(id_);
}

void CallBase::suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  begin();
}

void CallBase::begin() {
  LOCKLAB_ASSERT(state_ == State::fresh);
  state_ = State::leaving;
  id_ = self_->register_call(*this);
  self_->world().emit(self_->id(), CallBegan{id_, to_, kind_, subject_});
  // The departure is a scheduling point of its own: what is due at this instant comes before it, a
  // fault that struck on CallBegan above all, and what a resume has yet to run. If nothing is due
  // it need not pass through the agenda.
  if (!self_->held_up() && !self_->world().loop().may_be_pending_now()) {
    depart(this, 0);
    return;
  }
  Event leaves;
  leaves.context = this;
  leaves.act = depart;
  event_ = self_->world().schedule_gated(*self_, Duration{0}, leaves);
}

void CallBase::depart(void* call, std::uint64_t) {
  auto& self = *static_cast<CallBase*>(call);
  self.state_ = State::waiting;
  self.event_ = {};
  self.self_->world().network().send_bytes(self.self_->id(), self.to_, self.kind_, self.subject_,
                                           self.id_, self.body_, self.size_);
  if (self.options_.timeout > Duration{0}) {
    Event passes;
    passes.context = call;
    passes.act = time_out;
    self.event_ = self.self_->recurring_timer(self.options_.clock, self.options_.timeout, passes);
  }
}

void CallBase::time_out(void* call, std::uint64_t) {
  auto& self = *static_cast<CallBase*>(call);
  self.event_ = {};
  if (self.options_.reconnect_on_timeout)
    self.self_->world().network().reconnect(self.self_->id(), self.to_);
  self.complete(Errc::timeout, nullptr);
}

void CallBase::complete(Errc outcome, const Packet* reply) {
  LOCKLAB_ASSERT(state_ == State::waiting || state_ == State::leaving);
  World& world = self_->world();
  world.loop().cancel(event_);
  event_ = {};
  self_->forget_call(id_);
  state_ = State::done;
  outcome_ = outcome;
  if (reply != nullptr) std::memcpy(body_, reply->payload, reply->size);
  world.emit(self_->id(), CallEnded{id_, to_, kind_, outcome});
  if (group_ != nullptr)
    group_->call_done(*this);
  else
    self_->resume_task(waiting_);
}

void CallGroupBase::call_done(CallBase& call) {
  --open_;
  if (first_done_ == nullptr)
    first_done_ = &call;
  else
    last_done_->next_done = &call;
  last_done_ = &call;
  if (handle) process->resume_task(std::exchange(handle, {}));
}

CallBase* CallGroupBase::take_done() {
  CallBase* call = first_done_;
  if (call != nullptr) first_done_ = call->next_done;
  return call;
}

}  // namespace locklab
