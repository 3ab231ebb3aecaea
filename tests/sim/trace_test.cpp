#include "sim/trace.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>
#include <utility>

using namespace locklab;

namespace {

/// Calls `visit` with one default payload of each type.
template <class Visit, std::size_t... I>
void each_payload(Visit visit, std::index_sequence<I...>) {
  (visit(std::variant_alternative_t<I, TracePayload>{}), ...);
}
template <class Visit>
void each_payload(Visit visit) {
  each_payload(visit, std::make_index_sequence<std::variant_size_v<TracePayload>>());
}

struct Anything {
  template <class T>
  operator T() const;
};
template <class Aggregate, class... Values>
concept BuiltFrom = requires {
  Aggregate{std::declval<Values>()...};
};

/// How many members an aggregate has: as many as can be given in braces.
template <class Aggregate, class... Values>
constexpr std::size_t member_count() {
  if constexpr (BuiltFrom<Aggregate, Values..., Anything>)
    return member_count<Aggregate, Values..., Anything>();
  else
    return sizeof...(Values);
}

template <class Enum>
std::set<std::string_view> words_of(int count) {
  std::set<std::string_view> words;
  for (int i = 0; i < count; ++i) words.insert(to_string(static_cast<Enum>(i)));
  CHECK(words.size() == static_cast<std::size_t>(count));
  CHECK(to_string(static_cast<Enum>(count)) == "?");  // a new word needs its text here
  CHECK(!words.contains("?"));
  return words;
}

/// Makes a field another one than a default payload has.
struct Alter {
  std::size_t which;
  std::size_t seen = 0;
  void operator()(std::string_view, auto& field) {
    if (seen++ == which) alter(field);
  }

  static void alter(bool& field) { field = !field; }
  template <class Number>
  requires std::is_integral_v<Number>
  static void alter(Number& field) { field += 1; }
  static void alter(Symbol& field) { field.number += 1; }
  static void alter(Value& field) { field = Value::integer(1); }
  static void alter(Duration& field) { field += 1ns; }
  template <class Tag, class Number>
  static void alter(Id<Tag, Number>& field) {
    field.number += 1;
  }
  template <class Clock>
  static void alter(std::chrono::time_point<Clock, Duration>& field) {
    field += 1ns;
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  static void alter(Enum& field) { field = static_cast<Enum>(static_cast<int>(field) + 1); }
};

template <class Payload>
std::uint64_t digest_of(const Payload& payload) {
  Digest digest;
  digest.absorb(Instant{1ms}, ProcessId{2}, EventSeq{3}, WallInstant{4ms}, payload);
  return digest.value();
}

}  // namespace

TEST_CASE("a word of an event is the enumerator's name") {
  CHECK(words_of<LossReason>(5).contains("receiver_down"));
  CHECK(words_of<ClockChange>(5).contains("frozen"));
  CHECK(words_of<BeliefEnd>(5).contains("deadline"));
  CHECK(words_of<RemovalReason>(6).contains("overwritten"));
  CHECK(words_of<Rejection>(5).contains("stale_token"));
  CHECK(words_of<DomainAct>(6).contains("job_ran"));
  CHECK(words_of<SessionEnd>(3).contains("invalidated"));
  CHECK(words_of<ConnectionState>(6).contains("jeopardy"));
  CHECK(words_of<ServerRole>(5).contains("candidate"));
  CHECK(words_of<Errc>(10).contains("connection_refused"));
}

TEST_CASE("after a timeout or a lost connection the outcome is unknown") {
  std::set<std::string_view> unknown;
  for (int i = 0; i < 10; ++i)
    if (outcome_unknown(static_cast<Errc>(i))) unknown.insert(to_string(static_cast<Errc>(i)));
  CHECK(unknown == std::set<std::string_view>{"timeout", "connection_lost"});
}

TEST_CASE("each kind of event has a name of its own") {
  std::set<std::string_view> names;
  each_payload([&](auto payload) {
    CHECK(payload_name(TracePayload(payload)) == payload.kName);
    names.insert(payload.kName);
  });
  CHECK(names.size() == std::variant_size_v<TracePayload>);
}

TEST_CASE("each kind of event lists all of its fields, once, under different names") {
  each_payload([](auto payload) {
    std::set<std::string> names;
    std::size_t fields = 0;
    payload.fields(payload, [&](std::string_view name, auto&) {
      names.emplace(name);
      ++fields;
    });
    CAPTURE(std::string(payload.kName));
    CHECK(fields == member_count<decltype(payload)>());
    CHECK(names.size() == fields);
  });
}

TEST_CASE("a mask holds the kinds that it was made of") {
  constexpr EventMask kMask = events_of<MessageSent, LockGranted>();
  static_assert(kMask == ((EventMask{1} << payload_index<MessageSent>()) |
                          (EventMask{1} << payload_index<LockGranted>())));
  static_assert(payload_index<MessageSent>() == 0);
  CHECK(TracePayload(LockGranted{}).index() == payload_index<LockGranted>());
  CHECK((kEveryEvent & kMask) == kMask);
  CHECK(events_of<>() == 0);
}

TEST_CASE("a digest feels every field of every event") {
  std::set<std::uint64_t> digests;
  std::size_t count = 0;
  each_payload([&](auto payload) {
    const std::uint64_t plain = digest_of(payload);
    digests.insert(plain);
    ++count;
    for (std::size_t which = 0; which < member_count<decltype(payload)>(); ++which) {
      auto altered = payload;
      altered.fields(altered, Alter{which});
      CAPTURE(std::string(payload.kName));
      CAPTURE(which);
      CHECK(digest_of(altered) != plain);
      digests.insert(digest_of(altered));
      ++count;
    }
  });
  CHECK(digests.size() == count);
}

TEST_CASE("a digest feels time, process, cause, clock and order") {
  const auto digest = [](Duration at, std::uint32_t process, std::uint64_t cause, Duration wall) {
    Digest one;
    one.absorb(Instant{at}, ProcessId{process}, EventSeq{cause}, WallInstant{wall}, LinkHealed{});
    return one.value();
  };
  const std::set<std::uint64_t> digests{digest(1ms, 1, 1, 1ms), digest(2ms, 1, 1, 1ms),
                                        digest(1ms, 2, 1, 1ms), digest(1ms, 1, 2, 1ms),
                                        digest(1ms, 1, 1, 2ms)};
  CHECK(digests.size() == 5);

  Digest first, second;
  for (const std::uint64_t word : {1u, 2u}) first.absorb(word);
  for (const std::uint64_t word : {2u, 1u}) second.absorb(word);
  CHECK(first.value() != second.value());
}

TEST_CASE("a digest is the same on every machine") {
  Digest digest;
  CHECK(digest.value() == 0x94C6093C8AA2E68Fu);
  // The first of the payloads, so that a new kind of event moves no number here.
  digest.absorb(Instant{1'234'567ns}, ProcessId{3}, EventSeq{17}, WallInstant{-5ms},
                MessageSent{MessageId{7}, ProcessId{4}, Symbol{5}, Symbol{6}});
  CHECK(digest.value() == 0xE5EFAF2777734ECAu);
}
