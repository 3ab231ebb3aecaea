// Random programs on the tree: three sessions, each with a server of its own, against the tree as a
// value. Only one session has requests under way at a time, so that their order is known: what a
// session asks at a stretch is sent at once, and the next one begins with a sync. Nobody else
// writes, so every transaction's number is known as well.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "real/zookeeper/connection.hpp"
#include "sim/services/zookeeper/tree.hpp"
#include "tests/conformance/shrink.hpp"
#include "tests/conformance/zookeeper/parts.hpp"

namespace locklab::conformance {

namespace {

using namespace std::chrono_literals;
using real::zookeeper::Arrival;
using real::zookeeper::Connection;
using real::zookeeper::Mode;
using zookeeper::Code;
using zookeeper::NodeKind;
using zookeeper::Op;
using zookeeper::Request;

enum class Action : std::uint8_t { create, remove, exists, get, set, children, reopen };

constexpr std::string_view kVersions = "nodes have no versions";

constexpr std::string_view behaviour_of(Action action) {
  switch (action) {
    case Action::create:
      return "create, sequential ones included";
    case Action::remove:
      return "delete";
    case Action::exists:
    case Action::get:
      return "exists, getData";
    case Action::set:
      return "setData takes its place in the order";
    case Action::children:
      return "getChildren";
    case Action::reopen:
      return "a session's end takes its ephemeral nodes";
  }
  return {};
}

struct Step {
  Action action{};
  std::size_t session = 0;
  std::string parent;  // below the program's own node
  std::string name;
  Mode mode{};
  int version = -1;
  std::string path() const { return parent + name; }
};
using Steps = std::vector<Step>;

constexpr std::size_t kSessions = 3;

std::string_view to_string(Mode mode) {
  constexpr std::array<std::string_view, 5> kNames{
      "persistent", "ephemeral", "persistent sequential", "ephemeral sequential", "container"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::string told(const Step& step) {
  constexpr std::array<std::string_view, 7> kNames{"create",  "delete",      "exists", "getData",
                                                   "setData", "getChildren", "reopen"};
  std::string text = fmt::format("session {}: {}", step.session + 1,
                                 kNames[static_cast<std::size_t>(step.action)]);
  if (step.action != Action::reopen) text += " ~" + step.path();
  if (step.action == Action::create) text += fmt::format(" ({})", to_string(step.mode));
  if (step.version >= 0) text += fmt::format(" of version {}", step.version);
  return text;
}

bool is_sequential(Mode mode) {
  return mode == Mode::persistent_sequential || mode == Mode::ephemeral_sequential;
}

Step draw_step(Rng& random) {
  constexpr std::array kOften{Action::create, Action::create, Action::create,   Action::create,
                              Action::create, Action::remove, Action::remove,   Action::exists,
                              Action::get,    Action::exists, Action::children, Action::children};
  constexpr std::array<std::string_view, 5> kParents{"", "", "/a", "/a/b", "/b"};
  constexpr std::array<std::string_view, 3> kNames{"/a", "/b", "/c"};
  Step step;
  step.action = kOften[random.below(kOften.size())];
  if (random.below(30) == 0) step.action = Action::set;
  if (random.below(60) == 0) step.action = Action::reopen;
  step.parent = kParents[random.below(kParents.size())];
  step.mode = static_cast<Mode>(random.below(5));
  // A number that is taken already: what does the next sequential node say to that?
  step.name =
      random.below(3) == 0
          ? fmt::format("/lock-{}",
                        zookeeper::SuffixText(static_cast<std::int32_t>(random.below(6))).text())
          : std::string(kNames[random.below(kNames.size())]);
  if (step.action == Action::create && is_sequential(step.mode)) step.name = "/lock-";
  if (step.action == Action::children) step.name.clear();
  if (step.action == Action::remove || step.action == Action::set)
    step.version = random.below(4) == 0 ? static_cast<int>(random.below(2)) : -1;
  return step;
}

Steps draw(Rng random, std::size_t length) {
  Steps steps;
  std::size_t session = 0;
  for (std::size_t i = 0; i < length; ++i) {
    steps.push_back(draw_step(random));
    if (random.below(4) == 0) session = random.below(kSessions);
    steps.back().session = session;
  }
  return steps;
}

constexpr int kBadVersion = -103;

struct Difference {
  Action action{};
  std::string model, server;
};

// ---- the model ----------------------------------------------------------------------------------

/// The tree as a value, numbered from where the ensemble stands.
class Model {
 public:
  Model(std::string root, zookeeper::Zxid before) : root_(std::move(root)), zxid_(before) {}

  void open(std::int64_t session) {
    Request request;
    request.op = Op::connect;
    request.session = static_cast<std::uint64_t>(session);
    apply(request);
  }
  void close(std::int64_t session) {
    Request request;
    request.op = Op::close_session;
    request.session = static_cast<std::uint64_t>(session);
    ++zxid_;
    apply(request);
  }
  void take_a_number() { ++zxid_; }

  bool has(const Step& step) { return tree_.find(name(step.path())) != nullptr; }

  /// What it answers, in the form of the server's words().
  std::string answer(const Step& step, std::int64_t session) {
    switch (step.action) {
      case Action::create:
        return created(step, session);
      case Action::remove: {
        Request request;
        request.op = Op::remove;
        request.session = static_cast<std::uint64_t>(session);
        request.path = name(step.path());
        ++zxid_;
        return code(apply(request).code);
      }
      case Action::set:
        ++zxid_;
        return has(step) ? fmt::format("ok, mzxid {}", zxid_) : code(Code::no_node);
      case Action::exists:
      case Action::get: {
        const zookeeper::Node* node = tree_.find(name(step.path()));
        if (node == nullptr) return code(Code::no_node);
        const std::int64_t children = node->children;
        return fmt::format("ok, czxid {}, owner {:x}, children {}, cversion {}", node->czxid,
                           node->owner, children, 2 * std::int64_t{node->child_version} - children);
      }
      case Action::children: {
        const Symbol path = name(step.path());
        if (tree_.find(path) == nullptr) return code(Code::no_node);
        std::vector<std::string> names;
        tree_.for_each_child(path, [&](const zookeeper::Node& node) {
          const std::string_view text = names_.text(node.path);
          names.emplace_back(text.substr(text.rfind('/') + 1));
        });
        std::ranges::sort(names);
        return fmt::format("ok, {}", fmt::join(names, " "));
      }
      case Action::reopen:
        return {};
    }
    return {};
  }

 private:
  Symbol name(const std::string& below) { return names_.intern(root_ + below); }
  static std::string code(Code code) { return real::zookeeper::name_of_code(code_of(code)); }

  std::string created(const Step& step, std::int64_t session) {
    Request request;
    request.op = Op::create;
    request.session = static_cast<std::uint64_t>(session);
    request.path = name(step.path());
    if (!step.path().empty()) request.parent = name(step.parent);
    request.sequential = is_sequential(step.mode);
    if (step.mode == Mode::ephemeral || step.mode == Mode::ephemeral_sequential)
      request.kind = NodeKind::ephemeral;
    else if (step.mode == Mode::container)
      request.kind = NodeKind::container;
    ++zxid_;
    const zookeeper::Outcome outcome = apply(request);
    if (outcome.code != Code::ok) return code(outcome.code);
    return fmt::format("ok, {}, czxid {}, owner {:x}", names_.text(outcome.path),
                       outcome.stat.czxid, outcome.stat.owner);
  }

  zookeeper::Outcome apply(const Request& request) {
    zookeeper::Transaction transaction;
    transaction.zxid = zxid_;
    transaction.request = request;
    transaction.origin = 1;
    zookeeper::Changes changes;
    return tree_.apply(transaction, names_, changes);
  }

  std::string root_;
  zookeeper::Zxid zxid_;
  Names names_;
  zookeeper::Tree tree_;
};

// ---- the server ---------------------------------------------------------------------------------

/// ZooKeeper marks the owner of a container by a value that no session has.
std::uint64_t owner_of(const real::zookeeper::Stat& stat) {
  constexpr auto kContainer = std::uint64_t{1} << 63;
  const auto owner = static_cast<std::uint64_t>(stat.owner);
  return owner == kContainer ? 0 : owner;
}

std::string words(const Step& step, Arrival answer) {
  const std::string code = real::zookeeper::name_of_code(answer.code);
  if (answer.code != 0) return code;
  switch (step.action) {
    case Action::create:
      return fmt::format("ok, {}, czxid {}, owner {:x}", answer.path, answer.stat.czxid,
                         owner_of(answer.stat));
    case Action::exists:
    case Action::get:
      return fmt::format("ok, czxid {}, owner {:x}, children {}, cversion {}", answer.stat.czxid,
                         owner_of(answer.stat), answer.stat.children, answer.stat.cversion);
    case Action::set:
      return fmt::format("ok, mzxid {}", answer.stat.mzxid);
    case Action::children:
      std::ranges::sort(answer.children);
      return fmt::format("ok, {}", fmt::join(answer.children, " "));
    case Action::remove:
    case Action::reopen:
      break;
  }
  return code;
}

class Server {
 public:
  explicit Server(real::zookeeper::Ensemble& ensemble) : ensemble_(ensemble) {}

  /// Empty, or why there are no sessions.
  std::string open() {
    for (std::size_t i = 0; i < kSessions; ++i)
      if (std::string trouble = open_one(i); !trouble.empty()) return trouble;
    return {};
  }
  std::int64_t session(std::size_t i) const { return connections_[i]->session(); }

  /// Puts the request in line.
  void ask(const Step& step, const std::string& root) {
    Connection& connection = *connections_[step.session];
    const std::string path = root + step.path();
    switch (step.action) {
      case Action::create:
        return connection.create(path, step.mode);
      case Action::remove:
        return connection.remove(path, step.version);
      case Action::exists:
        return connection.exists(path);
      case Action::get:
        return connection.get(path);
      case Action::set:
        return connection.set(path, step.version);
      case Action::children:
        return connection.children(path);
      case Action::reopen:
        return;
    }
  }
  Result<Arrival, real::Trouble> take(std::size_t session) { return connections_[session]->take(); }

  /// From here on the session sees all that is committed.
  void catch_up(std::size_t session) {
    connections_[session]->sync();
    static_cast<void>(take(session));
  }

  /// Closes a session and opens another: three transactions, of which the last is the witness's.
  std::string reopen(std::size_t session) {
    const std::string old = witness(connections_[session]->session());
    connections_[session].reset();
    const std::size_t other = (session + 1) % kSessions;
    // The library does not wait for the server's word, but the next step has to.
    const auto gone = [&] {
      catch_up(other);
      connections_[other]->exists(old);
      const auto answer = take(other);
      return answer && answer->code != 0;
    };
    if (!real::wait_until(gone, 10s)) return "a closed session is still there";
    return open_one(session);
  }
  /// An ephemeral node of each session, which tells when it is closed.
  static std::string witness(std::int64_t session) { return fmt::format("/w{:x}", session); }

 private:
  std::string open_one(std::size_t i) {
    auto opened = Connection::open(ensemble_.address(i), 4s);
    if (!opened) return opened.error().sentence;
    connections_[i].emplace(std::move(*opened));
    connections_[i]->create(witness(session(i)), Mode::ephemeral);
    const auto made = take(i);
    return made && made->code == 0 ? "" : "a session cannot make a node";
  }

  real::zookeeper::Ensemble& ensemble_;
  std::array<std::optional<Connection>, kSessions> connections_;
};

// ---- both ---------------------------------------------------------------------------------------

class Comparison {
 public:
  Comparison(Context& context, real::zookeeper::Ensemble& ensemble)
      : context_(context), server_(ensemble) {}

  void programs(std::uint64_t answers) {
    if (const std::string trouble = server_.open(); !trouble.empty()) {
      context_.record.differ(behaviour_of(Action::create), "start", "three sessions", trouble);
      return;
    }
    for (std::uint64_t number = 1; context_.record.answers() < answers; ++number) {
      const Steps steps = draw(context_.stream("zookeeper/program", number), 40);
      counting_ = true;
      std::optional<Difference> difference = run(steps);
      counting_ = false;
      if (!difference) continue;
      const Steps small = shrunk(steps, [&](const Steps& fewer) {
        const auto still = run(fewer);
        if (still) difference = still;
        return still.has_value();
      });
      std::string place = fmt::format("seed {}, program {}:", context_.seed, number);
      for (const Step& step : small) place += "\n      " + told(step);
      context_.record.differ(behaviour_of(difference->action), place, difference->model,
                             difference->server);
      if (++differences_ == 3) return;
    }
  }

 private:
  std::optional<Difference> run(const Steps& steps) {
    const std::string root = fmt::format("/p{}", ++places_);
    Step first;
    first.session = steps.empty() ? 0 : steps.front().session;
    server_.ask(first, root);
    const auto made = server_.take(first.session);
    if (!made || made->code != 0) return Difference{Action::create, "ok", "no place to work in"};
    Model model(root, static_cast<zookeeper::Zxid>(made->stat.czxid) - 1);
    for (std::size_t i = 0; i < kSessions; ++i) model.open(server_.session(i));
    static_cast<void>(model.answer(first, server_.session(first.session)));
    std::size_t asking = first.session;
    for (std::size_t i = 0; i < steps.size();) {
      if (steps[i].action == Action::reopen) {
        if (auto difference = reopen(steps[i], model)) return difference;
        asking = kSessions;
        ++i;
        continue;
      }
      if (steps[i].session != std::exchange(asking, steps[i].session)) server_.catch_up(asking);
      std::size_t end = i;
      for (; end < steps.size() && steps[end].session == asking &&
             steps[end].action != Action::reopen;
           ++end)
        server_.ask(steps[end], root);
      std::optional<Difference> difference;
      for (; i < end; ++i) {
        const auto answer = server_.take(asking);  // all of them, whatever they are
        if (!difference) difference = compare(steps[i], answer, model);
      }
      if (difference) return difference;
    }
    return std::nullopt;
  }

  std::optional<Difference> reopen(const Step& step, Model& model) {
    const std::int64_t old = server_.session(step.session);
    if (const std::string trouble = server_.reopen(step.session); !trouble.empty())
      return Difference{step.action, "closed", trouble};
    model.close(old);
    model.take_a_number();
    model.open(server_.session(step.session));
    model.take_a_number();  // its witness
    if (counting_) context_.record.add(behaviour_of(step.action));
    return std::nullopt;
  }

  std::optional<Difference> compare(const Step& step, const Result<Arrival, real::Trouble>& answer,
                                    Model& model) {
    if (!answer) return Difference{step.action, "an answer", answer.error().sentence};
    if (counting_) context_.record.add(behaviour_of(step.action));
    if (step.version >= 0 && answer->code == kBadVersion && model.has(step)) {
      model.take_a_number();
      if (counting_) context_.record.differ_as_said(behaviour_of(step.action), kVersions);
      return std::nullopt;
    }
    const std::string expected = model.answer(step, server_.session(step.session));
    const std::string answered = words(step, *answer);
    if (expected == answered) return std::nullopt;
    return Difference{step.action, told(step) + ": " + expected, answered};
  }

  Context& context_;
  Server server_;
  std::uint64_t places_ = 0;
  int differences_ = 0;
  bool counting_ = false;
};

}  // namespace

int code_of(Code code) {
  switch (code) {
    case Code::ok:
      return 0;
    case Code::no_node:
      return -101;
    case Code::node_exists:
      return -110;
    case Code::not_empty:
      return -111;
    case Code::no_children_for_ephemerals:
      return -108;
    case Code::session_expired:
      return -112;
    case Code::session_moved:
      return -118;
  }
  return 1;
}
void compare_trees(Context& context, real::zookeeper::Ensemble& ensemble) {
  constexpr std::string_view kTree = "sim/services/zookeeper/tree.cpp";
  Record& record = context.record;
  record.describe(behaviour_of(Action::create), kTree,
                  "code, name with its number, czxid counted exactly, owner");
  record.describe(behaviour_of(Action::remove), kTree, "code");
  record.describe(behaviour_of(Action::exists), kTree,
                  "code, czxid, owner, number of children, cversion");
  record.describe(behaviour_of(Action::children), kTree, "code, names");
  record.describe(behaviour_of(Action::set), kTree, "code, mzxid counted exactly");
  record.describe(behaviour_of(Action::reopen), kTree,
                  "one transaction; what is there afterwards is part of the other answers");
  Comparison(context, ensemble).programs(context.of(2000, 20'000));
}

}  // namespace locklab::conformance
