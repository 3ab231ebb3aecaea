// What a scenario's JSON becomes. Bad input has its own test, and so has the schema.
#include "scenarios/scenario_json.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/library.hpp"

namespace locklab {
namespace {

/// Reads it, or the test fails with what was said.
Scenario read(std::string_view text) {
  CAPTURE(text);
  const auto root = parse_located_json(text, "f");
  if (!root) FAIL(to_string(root.error()));
  Diagnostics diagnostics;
  auto scenario = read_scenario(*root, diagnostics);
  if (!scenario) FAIL(to_string(diagnostics));
  return std::move(*scenario);
}

/// A scenario with these members, and with what is required where they do not give it.
std::string with(std::string_view members) {
  std::string text = R"({"schema": "locklab-scenario/1", "name": "x")";
  const auto given = parse_located_json(fmt::format("{{{}}}", members), "members");
  if (!given) FAIL(to_string(given.error()));
  const auto add = [&](std::string_view key, std::string_view value) {
    if (given->find(key) == nullptr) text += fmt::format(", \"{}\": {}", key, value);
  };
  add("lock", R"({"algorithm": "redlock"})");
  add("workload", R"({"kind": "inventory", "resource": "inventory:item-123"})");
  add("clients", R"(["client-a", "client-b"])");
  return fmt::format("{}{}{}}}", text, members.empty() ? "" : ", ", members);
}

Program program(std::string_view steps) {
  return read(with(fmt::format(R"("clients": [{{"name": "client-a", "program": [{}]}}])", steps)))
      .clients.front()
      .threads.front();
}

// ---- defaults -----------------------------------------------------------------------------------

TEST_CASE("what is not said is the document's") {
  const Scenario s = read(with(""));
  CHECK(s.name == "x");
  CHECK(s.hash.size() == 16);
  CHECK(s.seed == 1);
  CHECK(s.horizon == 60s);
  CHECK(s.network.standard.latency == Latency::constant(500us));
  CHECK(s.redis.nodes == 5);  // since Redlock uses several
  CHECK(s.redis.options == redis::ServerOptions{});
  CHECK(s.storage.options == storage::Options{});
  CHECK(s.checks.enabled == every_invariant());
  CHECK(s.expect.violates.empty());
  CHECK(process_names(s) == std::vector<std::string>{"client-a", "client-b", "redis-1", "redis-2",
                                                     "redis-3", "redis-4", "redis-5", "storage"});
}

TEST_CASE("a workload gives programs to clients without one, and its registers to storage") {
  const Scenario s = read(with(R"("clients": ["a", {"name": "b", "program": ["stop"]}])"));
  REQUIRE(s.clients.size() == 2);
  REQUIRE(s.clients[0].threads.size() == 1);
  CHECK(s.clients[0].threads[0].size() == 3);
  CHECK(s.clients[0].threads[0][0].lock == "inventory:item-123");
  CHECK(s.clients[1].threads[0].size() == 1);
  REQUIRE(s.storage.registers.size() == 1);
  CHECK(s.storage.registers[0].name == "stock");

  const Scenario given = read(with(R"("storage": {"registers": {"stock": 7}})"));
  REQUIRE(given.storage.registers.size() == 1);
  CHECK(given.storage.registers[0].value == Datum{true, 7, {}});
}

TEST_CASE("the realistic network sets what Redis begins from; what is written out wins") {
  const Scenario realistic = read(with(R"("network": {"mode": "realistic"})"));
  CHECK(realistic.network.standard.latency.kind == Latency::Kind::lognormal);
  CHECK(realistic.redis.options.service_time == 10us);
  CHECK(realistic.redis.options.active_expiry);

  const Scenario mixed = read(
      with(R"("redis": {"expiry": "lazy"}, "network": {"mode": "realistic", "latency": "2ms"})"));
  CHECK(mixed.network.standard.latency == Latency::constant(2ms));
  CHECK(mixed.redis.options.service_time == 10us);
  CHECK_FALSE(mixed.redis.options.active_expiry);
}

TEST_CASE("a lock on one node gets one node") {
  CHECK(read(with(R"("lock": {"algorithm": "simple_redis_lock"})")).redis.nodes == 1);
  CHECK(read(with(R"("lock": {"algorithm": "simple_redis_lock"}, "redis": {"nodes": 3})"))
            .redis.nodes == 3);
}

// ---- the parts ----------------------------------------------------------------------------------

TEST_CASE("the network, the machines and the services") {
  const Scenario s = read(with(R"(
    "network": {"loss_ppm": "1%", "links": [
      {"from": "client-a", "to": "redis-4", "latency": {"uniform": ["1ms", "5ms"]}},
      {"from": "storage", "to": "client-b", "one_way": true,
       "latency": {"lognormal": {"median": "1ms", "sigma_permille": 500}}}]},
    "machines": [{"name": "redis-3", "clock_offset": "-4s", "rate_ppm": 5000}],
    "redis": {"nodes": 4, "persistence": "aof_always", "restart_guard": "15s", "clock": "mono",
              "restart_guard_clock": "wall", "save_points": [{"after": "60s", "changes": 5}],
              "keys": [{"key": "token:x", "value": 99}, {"key": "y", "value": "z", "node": "redis-2"}]},
    "storage": {"check": "strict", "fenced_read": true, "require_token": true, "persistent": true,
                "durable": false, "highest": 7, "timeout": "50ms", "registers": {"owner": "nobody"}})"));
  CHECK(s.network.standard.loss_ppm == 10'000);
  REQUIRE(s.network.links.size() == 2);
  CHECK(s.network.links[0].quality.latency == Latency::uniform(1ms, 5ms));
  CHECK(s.network.links[0].quality.loss_ppm == 10'000);  // as the rest of the network
  CHECK(s.network.links[0].both_ways);
  CHECK(s.network.links[1].quality.latency == Latency::lognormal(1ms, 500));
  CHECK_FALSE(s.network.links[1].both_ways);
  REQUIRE(s.machines.size() == 1);
  CHECK(s.machines[0].clock_offset == -4s);
  CHECK(s.machines[0].rate_ppm == 5000);
  CHECK(s.redis.nodes == 4);
  CHECK(s.redis.options.persistence == redis::PersistenceMode::aof_always);
  CHECK(s.redis.options.restart_guard == 15s);
  CHECK(s.redis.options.restart_guard_clock == ClockKind::wall);
  CHECK(s.redis.options.expiry_clock == ClockKind::mono);
  CHECK(s.redis.options.save_points[0] == redis::SavePoint{60, 5});
  CHECK(s.redis.options.save_points[1] == redis::SavePoint{});
  REQUIRE(s.redis.keys.size() == 2);
  CHECK(s.redis.keys[0].value == Datum{true, 99, {}});
  CHECK(s.redis.keys[1].value == Datum{false, 0, "z"});
  CHECK(s.redis.keys[1].node == "redis-2");
  CHECK(s.storage.options.rule == storage::CheckRule::strict);
  CHECK(s.storage.options.require_token);
  CHECK(s.storage.options.fenced_read);
  CHECK(s.storage.options.persistent_high_water);
  CHECK_FALSE(s.storage.options.durable_datum);
  CHECK(s.storage.options.seed == FencingToken{7});
  CHECK(s.storage.call_timeout == 50ms);
}

TEST_CASE("a client's lock changes the scenario's, unless it begins anew") {
  const Scenario s = read(with(R"(
    "clients": ["a", {"name": "b", "lock": {"ttl": "2s"}},
                {"name": "c", "lock": {"preset": "redsync"}},
                {"name": "d", "lock": {"algorithm": "simple_redis_lock"}}],
    "lock": {"algorithm": "redlock", "preset": "document", "ttl": "5s", "drift_permille": 10})"));
  CHECK(s.lock.preset == "document");
  CHECK(s.lock.settings.duration("ttl") == 5s);
  CHECK(s.lock.settings.integer("drift_permille") == 10);
  CHECK(s.lock.settings.text("release_on_failure") == "acquired_only");
  CHECK_FALSE(s.clients[0].lock.has_value());
  REQUIRE(s.clients[1].lock);
  CHECK(s.clients[1].lock->settings.duration("ttl") == 2s);
  CHECK(s.clients[1].lock->settings.integer("drift_permille") == 10);
  REQUIRE(s.clients[2].lock);
  CHECK(s.clients[2].lock->settings.duration("ttl") == 8s);
  CHECK(s.clients[2].lock->settings.text("release_on_failure") == "all");
  REQUIRE(s.clients[3].lock);
  CHECK(s.clients[3].lock->algorithm->name == "simple_redis_lock");
  CHECK(s.clients[3].lock->settings.duration("ttl") == 10s);
}

TEST_CASE("every kind of step, short and long") {
  using Kind = Step::Kind;
  const Program steps = program(R"(
    {"at": "1s"}, {"sleep": "2s"}, {"work": "3s"}, "acquire", {"acquire": "x"},
    {"acquire": {"lock": "y", "mode": "blocking", "timeout": "1s", "poll": "2ms",
                 "poll_jitter": "3ms", "on_error": "retry", "if_refused": "go_on"}},
    "check", {"check": {"lock": "y", "if_refused": "skip"}}, {"extend": "-1s"},
    {"extend": {"lock": "x", "by": "9s", "if_refused": "go_on"}}, "release", {"release": "y"},
    {"release": {}}, {"read": "stock"},
    {"write": {"to": "stock", "value": "sold", "after_read": true, "compare_version": true,
               "lock": "x", "ignore_errors": true}},
    {"sell": {"from": "stock", "amount": 2, "think": "5ms"}},
    {"charge": {"order": "stock", "external": true}}, {"run_job": {"job": "stock", "lasts": "1h"}},
    {"lead": {"cluster": "stock", "lasts": "10s"}}, {"append": "stock"},
    {"with_lock": {"timeout": "0s", "do": [{"work": "1s"}]}},
    {"auto_extend": {"lock": "x", "on_false": "notify", "on_error": "retry", "stop_at_deadline": true,
                     "max_hold": "1min", "period": "3s", "retry_after": "1s", "do": ["release"]}},
    {"optimistic": {"to": "stock", "add": -1, "tries": 5}},
    {"repeat": {"times": 3, "do": [{"work": "1s"}, "stop"]}}, "stop", {"stop": {}})");
  std::size_t next = 0;
  const auto step = [&](Kind kind) -> const Step& {
    REQUIRE(next < steps.size());
    CAPTURE(next);
    CHECK(steps[next].kind == kind);
    return steps[next++];
  };
  CHECK(step(Kind::at).time == 1s);
  CHECK(step(Kind::sleep).time == 2s);
  CHECK(step(Kind::work).time == 3s);
  CHECK(step(Kind::acquire).lock.empty());
  CHECK(step(Kind::acquire).mode == Step::Mode::once);
  const Step& acquire = step(Kind::acquire);
  CHECK(acquire.lock == "y");
  CHECK(acquire.mode == Step::Mode::blocking);
  CHECK(acquire.timeout == 1s);
  CHECK(acquire.poll == 2ms);
  CHECK(acquire.poll_jitter == 3ms);
  CHECK(acquire.on_error == OnAcquireError::retry);
  CHECK(acquire.if_refused == AfterRefusal::go_on);
  CHECK(step(Kind::check).if_refused == AfterRefusal::stop);
  CHECK(step(Kind::check).if_refused == AfterRefusal::skip);
  CHECK(step(Kind::extend).time == -1s);
  CHECK(step(Kind::extend).time == 9s);
  CHECK(step(Kind::release).lock.empty());
  CHECK(step(Kind::release).lock == "y");
  CHECK(step(Kind::release).lock.empty());
  CHECK(step(Kind::read).subject == "stock");
  const Step& write = step(Kind::write);
  CHECK(write.value == Datum{false, 0, "sold"});
  CHECK(write.after_read);
  CHECK(write.compare_version);
  CHECK(write.ignore_errors);
  CHECK(write.lock == "x");
  const Step& sell = step(Kind::sell);
  CHECK(sell.amount == 2);
  CHECK(sell.think == 5ms);
  CHECK(step(Kind::charge).external);
  CHECK(step(Kind::run_job).time == 1h);
  CHECK(step(Kind::lead).every == 1s);
  CHECK(step(Kind::append).subject == "stock");
  const Step& with_lock = step(Kind::with_lock);
  CHECK(with_lock.timeout == 0s);
  CHECK(with_lock.mode == Step::Mode::poll);
  CHECK(with_lock.body.size() == 1);
  const Step& renewed = step(Kind::auto_extend);
  CHECK(renewed.notify);
  CHECK(renewed.retry_errors);
  CHECK(renewed.stop_at_deadline);
  CHECK(renewed.max_hold == 1min);
  CHECK(renewed.period == 3s);
  CHECK(renewed.retry_after == 1s);
  const Step& optimistic = step(Kind::optimistic);
  CHECK(optimistic.amount == -1);
  CHECK(optimistic.tries == 5);
  const Step& repeat = step(Kind::repeat);
  CHECK(repeat.amount == 3);
  CHECK(repeat.body.size() == 2);
  step(Kind::stop);
  step(Kind::stop);
  CHECK(next == steps.size());
}

TEST_CASE("faults, with a single name for a list") {
  const Scenario s = read(with(R"("faults": [
    {"on": {"event": "call_began", "process": "client-a", "nth": 2, "plus": "1ms", "kind": "write",
            "subject": "stock"}, "wall_jump": {"machines": "redis-3", "by": "-10s"}},
    {"at": "1s", "drop": {"kind": "SET reply", "times": 0}},
    {"at": "2s", "partition": {"side_a": ["client-a"], "direction": "a_to_b", "mode": "hold"}}])"));
  REQUIRE(s.faults.size() == 3);
  CHECK(to_text(s.faults[0]) ==
        "on call_began process=client-a nth=2 plus=1ms kind=write subject=stock: "
        "wall_jump machines=[redis-3] by=-10000ms");
  CHECK(to_text(s.faults[1]) == "at 1000ms: drop kind=\"SET reply\" nth=1 times=0 by=0ms");
  CHECK(to_text(s.faults[2]) ==
        "at 2000ms: partition side_a=[client-a] side_b=[] direction=a_to_b mode=hold");
}

TEST_CASE("checks and expectations") {
  const Scenario s = read(with(R"(
    "checks": {"bounded_wait": {"idle": "12s", "total": "60s", "release": "5s"},
               "lost_release": {"grace": "2s"},
               "fairness": {"force": true, "margin": "5ms"}, "skip": ["deadlock"]},
    "expect": {"violates": ["stale_write", "token_order"],
               "findings": [{"invariant": "stale_write", "from": "1s", "until": "end", "active": "0s"}],
               "grants": [{"process": "client-a", "validity": "-1ms", "belief_until": "end", "votes": 5}],
               "refusals": [{"process": "client-b", "why": "no_validity"}],
               "writes": [{"process": "client-a", "accepted": false, "token": 100, "highest": 101}],
               "damage": {"oversold": 1}})"));
  CHECK(s.checks.bounded_wait_idle == 12s);
  CHECK(s.checks.bounded_wait_total == 60s);
  CHECK(s.checks.bounded_wait_release == 5s);
  CHECK(s.checks.lost_release_grace == 2s);
  CHECK(s.checks.fairness_force);
  CHECK(s.checks.fairness_margin == 5ms);
  CHECK_FALSE(s.checks.enabled[*find_invariant("deadlock")]);
  CHECK(s.checks.enabled[*find_invariant("fairness")]);
  CHECK(s.expect.violates == std::vector<std::string>{"stale_write", "token_order"});
  REQUIRE(s.expect.findings.size() == 1);
  CHECK(s.expect.findings[0].from == 1s);
  CHECK(s.expect.findings[0].until == Duration::max());
  CHECK(s.expect.findings[0].active == 0s);
  CHECK_FALSE(s.expect.findings[0].dormant.has_value());
  REQUIRE(s.expect.grants.size() == 1);
  CHECK(s.expect.grants[0].validity == -1ms);
  CHECK(s.expect.grants[0].votes == 5);
  REQUIRE(s.expect.refusals.size() == 1);
  CHECK(s.expect.refusals[0].why == "no_validity");
  REQUIRE(s.expect.writes.size() == 1);
  CHECK_FALSE(s.expect.writes[0].accepted);
  CHECK(s.expect.writes[0].highest == 101);
  CHECK(s.expect.damage.at("oversold") == 1);
}

// ---- what we publish ----------------------------------------------------------------------------

TEST_CASE("every built-in scenario and the starter can be read") {
  read(starter_text());
  for (const std::string_view name : library_names()) {
    CAPTURE(name);
    const auto text = library_text(name);
    REQUIRE(text);
    CHECK(read(*text).name == name);
  }
}

TEST_CASE("the examples of the format's page can be read") {
  std::ifstream file(LOCKLAB_SOURCE_DIR "/docs/scenario-format.md", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  constexpr std::string_view kBegin = "```json\n";
  int examples = 0;
  for (std::size_t at = page.find(kBegin); at != std::string::npos; at = page.find(kBegin, at)) {
    at += kBegin.size();
    const std::string_view example = std::string_view(page).substr(at, page.find("```", at) - at);
    ++examples;
    if (example.starts_with("{ \"")) {
      program(example);
    } else if (example.starts_with("{")) {
      read(example);
    } else if (example.starts_with("\"program\"")) {
      read(with(fmt::format(R"("clients": [{{"name": "client-a", {}}}])", example)));
    } else {
      read(with(example));
    }
  }
  CHECK(examples >= 13);
}

}  // namespace
}  // namespace locklab
