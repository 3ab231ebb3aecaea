// The keys of a Redis node against a naive reference written from the table of sheet A alone:
// random programs of commands and time steps, compared after every step.
#include <doctest/doctest.h>

#include <charconv>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sim/services/redis/keyspace.hpp"

namespace locklab::redis {
namespace {

std::string text_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::none:
      return "";
    case Value::Kind::integer:
      return std::to_string(value.as_integer());
    case Value::Kind::unique:
      return "uuid-" + std::to_string(value.low);
    case Value::Kind::name:
      return "name-" + std::to_string(value.low);
  }
  return "?";
}

std::string text_of(const Reply& reply) {
  switch (reply.kind) {
    case ReplyKind::ok:
      return "OK";
    case ReplyKind::nil:
      return "(nil)";
    case ReplyKind::integer:
      return "(integer) " + std::to_string(reply.number);
    case ReplyKind::value:
      return '"' + text_of(reply.value) + '"';
    case ReplyKind::error:
      return "(error)";
  }
  return "?";
}

/// Redis as the sheet tells it, with strings for keys and values and no thought of speed.
class Reference {
 public:
  std::map<std::string, std::string> value;
  std::map<std::string, std::int64_t> deadline;  // of the keys that have one
  std::int64_t now = 0;

  static std::string integer(std::int64_t n) { return "(integer) " + std::to_string(n); }
  static std::string bulk(const std::string& s) { return '"' + s + '"'; }

  void forget(const std::string& key) {
    value.erase(key);
    deadline.erase(key);
  }
  bool exists(const std::string& key) {
    if (deadline.count(key) && now > deadline[key]) forget(key);
    return value.count(key) > 0;
  }
  std::string get(const std::string& key) { return exists(key) ? bulk(value[key]) : "(nil)"; }
  std::string del(const std::string& key) {
    if (!exists(key)) return integer(0);
    forget(key);
    return integer(1);
  }
  std::string set_px(const std::string& key, const std::string& v, std::int64_t ttl) {
    if (ttl <= 0) return "(error)";
    exists(key);
    value[key] = v;
    deadline[key] = now + ttl;
    return "OK";
  }
  std::string set_nx_px(const std::string& key, const std::string& v, std::int64_t ttl) {
    if (ttl <= 0) return "(error)";
    return exists(key) ? "(nil)" : set_px(key, v, ttl);
  }
  std::string incr(const std::string& key) {
    std::int64_t n = 0;
    if (exists(key)) {
      const std::string& s = value[key];
      const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
      if (s.empty() || error != std::errc{} || end != s.data() + s.size()) return "(error)";
    }
    value[key] = std::to_string(n + 1);
    return integer(n + 1);
  }
  std::string pexpire(const std::string& key, std::int64_t ttl) {
    if (!exists(key)) return integer(0);
    if (ttl <= 0)
      forget(key);
    else
      deadline[key] = now + ttl;
    return integer(1);
  }
  void background() {
    for (const auto& [key, when] : std::map(deadline))
      if (now >= when) forget(key);
  }

  std::string run(const Request& r) {
    const auto name = [](Symbol key) { return std::to_string(key.number); };
    const std::string key = name(r.key);
    const std::string v = text_of(r.value);
    const auto mine = [&] { return exists(key) && value[key] == v; };
    const auto expected = [&] { return exists(key) && value[key] == text_of(r.expected); };
    std::vector<std::string> all{key};
    for (const Symbol more : r.more_keys)
      if (more) all.push_back(name(more));
    const auto every = [&](auto&& holds) {
      for (const auto& k : all)
        if (!holds(k)) return false;
      return true;
    };

    switch (r.command) {
      case Command::set: {
        const SetOptions& o = r.options;
        if ((o.nx && o.xx) || (o.keep_ttl && o.expiry != Expiry::none)) return "(error)";
        if (o.expiry != Expiry::none && r.ttl_ms <= 0) return "(error)";
        const bool there = exists(key);
        const std::string old = get(key);
        if (there ? o.nx : o.xx) return o.get ? old : "(nil)";
        value[key] = v;
        if (!o.keep_ttl) deadline.erase(key);
        if (o.expiry == Expiry::px) deadline[key] = now + r.ttl_ms;
        if (o.expiry == Expiry::pxat) deadline[key] = r.ttl_ms;
        return o.get ? old : "OK";
      }
      case Command::setnx:
        if (exists(key)) return integer(0);
        value[key] = v;
        return integer(1);
      case Command::getset: {
        const std::string old = get(key);
        value[key] = v;
        deadline.erase(key);
        return old;
      }
      case Command::get:
        return get(key);
      case Command::del:
        return del(key);
      case Command::exists:
        return integer(exists(key) ? 1 : 0);
      case Command::incr:
        return incr(key);
      case Command::pexpire:
        return pexpire(key, r.ttl_ms);
      case Command::pttl:
        if (!exists(key)) return integer(-2);
        return integer(deadline.count(key) ? deadline[key] - now : -1);
      case Command::compare_and_delete:
        return expected() ? del(key) : integer(0);
      case Command::compare_and_pexpire:
        return expected() ? pexpire(key, r.ttl_ms) : integer(0);
      case Command::acquire_with_token: {
        const std::string counter = name(r.counter);
        exists(counter);
        Reference trial = *this;  // both or neither
        if (trial.set_nx_px(key, v, r.ttl_ms) == "(nil)") {
          return trial.incr(counter) == "(error)" ? "(error)" : "(nil)";
        }
        const std::string token = trial.incr(counter);
        if (r.ttl_ms <= 0 || token == "(error)") return "(error)";
        *this = trial;
        return token;
      }
      case Command::acquire_all:
        for (const auto& k : all)
          if (exists(k)) return integer(0);
        for (const auto& k : all)
          if (set_px(k, v, r.ttl_ms) == "(error)") return "(error)";
        return integer(static_cast<std::int64_t>(all.size()));
      case Command::extend_all:
        if (!every([&](const auto& k) { return exists(k) && value[k] == v; })) return integer(0);
        for (const auto& k : all)
          if (set_px(k, v, r.ttl_ms) == "(error)") return "(error)";
        return integer(static_cast<std::int64_t>(all.size()));
      case Command::release_all: {
        std::int64_t count = 0;
        for (const auto& k : all)
          if (exists(k) && value[k] == v) {
            forget(k);
            ++count;
          }
        return integer(count);
      }
      case Command::lock_or_retake:
        if (mine() || (r.retake && !exists(key))) return set_px(key, v, r.ttl_ms);
        return "(nil)";
      case Command::extend_or_retake: {
        if (mine()) return pexpire(key, r.ttl_ms);
        const std::string reply = set_nx_px(key, v, r.ttl_ms);
        return reply == "OK" ? integer(1) : reply == "(nil)" ? integer(0) : reply;
      }
      case Command::redsync_delete:
        if (!exists(key)) return integer(-1);
        return expected() ? del(key) : integer(0);
      case Command::compare_and_prolong: {
        if (!expected()) return integer(0);
        const std::int64_t left = (deadline.count(key) ? deadline[key] - now : -1) + r.ttl_ms;
        pexpire(key, left);
        return integer(left);
      }
      default:  // Redisson's have a test of their own, and the server's are no business of the keys
        break;
    }
    return "?";
  }

  std::string contents() const {
    std::string all;
    for (const auto& [key, v] : value) {
      all += key + "=" + v;
      if (deadline.count(key)) all += " until " + std::to_string(deadline.at(key));
      all += "; ";
    }
    return all;
  }
};

std::string contents(const Keyspace& keys) {
  std::map<std::string, std::string> sorted;
  for (const Entry& entry : keys.entries()) {
    std::string text = text_of(entry.value);
    if (entry.expires()) text += " until " + std::to_string(entry.deadline_ms);
    sorted[std::to_string(entry.key.number)] = text;
  }
  std::string all;
  for (const auto& [key, text] : sorted) all += key + "=" + text + "; ";
  return all;
}

struct Step {
  enum class Kind { command, wait, background, loss } kind = Kind::command;
  std::int64_t wait_ms = 0;
  Request request;
};

std::string text_of(const Step& step) {
  const Request& r = step.request;
  switch (step.kind) {
    case Step::Kind::wait:
      return "wait " + std::to_string(step.wait_ms);
    case Step::Kind::background:
      return "background cycle";
    case Step::Kind::loss:
      return "lose " + std::to_string(r.key.number);
    case Step::Kind::command:
      break;
  }
  const SetOptions& o = r.options;
  std::string text(to_string(r.command));
  text += " key " + std::to_string(r.key.number);
  for (const Symbol more : r.more_keys)
    if (more) text += "," + std::to_string(more.number);
  text += " value " + text_of(r.value) + " expected " + text_of(r.expected);
  text += " ttl " + std::to_string(r.ttl_ms) + (o.nx ? " NX" : "") + (o.xx ? " XX" : "");
  text += std::string(o.get ? " GET" : "") + (o.keep_ttl ? " KEEPTTL" : "");
  text += o.expiry == Expiry::px ? " PX" : o.expiry == Expiry::pxat ? " PXAT" : "";
  text += std::string(r.retake ? "" : " no-retake") + " by " + std::to_string(r.attempt.number);
  return text;
}

/// std::mt19937_64 gives the same numbers everywhere; the distributions of <random> do not.
std::vector<Step> random_program(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const auto key = [&] { return Symbol{static_cast<std::uint32_t>(1 + below(4))}; };
  const auto value = [&] {
    const auto n = static_cast<std::int64_t>(below(3));
    return below(4) == 0 ? Value::integer(n) : Value::unique(7, static_cast<std::uint64_t>(n));
  };
  std::vector<Step> program(60);
  std::int64_t now = 0;
  for (Step& step : program) {
    const std::uint64_t dice = below(10);
    if (dice < 2) {
      step.kind = Step::Kind::wait;
      step.wait_ms = static_cast<std::int64_t>(below(6));
      if (below(8) == 0) step.wait_ms = -step.wait_ms;  // the clock is set back
      now += step.wait_ms;
    } else if (dice == 2 && below(4) == 0) {
      step.kind = Step::Kind::background;
    } else if (dice == 2 && below(4) == 0) {
      step.kind = Step::Kind::loss;
      step.request.key = key();
    } else {
      constexpr auto kCommands = static_cast<std::uint64_t>(Command::compare_and_prolong) + 1;
      Request& r = step.request;
      r.command = static_cast<Command>(below(kCommands + 3) % kCommands);  // SET more often
      r.options = {.nx = below(3) == 0,
                   .xx = below(5) == 0,
                   .get = below(3) == 0,
                   .keep_ttl = below(5) == 0,
                   .expiry = static_cast<Expiry>(below(3))};
      r.retake = below(2) == 0;
      r.attempt = AttemptId{static_cast<std::uint32_t>(1 + below(3))};
      r.key = key();
      r.counter = Symbol{5};
      if (below(20) == 0 && r.command != Command::acquire_with_token) r.key = r.counter;
      for (Symbol& more : r.more_keys)
        if (more = key(); below(2) == 0) break;
      r.value = value();
      r.expected = r.command >= Command::acquire_all && r.command <= Command::release_all ? r.value
                                                                                          : value();
      r.ttl_ms = static_cast<std::int64_t>(below(9)) - 1;
      if (r.options.expiry == Expiry::pxat) r.ttl_ms += now;
    }
  }
  return program;
}

/// What goes wrong first, if anything does.
std::optional<std::string> disagreement(const std::vector<Step>& program) {
  Reference reference;
  Keyspace keys;
  Changes changes;
  Keyspace replica;  // is told the changes only
  for (std::size_t i = 0; i < program.size(); ++i) {
    const Step& step = program[i];
    std::string expected = "-";
    std::string answer = "-";
    changes.clear();
    switch (step.kind) {
      case Step::Kind::wait:
        reference.now += step.wait_ms;
        break;
      case Step::Kind::background: {
        ExpireCycle cycle;
        reference.background();
        keys.expire_some(reference.now, cycle, changes);
        break;
      }
      case Step::Kind::loss:
        reference.forget(std::to_string(step.request.key.number));
        keys.remove(step.request.key, RemovalReason::lost, changes);
        break;
      case Step::Kind::command:
        expected = reference.run(step.request);
        answer = text_of(execute(keys, reference.now, step.request, changes));
        break;
    }
    for (const Change& change : changes) replica.apply(change);
    const std::string at = "step " + std::to_string(i) + " (" + text_of(step) + "): ";
    if (answer != expected) return at + "answers " + answer + ", not " + expected;
    if (contents(keys) != reference.contents())
      return at + "holds " + contents(keys) + "not " + reference.contents();
    if (!(replica == keys)) return at + "its changes do not tell all that it did";
  }
  return std::nullopt;
}

/// Drops steps as long as something still goes wrong.
std::vector<Step> shrunk(std::vector<Step> program) {
  for (std::size_t i = program.size(); i-- > 0;) {
    std::vector<Step> shorter = program;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    if (disagreement(shorter)) program = std::move(shorter);
  }
  return program;
}

TEST_CASE("random programs run as in a naive reference, answers, contents and changes") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    const std::vector<Step> program = random_program(seed);
    if (!disagreement(program)) continue;
    const std::vector<Step> smallest = shrunk(program);
    std::string story = "seed " + std::to_string(seed) + "\n";
    for (const Step& step : smallest) story += "  " + text_of(step) + "\n";
    FAIL(story << *disagreement(smallest));
  }
}

}  // namespace
}  // namespace locklab::redis
