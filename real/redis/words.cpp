#include "real/redis/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "real/redis/scripts.hpp"

namespace locklab::real {

namespace {

using Asked = redis::Command;  // real:: has a Command of its own
using redis::Reply;
using redis::ReplyError;
using redis::Request;

// (timeout + retryInterval) * retryAttempts: what Redisson gives its scripts along.
constexpr std::int64_t kLatchMs = (3000 + 1500) * 3;

std::vector<std::string> words_of_set(const Request& r, const std::string& key,
                                      const std::string& value) {
  std::vector<std::string> words{"SET", key, value};
  if (r.options.nx) words.emplace_back("NX");
  if (r.options.xx) words.emplace_back("XX");
  if (r.options.get) words.emplace_back("GET");
  if (r.options.keep_ttl) words.emplace_back("KEEPTTL");
  if (r.options.expiry != redis::Expiry::none) {
    words.emplace_back(r.options.expiry == redis::Expiry::px ? "PX" : "PXAT");
    words.push_back(std::to_string(r.ttl_ms));
  }
  return words;
}

/// KEYS and ARGV of a script.
struct ScriptCall {
  std::vector<std::string> keys;
  std::vector<std::string> arguments;
};

ScriptCall call_of(const Request& r, const Names& names) {
  const auto text = [&](Symbol symbol) { return std::string(names.text(symbol)); };
  const std::string key = text(r.key);
  const std::string value = to_string(r.value, names);
  const std::string expected = to_string(r.expected, names);
  const std::string ttl = std::to_string(r.ttl_ms);
  const std::string clock =
      r.client_ms == redis::kServerClock ? std::string() : std::to_string(r.client_ms);
  const std::string latch_ms = std::to_string(kLatchMs);
  std::vector<std::string> all{key};
  for (const Symbol more : r.more_keys) {
    if (!more) break;
    all.push_back(text(more));
  }
  switch (r.command) {
    case Asked::compare_and_delete:
    case Asked::redsync_delete:
      return {{key}, {expected}};
    case Asked::compare_and_pexpire:
    case Asked::compare_and_prolong:
      return {{key}, {expected, ttl}};
    case Asked::acquire_with_token:
    case Asked::redisson_fenced_lock:
      return {{key, text(r.counter)}, {value, ttl}};
    case Asked::lock_or_retake:
      return {{key}, {value, ttl, r.retake ? "yes" : "no"}};
    case Asked::redisson_unlock: {
      std::vector<std::string> keys{key, text(r.more_keys[0])};
      if (r.more_keys[2]) keys.push_back(text(r.more_keys[2]));
      return {keys, {value, ttl, latch_ms}};
    }
    case Asked::redisson_fair_try:
    case Asked::redisson_fair_lock:
      return {{key, text(r.more_keys[0]), text(r.more_keys[1])},
              {value, ttl, std::to_string(r.wait_ms), clock,
               r.command == Asked::redisson_fair_lock ? "yes" : "no"}};
    case Asked::redisson_fair_unlock: {
      std::vector<std::string> keys{key, text(r.more_keys[0]), text(r.more_keys[1])};
      if (r.more_keys[2]) keys.push_back(text(r.more_keys[2]));
      return {keys, {value, ttl, clock, latch_ms}};
    }
    case Asked::redisson_fair_leave:
      return {{key, text(r.more_keys[0]), text(r.more_keys[1])},
              {value, std::to_string(r.wait_ms)}};
    case Asked::redisson_lock:
    case Asked::redisson_renew:
    case Asked::extend_or_retake:
      return {{key}, {value, ttl}};
    default:  // acquire_all, extend_all, release_all
      return {all, {value, ttl}};
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // Only what Redis itself would write: no leading zero, no sign of plus.
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(number) != text)
    return std::nullopt;
  return number;
}

std::optional<Value> unique_id(std::string_view text) {
  constexpr std::size_t kLength = 36;
  if (text.size() != kLength) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < kLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  const char* middle = digits.data() + 16;
  const char* end = middle + 16;
  if (std::from_chars(digits.data(), middle, high, 16).ptr != middle ||
      std::from_chars(middle, end, low, 16).ptr != end)
    return std::nullopt;
  return Value::unique(high, low);
}

ReplyError error_of(std::string_view text) {
  constexpr std::array kKnown{ReplyError::syntax,         ReplyError::expire_time,
                              ReplyError::not_an_integer, ReplyError::overflow,
                              ReplyError::read_only,      ReplyError::not_enough_replicas,
                              ReplyError::out_of_memory};
  const auto* found = std::ranges::find_if(kKnown, [&](ReplyError error) {
    return text.find(redis::to_string(error)) != std::string_view::npos;
  });
  return found == kKnown.end() ? ReplyError::none : *found;
}

/// Is its integer the number of a grant?
bool issues(Asked command) {
  return command == Asked::incr || command == Asked::acquire_with_token;
}

}  // namespace

std::vector<std::string> words_of(const Request& r, const Names& names) {
  const std::string key(names.text(r.key));
  const std::string value = to_string(r.value, names);
  switch (r.command) {
    case Asked::set:
      return words_of_set(r, key, value);
    case Asked::setnx:
      return {"SETNX", key, value};
    case Asked::getset:
      return {"GETSET", key, value};
    case Asked::get:
      return {"GET", key};
    case Asked::del:
      return {"DEL", key};
    case Asked::exists:
      return {"EXISTS", key};
    case Asked::incr:
      return {"INCR", key};
    case Asked::pexpire:
      return {"PEXPIRE", key, std::to_string(r.ttl_ms)};
    case Asked::pttl:
      return {"PTTL", key};
    case Asked::subscribe:
      return {"SUBSCRIBE", key};
    case Asked::unsubscribe:
      return {"UNSUBSCRIBE", key};
    case Asked::wait:
      return {"WAIT", std::to_string(r.wait_ms), std::to_string(r.ttl_ms)};
    case Asked::info_replication:
      return {"INFO", "replication"};
    default:
      break;
  }
  const ScriptCall call = call_of(r, names);
  std::vector<std::string> words{"EVAL", std::string(script_of(r.command)),
                                 std::to_string(call.keys.size())};
  words.insert(words.end(), call.keys.begin(), call.keys.end());
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  return words;
}

Reply reply_of(const Request& request, const Answer& answer, Names& names) {
  switch (answer.kind) {
    case Answer::Kind::status:
      return Reply::ok();
    case Answer::Kind::nil:
      return Reply::nil();
    case Answer::Kind::integer:
      return issues(request.command) ? Reply::issued(answer.number) : Reply::integer(answer.number);
    case Answer::Kind::text:
      if (const auto number = whole_number(answer.text)) return Reply::of(Value::integer(*number));
      if (const auto id = unique_id(answer.text)) return Reply::of(*id);
      return Reply::of(Value::name(names.intern(answer.text)));
    case Answer::Kind::error:
      return Reply::failed(error_of(answer.text));
    case Answer::Kind::list:
      break;  // nothing of the model's is answered with a list
  }
  return Reply::failed(ReplyError::none);
}

}  // namespace locklab::real
