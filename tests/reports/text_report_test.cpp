#include "reports/text_report.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "reports/plain_text.hpp"
#include "tests/reports/recordings.hpp"

namespace locklab {
namespace {

using test::document_scenario_1;
using test::document_scenario_4;
using test::ms;

constexpr std::string_view kOverlap =
    "client-a and client-b both believe that they hold inventory:item-123 from 5002ms to 10002ms";

Recording fourth() {
  Recording recording = document_scenario_4();
  recording.digest = 0x9c41e07b12345678u;  // the real one changes with the trace's format
  return recording;
}

TextOptions options(std::size_t width, bool ascii = false) {
  TextOptions out;
  out.width = width;
  out.ascii = ascii;
  out.finding_messages.emplace_back(kOverlap);
  out.remarks.emplace_back("A pause can fall between any check and the write that follows it.");
  return out;
}

/// Copies, so that the text may be a temporary.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string without_colour(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b')
      at = text.find('m', at);
    else
      out += text[at];
  }
  return out;
}

TEST_CASE("scenario 4 as it is read") {
  CHECK(text_report(fourth(), options(100)) == R"(doc-4: fencing token saves the day
Setup: client-a, client-b; redis-1; storage
Faults: at 1000ms: client-a pauses for 9000ms

Time       0ms:   client-a wants the lock (TTL 5000ms)
Time       1ms: ✓ lock granted to client-a: token 100, promised until 5000ms
Time     1.5ms: ✓ storage accepts the write of client-a to item-123: token 100, the first it knows
                  of
Time    1000ms: * client-a pauses (9000ms)
Time    5001ms: ? the lock of client-a expires; client-a is paused and believes that it holds it
Time    5001ms:   client-b wants the lock (TTL 5000ms)
Time    5002ms: ? lock granted to client-b: token 101, promised until 10001ms - but client-a still
                  believes that it holds it
Time    5002ms: ! VIOLATION 1: client mutual exclusion, client-a and client-b
Time  5002.5ms: ✓ storage accepts the write of client-b to item-123: token 101 > 100
Time   10000ms:   client-a runs again after 9000ms; 1 wake-up waited for it
Time   10001ms: ? the promise to client-b is over; client-b still believes that it holds it
Time 10001.5ms: ✗ storage REJECTS the write of client-a: token 100 < 101
Time   10002ms:   the lock of client-b expires
Time   10002ms:   client-a no longer believes that it holds the lock: it was told so

Belief against truth:
            0ms              2000ms            4000ms           6000ms            8000ms
            ┬────────────────┬─────────────────┬────────────────┬─────────────────┬─────────────────
A client-a  ███████████████████████████████████████████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
                    ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
B client-b                                              ███████████████████████████████████████████▒
owner       A═══════════════════════════════════════════B═══════════════════════════════════════════
storage     ✓                                           ✓                                          ✗
violation                                               !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
  █ believes that it holds the lock, ▒ believes it wrongly, ░ paused, A═ holds it at the service,
  ✓ write accepted, ✗ write rejected

Found:
  1. client-a and client-b both believe that they hold inventory:item-123 from 5002ms to 10002ms

Writes:
      1.5ms  client-a  ✓ accepted: token 100, the first it knows of
   5002.5ms  client-b  ✓ accepted: token 101 > 100
  10001.5ms  client-a  ✗ REJECTED: token 100 < 101

Remarks:
  - A pause can fall between any check and the write that follows it.

Verdict: as expected
Seed 7, 52 events, 10 messages, ended at 10002ms (nothing left to happen), digest 9c41e07b12345678
)");
}

TEST_CASE("scenario 4 on a narrow terminal that knows no more than ASCII") {
  TextOptions narrow = options(40, true);
  narrow.remarks.clear();
  CHECK(text_report(fourth(), narrow) == R"(doc-4: fencing token saves the day
Setup: client-a, client-b; redis-1;
       storage
Faults: at 1000ms: client-a pauses for
        9000ms

Time       0ms:   client-a wants the
    lock (TTL 5000ms)
Time       1ms: + lock granted to
    client-a: token 100, promised until
    5000ms
Time     1.5ms: + storage accepts the
    write of client-a to item-123: token
    100, the first it knows of
Time    1000ms: * client-a pauses
    (9000ms)
Time    5001ms: ? the lock of client-a
    expires; client-a is paused and
    believes that it holds it
Time    5001ms:   client-b wants the
    lock (TTL 5000ms)
Time    5002ms: ? lock granted to
    client-b: token 101, promised until
    10001ms - but client-a still
    believes that it holds it
Time    5002ms: ! VIOLATION 1: client
    mutual exclusion, client-a and
    client-b
Time  5002.5ms: + storage accepts the
    write of client-b to item-123: token
    101 > 100
Time   10000ms:   client-a runs again
    after 9000ms; 1 wake-up waited for
    it
Time   10001ms: ? the promise to
    client-b is over; client-b still
    believes that it holds it
Time 10001.5ms: x storage REJECTS the
    write of client-a: token 100 < 101
Time   10002ms:   the lock of client-b
    expires
Time   10002ms:   client-a no longer
    believes that it holds the lock: it
    was told so

Belief against truth:
            0ms          5000ms
            +------------+--------------
A client-a  #############%%%%%%%%%%%%%%%
              ..........................
B client-b                #############%
owner       A=============B=============
storage     +             +            x
violation                 !!!!!!!!!!!!!!
  # believes that it holds the lock,
  % believes it wrongly, . paused,
  A= holds it at the service,
  + write accepted, x write rejected

Found:
  1. client-a and client-b both believe
     that they hold inventory:item-123
     from 5002ms to 10002ms

Writes:
      1.5ms  client-a  + accepted: token
    100, the first it knows of
   5002.5ms  client-b  + accepted: token
    101 > 100
  10001.5ms  client-a  x REJECTED: token
    100 < 101

Verdict: as expected
Seed 7, 52 events, 10 messages, ended at
10002ms (nothing left to happen), digest
9c41e07b12345678
)");
}

TEST_CASE("no line is wider than the terminal, and no character is cut in two") {
  for (const Recording& recording : {document_scenario_1(), document_scenario_4()})
    for (const Detail detail : {Detail::brief, Detail::full})
      for (const bool ascii : {false, true})
        for (const std::size_t width : {40u, 41u, 57u, 80u, 120u}) {
          TextOptions chosen = options(width, ascii);
          chosen.detail = detail;
          const std::string text = text_report(recording, chosen);
          for (const std::string& line : lines_of(text)) {
            CHECK_MESSAGE(columns(line) <= width, line);
            CHECK(safe_text(line) == line);
            CHECK(!line.ends_with(' '));
          }
        }
}

TEST_CASE("a width that is none is corrected") {
  for (const std::string& line : lines_of(text_report(fourth(), options(0))))
    CHECK(columns(line) <= 40);
  for (const std::string& line : lines_of(text_report(fourth(), options(1'000'000'000))))
    CHECK(columns(line) <= 400);
}

TEST_CASE("colours add nothing that the letters do not say") {
  for (const bool ascii : {false, true}) {
    TextOptions plain = options(80, ascii);
    TextOptions coloured = plain;
    coloured.colour = true;
    const std::string text = text_report(fourth(), coloured);
    CHECK(text.find("\x1b[34mclient-a\x1b[0m") != std::string::npos);
    CHECK(without_colour(text) == text_report(fourth(), plain));
  }
}

TEST_CASE("ASCII means ASCII, for names and messages as well") {
  Recording recording = fourth();
  recording.processes[0].name = "zürich-日本";
  recording.title = "…";
  TextOptions ascii = options(80, true);
  ascii.verdict = "très bien";
  for (const char c : text_report(recording, ascii))
    REQUIRE((c == '\n' || (c >= 0x20 && c < 0x7f)));
}

TEST_CASE("wide names keep the bands in line") {
  Recording recording = fourth();
  recording.processes[0].name = "東京";
  const std::string text = text_report(recording, options(80));
  std::size_t first = 0;
  for (const std::string& line : lines_of(text)) {
    if (!line.starts_with("A 東京") && !line.starts_with("B client-b")) continue;
    const std::size_t band = columns(line.substr(0, line.find("█")));
    if (line.starts_with("A")) first = band;
    CHECK(line.size() > 20);
  }
  CHECK(first == 12);
}

TEST_CASE("nothing that a scenario, a message or a remark says reaches the terminal as a command") {
  Recording recording = fourth();
  const std::string evil = "\x1b]0;pwned\x07\r\n\u202e";
  recording.scenario = recording.title = recording.stopped = evil;
  recording.processes[0].name = recording.processes[3].name = evil;
  recording.faults[0].sentence = evil;
  TextOptions chosen = options(80);
  chosen.finding_messages = {evil};
  chosen.remarks = {evil};
  chosen.verdict = evil;
  for (const Detail detail : {Detail::brief, Detail::full}) {
    chosen.detail = detail;
    const std::string text = text_report(recording, chosen);
    for (const std::string& line : lines_of(text)) CHECK(safe_text(line) == line);
  }
}

TEST_CASE("a finding without a message is told all the same") {
  TextOptions chosen = options(140);
  chosen.finding_messages.clear();
  CHECK(text_report(fourth(), chosen)
            .find("  1. client mutual exclusion (two believers) of inventory:item-123: client-a, "
                  "client-b, from "
                  "5002ms to 10002ms\n") != std::string::npos);
}

TEST_CASE("the story comes after the title") {
  TextOptions chosen = options(100);
  chosen.story = "A sleeps, and B comes.";
  CHECK(text_report(fourth(), chosen)
            .starts_with(
                "doc-4: fencing token saves the day\nStory: A sleeps, and B comes.\nSetup: "));
}

TEST_CASE("the last line says why nothing more happened") {
  Recording recording = fourth();
  recording.stopped = "horizon";
  CHECK(text_report(recording, options(140))
            .find(", last event at 10002ms (nothing more until the horizon), ") !=
        std::string::npos);
  recording.stopped = "event_limit";
  CHECK(text_report(recording, options(140)).find(", stopped at 10002ms (by the event limit), ") !=
        std::string::npos);
}

TEST_CASE("a client that never has the lock has a lane where there are few, and is counted else") {
  for (const int clients : {6, 7}) {
    CAPTURE(clients);
    test::RecordingMaker run("lanes", "");
    std::vector<ProcessId> all;
    for (int i = 1; i <= clients; ++i)
      all.push_back(run.process("client-" + std::to_string(i), ProcessRole::client));
    const Symbol lock = run.name("item");
    LockGranted grant;
    grant.lock = lock;
    grant.attempt = AttemptId{1};
    run.event(ms(1), all[0], grant);
    LockRefused refusal;
    refusal.lock = lock;
    refusal.attempt = AttemptId{2};
    run.event(ms(5), all[1], refusal);
    run.event(ms(6), all[0], refusal);  // it holds the lock: its band is not broken
    const std::string text = text_report(run.finish(ms(10)), options(60));
    const std::vector<std::string> lines = lines_of(text);
    const auto begins = [&](std::string_view with) {
      return std::count_if(lines.begin(), lines.end(),
                           [&](const std::string& line) { return line.starts_with(with); });
    };
    CHECK(begins("A client-1  ") == 1);
    CHECK(begins("C client-3") == (clients == 6 ? 1 : 0));
    CHECK(begins("B client-2  ") == (clients == 6 ? 1 : 0));
    for (const std::string& line : lines)
      if (line.starts_with("B client-2  ")) CHECK(line.ends_with(" ✗"));
    CHECK((text.find("✗ lock refused") != std::string::npos) == (clients == 6));
    CHECK((text.find("Without a lane: 6 clients") != std::string::npos) == (clients == 7));
  }
}

TEST_CASE("an empty recording is a short report") {
  const Recording nothing;
  CHECK(text_report(nothing, {}) ==
        "\n\nNothing happened.\n\n"
        "Seed 0, 0 events, 0 messages, ended at 0ms, digest 0000000000000000\n");
}

TEST_CASE("of a hundred writes the report shows those that matter") {
  test::RecordingMaker run("many", "");
  run.process("client-a", ProcessRole::client);
  const ProcessId storage = run.process("storage", ProcessRole::storage);
  const Symbol item = run.name("item");
  for (std::uint32_t i = 1; i <= 100; ++i)
    run.event(ms(i), storage, WriteAccepted{item, {}, {}, FencingToken{i}, {}, i, 0, false});
  run.event(
      ms(101), storage,
      WriteRejected{item, {}, {}, FencingToken{7}, FencingToken{100}, Rejection::stale_token});
  const std::string text = text_report(run.finish(ms(101)), {});
  CHECK(text.find("REJECTED: token 7 < 100") != std::string::npos);
  CHECK(text.find("  and 89 more\n") != std::string::npos);
}

}  // namespace
}  // namespace locklab
