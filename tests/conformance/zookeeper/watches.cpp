// Watches: random programs of three clients, each with a server of its own, on the real ensemble
// and on the model's in a small world. What a client asks at a stretch is under way at once, and
// what is compared is all that each client then hears, events and answers in their order.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "real/zookeeper/connection.hpp"
#include "tests/conformance/shrink.hpp"
#include "tests/conformance/zookeeper/lab.hpp"
#include "tests/conformance/zookeeper/parts.hpp"

namespace locklab::conformance {

namespace {

using namespace std::chrono_literals;
using real::zookeeper::Arrival;
using real::zookeeper::Connection;
using real::zookeeper::Mode;
using zookeeper::NodeKind;
using zookeeper::Op;
using zookeeper::Request;

constexpr std::string_view kWatches = "watches: which fire, and when among the answers";
constexpr std::string_view kRace = "an event comes before the read that sees the change";
constexpr std::string_view kChildren = "child watches";

enum class Action : std::uint8_t { create, create_sequential, remove, exists, get, look, close };

struct Step {
  Action action{};
  std::size_t client = 0;
  std::string name;  // in the program's own directory
};
using Steps = std::vector<Step>;
constexpr std::size_t kClients = 3;

std::string told(const Step& step) {
  constexpr std::array<std::string_view, 7> kNames{
      "create",        "create sequential", "delete", "exists with a watch", "getData with a watch",
      "exists, alone", "closes its session"};
  return fmt::format("client {}: {} {}", step.client + 1,
                     kNames[static_cast<std::size_t>(step.action)],
                     step.action == Action::close ? "" : step.name);
}

Steps draw(Rng random, std::size_t length) {
  constexpr std::array kOften{
      Action::create, Action::create, Action::remove, Action::remove, Action::exists,
      Action::exists, Action::get,    Action::get,    Action::look,   Action::create_sequential};
  constexpr std::array<std::string_view, 5> kNames{"/a", "/b", "/c", "/lock-0000000000",
                                                   "/lock-0000000001"};
  Steps steps;
  std::size_t client = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (random.below(2) == 0) client = random.below(kClients);
    Step step{kOften[random.below(kOften.size())], client,
              std::string(kNames[random.below(kNames.size())])};
    if (step.action == Action::create_sequential) step.name = "/lock-";
    if (random.below(25) == 0) step.action = Action::close;
    steps.push_back(step);
  }
  return steps;
}

/// What each client hears, as lines.
using Told = std::array<std::vector<std::string>, kClients>;

std::string joined(const Told& told) {
  std::string text;
  for (std::size_t i = 0; i < kClients; ++i)
    text += fmt::format("{}[{}]", i == 0 ? "" : " ", fmt::join(told[i], ", "));
  return text;
}

std::string below(const std::string& path, const std::string& root) {
  return path.starts_with(root) ? path.substr(root.size()) : path;
}

// ---- the server ---------------------------------------------------------------------------------

class RealClients {
 public:
  explicit RealClients(real::zookeeper::Ensemble& ensemble) : ensemble_(ensemble) {}

  std::string open() {
    for (std::size_t i = 0; i < kClients; ++i)
      if (std::string trouble = open_one(i); !trouble.empty()) return trouble;
    return {};
  }
  void begin(const std::string& root) {
    root_ = root;
    connections_[0]->create(root, Mode::persistent);
    ++asked_[0];
    static_cast<void>(hear());
  }
  void ask(const Step& step) {
    Connection& connection = *connections_[step.client];
    const std::string path = root_ + step.name;
    ++asked_[step.client];
    switch (step.action) {
      case Action::create:
        return connection.create(path, Mode::ephemeral);
      case Action::create_sequential:
        return connection.create(path, Mode::ephemeral_sequential);
      case Action::remove:
        return connection.remove(path);
      case Action::exists:
        return connection.exists(path, true);
      case Action::get:
        return connection.get(path, true);
      case Action::look:
        return connection.exists(path);
      case Action::close:
        return;
    }
  }
  /// Everything up to now: the one who asked is done, then every other has caught up.
  std::optional<Told> hear() {
    Told told;
    for (std::size_t i = 0; i < kClients; ++i)
      if (asked_[i] > 0 && !take(i, std::exchange(asked_[i], 0), told[i])) return std::nullopt;
    for (std::size_t i = 0; i < kClients; ++i) {
      connections_[i]->sync();
      if (!take(i, 1, told[i])) return std::nullopt;
      told[i].pop_back();  // that of the sync
    }
    return told;
  }
  std::optional<Told> close(std::size_t client) {
    const std::string witness = witness_of(client);
    Told told;
    connections_[client].reset();
    const std::size_t other = (client + 1) % kClients;
    const auto gone = [&] {
      connections_[other]->sync();
      connections_[other]->exists(witness);
      if (!take(other, 2, told[other])) return true;
      const bool still = told[other].back() == "ok";
      told[other].resize(told[other].size() - 2);
      return !still;
    };
    if (!real::wait_until(gone, 10s) || !open_one(client).empty()) return std::nullopt;
    auto rest = hear();
    if (!rest) return std::nullopt;
    told[other].insert(told[other].end(), (*rest)[other].begin(), (*rest)[other].end());
    std::swap((*rest)[other], told[other]);
    return rest;
  }

 private:
  std::string witness_of(std::size_t client) const {
    return fmt::format("/v{:x}", connections_[client]->session());
  }
  std::string open_one(std::size_t i) {
    auto opened = Connection::open(ensemble_.address(i), 4s);
    if (!opened) return opened.error().sentence;
    connections_[i].emplace(std::move(*opened));
    connections_[i]->create(witness_of(i), Mode::ephemeral);
    return connections_[i]->take() ? "" : "a session cannot make a node";
  }
  bool take(std::size_t client, std::size_t answers, std::vector<std::string>& lines) {
    const auto all = connections_[client]->take_all(answers);
    if (!all) return false;
    for (const Arrival& arrival : *all) {
      if (arrival.is_watch()) {
        // What an earlier program left behind goes with its session.
        if (arrival.path.starts_with(root_ + "/"))
          lines.push_back("event " + below(arrival.path, root_));
      } else if (arrival.kind == Arrival::Kind::answer) {
        lines.push_back(real::zookeeper::name_of_code(arrival.code));
      }
    }
    return true;
  }

  real::zookeeper::Ensemble& ensemble_;
  std::array<std::optional<Connection>, kClients> connections_;
  std::array<std::size_t, kClients> asked_{};
  std::string root_;
};

// ---- the model ----------------------------------------------------------------------------------

class ModelClients {
 public:
  ModelClients() : lab_({.fsync = Duration{0}}, kClients) {
    for (std::size_t i = 0; i < kClients; ++i) lab_.connect(i, 40'000);
    Request request;
    request.op = Op::create;
    request.path = lab_.names().intern("~");
    lab_.client(0).ask(request);
    static_cast<void>(hear());
  }
  void ask(const Step& step) {
    Request request;
    request.path = lab_.names().intern("~" + step.name);
    switch (step.action) {
      case Action::create:
      case Action::create_sequential:
        request.op = Op::create;
        request.kind = NodeKind::ephemeral;
        request.sequential = step.action == Action::create_sequential;
        request.parent = lab_.names().intern("~");
        break;
      case Action::remove:
        request.op = Op::remove;
        break;
      case Action::exists:
      case Action::look:
        request.op = Op::exists;
        break;
      case Action::get:
        request.op = Op::get_data;
        break;
      case Action::close:
        return;
    }
    if (step.action == Action::exists || step.action == Action::get)
      request.watch = zookeeper::WatchKind::data;
    lab_.client(step.client).ask(request);
  }
  Told hear() {
    lab_.settle();
    Told told;
    for (std::size_t i = 0; i < kClients; ++i)
      for (const Heard& heard : lab_.client(i).heard()) {
        if (heard.event)
          told[i].push_back("event " + below(std::string(lab_.names().text(heard.path)), "~"));
        else if (heard.op != Op::connect && heard.op != Op::close_session)
          told[i].push_back(real::zookeeper::name_of_code(code_of(heard.reply.code)));
      }
    return told;
  }
  Told close(std::size_t client) {
    Request request;
    request.op = Op::close_session;
    lab_.client(client).ask(request);
    Told told = hear();
    told[client].clear();  // who closes listens no more
    lab_.connect(client, 40'000);
    static_cast<void>(hear());
    return told;
  }

 private:
  ModelLab lab_;
};

// ---- both ---------------------------------------------------------------------------------------

struct Difference {
  std::string model, server;
};

class Comparison {
 public:
  Comparison(Context& context, real::zookeeper::Ensemble& ensemble)
      : context_(context), real_(ensemble) {}

  void programs(std::uint64_t count) {
    if (const std::string trouble = real_.open(); !trouble.empty())
      return context_.record.differ(kWatches, "start", "three sessions", trouble);
    for (std::uint64_t number = 1; number <= count; ++number) {
      const Steps steps = draw(context_.stream("zookeeper/watches", number), 30);
      counting_ = true;
      auto difference = run(steps);
      counting_ = false;
      if (!difference) continue;
      const Steps small = shrunk(steps, [&](const Steps& fewer) {
        const auto still = run(fewer);
        if (still) difference = still;
        return still.has_value();
      });
      std::string place = fmt::format("seed {}, program {}:", context_.seed, number);
      for (const Step& step : small) place += "\n      " + told(step);
      return context_.record.differ(kWatches, place, difference->model, difference->server);
    }
  }

 private:
  std::optional<Difference> run(const Steps& steps) {
    real_.begin(fmt::format("/w{}", ++places_));
    ModelClients model;
    for (std::size_t i = 0; i < steps.size();) {
      std::optional<Told> server;
      Told expected;
      std::uint64_t answers = 0;
      if (steps[i].action == Action::close) {
        server = real_.close(steps[i].client);
        expected = model.close(steps[i].client);
        // In which order the nodes of one session go is nobody's promise.
        for (std::size_t client = 0; client < kClients; ++client) {
          std::ranges::sort(expected[client]);
          if (server) std::ranges::sort((*server)[client]);
        }
        ++i;
      } else {
        const std::size_t client = steps[i].client;
        for (; i < steps.size() && steps[i].client == client && steps[i].action != Action::close;
             ++i, ++answers) {
          real_.ask(steps[i]);
          model.ask(steps[i]);
        }
        server = real_.hear();
        expected = model.hear();
      }
      if (!server) return Difference{"answers", "none"};
      for (const std::vector<std::string>& lines : expected)
        if (counting_) context_.record.add(kWatches, lines.size());
      if (*server != expected) return Difference{joined(expected), joined(*server)};
    }
    return std::nullopt;
  }

  Context& context_;
  RealClients real_;
  std::uint64_t places_ = 0;
  bool counting_ = false;
};

/// One client reads all the time, another deletes: the model's server fires before it answers.
void races(Context& context, real::zookeeper::Ensemble& ensemble) {
  constexpr std::size_t kReads = 100;
  auto reader = Connection::open(ensemble.address(0), 4s);
  auto writer = Connection::open(ensemble.address(1), 4s);
  if (!reader || !writer) return context.record.differ(kRace, "start", "two sessions", "none");
  for (std::uint64_t number = 0; number < context.of(50, 500); ++number) {
    const std::string path = fmt::format("/race{}", number);
    writer->create(path, Mode::ephemeral);
    static_cast<void>(writer->take());
    reader->sync();
    reader->exists(path, true);
    static_cast<void>(reader->take_all(2));
    for (std::size_t i = 0; i < kReads; ++i) {
      reader->exists(path);
      if (i == kReads / 4) writer->remove(path);
    }
    reader->sync();
    const auto all = reader->take_all(kReads + 1);
    static_cast<void>(writer->take());
    bool event = false;
    bool before = true;
    for (const Arrival& arrival : all ? *all : std::vector<Arrival>{}) {
      event = event || arrival.is_watch();
      if (arrival.kind == Arrival::Kind::answer && arrival.path.empty() && arrival.code != 0)
        before = before && event;
    }
    context.record.add(kRace);
    if (!all || !before)
      context.record.differ(kRace, path, "the event, then \"no node\"", "\"no node\" first");
  }
}

}  // namespace

void compare_watches(Context& context, real::zookeeper::Ensemble& ensemble) {
  constexpr std::string_view kServing = "sim/services/zookeeper/serving.cpp";
  context.record.describe(kWatches, kServing,
                          "all that three clients hear, in its order (of one session's nodes that "
                          "go together: in any)");
  context.record.describe(kRace, kServing, "an event before \"no node\", under pipelined reads");
  Comparison(context, ensemble).programs(context.of(20, 200));
  races(context, ensemble);
  context.record.skip(kChildren, "the model has none: its recipes watch single nodes");
}

}  // namespace locklab::conformance
