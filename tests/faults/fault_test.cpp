// Faults as data: their kinds, their sentences, their validation and their text form.
#include "faults/fault.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "faults/schedule.hpp"
#include "sim/trace.hpp"

namespace locklab {
namespace {

/// One of each, in the order of the registry.
std::vector<Fault> one_of_each() {
  return {
      Pause{"client-a", 9s},
      Suspend{"client-a", 9s, WallOnWake::stale},
      Crash{"redis-1", 2s},
      PowerLoss{"redis-1", {}},
      Restart{"redis-1"},
      WallJump{{"redis-1", "redis-2"}, 10s},
      SetRate{{"client-a"}, 500, {}},
      Slew{{"redis-1"}, -50ms},
      MessageFault{MessageAction::drop, "redis-1", "client-a", "SET reply"},
      MessageFault{MessageAction::delay, "client-a", "", "write", 1, 1, 3s},
      MessageFault{MessageAction::duplicate, "", "redis-1", "DEL", 2, 1, 20ms},
      Partition{{"client-a"}, {"redis-1", "redis-2"}, CutDirection::both, CutMode::drop, 4s},
      ResetConnection{"client-a", "redis-1"},
      LinkTrouble{"client-a", "redis-1", 10'000, 0, {}, 5s},
      DiskStall{"redis-1", 2s},
      LoseKey{{"redis-1"}, "lock:inventory"},
  };
}

TEST_CASE("every kind of fault has a row, a description and an example that names it") {
  const auto faults = one_of_each();
  REQUIRE(faults.size() == fault_kinds().size());
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const FaultKind& row = fault_kinds()[i];
    CAPTURE(std::string(row.name));
    CHECK(row.name == kind_of(faults[i]));
    CHECK_FALSE(row.description.empty());
    CHECK(row.example.find("\"" + std::string(row.name) + "\": {") != std::string_view::npos);
    CHECK(std::count(row.example.begin(), row.example.end(), '{') ==
          std::count(row.example.begin(), row.example.end(), '}'));
    CHECK(names.insert(row.name).second);
  }
}

TEST_CASE("every fault is a plain English sentence") {
  std::vector<std::string> sentences;
  for (const Fault& fault : one_of_each()) sentences.push_back(describe(fault));
  CHECK(sentences == std::vector<std::string>{
                         "client-a pauses for 9000ms",
                         "client-a is suspended for 9000ms and wakes with a stale wall clock",
                         "redis-1 crashes and restarts after 2000ms",
                         "redis-1 loses power",
                         "redis-1 restarts",
                         "the wall clocks of redis-1 and redis-2 jump forward by 10000ms",
                         "the clocks of client-a run 500 ppm fast",
                         "the wall clock of redis-1 is slewed back by 50ms at 500 ppm",
                         "the first SET reply from redis-1 to client-a is lost",
                         "the first write from client-a is delayed by 3000ms",
                         "the second DEL to redis-1 arrives twice, the copy 20ms late",
                         "client-a is cut off from redis-1 and redis-2 for 4000ms",
                         "the connection between client-a and redis-1 is reset",
                         "the link from client-a to redis-1 loses 1% for 5000ms",
                         "the disk of redis-1 stalls for 2000ms",
                         "redis-1 loses the key lock:inventory",
                     });
}

TEST_CASE("the less common forms have sentences too") {
  const auto said = [](const Fault& fault) { return describe(fault); };
  CHECK(said(Suspend{"vm", 1s, WallOnWake::corrected}) ==
        "vm is suspended for 1000ms and wakes with a corrected wall clock");
  CHECK(said(WallJump{{"a"}, -1s}) == "the wall clock of a jumps back by 1000ms");
  CHECK(said(SetRate{{"a", "b", "c"}, -100, 1s}) ==
        "the clocks of a, b and c run 100 ppm slow for 1000ms");
  CHECK(said(SetRate{{"a"}, 0, {}}) == "the clocks of a run true");
  CHECK(said(MessageFault{MessageAction::drop, "a", "", "SET", 4, 3}) ==
        "the 4th SET and the 2 after it from a are lost");
  CHECK(said(MessageFault{MessageAction::drop, "a", "b", "", 1, 0}) ==
        "every message from a to b is lost");
  CHECK(said(MessageFault{MessageAction::delay, "", "", "SET", 3, 0, 1s}) ==
        "every SET, from the third on, is delayed by 1000ms");
  CHECK(said(Partition{{"a", "b"}, {}, CutDirection::both, CutMode::hold, {}}) ==
        "a and b are cut off from everybody else, and what is sent waits for the heal");
  CHECK(said(Partition{{"a"}, {"b"}, CutDirection::a_to_b, CutMode::drop, {}}) ==
        "nothing passes from a to b");
  CHECK(said(Partition{{"a"}, {"b"}, CutDirection::b_to_a, CutMode::drop, 1s}) ==
        "nothing passes from b to a for 1000ms");
  CHECK(said(LinkTrouble{"", "b", 1'500, 20'000, Latency::uniform(1ms, 2ms), {}}) ==
        "the link from everybody to b loses 1500 ppm, doubles 2%, takes 1ms to 2ms");
  CHECK(said(LoseKey{{"a", "b"}, ""}) == "a and b lose every key");
}

TEST_CASE("a trigger says when, in words") {
  CHECK(describe(Trigger{AtTime{1s}}) == "at 1000ms");
  CHECK(describe(Trigger{OnEvent{"lock_granted", "client-a", 1, 30ms, "", ""}}) ==
        "30ms after the first lock_granted of client-a");
  CHECK(describe(Trigger{OnEvent{"call_began", "client-a", 2, {}, "write", "stock"}}) ==
        "on the second call_began (write) of client-a about stock");
  CHECK(describe(Trigger{OnEvent{"message_lost", "", 21, {}, "", ""}}) ==
        "on the 21st message_lost");
  CHECK(describe(Trigger{OnEvent{"message_lost", "", 112, {}, "", ""}}) ==
        "on the 112th message_lost");
  CHECK(describe(ScheduledFault{AtTime{1s}, Pause{"client-a", 9s}}) ==
        "at 1000ms: client-a pauses for 9000ms");
}

TEST_CASE("the events to wait for are those of the trace") {
  CHECK(event_names().size() == std::variant_size_v<TracePayload>);
  CHECK(event_names()[payload_index<LockGranted>()] == "lock_granted");
  CHECK(event_names()[payload_index<ViolationEnded>()] == "violation_ended");
  const std::set<std::string_view> unique(event_names().begin(), event_names().end());
  CHECK(unique.size() == event_names().size());
}

// ---- schedules ----------------------------------------------------------------------------------

const std::vector<std::string> kProcesses{"client-a", "redis-1", "redis-2"};
const std::vector<std::string> kMachines{"client-a", "host-1"};

std::vector<ScheduleProblem> problems_of(const Fault& fault, const Trigger& trigger = AtTime{}) {
  return validate({{trigger, fault}}, {kProcesses, kMachines});
}

TEST_CASE("a schedule of known names and sound numbers has no problems") {
  FaultSchedule schedule;
  for (const Fault& fault : one_of_each()) {
    schedule.push_back({AtTime{1s}, fault});
    schedule.push_back({OnEvent{"lock_granted", "client-a", 1, 30ms, "", ""}, fault});
  }
  CHECK(validate(schedule, {kProcesses, kMachines}).empty());
  CHECK(problems_of(Partition{{"host-1"}, {"client-a"}}).empty());
  CHECK(problems_of(Pause{"client-a", 1s}, OnEvent{"fault_struck", "", 1, {}, "", ""}).empty());
}

TEST_CASE("a problem says which fault, which field and what is unknown") {
  const FaultSchedule schedule{
      {AtTime{1s}, Pause{"client-a", 1s}},
      {OnEvent{"lock_grantd", "client-x", 0, -1ms, "", ""}, Partition{{"client-a"}, {"redis-9"}}},
  };
  const auto problems = validate(schedule, {kProcesses, kMachines});
  std::vector<std::string> said;
  for (const ScheduleProblem& problem : problems) {
    CHECK(problem.fault == 1);
    said.push_back(problem.field + ": " + problem.message);
  }
  CHECK(said == std::vector<std::string>{
                    "on/event: the trace has no event named 'lock_grantd'",
                    "on/process: there is no process named 'client-x'",
                    "on/nth: counts from 1",
                    "on/plus: must not be negative",
                    "partition/side_b/0: there is no process or machine named 'redis-9'",
                });
  CHECK(problems[0].expected == ScheduleProblem::Expected::event);
  CHECK(problems[0].unknown == "lock_grantd");
  CHECK(problems[1].expected == ScheduleProblem::Expected::process);
  CHECK(problems[2].expected == ScheduleProblem::Expected::value);
  CHECK(problems[2].unknown.empty());
  CHECK(problems[4].expected == ScheduleProblem::Expected::process_or_machine);
}

TEST_CASE("each field of each fault is checked") {
  const auto field_of = [](const Fault& fault) {
    const auto problems = problems_of(fault);
    return problems.size() == 1 ? problems[0].field : std::to_string(problems.size()) + " problems";
  };
  CHECK(field_of(Pause{"", 1s}) == "pause/who");
  CHECK(field_of(Pause{"host-1", 1s}) == "pause/who");  // a machine is no process
  CHECK(field_of(Pause{"client-a", 0s}) == "pause/lasts");
  CHECK(field_of(Pause{"client-a", Duration::max()}) == "pause/lasts");
  CHECK(field_of(Suspend{"nowhere", 1s}) == "suspend/machine");
  CHECK(field_of(Crash{"redis-1", -1s}) == "crash/restart_after");
  CHECK(field_of(PowerLoss{"nowhere", {}}) == "power_loss/machine");
  CHECK(field_of(Restart{"nobody"}) == "restart/who");
  CHECK(field_of(WallJump{{}, 1s}) == "wall_jump/machines");
  CHECK(field_of(WallJump{{"client-a", "nowhere"}, 1s}) == "wall_jump/machines/1");
  CHECK(field_of(WallJump{{"client-a"}, Duration::min()}) == "wall_jump/by");
  CHECK(field_of(SetRate{{"client-a"}, -1'000'000, {}}) == "set_rate/rate_ppm");
  CHECK(field_of(SetRate{{"client-a"}, 1, 0s}) == "set_rate/lasts");
  CHECK(field_of(Slew{{"client-a"}, 1s, 0}) == "slew/speed_ppm");
  CHECK(field_of(Slew{{"client-a"}, 1s, 999'999}) == "slew/speed_ppm");
  CHECK(field_of(MessageFault{MessageAction::drop, "nobody", "", ""}) == "drop/from");
  CHECK(field_of(MessageFault{MessageAction::drop, "", "", "", 0}) == "drop/nth");
  CHECK(field_of(MessageFault{MessageAction::delay, "", "", ""}) == "delay/by");
  CHECK(field_of(MessageFault{MessageAction::duplicate, "", "", "", 1, 1, -1s}) == "duplicate/by");
  CHECK(field_of(Partition{{}, {"client-a"}}) == "partition/side_a");
  CHECK(field_of(Partition{{"client-a"}, {"client-a"}}) == "partition/side_b");
  CHECK(field_of(ResetConnection{"client-a", "client-a"}) == "reset/b");
  CHECK(field_of(LinkTrouble{"", "", 1'000'001, 0, {}, {}}) == "link/loss_ppm");
  CHECK(field_of(LinkTrouble{"", "", 0, -1, {}, {}}) == "link/duplicate_ppm");
  CHECK(field_of(LinkTrouble{"", "", 0, 0, Latency::uniform(2ms, 1ms), {}}) == "link/latency");
  CHECK(field_of(LinkTrouble{"", "", 0, 0, Latency::lognormal(2ms, 9'999), {}}) == "link/latency");
  CHECK(field_of(DiskStall{"client-a", -1s}) == "disk_stall/lasts");
  CHECK(field_of(LoseKey{{}, ""}) == "lose_key/nodes");
  CHECK(field_of(LoseKey{{"redis-1", "nobody"}, ""}) == "lose_key/nodes/1");
}

TEST_CASE("faults compare by value, and their text tells them apart") {
  std::vector<ScheduledFault> all;
  for (const Fault& fault : one_of_each()) {
    all.push_back({AtTime{1s}, fault});
    all.push_back({AtTime{1s + 1ns}, fault});
    all.push_back({OnEvent{"lock_granted", "client-a", 1, 30ms, "", ""}, fault});
    all.push_back({OnEvent{"lock_granted", "", 1, 30ms, "client-a", ""}, fault});
    all.push_back({OnEvent{"lock_granted", "", 1, 30ms, "", "client-a"}, fault});
  }
  all.push_back({AtTime{}, SetRate{{"client-a"}, 500, 0s}});
  all.push_back({AtTime{}, SetRate{{"client-a"}, 500, {}}});
  all.push_back({AtTime{}, LoseKey{{"a", "b"}, ""}});
  all.push_back({AtTime{}, LoseKey{{"a b"}, ""}});
  all.push_back({AtTime{}, LoseKey{{"a"}, "x\" key=\"y"}});
  all.push_back({AtTime{}, LinkTrouble{"", "", 0, 0, Latency::uniform(1ms, 2ms), {}}});
  all.push_back({AtTime{}, LinkTrouble{"", "", 0, 0, Latency::constant(1ms), {}}});
  std::set<std::string> texts;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(to_text(all[i]));
    CHECK(texts.insert(to_text(all[i])).second);
    for (std::size_t j = 0; j < all.size(); ++j) CHECK((all[i] == all[j]) == (i == j));
    const ScheduledFault copy = all[i];
    CHECK(copy == all[i]);
    CHECK(to_text(copy) == to_text(all[i]));
  }
}

TEST_CASE("the text of a schedule is one line a fault") {
  const FaultSchedule schedule{
      {OnEvent{"lock_granted", "client-a", 1, 30ms, "", ""}, Pause{"client-a", 9s}},
      {AtTime{1s}, MessageFault{MessageAction::drop, "redis-1", "client-a", "SET reply"}},
      {AtTime{2s}, Partition{{"client-a"}, {"redis-1", "redis-2"}, CutDirection::a_to_b}},
  };
  CHECK(to_text(schedule) ==
        "on lock_granted process=client-a nth=1 plus=30ms: pause who=client-a lasts=9000ms\n"
        "at 1000ms: drop from=redis-1 to=client-a kind=\"SET reply\" nth=1 times=1 by=0ms\n"
        "at 2000ms: partition side_a=[client-a] side_b=[redis-1 redis-2] direction=a_to_b "
        "mode=drop\n");
}

}  // namespace
}  // namespace locklab
