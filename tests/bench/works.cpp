#include "tests/bench/works.hpp"

#include <new>

#include "sim/rpc.hpp"
#include "sim/world.hpp"

namespace locklab::bench {

namespace {

struct Ask {
  std::uint64_t number;
};
struct Answer {
  std::uint64_t number;
};

class EchoServer final : public Actor {
 public:
  EchoServer(Process& self, Symbol reply) : self_(self), reply_(reply) {}
  void on_message(const Packet& packet) override {
    self_.world().network().reply(packet, reply_, Answer{packet.as<Ask>().number});
  }
  void on_crash(bool) override {}
  void on_start() override {}

 private:
  Process& self_;
  Symbol reply_;
};

class AskingClient final : public Actor {
 public:
  AskingClient(Process& self, Symbol ask, std::uint32_t first_server, std::uint32_t servers,
               std::uint64_t* sent, std::uint64_t requests)
      : self_(self),
        ask_(ask),
        first_server_(first_server),
        servers_(servers),
        sent_(sent),
        requests_(requests) {}
  void on_message(const Packet&) override {}
  void on_crash(bool) override {}
  void on_start() override { self_.spawn("asking", run()); }
  Arena& arena() const { return self_.arena(); }

 private:
  Task<> run() {
    const CallOptions options{.timeout = 50ms};
    while (*sent_ < requests_) {
      ++*sent_;
      const ProcessId server{first_server_ +
                             static_cast<std::uint32_t>((*sent_ + self_.id().number) % servers_)};
      const Result<Answer> answer =
          co_await Call<Answer>(self_, server, ask_, Symbol{}, options, Ask{*sent_});
      static_cast<void>(answer);
    }
  }

  Process& self_;
  Symbol ask_;
  std::uint32_t first_server_;
  std::uint32_t servers_;
  std::uint64_t* sent_;
  std::uint64_t requests_;
};

}  // namespace

std::uint64_t messages(Arena& arena, std::uint32_t clients, std::uint32_t servers,
                       std::uint64_t requests) {
  std::uint64_t fired = 0;
  arena.reset();
  World world(arena, 1);
  LinkQuality quality;
  quality.latency = Latency::uniform(200us, 1ms);
  world.network().set_default(quality);
  const Symbol ask = world.names().intern("ask");
  const Symbol reply = world.names().intern("ask reply");
  std::uint64_t sent = 0;
  // Names must differ: a link's random streams are named after its two ends.
  const auto name_of = [&world](std::string_view prefix, std::uint32_t number) {
    char digits[12];
    std::size_t length = 0;
    for (; number > 0; number /= 10)
      digits[sizeof digits - ++length] = static_cast<char>('0' + number % 10);
    return world.names().text(
        world.names().join(prefix, {digits + sizeof digits - length, length}));
  };
  const MachineId host = world.add_machine("host");
  for (std::uint32_t i = 0; i < clients; ++i) {
    Process& process = world.add_process(name_of("client-", i + 1), host);
    process.set_actor(*new (arena.take(sizeof(AskingClient)))
                          AskingClient(process, ask, clients + 1, servers, &sent, requests));
  }
  for (std::uint32_t i = 0; i < servers; ++i) {
    Process& process = world.add_process(name_of("server-", i + 1), host);
    process.set_actor(*new (arena.take(sizeof(EchoServer))) EchoServer(process, reply));
  }
  world.start();
  world.run(kEndOfTime, ~std::uint64_t{0});
  fired = world.events();
  return world.digest() ^ fired;
}

std::uint64_t small_run(Arena& arena, std::uint64_t events, std::uint64_t& fired) {
  // A request costs three events of the agenda: it leaves, arrives, and is answered.
  const std::uint64_t digest = messages(arena, 3, 5, events / 3);
  fired = events;
  return digest;
}

}  // namespace locklab::bench
