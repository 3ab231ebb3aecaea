#include "cli/result_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "invariants/message.hpp"
#include "sim/assert.hpp"

namespace locklab {
namespace {

std::int64_t nanoseconds(Instant at) { return at.time_since_epoch().count(); }

/// Null: it never comes.
Json instant_json(Instant at) { return at == kEndOfTime ? Json(nullptr) : Json(nanoseconds(at)); }

/// A double keeps 15 decimal digits and is printed with as few as tell it apart, so this is exact
/// up to eleven days.
Json milliseconds(Duration duration) {
  constexpr std::int64_t kPerMillisecond = 1'000'000;
  if (duration.count() % kPerMillisecond == 0) return duration.count() / kPerMillisecond;
  return static_cast<double>(duration.count()) / 1e6;
}

std::string process_name(ProcessNames names, ProcessId id) {
  return id && id.number <= names.size() ? std::string(names[id.number - 1]) : std::string();
}

Json distribution(std::span<const Duration> values) {
  Json json = Json::object();
  if (values.empty()) return {{"p50", nullptr}, {"p95", nullptr}, {"max", nullptr}};
  json["p50"] = milliseconds(percentile(values, 50));
  json["p95"] = milliseconds(percentile(values, 95));
  json["max"] = milliseconds(percentile(values, 100));
  return json;
}

Json violation_json(const Finding& finding, const Runner& runner) {
  const ProcessNames names = runner.process_names();
  Json json;
  json["invariant"] = finding.invariant;
  json["what"] = finding.what;
  json["subject"] = runner.names().text(finding.subject);
  json["at_ns"] = nanoseconds(finding.from);
  json["until_ns"] = instant_json(finding.until);
  json["dormant_ns"] = finding.dormant.count();
  json["active_ns"] = finding.active.count();
  json["processes"] = Json::array();
  for (const ProcessId id : finding.processes) json["processes"].push_back(process_name(names, id));
  json["attempts"] = Json::array();
  for (const AttemptId id : finding.attempts) json["attempts"].push_back(id.number);
  json["tokens"] = Json::array();
  for (const FencingToken token : finding.tokens) json["tokens"].push_back(token.number);
  json["events"] = Json::array();
  for (const EventSeq seq : finding.events) json["events"].push_back(seq.number);
  json["message"] = message(finding, runner.names(), names);
  return json;
}

Json metrics_json(const RunResult& result, const Metrics& metrics) {
  Json json;
  json["events"] = result.events;
  json["messages"] = result.messages;
  json["acquisitions"] = metrics.grants().size();
  json["refusals"] = metrics.refusals().size();
  json["acquire_ms"] = distribution(metrics.acquire_times());
  json["hold_ms"] = distribution(metrics.hold_times());
  json["timeouts"] = metrics.timeouts();
  json["expiries"] = metrics.expiries();
  json["extensions"] = metrics.extensions();
  json["stale_writes_rejected"] = metrics.stale_writes_rejected();
  json["stale_writes_accepted"] =
      std::count_if(result.findings.begin(), result.findings.end(),
                    [](const Finding& finding) { return finding.invariant == "stale_write"; });
  json["damage"] = Json::object();
  for (std::size_t i = 0; i < kDamages; ++i) {
    const auto damage = static_cast<Damage>(i);
    if (metrics.happened(damage))
      json["damage"][std::string(to_string(damage))] = metrics.damage(damage);
  }
  return json;
}

Json grant_json(const GrantRecord& grant, const Runner& runner) {
  Json json;
  json["process"] = process_name(runner.process_names(), grant.process);
  json["lock"] = runner.names().text(grant.lock);
  json["at_ns"] = nanoseconds(grant.at);
  json["validity_ns"] = grant.validity.count();
  json["promise_until_ns"] = instant_json(grant.promise_until);
  json["belief_until_ns"] = instant_json(grant.belief_until);
  json["token"] = grant.token ? Json(grant.token.number) : Json(nullptr);
  json["votes"] = grant.votes;
  return json;
}

}  // namespace

std::string digest_text(std::uint64_t digest) { return fmt::format("{:016x}", digest); }

Duration percentile(std::span<const Duration> values, std::size_t percent) {
  LOCKLAB_ASSERT(!values.empty() && percent <= 100);
  std::vector<Duration> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t rank = (sorted.size() * percent + 99) / 100;  // rounded up, from 1
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Json to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::boolean:
      return node.boolean;
    case Node::Kind::integer:
      return node.integer;
    case Node::Kind::unsigned_integer:
      return node.unsigned_integer;
    case Node::Kind::decimal: {
      Json number = Json::parse(node.text, nullptr, false);
      return number.is_discarded() ? Json(node.text) : number;  // 1e999 fits no double
    }
    case Node::Kind::text:
      return node.text;
    case Node::Kind::array: {
      Json json = Json::array();
      for (const Node& item : node.items) json.push_back(to_json(item));
      return json;
    }
    case Node::Kind::object: {
      Json json = Json::object();
      for (const Member& member : node.members) json[member.key] = to_json(member.value);
      return json;
    }
  }
  return nullptr;
}

Json result_json(const Scenario& scenario, const Node* expected, const RunResult& result,
                 const Runner& runner) {
  Json json;
  json["schema"] = "locklab-result/1";
  json["scenario"] = scenario.name;
  json["seed"] = result.seed;
  json["digest"] = digest_text(result.digest);
  json["as_expected"] = result.verdict == Verdict::as_expected;
  json["expected"] = expected == nullptr ? Json(nullptr) : to_json(*expected);
  json["stopped"] = to_string(result.stopped);
  json["violations"] = Json::array();
  for (const Finding& finding : result.findings)
    json["violations"].push_back(violation_json(finding, runner));
  json["mismatches"] = result.mismatches;
  const Duration slack = runner.robustness().slack(result.ended);
  json["slack_ns"] = slack == Duration::max() ? Json(nullptr) : Json(slack.count());
  json["metrics"] = metrics_json(result, runner.metrics());
  json["grants"] = Json::array();
  for (const GrantRecord& grant : runner.metrics().grants())
    json["grants"].push_back(grant_json(grant, runner));
  return json;
}

std::string compact_json(const Node& node) {
  return to_json(node).dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string json_text(const Json& json) {
  constexpr int kIndent = 2;
  constexpr bool kAscii = true;  // a terminal obeys what it is sent, and a name can be anything
  return json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + '\n';
}

}  // namespace locklab
