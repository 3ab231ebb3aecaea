// Containers: one that has had children and stands empty goes by itself, and the next one of its
// name numbers its children from zero [corpus 68].
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <thread>

#include "real/zookeeper/connection.hpp"
#include "tests/conformance/zookeeper/lab.hpp"
#include "tests/conformance/zookeeper/parts.hpp"

namespace locklab::conformance {

namespace {

using namespace std::chrono_literals;
using real::zookeeper::Connection;
using real::zookeeper::Mode;
using zookeeper::NodeKind;
using zookeeper::Op;
using zookeeper::Request;

constexpr std::string_view kContainers = "containers go, and numbers begin anew";
constexpr std::chrono::milliseconds kCheck{150};

/// Both sides do the same; each answer is "name", "gone" or "there".
class OneSide {
 public:
  virtual ~OneSide() = default;
  virtual std::string make(const std::string& path, const std::string& parent, bool container) = 0;
  virtual void remove(const std::string& path) = 0;
  virtual std::string look(const std::string& path) = 0;
  virtual void wait() = 0;  // until containers have been looked after, once at least
};

std::string story(OneSide& side, const std::string& used, const std::string& fresh) {
  std::string text;
  side.make(used, "", true);
  side.make(fresh, "", true);
  for (int life = 0; life < 2; ++life) {
    const std::string first = side.make(used + "/lock-", used, false);
    const std::string second = side.make(used + "/lock-", used, false);
    side.remove(first);
    side.wait();
    text += fmt::format("{} {}; with a child {}, ", first, second, side.look(used));
    side.remove(second);
    side.wait();
    text += fmt::format("then {}, unused {}; ", side.look(used), side.look(fresh));
    side.make(used, "", true);
  }
  return text;
}

class RealSide final : public OneSide {
 public:
  explicit RealSide(Connection& connection) : connection_(connection) {}
  std::string make(const std::string& path, const std::string&, bool container) override {
    connection_.create(path, container ? Mode::container : Mode::ephemeral_sequential);
    const auto made = connection_.take();
    return made && made->code == 0 ? made->path : "none";
  }
  void remove(const std::string& path) override {
    connection_.remove(path);
    static_cast<void>(connection_.take());
  }
  std::string look(const std::string& path) override {
    connection_.exists(path);
    const auto there = connection_.take();
    return there && there->code == 0 ? "there" : "gone";
  }
  // The server waits for the end of its round before it begins the next interval.
  void wait() override { std::this_thread::sleep_for(2 * kCheck + 200ms); }

 private:
  Connection& connection_;
};

class ModelSide final : public OneSide {
 public:
  ModelSide() : lab_({.servers = 1, .fsync = Duration{0}, .container_check = kCheck}, 1) {
    lab_.connect(0, 40'000);
    static_cast<void>(lab_.client(0).heard());
  }
  std::string make(const std::string& path, const std::string& parent, bool container) override {
    Request request;
    request.op = Op::create;
    request.kind = container ? NodeKind::container : NodeKind::ephemeral;
    request.sequential = !container;
    request.path = lab_.names().intern(path);
    if (!parent.empty()) request.parent = lab_.names().intern(parent);
    const zookeeper::Reply reply = ask(request);
    return reply.code == zookeeper::Code::ok ? std::string(lab_.names().text(reply.path)) : "none";
  }
  void remove(const std::string& path) override {
    Request request;
    request.op = Op::remove;
    request.path = lab_.names().intern(path);
    ask(request);
  }
  std::string look(const std::string& path) override {
    Request request;
    request.op = Op::exists;
    request.path = lab_.names().intern(path);
    return ask(request).code == zookeeper::Code::ok ? "there" : "gone";
  }
  void wait() override { lab_.settle(2 * kCheck); }

 private:
  zookeeper::Reply ask(const Request& request) {
    lab_.client(0).ask(request);
    lab_.settle();
    const std::vector<Heard> heard = lab_.client(0).heard();
    return heard.empty() ? zookeeper::Reply{} : heard.back().reply;
  }
  ModelLab lab_;
};

}  // namespace

void compare_containers(Context& context) {
  context.record.describe(kContainers, "sim/services/zookeeper/leading.cpp",
                          "names of sequential children, and which containers are there");
  auto server = real::zookeeper::Ensemble::start(
      {.properties = {fmt::format("znode.container.checkIntervalMs={}", kCheck.count())}}, {{}});
  auto connection = server ? Connection::open(server->address(0), 4s) : server.error();
  if (!connection)
    return context.record.differ(kContainers, "start", "a session", connection.error().sentence);
  for (std::uint64_t number = 0; number < context.of(1, 4); ++number) {
    RealSide real(*connection);
    ModelSide model;
    const std::string used = fmt::format("/used-{}", number);
    const std::string fresh = fmt::format("/fresh-{}", number);
    const std::string expected = story(model, used, fresh);
    const std::string seen = story(real, used, fresh);
    context.record.add(kContainers, 10);
    if (seen != expected) context.record.differ(kContainers, used, expected, seen);
  }
}

}  // namespace locklab::conformance
