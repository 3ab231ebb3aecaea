// Certificates of toys whose answer is known.
#include <doctest/doctest.h>

#include <algorithm>

#include "faults/campaign.hpp"
#include "faults/certificate.hpp"
#include "sim/bits.hpp"

using namespace locklab;

namespace {

OnEvent granted(std::string process) {
  OnEvent on;
  on.event = "lock_granted";
  on.process = std::move(process);
  return on;
}

/// Five targets at two anchors, crashes for good and with a return: 20 atoms.
Enumeration toy(bool alike) {
  Enumeration all;
  for (const char* name : {"client-a", "client-b"})
    all.space.targets.push_back(
        {name, name, true, false, false, static_cast<std::uint32_t>(all.space.targets.size()) + 9});
  for (const char* name : {"node-1", "node-2", "node-3"})
    all.space.targets.push_back(
        {name, name, false, false, true,
         alike ? 1 : static_cast<std::uint32_t>(all.space.targets.size()) + 9});
  all.space.anchors = {{granted("client-a"), 1ms}, {granted("client-b"), 5ms}};
  all.space.kinds = kind_bit(SearchKind::crash);
  all.restarts = {1s};
  return all;
}

std::size_t dead_nodes(const FaultSchedule& schedule) {
  std::size_t dead = 0;
  for (const ScheduledFault& scheduled : schedule)
    if (const auto* crash = std::get_if<Crash>(&scheduled.fault))
      dead += crash->who.starts_with("node") && !crash->restart_after ? 1 : 0;
  return dead;
}
bool kills_the_client(const FaultSchedule& schedule) {
  return std::ranges::any_of(schedule, [](const ScheduledFault& scheduled) {
    return std::get<Crash>(scheduled.fault).who == "client-a";
  });
}

/// Breaks if two nodes die for good (bug 7) or, weighing less, if client-a dies (bug 8).
class Toy final : public Oracle {
 public:
  Trial run(const FaultSchedule& schedule) override {
    ++runs;
    Trial trial;
    trial.digest = hash_text(to_text(schedule));
    trial.events = 10;
    trial.struck = (std::uint64_t{1} << schedule.size()) - 1;
    trial.slack = Duration{100ms} - Duration{1ms} * static_cast<int>(schedule.size());
    if (kills_the_client(schedule)) trial.signature = 8;
    if (dead_nodes(schedule) >= 2) trial.signature = 7;
    return trial;
  }
  std::uint64_t runs = 0;
};

Certificate certify(const Enumerator& all, std::size_t faults, Oracle& oracle) {
  Certifier certifier(all);
  for (std::size_t level = 0; level <= faults; ++level)
    for (std::uint64_t block = 0; block < certifier.blocks(level); ++block)
      certifier.add(certifier.run(level, block, oracle));
  return certifier.certificate();
}

const CertifiedViolation* find(const Certificate& certificate, std::uint64_t signature) {
  Trial trial;
  trial.signature = signature;
  trial.struck = 1;
  const FaultSchedule crash{{AtTime{}, Crash{}}};
  for (const CertifiedViolation& violation : certificate.violations)
    if (violation.signature == signature_of(crash, trial)) return &violation;
  return nullptr;
}

}  // namespace

TEST_CASE("a certificate counts what was run and what broke") {
  const Enumerator all(toy(false));
  Toy oracle;
  const Certificate certificate = certify(all, 2, oracle);
  REQUIRE(certificate.levels.size() == 3);
  // 4 of the 20 atoms crash client-a, 6 kill a node for good. Two of those 6 may kill the same one
  // at two anchors, which this oracle counts twice.
  CHECK(certificate.levels[0] == LevelCount{0, 1, 0, 1, 0, 0});
  CHECK(certificate.levels[1] == LevelCount{1, 20, 0, 20, 4, 0});
  const std::uint64_t with_client = 20 * 19 / 2 - 16 * 15 / 2;
  const std::uint64_t two_nodes = 6 * 5 / 2;
  CHECK(certificate.levels[2] == LevelCount{2, 190, 0, 190, with_client + two_nodes, 0});
  CHECK(oracle.runs == 1 + 20 + 190);
  CHECK(certificate.events == 10 * oracle.runs);

  const CertifiedViolation* nodes = find(certificate, 7);
  REQUIRE(nodes != nullptr);
  CHECK(nodes->schedules == two_nodes);
  CHECK(nodes->together == two_nodes);  // no single crash does it
  CHECK(nodes->first.faults == 2);
  CHECK(dead_nodes(nodes->schedule) == 2);
  const CertifiedViolation* client = find(certificate, 8);
  REQUIRE(client != nullptr);
  CHECK(client->schedules == 4 + with_client);
  CHECK(client->together == 4);  // a pair has one that does it alone
  CHECK(client->first.faults == 1);
  CHECK(all.schedule(all.atoms_at(1, client->first.index)) == client->schedule);

  CHECK(certificate.least_slack == 98ms);  // of two faults that break nothing
  CHECK(certificate.closest.size() == 2);
}

TEST_CASE("with symmetry fewer are run, and the same is found") {
  const Enumerator all(toy(true));
  Toy oracle;
  const Certificate certificate = certify(all, 2, oracle);
  // Of each anchor: two clients and a node, in two ways each.
  CHECK(certificate.levels[1].run == 12);
  CHECK(certificate.levels[1].skipped == 8);
  CHECK(certificate.levels[2].all == 190);
  CHECK(certificate.levels[2].run + certificate.levels[2].skipped == 190);
  const CertifiedViolation* nodes = find(certificate, 7);
  REQUIRE(nodes != nullptr);
  CHECK(nodes->together == nodes->schedules);
  const CertifiedViolation* client = find(certificate, 8);
  REQUIRE(client != nullptr);
  // A pair whose second fault is no representative knows what its first of kin does alone.
  CHECK(client->together == 4);
}

TEST_CASE("blocks give the same certificate in whatever order they are run") {
  Enumeration what = toy(false);
  what.restarts = {1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s};  // 90 atoms, 4005 pairs
  const Enumerator all(what);
  Toy one;
  const Certificate straight = certify(all, 2, one);
  Certifier certifier(all);
  Toy another;
  for (std::size_t level = 0; level <= 2; ++level) {
    std::vector<CertificateBlock> blocks(certifier.blocks(level));
    for (std::uint64_t block = blocks.size(); block-- > 0;)
      blocks[block] = certifier.run(level, block, another);
    for (const CertificateBlock& block : blocks) certifier.add(block);
  }
  const Certificate& backwards = certifier.certificate();
  CHECK(certifier.blocks(2) == 4);
  CHECK(straight.digest == backwards.digest);
  CHECK(straight.levels == backwards.levels);
  CHECK(straight.closest_place == backwards.closest_place);
  REQUIRE(straight.violations.size() == backwards.violations.size());
  for (std::size_t i = 0; i < straight.violations.size(); ++i) {
    CHECK(straight.violations[i].first == backwards.violations[i].first);
    CHECK(straight.violations[i].schedules == backwards.violations[i].schedules);
  }
}
