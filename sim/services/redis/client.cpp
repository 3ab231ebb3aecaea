#include "sim/services/redis/client.hpp"

#include "sim/world.hpp"

namespace locklab::redis {

namespace {

// Clients hand Redis whole milliseconds; what is finer is cut off, as Duration.toMillis() does.
std::int64_t to_ms(Duration duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

}  // namespace

Call<Reply> Client::call(const Request& request) const {
  return {*self_, node(), kinds_->request(request.command), request.key, options_, request};
}

void Client::post(const Request& request) const {
  self_->world().network().send(self_->id(), node(), kinds_->request(request.command), request.key,
                                CallId{}, request);
}

Call<Reply> Client::set(Symbol key, const Owner& owner, SetArguments arguments) const {
  Request request;
  request.command = Command::set;
  request.options.nx = arguments.nx;
  request.options.xx = arguments.xx;
  request.options.expiry = arguments.px == Duration{0} ? Expiry::none : Expiry::px;
  request.attempt = owner.attempt;
  request.key = key;
  request.value = owner.value;
  request.ttl_ms = to_ms(arguments.px);
  return call(request);
}

Call<Reply> Client::setnx(Symbol key, const Value& value, AttemptId attempt) const {
  return call({.command = Command::setnx, .attempt = attempt, .key = key, .value = value});
}

Call<Reply> Client::getset(Symbol key, const Value& value, AttemptId attempt) const {
  return call({.command = Command::getset, .attempt = attempt, .key = key, .value = value});
}

Call<Reply> Client::get(Symbol key, AttemptId attempt) const {
  return call({.command = Command::get, .attempt = attempt, .key = key});
}

Call<Reply> Client::del(Symbol key, AttemptId attempt) const {
  return call({.command = Command::del, .attempt = attempt, .key = key});
}

Call<Reply> Client::incr(Symbol key, AttemptId attempt) const {
  return call({.command = Command::incr, .attempt = attempt, .key = key});
}

Call<Reply> Client::pexpire(Symbol key, Duration ttl, AttemptId attempt) const {
  return call({.command = Command::pexpire, .attempt = attempt, .key = key, .ttl_ms = to_ms(ttl)});
}

Call<Reply> Client::pttl(Symbol key, AttemptId attempt) const {
  return call({.command = Command::pttl, .attempt = attempt, .key = key});
}

Call<Reply> Client::compare_and_delete(Symbol key, const Owner& owner) const {
  return call({.command = Command::compare_and_delete,
               .attempt = owner.attempt,
               .key = key,
               .expected = owner.value});
}

Call<Reply> Client::compare_and_pexpire(Symbol key, const Owner& owner, Duration ttl) const {
  return call({.command = Command::compare_and_pexpire,
               .attempt = owner.attempt,
               .key = key,
               .expected = owner.value,
               .ttl_ms = to_ms(ttl)});
}

Call<Reply> Client::compare_and_prolong(Symbol key, const Owner& owner, Duration by) const {
  return call({.command = Command::compare_and_prolong,
               .attempt = owner.attempt,
               .key = key,
               .expected = owner.value,
               .ttl_ms = to_ms(by)});
}

Call<Reply> Client::acquire_with_token(Symbol key, const Owner& owner, Duration ttl,
                                       Symbol counter) const {
  return call({.command = Command::acquire_with_token,
               .attempt = owner.attempt,
               .key = key,
               .counter = counter,
               .value = owner.value,
               .ttl_ms = to_ms(ttl)});
}

Call<Reply> Client::script(Command command, Symbol key, const Owner& owner, Duration ttl,
                           bool retake) const {
  return call({.command = command,
               .retake = retake,
               .attempt = owner.attempt,
               .key = key,
               .value = owner.value,
               .expected = owner.value,
               .ttl_ms = to_ms(ttl)});
}

}  // namespace locklab::redis
