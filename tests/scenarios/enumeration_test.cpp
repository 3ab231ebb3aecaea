// What certificates of real locks must say [spec sheet B; corpus 29 to 33].
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "faults/certificate.hpp"
#include "faults/names_in_fault.hpp"
#include "scenarios/enumeration.hpp"
#include "scenarios/lock_scenario.hpp"
#include "scenarios/search.hpp"
#include "tests/support/recorded_run.hpp"

using namespace locklab;
using namespace locklab::test;

namespace {

Enumeration declared(const Scenario& scenario, SearchKinds kinds) {
  EnumerationChoice choice;
  choice.kinds = kinds;
  return declared_enumeration(scenario, choice);
}

Certificate certify(const Scenario& scenario, const Enumerator& all, std::size_t faults,
                    const WantedInvariants& wanted) {
  ScenarioOracle oracle(scenario, wanted);
  Certifier certifier(all);
  for (std::size_t level = 0; level <= faults; ++level)
    for (std::uint64_t block = 0; block < certifier.blocks(level); ++block)
      certifier.add(certifier.run(level, block, oracle));
  return certifier.certificate();
}

Scenario lock(std::string_view name) { return scenario_of(lock_scenario_text(name), name); }

}  // namespace

TEST_CASE("the declared space of Redlock is what the documentation says") {
  const Scenario scenario = lock("redlock");
  const Enumeration all = declared(scenario, kCertifiedKinds);
  // Each node, three from either end, all.
  CHECK(all.server_sets.size() == 5 + 2 + 1);
  CHECK(all.server_sets[5].size() == 3);
  CHECK(all.server_sets[6].size() == 3);
  CHECK(all.lasts == std::vector<Duration>{20s});  // twice the TTL
  CHECK(all.jumps == std::vector<Duration>{20s});
  REQUIRE(all.restarts.size() == 1);
  CHECK(all.restarts[0] < 107ms);  // A holds it for 107 ms
  std::map<std::pair<std::string, Duration>, int> at_once;
  for (const Anchor& anchor : all.space.anchors) {
    CHECK(anchor.on.nth == 1);
    ++at_once[{anchor.on.process, anchor.at}];
  }
  for (const auto& [moment, anchors] : at_once) CHECK(anchors == 1);
  // The document's class asks one node after the other: which one it is makes a difference.
  CHECK(Enumerator(all).permutations() == 0);
}

TEST_CASE("no pause of anybody breaks Redlock's own promise, alone or with another one") {
  const Scenario scenario = lock("redlock");
  const Enumerator all(declared(scenario, kind_bit(SearchKind::pause)));
  const Certificate certificate = certify(scenario, all, 2, {"service_mutual_exclusion"});
  CHECK(certificate.violations.empty());
  CHECK(certificate.levels[1].all == 7 * all.what().space.anchors.size());
  CHECK(certificate.levels[2].violating == 0);
  CHECK(certificate.levels[2].undecided == 0);
}

TEST_CASE("one pause breaks what clients believe who do not look at their clocks") {
  Scenario scenario = lock("redlock");
  for (ClientSpec& client : scenario.clients) client.belief = Beliefs::Mode::naive;
  const Enumerator all(declared(scenario, kind_bit(SearchKind::pause)));
  const Certificate certificate = certify(scenario, all, 1, {"client_mutual_exclusion"});
  REQUIRE_FALSE(certificate.violations.empty());
  for (const CertifiedViolation& violation : certificate.violations) {
    REQUIRE(violation.schedule.size() == 1);
    // A node that stands still grants nothing twice: it must be a client.
    CHECK(std::get<Pause>(violation.schedule[0].fault).who.starts_with("client-"));
  }
}

TEST_CASE("clocks of a majority must jump forward to break Redlock [corpus 32]") {
  const Scenario scenario = lock("redlock");
  const Enumerator all(declared(scenario, kind_bit(SearchKind::clock_jump)));
  ScenarioOracle oracle(scenario, {"service_mutual_exclusion"});
  std::size_t broken = 0;
  for (std::size_t i = 0; i < all.atoms(); ++i) {
    const FaultSchedule schedule{all.atom(i)};
    const Trial trial = oracle.run(schedule);
    if (!trial.violated()) continue;
    ++broken;
    const auto& jump = std::get<WallJump>(schedule[0].fault);
    CHECK(jump.machines.size() >= 3);
    CHECK(jump.by > Duration{0});
  }
  CHECK(broken > 0);
}

TEST_CASE("of single faults none but a jump of clocks breaks Redlock") {
  const Scenario scenario = lock("redlock");
  const Enumerator all(declared(scenario, kCertifiedKinds));
  const Certificate certificate = certify(scenario, all, 1, {"service_mutual_exclusion"});
  CHECK(certificate.levels[1].undecided == 0);
  REQUIRE(certificate.violations.size() == 1);
  CHECK(certificate.violations[0].kinds == kind_bit(SearchKind::clock_jump));
}

TEST_CASE("a node that forgets breaks Redlock together with a partition [corpus 29]") {
  // A is granted the lock by redis-1, which forgets at once, and by two more. Alone neither does it
  // [corpus, neg-one-of-five-restart].
  const Scenario scenario = lock("redlock");
  OnEvent stored;
  stored.event = "key_stored";
  stored.process = "redis-1";
  const ScheduledFault forgets{stored, Crash{"redis-1", 50ms}};
  stored.process = "redis-3";
  const ScheduledFault parted{
      stored, Partition{{"client-a"}, {"redis-3", "redis-4", "redis-5"}, {}, {}, 20s}};
  ScenarioOracle oracle(scenario, {"service_mutual_exclusion"});
  CHECK_FALSE(oracle.run({forgets}).violated());
  CHECK_FALSE(oracle.run({parted}).violated());
  CHECK(oracle.run({forgets, parted}).violated());
}

TEST_CASE("an exchange of Redlock's nodes makes another run of the same kind") {
  // redis.io's Redlock asks all nodes at once. What is claimed is tried: every fault at every
  // anchor that is skipped, and every 997th pair, gives what its kin gives.
  const Scenario scenario = lock("redlock:spec");
  const Enumerator all(declared(
      scenario, kCertifiedKinds | kind_bit(SearchKind::reset) | kind_bit(SearchKind::lose_key)));
  REQUIRE(all.permutations() == 119);
  ScenarioOracle oracle(scenario, {});
  const auto same = [&](const FaultSchedule& schedule) {
    FaultSchedule mirrored = schedule;  // the first node is the last, and so on
    for (ScheduledFault& scheduled : mirrored)
      for_each_name(scheduled, [](std::string& name) {
        if (name.starts_with("redis-")) name.back() = static_cast<char>('6' - name.back() + '0');
      });
    const Trial one = oracle.run(schedule);
    const Trial other = oracle.run(mirrored);
    CAPTURE(to_text(schedule));
    CHECK(one.signature == other.signature);
    CHECK(one.slack == other.slack);
    CHECK(one.struck == other.struck);
    CHECK(one.undecided == other.undecided);
  };
  for (std::size_t i = 0; i < all.atoms(); ++i)
    if (!all.is_representative(std::vector{i})) same({all.atom(i)});
  for (std::uint64_t i = 0; i < all.count(2); i += 997)
    if (const auto atoms = all.atoms_at(2, i); !all.is_representative(atoms))
      same(all.schedule(atoms));
}

TEST_CASE("who differs is not interchangeable") {
  Scenario scenario = lock("redlock:spec");
  const auto groups = [&] {
    return Enumerator(declared(scenario, kCertifiedKinds)).permutations();
  };
  REQUIRE(groups() == 119);
  SUBCASE("latencies are drawn") { scenario.network.standard.latency = Latency::lognormal(1ms, 9); }
  SUBCASE("messages are lost") { scenario.network.standard.loss_ppm = 1; }
  SUBCASE("a machine of its own") { scenario.machines.push_back({"redis-2", 1ms, 0}); }
  SUBCASE("a client that returns at the third yes") { set_lock(scenario, "early_return", "true"); }
  CHECK(groups() == 0);
}
