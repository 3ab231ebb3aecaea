#include "sim/services/storage/register.hpp"

#include <algorithm>

#include "sim/assert.hpp"

namespace locklab::storage {

namespace {

bool comes_before(const Register& reg, Symbol name) { return reg.name < name; }

/// Remembers who brought the highest token. An equal token keeps its first owner.
void raise(Register& reg, const Request& request) {
  if (request.token <= reg.highest) return;
  reg.highest = request.token;
  reg.owner = request.owner;
  reg.attempt = request.attempt;
  reg.written = false;
}

}  // namespace

void Registers::initialize(Symbol name, const Value& datum) { at(name).datum = datum; }

Reply Registers::write(const Request& request) {
  Register& reg = at(request.subject);
  const FencingToken highest = reg.highest;
  if (request.once)
    for (const Applied& done : applied_)
      if (done.subject == request.subject && done.update_id == request.update_id)
        return {.kind = ReplyKind::accepted,
                .repeated = true,
                .highest = highest,
                .version = done.version};
  if (const auto why = objection(reg, request))
    return {.kind = ReplyKind::rejected, .why = *why, .highest = highest, .version = reg.version};

  // Model: an unfenced store keeps no token. Ours notes the highest all the same, for the trace
  // only.
  raise(reg, request);
  if (request.token && request.token == reg.highest) reg.written = true;
  reg.datum = request.value;
  ++reg.version;
  if (request.once) applied_.push_back({request.subject, request.update_id, reg.version});
  return {.kind = ReplyKind::accepted, .highest = highest, .version = reg.version};
}

Reply Registers::read(const Request& request) {
  Register& reg = at(request.subject);
  const Reply reply{
      .kind = ReplyKind::value, .highest = reg.highest, .version = reg.version, .value = reg.datum};
  // Under not_equal the first token of all is the only one, and a read does not bring it.
  if (options_.fenced_read && options_.rule != CheckRule::not_equal) raise(reg, request);
  return reply;
}

std::optional<Rejection> Registers::objection(const Register& reg, const Request& request) const {
  const auto token_objection = [&]() -> std::optional<Rejection> {
    if (!request.token)
      return options_.require_token ? std::optional(Rejection::missing_token) : std::nullopt;
    const bool stale = request.token < reg.highest;
    const bool equal = request.token == reg.highest;
    switch (options_.rule) {
      case CheckRule::plain:
        return std::nullopt;
      case CheckRule::document:
        if (stale) return Rejection::stale_token;
        return std::nullopt;
      case CheckRule::strict:
        if (stale) return Rejection::stale_token;
        if (equal && reg.written) return Rejection::equal_token;
        return std::nullopt;
      case CheckRule::owner_bound:
        if (stale) return Rejection::stale_token;
        if (equal && request.owner != reg.owner) return Rejection::other_owner;
        return std::nullopt;
      case CheckRule::not_equal:
        if (reg.highest && !equal) return Rejection::other_owner;
        return std::nullopt;
    }
    return std::nullopt;
  };
  if (const auto why = token_objection()) return why;
  if (request.compare_version && request.based_on != reg.version) return Rejection::version;
  return std::nullopt;
}

void Registers::restart() {
  for (Register& reg : registers_) {
    if (!options_.persistent_high_water) {
      reg.highest = options_.seed;
      reg.owner = Value{};
      reg.attempt = AttemptId{};
      reg.written = static_cast<bool>(options_.seed);
    }
    if (!options_.durable_datum) {
      reg.datum = Value{};
      reg.version = 0;
    }
  }
  if (!options_.durable_datum) applied_.clear();
}

const Register* Registers::find(Symbol name) const {
  const auto place = std::lower_bound(registers_.begin(), registers_.end(), name, comes_before);
  return place != registers_.end() && place->name == name ? &*place : nullptr;
}

Register& Registers::at(Symbol name) {
  LOCKLAB_ASSERT(name);
  const auto place = std::lower_bound(registers_.begin(), registers_.end(), name, comes_before);
  if (place != registers_.end() && place->name == name) return *place;
  // A seed stands for a token of the past, so it counts as written.
  return *registers_.insert(place, Register{.name = name,
                                            .highest = options_.seed,
                                            .written = static_cast<bool>(options_.seed)});
}

Reply execute(Registers& registers, const Request& request) {
  switch (request.operation) {
    case Operation::read:
      return registers.read(request);
    case Operation::write:
      return registers.write(request);
  }
  return {};
}

WriteAccepted accepted_event(const Request& request, const Reply& reply) {
  LOCKLAB_ASSERT(reply.kind == ReplyKind::accepted);
  return {.subject = request.subject,
          .value = request.value,
          .attempt = request.attempt,
          .token = request.token,
          .highest = reply.highest,
          .version = reply.version,
          .based_on = request.based_on,
          .read_modify_write = request.read_modify_write};
}

WriteRejected rejected_event(const Request& request, const Reply& reply) {
  LOCKLAB_ASSERT(reply.kind == ReplyKind::rejected);
  return {.subject = request.subject,
          .value = request.value,
          .attempt = request.attempt,
          .token = request.token,
          .highest = reply.highest,
          .why = reply.why};
}

ReadServed served_event(const Request& request, const Reply& reply) {
  LOCKLAB_ASSERT(reply.kind == ReplyKind::value);
  return {.subject = request.subject,
          .value = reply.value,
          .attempt = request.attempt,
          .token = request.token,
          .version = reply.version};
}

}  // namespace locklab::storage
