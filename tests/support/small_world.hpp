// A world in three lines, for tests of the kernel and of faults:
//
//   SmallWorld small;                       // or SmallWorld small(seed)
//   EchoServer& echo = small.echo("echo-1");
//   Client& a = small.client("client-a", ask_once);     // Task<> ask_once(Client& self)
//   small.run();                            // then look at a.said, echo.heard,
//   small.all<CallEnded>()
//
// Every message takes 0.5 ms unless a test says otherwise, so a question is answered after 1 ms.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/arena.hpp"
#include "sim/rpc.hpp"
#include "sim/task.hpp"
#include "sim/world.hpp"

namespace locklab::test {

/// What clients send and the echo sends back.
struct Note {
  std::int64_t number = 0;
};

inline Instant at(Duration since_start) { return Instant{since_start}; }

/// Answers each request at once with what it said.
class EchoServer final : public Actor {
 public:
  explicit EchoServer(Process& process)
      : process_(process), reply_kind_(process.world().names().intern("note reply")) {}

  void on_message(const Packet& packet) override {
    heard.emplace_back(process_.world().now(), packet.as<Note>().number);
    if (answers && packet.call)
      process_.world().network().reply(packet, reply_kind_, packet.as<Note>());
  }
  void on_crash(bool power_loss) override { crashes.push_back(power_loss); }
  void on_start() override { ++lives; }
  void on_connection_lost(ProcessId) override { ++connections_lost; }
  void on_disk_stall(bool stalled) override {
    stalls.emplace_back(process_.world().now(), stalled);
  }
  void on_key_lost(Symbol key) override {
    keys_lost.emplace_back(process_.world().now(), process_.world().names().text(key));
  }

  ProcessId id() const { return process_.id(); }
  std::vector<std::int64_t> numbers() const {
    std::vector<std::int64_t> found;
    for (const auto& [when, number] : heard) found.push_back(number);
    return found;
  }

  bool answers = true;
  std::vector<std::pair<Instant, std::int64_t>> heard;
  std::vector<bool> crashes;  // true: by power loss
  std::vector<std::pair<Instant, bool>> stalls;
  std::vector<std::pair<Instant, std::string>> keys_lost;
  int lives = 0;
  int connections_lost = 0;

 private:
  Process& process_;
  Symbol reply_kind_;
};

class Client;
using Program = Task<> (*)(Client& self);

/// Runs a program from the start of each life, and notes down what it says and when.
class Client final : public Actor {
 public:
  Client(Process& process, Program program) : process_(process), program_(program) {}

  // ---- for programs
  Arena& arena() const { return process_.arena(); }
  Process& process() const { return process_; }
  World& world() const { return process_.world(); }
  Sleep sleep(Duration duration, ClockKind clock = ClockKind::mono) const {
    return process_.sleep(duration, clock);
  }
  /// A question to the server (by default the first process of the world).
  Call<Note> ask(std::int64_t number, CallOptions options = {}, ProcessId to = {1}) const {
    return Call<Note>(process_, to, world().names().intern("note"), Symbol{}, options,
                      Note{number});
  }
  /// A message that asks for no answer.
  void tell(std::int64_t number, ProcessId to = {1}) const {
    world().network().send(process_.id(), to, world().names().intern("note"), Symbol{}, CallId{},
                           Note{number});
  }
  void say(const std::string& what) { said.push_back(to_string(world().now()) + " " + what); }
  void say(const Result<Note>& reply) {
    say(reply ? std::to_string(reply->number) : std::string(to_string(reply.error())));
  }

  // ---- for the world
  void on_message(const Packet& packet) override {
    say("got " + std::to_string(packet.as<Note>().number));
  }
  void on_crash(bool) override { say("crashed"); }
  void on_start() override {
    if (program_ != nullptr) process_.spawn("program", program_(*this));
  }
  void on_connection_lost(ProcessId) override { say("connection lost"); }

  ProcessId id() const { return process_.id(); }
  std::vector<std::string> said;

 private:
  Process& process_;
  Program program_;
};

class SmallWorld final : TraceObserver {
 public:
  explicit SmallWorld(std::uint64_t seed = 1) : world(arena, seed) {
    world.observe(*this, kEveryEvent);
  }

  EchoServer& echo(std::string_view name, Duration clock_offset = {}) {
    Process& process = world.add_process(name, world.add_machine(name, clock_offset));
    EchoServer& server = echoes_.emplace_back(process);
    process.set_actor(server);
    return server;
  }
  Client& client(std::string_view name, Program program) {
    Process& process = world.add_process(name, world.add_machine(name));
    Client& made = clients_.emplace_back(process, program);
    process.set_actor(made);
    return made;
  }
  void latency(const Latency& latency) { world.network().set_default({latency, 0, 0}); }

  StopReason run(Duration horizon = 1h, std::uint64_t max_events = 1'000'000) {
    if (!started_) world.start();
    started_ = true;
    return world.run(Instant{horizon}, max_events);
  }

  /// All payloads of one type in the trace, with when they happened.
  template <class Payload>
  std::vector<std::pair<Instant, Payload>> all(ProcessId lane = {}) const {
    std::vector<std::pair<Instant, Payload>> found;
    for (const TraceEvent& event : trace)
      if (const auto* payload = std::get_if<Payload>(&event.what))
        if (!lane || lane == event.process) found.emplace_back(event.at, *payload);
    return found;
  }
  template <class Payload>
  std::size_t count(ProcessId lane = {}) const {
    return all<Payload>(lane).size();
  }

  void observe(const TraceEvent& event) override { trace.push_back(event); }

  Arena arena;
  World world;
  std::vector<TraceEvent> trace;

 private:
  std::deque<EchoServer> echoes_;
  std::deque<Client> clients_;
  bool started_ = false;
};

}  // namespace locklab::test
