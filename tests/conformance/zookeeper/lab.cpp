#include "tests/conformance/zookeeper/lab.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/rpc.hpp"

namespace locklab::conformance {

using zookeeper::Op;
using zookeeper::Reply;
using zookeeper::Request;

void ModelClient::on_message(const Packet& packet) {
  if (packet.kind != kinds_.watch_event) return;
  const auto& notice = packet.as<zookeeper::Notice>();
  if (notice.connection == connection_)
    heard_.push_back({.sequence = notice.sequence, .event = true, .path = notice.path});
}

void ModelClient::ask(Request request) {
  if (request.op == Op::connect) {
    ++connection_;
    sent_ = 0;
    session_ = request.session;
  }
  request.connection = connection_;
  request.sequence = ++sent_;
  request.session = session_;
  self_.spawn("request", exchange(request));
}

void ModelClient::resume() {
  Request request;
  request.op = Op::connect;
  request.session = session_;
  request.seen = seen_;
  ask(request);
}

Task<> ModelClient::exchange(Request request) {
  const Result<Reply> reply =
      co_await Call<Reply>(self_, server_, kinds_.request(request.op), request.path, {}, request);
  if (!reply) co_return;
  if (request.op == Op::connect) session_ = reply->session;
  seen_ = std::max(seen_, reply->zxid);
  heard_.push_back({.sequence = reply->sequence, .op = request.op, .reply = *reply});
}

std::vector<Heard> ModelClient::heard() {
  std::ranges::sort(heard_, {}, &Heard::sequence);
  return std::exchange(heard_, {});
}

ModelLab::ModelLab(const zookeeper::Options& options, std::size_t clients)
    : world_(arena_, 1),
      kinds_(world_.names()),
      ensemble_(options, kinds_, world_.names().intern("zookeeper"), &arena_) {
  world_.network().set_default({Latency::constant(500us), 0, 0});
  for (std::uint32_t number = 1; number <= options.servers; ++number) {
    Process& process = add(fmt::format("zookeeper-{}", number));
    ensemble_.servers.push_back(process.id());
    servers_.push_back(std::make_unique<zookeeper::Server>(process, ensemble_, number));
    process.set_actor(*servers_.back());
  }
  for (std::size_t i = 0; i < clients; ++i) {
    Process& process = add(fmt::format("client-{}", i));
    clients_.push_back(std::make_unique<ModelClient>(
        process, ensemble_.servers[i % ensemble_.servers.size()], kinds_));
    process.set_actor(*clients_.back());
  }
  world_.start();
}

Process& ModelLab::add(std::string_view name) {
  return world_.add_process(name, world_.add_machine(name));
}

void ModelLab::connect(std::size_t client, std::uint32_t timeout_ms) {
  Request request;
  request.op = Op::connect;
  request.timeout_ms = timeout_ms;
  clients_[client]->ask(request);
  settle();
}

void ModelLab::settle(Duration long_enough) {
  const Instant end = world_.now() + long_enough;
  world_.at(
      end, [](void*, std::uint64_t) {}, nullptr);
  world_.run(end, 1'000'000);
}

}  // namespace locklab::conformance
