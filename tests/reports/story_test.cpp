#include "reports/story.hpp"

#include <doctest/doctest.h>

#include "tests/reports/recordings.hpp"

namespace locklab {
namespace {

using test::document_scenario_1;
using test::document_scenario_4;
using test::ms;
using test::RecordingMaker;
using test::wall;
using Tone = StoryLine::Tone;

std::vector<StoryLine> story(const Recording& recording, Detail detail = Detail::brief) {
  const Timeline timeline = make_timeline(recording);
  const Narrator narrator(recording, timeline);
  return tell_story(recording, timeline, narrator, detail);
}

std::vector<std::string> texts(const Recording& recording) {
  std::vector<std::string> out;
  for (const StoryLine& line : story(recording)) out.push_back(line.text);
  return out;
}

TEST_CASE("a student reads scenario 1 in eight lines; every event has its own in full detail") {
  const Recording recording = document_scenario_1();
  CHECK(story(recording).size() == 8);
  CHECK(story(recording, Detail::full).size() == recording.events.size());
}

TEST_CASE("the answers of the nodes are one line") {
  const std::vector<std::string> lines = texts(document_scenario_1());
  CHECK(lines.at(1) ==
        "client-a, SET lock:inventory:item-123: OK from redis-1 … redis-5 (1ms … 5ms)");
  CHECK(lines.at(3) == "client-a gives the lock back: 5 of 5 keys removed, by 5005ms");
}

TEST_CASE("scenario 4 tells what nobody saw: the lock expires while A sleeps") {
  const Recording recording = document_scenario_4();
  const std::vector<StoryLine> lines = story(recording);
  const auto expiry = std::find_if(lines.begin(), lines.end(), [](const StoryLine& line) {
    return line.text.find("expires") != std::string::npos;
  });
  REQUIRE(expiry != lines.end());
  CHECK(expiry->at == ms(5001));
  CHECK(expiry->tone == Tone::wrong);
  CHECK(expiry->text ==
        "the lock of client-a expires; client-a is paused and believes that it holds it");
  CHECK(std::is_sorted(lines.begin(), lines.end(),
                       [](const StoryLine& a, const StoryLine& b) { return a.at < b.at; }));
}

/// Five nodes and two clients, for what follows.
struct FiveNodes {
  RecordingMaker run{"five", ""};
  ProcessId a = run.process("client-a", ProcessRole::client);
  ProcessId b = run.process("client-b", ProcessRole::client);
  std::vector<ProcessId> nodes;
  Symbol lock = run.name("item");
  Symbol key = run.name("lock:item");

  FiveNodes() {
    for (int i = 1; i <= 5; ++i)
      nodes.push_back(run.process("redis-" + std::to_string(i), ProcessRole::redis));
  }
};

TEST_CASE("forty refusals are one line") {
  FiveNodes five;
  five.run.event(ms(0), five.b, LockWaitBegan{five.lock, true});
  for (std::uint32_t i = 0; i < 40; ++i) {
    const AttemptId attempt{i + 1};
    five.run.event(ms(100 * i), five.b, LockRequested{five.lock, attempt, 10000ms, 3, 5, false});
    for (const ProcessId node : five.nodes)
      five.run.call(ms(100 * i), five.b, node, "SET", "lock:item");
    five.run.event(ms(100 * i + 1), five.b,
                   LockRefused{five.lock, attempt, Errc::not_acquired, i % 3, {}});
  }
  five.run.event(ms(3902), five.b, LockWaitEnded{five.lock, false, 40});
  CHECK(texts(five.run.finish(ms(4000))) ==
        std::vector<std::string>{
            "client-b wants the lock (TTL 10000ms, needs 3 of 5)",
            "client-b is refused the lock 40 times until 3901ms, with at most 2 of 5",
            "client-b gives up on the lock after 40 tries"});
}

TEST_CASE("one refusal says who answered what") {
  FiveNodes five;
  const AttemptId attempt{1};
  five.run.event(ms(0), five.b, LockRequested{five.lock, attempt, 10000ms, 3, 5, false});
  const TracePayload stored = KeyStored{five.key, {}, attempt, true, wall(ms(10000))};
  five.run.call(ms(0), five.b, five.nodes[0], "SET", "lock:item", &stored);
  five.run.call(ms(1), five.b, five.nodes[1], "SET", "lock:item");
  for (std::size_t i = 2; i < 5; ++i)
    five.run.lost_call(ms(2), five.b, five.nodes[i], "SET", "lock:item");
  five.run.event(ms(53), five.b, LockRefused{five.lock, attempt, Errc::not_acquired, 1, {}});
  CHECK(texts(five.run.finish(ms(100))).at(1) ==
        "client-b is refused the lock: OK from redis-1 (1ms), no from redis-2, no answer from "
        "redis-3 … redis-5");
}

TEST_CASE("a partition is one line, whatever number of links it cuts") {
  FiveNodes five;
  for (const bool cut : {true, false})
    for (std::size_t i = 2; i < 5; ++i)
      for (const bool back : {false, true}) {
        const ProcessId from = back ? five.nodes[i] : five.a;
        const ProcessId to = back ? five.a : five.nodes[i];
        if (cut)
          five.run.event(ms(1000), from, LinkCut{to, false});
        else
          five.run.event(ms(2000), from, LinkHealed{to});
      }
  CHECK(texts(five.run.finish(ms(3000))) ==
        std::vector<std::string>{"network partition begins: client-a | redis-3 … redis-5",
                                 "network partition heals: client-a | redis-3 … redis-5"});
}

TEST_CASE("a one-way cut says its direction") {
  FiveNodes five;
  five.run.event(ms(1), five.a, LinkCut{five.nodes[0], false});
  five.run.event(ms(1), five.a, LinkCut{five.nodes[1], false});
  five.run.event(ms(2), five.b, LinkCut{five.nodes[1], false});
  CHECK(texts(five.run.finish(ms(3))) ==
        std::vector<std::string>{"nothing passes from client-a to redis-1, redis-2 any more",
                                 "the link from client-b to redis-2 is cut"});
}

TEST_CASE("what strikes several at once is told once") {
  FiveNodes five;
  for (std::size_t i = 0; i < 3; ++i) {
    five.run.event(ms(10), five.nodes[i], ClockChanged{ClockChange::jump, 5000ms, 0});
    five.run.event(ms(20), five.nodes[i], ProcessCrashed{false});
    five.run.event(ms(30), five.nodes[i], ProcessRestarted{});
    five.run.event(ms(30), five.nodes[i],
                   KeyRemoved{five.key, {}, AttemptId{1}, {}, RemovalReason::lost});
    five.run.event(ms(30), five.nodes[i], ServiceRecovered{0, 1, 0ms});
  }
  CHECK(texts(five.run.finish(ms(40))) ==
        std::vector<std::string>{"the clock of redis-1 … redis-3 jumps forwards by 5000ms",
                                 "redis-1 … redis-3 crash",
                                 "redis-1 … redis-3 are back: each kept 0 and lost 1"});
}

TEST_CASE("a fault is told by what it does, or else by its own sentence") {
  FiveNodes five;
  five.run.recording.faults = {{"client-a pauses for 5ms"}, {"10% of all messages are lost"}};
  five.run.event(ms(1), {}, WallInstant{}, FaultStruck{0, five.run.name("pause")});
  five.run.event(ms(1), five.a, ProcessPaused{false});
  five.run.event(ms(6), five.a, ProcessResumed{5ms, false, 0});
  five.run.event(ms(7), {}, WallInstant{}, FaultStruck{1, five.run.name("loss")});
  CHECK(texts(five.run.finish(ms(10))) ==
        std::vector<std::string>{"client-a pauses (5ms)", "client-a runs again after 5ms",
                                 "fault: 10% of all messages are lost"});
}

TEST_CASE("who is granted what another still believes to hold is told so") {
  const std::vector<std::string> lines = texts(document_scenario_4());
  CHECK(
      std::find(lines.begin(), lines.end(),
                "lock granted to client-b: token 101, promised until 10001ms - but client-a still "
                "believes that it holds it") != lines.end());
}

TEST_CASE("of a long story the uneventful middle is left out") {
  std::vector<StoryLine> lines;
  for (int i = 0; i < 500; ++i)
    lines.push_back({ms(i), 0, {}, i == 250 ? Tone::violation : Tone::plain, std::to_string(i)});
  const std::vector<StoryLine> shorter = shortened_story(lines, 40);
  CHECK(shorter.size() <= 44);
  CHECK(shorter.front().text == "0");
  CHECK(shorter.back().text == "499");
  CHECK(std::any_of(shorter.begin(), shorter.end(),
                    [](const StoryLine& line) { return line.text == "250"; }));
  CHECK(std::any_of(shorter.begin(), shorter.end(),
                    [](const StoryLine& line) { return line.tone == Tone::left_out; }));
  CHECK(shortened_story(lines, 0).size() == 500);
  CHECK(shortened_story({lines.begin(), lines.begin() + 40}, 40).size() == 40);
}

}  // namespace
}  // namespace locklab
