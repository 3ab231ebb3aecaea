// The scenario library as a whole: every file runs as it says it will, and says what it is; and
// what a run must not depend on, tried on all of them.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/recorded_run.hpp"

namespace locklab {
namespace {

using test::library_scenario;
using test::RecordedRun;

namespace fs = std::filesystem;

const fs::path kLibrary = fs::path(LOCKLAB_SOURCE_DIR) / "scenarios/library";

TEST_CASE("the library is what lies in scenarios/library, the document's scenarios first") {
  std::set<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kLibrary)) {
    if (!entry.is_regular_file()) continue;
    CHECK(entry.path().extension() == ".json");
    files.insert(entry.path().lexically_relative(kLibrary).replace_extension().generic_string());
  }
  const std::vector<std::string_view> names = library_names();
  CHECK(names.size() >= 45);
  CHECK(files == std::set<std::string>(names.begin(), names.end()));

  const auto is_document = [](std::string_view name) { return name.starts_with("doc-"); };
  CHECK(std::is_partitioned(names.begin(), names.end(), is_document));
  const auto rest = std::partition_point(names.begin(), names.end(), is_document);
  CHECK(std::is_sorted(names.begin(), rest));
  CHECK(std::is_sorted(rest, names.end()));
}

TEST_CASE("a built-in text is its file's, byte by byte, and unknown names have none") {
  for (const std::string_view name : library_names()) {
    CAPTURE(std::string(name));
    std::ifstream file(kLibrary / (std::string(name) + ".json"), std::ios::binary);
    CHECK(*library_text(name) == std::string(std::istreambuf_iterator<char>(file), {}));
  }
  CHECK_FALSE(library_text("doc-5"));
  CHECK_FALSE(library_text(""));
  CHECK_FALSE(library_text("../schema"));
  CHECK_FALSE(library_text("doc-1.json"));
}

TEST_CASE("every scenario says what it is, where it comes from and what it expects") {
  for (const std::string_view name : library_names()) {
    CAPTURE(std::string(name));
    const auto root = parse_located_json(*library_text(name), name);
    REQUIRE(root);
    CHECK(root->find("expect") != nullptr);
    const Scenario scenario = library_scenario(name);
    CHECK(scenario.name == name);
    CHECK(scenario.title.size() >= 10);
    CHECK(scenario.title.size() <= 90);
    CHECK_FALSE(scenario.title.ends_with('.'));
    CHECK(scenario.story.size() >= 40);
    CHECK_FALSE(scenario.sources.empty());
    CHECK(scenario.hash.size() == 16);
  }
}

TEST_CASE("every scenario runs as expected, with one digest however it is run") {
  Runner reused;
  RunResult again;
  for (const std::string_view name : library_names()) {
    CAPTURE(std::string(name));
    const Scenario scenario = library_scenario(name);
    const RecordedRun recorded(scenario);  // a fresh runner, with a recording
    CHECK(recorded.mismatches() == "");
    CHECK(recorded.result.verdict == Verdict::as_expected);

    reused.run(scenario, {}, again);  // a runner that has run others before, without one
    CHECK(again.digest == recorded.result.digest);
    CHECK(again.traced == recorded.result.traced);
    CHECK(again.events == recorded.result.events);
    CHECK(again.messages == recorded.result.messages);
    CHECK(again.verdict == recorded.result.verdict);
    reused.run(scenario, {}, again);  // and once more
    CHECK(again.digest == recorded.result.digest);

    CHECK(recorded.recording.events.size() == recorded.result.traced);
    CHECK(recorded.recording.digest == recorded.result.digest);
  }
}

TEST_CASE("a mended scenario stands beside the broken one, and comes to less harm") {
  struct Harm {
    std::set<std::string_view> violated;
    Duration lasted{};  // of all that was found
    std::int64_t damage = 0;
    std::size_t refused = 0;  // writes
  };
  const auto harm_of = [](std::string_view name) {
    const RecordedRun run(library_scenario(name));
    Harm harm;
    for (const Finding& finding : run.result.findings) {
      harm.violated.insert(finding.invariant);
      harm.lasted += std::min(finding.until, run.result.ended) - finding.from;
    }
    for (const std::int64_t damage : run.damages) harm.damage += damage;
    harm.refused = run.count<WriteRejected>();
    return harm;
  };
  std::size_t pairs = 0;
  for (const std::string_view name : library_names()) {
    if (!name.ends_with("+fixed")) continue;
    CAPTURE(std::string(name));
    const std::string_view broken = name.substr(0, name.size() - std::string_view("+fixed").size());
    REQUIRE(library_text(broken));
    const Harm before = harm_of(broken);
    const Harm after = harm_of(name);
    // Of some harm no invariant of ours speaks: a writer that never wins [corpus 108].
    CHECK((!before.violated.empty() || after.refused < before.refused ||
           after.damage < before.damage));
    CHECK(std::includes(before.violated.begin(), before.violated.end(), after.violated.begin(),
                        after.violated.end()));
    CHECK((after.violated.size() < before.violated.size() || after.lasted < before.lasted ||
           after.damage < before.damage || after.refused > before.refused ||
           (before.violated.empty() && after.refused < before.refused)));
    ++pairs;
  }
  CHECK(pairs >= 10);
}

TEST_CASE("doc-3 and doc-3-as-is are one scenario under two names") {
  CHECK(run(library_scenario("doc-3")).digest == run(library_scenario("doc-3-as-is")).digest);
}

// ---- chance -------------------------------------------------------------------------------------

bool by_chance(const LinkQuality& quality) {
  return quality.latency.kind != Latency::Kind::constant || quality.loss_ppm != 0 ||
         quality.duplicate_ppm != 0;
}

bool by_chance(const LockSpec& lock) {
  const Settings& settings = lock.settings;
  if (settings.find("retry_jitter") != nullptr && settings.duration("retry_jitter") > 0ms)
    return true;
  if (lock.algorithm == nullptr) return false;
  if (lock.algorithm->name == "kubernetes_lease") return settings.integer("jitter_permille") > 0;
  // A random number that is taken for a token.
  return lock.algorithm->name == "dynamodb_lock" && settings.text("token") == "rvn";
}

bool by_chance(const Program& program) {
  return std::any_of(program.begin(), program.end(), [](const Step& step) {
    return step.poll_jitter > 0ms || by_chance(step.body);
  });
}

bool by_chance(const ClientSpec& client) {
  return (client.lock && by_chance(*client.lock)) ||
         std::any_of(client.threads.begin(), client.threads.end(),
                     [](const Program& program) { return by_chance(program); });
}

/// May a seed change when something happens?
bool by_chance(const Scenario& scenario) {
  if (scenario.redis.sentinels > 0) return true;  // their timers
  if (by_chance(scenario.lock)) return true;
  for (const ClientSpec& client : scenario.clients)
    if (by_chance(client)) return true;
  if (by_chance(scenario.network.standard)) return true;
  for (const LinkSpec& link : scenario.network.links)
    if (by_chance(link.quality)) return true;
  for (const ScheduledFault& fault : scenario.faults)
    if (std::holds_alternative<LinkTrouble>(fault.fault)) return true;
  // Who is elected, and when, is drawn, and for ZooKeeper's clients how long they wait to
  // reconnect.
  constexpr RoleSet kElect = roles(ProcessRole::etcd, ProcessRole::consul, ProcessRole::hazelcast,
                                   ProcessRole::chubby, ProcessRole::zookeeper);
  return (scenario.services & kElect) != 0 && !scenario.faults.empty();
}

/// What happened when and to whom, without the values that were drawn.
using Outline = std::vector<std::tuple<Instant, ProcessId, std::size_t>>;
Outline outline(const Recording& recording) {
  Outline events;
  for (const TraceEvent& event : recording.events)
    events.emplace_back(event.at, event.process, event.what.index());
  return events;
}

TEST_CASE("where nothing is left to chance, a seed changes the locks' values and nothing else") {
  std::size_t tried = 0;
  for (const std::string_view name : library_names()) {
    const Scenario scenario = library_scenario(name);
    if (by_chance(scenario)) continue;
    CAPTURE(std::string(name));
    const RecordedRun one(scenario, {.seed = 1});
    const RecordedRun other(scenario, {.seed = 20240229});
    CHECK(outline(one.recording) == outline(other.recording));
    CHECK(other.result.verdict == Verdict::as_expected);
    ++tried;
  }
  CHECK(tried >= 20);

  const Scenario doc_1 = library_scenario("doc-1");
  const RecordedRun one(doc_1, {.seed = 1});
  const RecordedRun other(doc_1, {.seed = 2});
  CHECK(one.result.digest != other.result.digest);
  CHECK(one.text(one.nth<KeyStored>(1).what->value) !=
        other.text(other.nth<KeyStored>(1).what->value));
}

/// Every message that a process sent or received: kind, when sent, when delivered (never: the end).
struct Passage {
  std::string kind;
  Instant sent;
  Instant delivered;
  bool operator==(const Passage&) const = default;
};
std::vector<Passage> passages(const RecordedRun& run, std::string_view of) {
  const ProcessId process = run.process(of);
  std::vector<std::pair<MessageId, Passage>> open;
  for (const TraceEvent& event : run.recording.events) {
    if (const auto* sent = std::get_if<MessageSent>(&event.what)) {
      if (event.process == process || sent->to == process)
        open.emplace_back(sent->message,
                          Passage{std::string(run.text(sent->kind)), event.at, kEndOfTime});
    } else if (const auto* delivered = std::get_if<MessageDelivered>(&event.what)) {
      for (auto& [message, passage] : open)
        if (message == delivered->message) passage.delivered = event.at;
    }
  }
  std::vector<Passage> all;
  for (const auto& [message, passage] : open) all.push_back(passage);
  return all;
}

TEST_CASE("a fault on one client's links shifts no draw of another's") {
  // Two clients with locks of their own on the same nodes; every latency is drawn.
  Scenario scenario = test::scenario_of(R"({
    "schema": "locklab-scenario/1", "name": "two-apart", "seed": 7,
    "network": {"latency": {"lognormal": {"median": "1ms", "sigma_permille": 500}}},
    "lock": {"algorithm": "redlock", "preset": "document", "send": "parallel"},
    "clients": [
      {"name": "client-a", "program": [{"repeat": {"times": 20, "do":
        [{"acquire": "a"}, {"work": "5ms"}, {"release": "a"}]}}]},
      {"name": "client-b", "program": [{"repeat": {"times": 20, "do":
        [{"acquire": {"lock": "b", "if_refused": "skip"}}, {"work": "5ms"}, {"release": "b"}]}}]}
    ]})");
  const RecordedRun untouched(scenario);
  const std::vector<Passage> expected = passages(untouched, "client-a");
  REQUIRE(expected.size() == 20 * 2 * 5 * 2);  // rounds, acquire and release, nodes, there and back

  MessageFault message;
  message.from = "client-b";
  message.to = "redis-2";
  message.nth = 3;
  MessageFault late = message;
  late.action = MessageAction::delay;
  late.by = 3ms;
  MessageFault twice = message;
  twice.action = MessageAction::duplicate;
  LinkTrouble trouble;
  trouble.from = "client-b";
  trouble.to = "redis-1";
  trouble.loss_ppm = 300'000;
  const std::vector<Fault> faults{
      message,
      late,
      twice,
      trouble,
      Pause{"client-b", 40ms},
      Partition{{"client-b"}, {"redis-3", "redis-4"}, CutDirection::both, CutMode::drop, 100ms},
      ResetConnection{"client-b", "redis-5"},
      Crash{"client-b", 30ms},
  };
  for (const Fault& fault : faults) {
    CAPTURE(describe(fault));
    scenario.faults = {{AtTime{10ms}, fault}};
    const RecordedRun struck(scenario);
    CHECK(passages(struck, "client-b") != passages(untouched, "client-b"));
    CHECK(passages(struck, "client-a") == expected);
  }

  // All of them, and all but one.
  for (const Fault& fault : faults) scenario.faults.push_back({AtTime{20ms}, fault});
  CHECK(passages(RecordedRun(scenario), "client-a") == expected);
  scenario.faults.erase(scenario.faults.begin() + 2);
  CHECK(passages(RecordedRun(scenario), "client-a") == expected);
}

}  // namespace
}  // namespace locklab
