// What is checked and what is expected, and the scenario's hash.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "scenarios/metrics.hpp"
#include "scenarios/scenario_reading.hpp"
#include "scenarios/suggest.hpp"

namespace locklab {
namespace reading {
namespace {

std::vector<std::string_view> invariant_names() {
  std::vector<std::string_view> names;
  for (const InvariantRow& row : invariant_rows()) names.push_back(row.name);
  return names;
}

// What a refusal may say: the outcomes of Lock::acquire.
constexpr std::array<std::string_view, 5> kWhys{"not_acquired", "no_validity", "timeout",
                                                "connection_lost", "connection_refused"};

std::optional<Duration> optional_duration(Section& r, std::string_view key,
                                          DurationRange range = {}) {
  if (!r.has(key)) return std::nullopt;
  return r.duration(key, 0ms, range);
}

/// An instant, or "end": still so when the run ended, and for ever as far as a promise goes.
std::optional<Duration> optional_end(Section& r, std::string_view key) {
  const Node* node = r.any(key);
  if (node != nullptr && node->is_text() && node->text == "end") return Duration::max();
  return optional_duration(r, key);
}

std::optional<std::int64_t> optional_number(Section& r, std::string_view key) {
  if (!r.has(key)) return std::nullopt;
  return r.integer(key, 0, {.min = 0});
}

/// A client's name.
std::string read_process(Reading& reading, Section& r, const Node& node) {
  std::string process = r.text("process", required);
  if (!process.empty())
    check_name(reading, *node.find("process"), process, "client", reading.clients);
  return process;
}

void read_finding(Reading& reading, const Node& node) {
  Expectation& expect = reading.scenario.expect;
  const std::vector<std::string_view> names = invariant_names();
  Section r(reading, node, "expect/finding");
  ExpectedFinding finding;
  const std::size_t invariant = r.choice("invariant", names, names.size());
  if (!r.has("invariant")) r.text("invariant", required);
  finding.from = optional_duration(r, "from");
  finding.until = optional_end(r, "until");
  finding.dormant = optional_duration(r, "dormant");
  finding.active = optional_duration(r, "active");
  if (invariant < names.size()) {
    finding.invariant = names[invariant];
    const std::vector<std::string>& violates = expect.violates;
    if (std::find(violates.begin(), violates.end(), finding.invariant) == violates.end())
      r.mistake("invariant", fmt::format("{} is expected here, but is not among \"violates\"",
                                         in_quotes(finding.invariant)));
  }
  expect.findings.push_back(std::move(finding));
}

void read_grant(Reading& reading, const Node& node) {
  Section r(reading, node, "expect/grant");
  ExpectedGrant grant;
  grant.process = read_process(reading, r, node);
  grant.at = optional_duration(r, "at");
  grant.validity = optional_duration(r, "validity", kAnyTime);
  grant.promise_until = optional_end(r, "promise_until");
  grant.belief_until = optional_end(r, "belief_until");
  grant.token = optional_number(r, "token");
  grant.votes = optional_number(r, "votes");
  reading.scenario.expect.grants.push_back(std::move(grant));
}

void read_refusal(Reading& reading, const Node& node) {
  Section r(reading, node, "expect/refusal");
  ExpectedRefusal refusal;
  refusal.process = read_process(reading, r, node);
  refusal.votes = optional_number(r, "votes");
  const std::size_t why = r.choice("why", kWhys, kWhys.size());
  if (why < kWhys.size()) refusal.why = kWhys[why];
  reading.scenario.expect.refusals.push_back(std::move(refusal));
}

void read_write(Reading& reading, const Node& node) {
  Section r(reading, node, "expect/write");
  ExpectedWrite write;
  write.process = read_process(reading, r, node);
  write.accepted = r.boolean("accepted", write.accepted);
  write.at = optional_duration(r, "at");
  write.token = optional_number(r, "token");
  write.highest = optional_number(r, "highest");
  reading.scenario.expect.writes.push_back(std::move(write));
}

void read_damage(Reading& reading, const Node& node) {
  Section r(reading, node, "expect/damage");
  for (std::size_t i = 0; i < kDamages; ++i) {
    const std::string_view name = to_string(static_cast<Damage>(i));
    if (const auto count = optional_number(r, name))
      reading.scenario.expect.damage.emplace(name, *count);
  }
}

}  // namespace

void read_checks(Reading& reading, const Node& node) {
  InvariantSettings& checks = reading.scenario.checks;
  Section r(reading, node, "checks");
  if (const Node* wait = r.child("bounded_wait")) {
    Section s(reading, *wait, "checks/bounded_wait");
    checks.bounded_wait_idle = optional_duration(s, "idle");
    checks.bounded_wait_total = optional_duration(s, "total");
    checks.bounded_wait_release = optional_duration(s, "release");
  }
  if (const Node* lost = r.child("lost_release")) {
    Section s(reading, *lost, "checks/lost_release");
    checks.lost_release_grace = s.duration("grace", checks.lost_release_grace);
  }
  // Mostly it is only asked for; the margin is for who wants to know exactly.
  if (const Node* fairness = r.any("fairness")) {
    if (fairness->is_object()) {
      Section s(reading, *fairness, "checks/fairness");
      checks.fairness_force = s.boolean("force", checks.fairness_force);
      checks.fairness_margin = s.duration("margin", checks.fairness_margin);
    } else {
      checks.fairness_force = r.boolean("fairness", false);
    }
  }
  const std::vector<std::string_view> names = invariant_names();
  for (const std::size_t skipped : r.choices("skip", names)) checks.enabled[skipped] = false;
}

void read_expect(Reading& reading, const Node& node) {
  Scenario& s = reading.scenario;
  const std::vector<std::string_view> names = invariant_names();
  Section r(reading, node, "expect");
  for (const std::size_t violated : r.choices("violates", names)) {
    const std::string name(names[violated]);
    if (!s.checks.enabled[violated])
      r.mistake("violates", fmt::format("{} is expected to be violated, but \"checks\" skips it",
                                        in_quotes(name)));
    if (std::find(s.expect.violates.begin(), s.expect.violates.end(), name) !=
        s.expect.violates.end())
      r.mistake("violates", fmt::format("{} is named twice", in_quotes(name)));
    s.expect.violates.push_back(name);
  }
  for (const Node& item : r.items("findings")) read_finding(reading, item);
  for (const Node& item : r.items("grants")) read_grant(reading, item);
  for (const Node& item : r.items("refusals")) read_refusal(reading, item);
  for (const Node& item : r.items("writes")) read_write(reading, item);
  if (const Node* damage = r.child("damage")) read_damage(reading, *damage);
}

}  // namespace reading

// ---- the hash -----------------------------------------------------------------------------------

namespace {

/// FNV-1a, 64 bits.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      state_ ^= static_cast<unsigned char>(byte);
      state_ *= 1099511628211u;
    }
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 14695981039346656037u;
};

/// Every part tells its kind and its size, so that no two documents look alike.
void add_canonical(Hash& hash, const Node& node) {
  const auto add_text = [&hash](std::string_view text) {
    hash.add(fmt::format("{}:", text.size()));
    hash.add(text);
  };
  switch (node.kind) {
    case Node::Kind::null:
      return hash.add("null;");
    case Node::Kind::boolean:
      return hash.add(node.boolean ? "true;" : "false;");
    case Node::Kind::integer:
      return hash.add(fmt::format("{};", node.integer));
    case Node::Kind::unsigned_integer:
      return hash.add(fmt::format("{};", node.unsigned_integer));
    case Node::Kind::decimal:
      return hash.add(node.text + ";");
    case Node::Kind::text:
      hash.add("\"");
      return add_text(node.text);
    case Node::Kind::array:
      hash.add(fmt::format("[{}:", node.items.size()));
      for (const Node& item : node.items) add_canonical(hash, item);
      return;
    case Node::Kind::object: {
      std::vector<const Member*> members;
      for (const Member& member : node.members)
        if (member.key != "$schema") members.push_back(&member);  // a hint for editors
      std::sort(members.begin(), members.end(),
                [](const Member* a, const Member* b) { return a->key < b->key; });
      hash.add(fmt::format("{{{}:", members.size()));
      for (const Member* member : members) {
        add_text(member->key);
        add_canonical(hash, member->value);
      }
      return;
    }
  }
}

}  // namespace

std::string scenario_hash(const Node& root) {
  Hash hash;
  add_canonical(hash, root);
  return fmt::format("{:016x}", hash.value());
}

}  // namespace locklab
