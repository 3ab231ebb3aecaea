// What is enumerated, counted a second time: from the declaration of the space alone, by somebody
// who has not seen the enumerator. The formulas below are those of docs/certificates.md.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "faults/certificate.hpp"
#include "faults/enumerator.hpp"
#include "faults/names_in_fault.hpp"

using namespace locklab;

namespace {

OnEvent event(std::string name, std::string process, std::uint32_t nth = 1) {
  OnEvent on;
  on.event = std::move(name);
  on.process = std::move(process);
  on.nth = nth;
  return on;
}

/// Two clients and a storage; `nodes` servers, which are interchangeable if `alike`.
Enumeration toy(std::size_t nodes, bool alike) {
  Enumeration all;
  std::uint32_t group = 10;
  for (const char* name : {"client-a", "client-b"})
    all.space.targets.push_back({name, name, true, false, false, group++});
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= nodes; ++i) {
    names.push_back("node-" + std::to_string(i));
    all.space.targets.push_back(
        {names.back(), "host-" + std::to_string(i), false, false, true, alike ? 1 : group++});
  }
  all.space.targets.push_back({"storage", "storage", false, true, false, group++});
  all.server_sets = runs_of(names);
  all.space.anchors = {{event("lock_granted", "client-a"), 1ms},
                       {event("release_began", "client-a"), 5ms}};
  for (const std::string& name : names)
    all.space.anchors.push_back({event("key_stored", name), 1ms});
  all.lasts = {5s, 20s};
  all.restarts = {50ms};
  all.jumps = {20s};
  all.rates = {20'000};
  return all;
}

/// How many different faults a space declares at each anchor, by arithmetic.
std::size_t faults_at_an_anchor(const Enumeration& all) {
  std::size_t clients = 0;
  std::size_t others = 0;  // that may be struck, clients included
  std::size_t single = 0;
  for (const Target& target : all.space.targets) {
    clients += target.client ? 1 : 0;
    others += target.storage ? 0 : 1;
  }
  for (const auto& set : all.server_sets) single += set.size() == 1 ? 1 : 0;
  const std::size_t sets = all.server_sets.size();
  const std::map<SearchKind, std::size_t> by_kind{
      {SearchKind::pause, others * all.lasts.size()},
      {SearchKind::suspend, others * all.lasts.size()},
      {SearchKind::crash, others * (1 + all.restarts.size())},
      {SearchKind::power_loss, others * (1 + all.restarts.size())},
      {SearchKind::clock_jump, (clients + sets) * 2 * all.jumps.size()},
      {SearchKind::clock_rate, sets * 2 * all.rates.size()},
      {SearchKind::partition, clients * sets * all.lasts.size()},
      {SearchKind::drop, others * 2},
      {SearchKind::delay, others * all.lasts.size()},
      {SearchKind::duplicate, others * all.lasts.size()},
      {SearchKind::reset, clients * single},
      {SearchKind::disk_stall, single * all.lasts.size()},
      {SearchKind::lose_key, sets}};
  std::size_t count = 0;
  for (const auto& [kind, number] : by_kind)
    if (all.space.allows(kind)) count += number;
  return count;
}

/// A schedule's faults as a set, every list of names in order: what it does, whatever the order in
/// which it is written.
std::multiset<std::string> meaning(FaultSchedule schedule) {
  std::multiset<std::string> lines;
  for (ScheduledFault& scheduled : schedule) {
    if (auto* jump = std::get_if<WallJump>(&scheduled.fault)) std::ranges::sort(jump->machines);
    if (auto* rate = std::get_if<SetRate>(&scheduled.fault)) std::ranges::sort(rate->machines);
    if (auto* cut = std::get_if<Partition>(&scheduled.fault)) std::ranges::sort(cut->side_b);
    if (auto* lost = std::get_if<LoseKey>(&scheduled.fault)) std::ranges::sort(lost->nodes);
    lines.insert(to_text(scheduled));
  }
  return lines;
}

/// The schedule with node i in the place of node order[i], by name and by machine.
FaultSchedule exchanged(FaultSchedule schedule, const std::vector<std::size_t>& order) {
  for (ScheduledFault& scheduled : schedule)
    for_each_name(scheduled, [&](std::string& name) {
      for (const std::string prefix : {"node-", "host-"})
        if (name.starts_with(prefix)) {
          name = prefix + std::to_string(order[std::stoul(name.substr(5)) - 1] + 1);
          return;
        }
    });
  return schedule;
}

/// Classes of schedules that exchanges of all `nodes` nodes make of one another, by brute force.
std::size_t classes(const std::vector<FaultSchedule>& schedules, std::size_t nodes) {
  std::set<std::multiset<std::string>> seen;
  std::size_t count = 0;
  for (const FaultSchedule& schedule : schedules) {
    if (seen.contains(meaning(schedule))) continue;
    ++count;
    std::vector<std::size_t> order(nodes);
    std::iota(order.begin(), order.end(), std::size_t{0});
    do seen.insert(meaning(exchanged(schedule, order)));
    while (std::ranges::next_permutation(order).found);
  }
  return count;
}

}  // namespace

TEST_CASE("for every kind of fault there are as many atoms as the space declares") {
  for (std::size_t kind = 0; kind < kSearchKinds; ++kind) {
    CAPTURE(std::string(to_string(static_cast<SearchKind>(kind))));
    Enumeration all = toy(5, false);
    all.space.kinds = kind_bit(static_cast<SearchKind>(kind));
    const std::size_t at_each = faults_at_an_anchor(all);
    const Enumerator enumerator(all);
    CHECK(enumerator.atoms() == at_each * 7);
    std::set<std::multiset<std::string>> different;
    for (std::size_t i = 0; i < enumerator.atoms(); ++i)
      different.insert(meaning({enumerator.atom(i)}));
    CHECK(different.size() == enumerator.atoms());
  }
}

TEST_CASE("sizes beyond the space's limits are not used") {
  Enumeration all = toy(3, false);
  all.space.kinds = kind_bit(SearchKind::pause) | kind_bit(SearchKind::clock_jump);
  all.space.longest_pause = 5s;  // of 5 s and 20 s
  all.space.largest_jump = 19s;  // of 20 s
  CHECK(Enumerator(all).atoms() == 5 * 5);
}

TEST_CASE("every set of one, two or three atoms is enumerated exactly once") {
  Enumeration all = toy(2, false);
  all.space.kinds = kind_bit(SearchKind::crash);
  const Enumerator enumerator(all);
  const std::uint64_t n = enumerator.atoms();
  REQUIRE(n == 4 * 2 * 4);
  CHECK(enumerator.count(0) == 1);
  CHECK(enumerator.count(1) == n);
  CHECK(enumerator.count(2) == n * (n - 1) / 2);
  CHECK(enumerator.count(3) == n * (n - 1) * (n - 2) / 6);
  for (const std::size_t faults : {1u, 2u, 3u}) {
    std::set<std::vector<std::size_t>> seen;
    for (std::uint64_t i = 0; i < enumerator.count(faults); ++i) {
      const auto atoms = enumerator.atoms_at(faults, i);
      CHECK(std::ranges::is_sorted(atoms));
      CHECK(std::set<std::size_t>(atoms.begin(), atoms.end()).size() == faults);
      CHECK(enumerator.is_representative(atoms));  // nobody is interchangeable
      seen.insert(atoms);
    }
    CHECK(seen.size() == enumerator.count(faults));
  }
}

TEST_CASE("more schedules than can be counted are said to be so") {
  Enumeration all = toy(5, false);
  all.space.anchors.resize(7);
  all.space.anchors.insert(all.space.anchors.end(), 30'000, all.space.anchors.front());
  const Enumerator enumerator(all);
  CHECK(enumerator.count(2).has_value());
  CHECK_FALSE(enumerator.count(3).has_value());
}

TEST_CASE("of symmetric schedules one is run, as many as there are classes") {
  Enumeration all = toy(4, true);
  all.space.kinds = kind_bit(SearchKind::crash) | kind_bit(SearchKind::clock_jump);
  const Enumerator enumerator(all);
  CHECK(enumerator.permutations() == 23);
  for (const std::size_t faults : {1u, 2u}) {
    CAPTURE(faults);
    std::vector<FaultSchedule> every;
    std::vector<FaultSchedule> run;
    for (std::uint64_t i = 0; i < enumerator.count(faults); ++i) {
      every.push_back(enumerator.schedule(enumerator.atoms_at(faults, i)));
      if (auto schedule = enumerator.at(faults, i)) run.push_back(std::move(*schedule));
    }
    CHECK(run.size() < every.size() / 2);
    CHECK(run.size() == classes(every, 4));  // none is missing
    CHECK(run.size() == classes(run, 4));    // none is there twice
  }
}

TEST_CASE("an atom's representative is the first of its kin") {
  Enumeration all = toy(3, true);
  all.space.kinds = kind_bit(SearchKind::pause);
  const Enumerator enumerator(all);
  for (std::size_t i = 0; i < enumerator.atoms(); ++i) {
    const std::size_t first = enumerator.representative(i);
    CHECK(first <= i);
    CHECK(classes({{enumerator.atom(i)}, {enumerator.atom(first)}}, 3) == 1);
    CHECK(enumerator.is_representative(std::vector{i}) == (first == i));
  }
}

TEST_CASE("an anchor that counts tells servers apart") {
  // "The second call of client-a" goes to the second node: to lose the first one then is not to
  // lose the second one.
  Enumeration all = toy(3, true);
  all.space.kinds = kind_bit(SearchKind::crash);
  all.space.anchors = {{event("call_began", "client-a", 2), 1ms}};
  const Enumerator counting(all);
  for (std::size_t i = 0; i < counting.atoms(); ++i)
    CHECK(counting.is_representative(std::vector{i}));
  all.space.anchors = {{event("call_began", "client-a", 1), 1ms}};
  const Enumerator first(all);
  std::size_t run = 0;
  for (std::size_t i = 0; i < first.atoms(); ++i)
    run += first.is_representative(std::vector{i}) ? 1 : 0;
  CHECK(run == 3 * 2);  // client-a, client-b, a node: dead for good, or back
}

TEST_CASE("with few permutations more schedules are run, and none is lost") {
  Enumeration all = toy(4, true);
  all.space.kinds = kind_bit(SearchKind::crash);
  const Enumerator few(all, 6);
  CHECK(few.permutations() == 6);  // exchanges of two
  std::vector<FaultSchedule> run;
  std::vector<FaultSchedule> every;
  for (std::uint64_t i = 0; i < few.count(2); ++i) {
    every.push_back(few.schedule(few.atoms_at(2, i)));
    if (auto schedule = few.at(2, i)) run.push_back(std::move(*schedule));
  }
  CHECK(run.size() < every.size());
  CHECK(classes(run, 4) == classes(every, 4));
}
