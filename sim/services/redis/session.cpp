#include "sim/services/redis/session.hpp"

#include <algorithm>

#include "sim/services/redis/node_protocol.hpp"
#include "sim/world.hpp"

namespace locklab::redis {

namespace {

constexpr Duration kAskAgain = 1s;
constexpr Duration kSubscribeAgain = 1s;

}  // namespace

Session::Session(Process& self, const Kinds& kinds, std::span<const ProcessId> masters,
                 const NodeKinds* kinds_of_nodes, std::span<const ProcessId> sentinels)
    : self_(self),
      kinds_(kinds),
      kinds_of_nodes_(kinds_of_nodes),
      masters_(masters.begin(), masters.end(), &self.arena()),
      looking_(masters.size(), false, &self.arena()),
      lost_(masters.size(), false, &self.arena()),
      sentinels_(sentinels.begin(), sentinels.end(), &self.arena()),
      listeners_(&self.arena()) {
  if (sentinels_.empty()) return;
  std::fill(looking_.begin(), looking_.end(), true);
  ask_later(Duration{0});  // at this instant, but when all processes have begun
}

Session::~Session() {
  if (library != nullptr) library->~LibraryState();
  if (ask_timer_) self_.world().loop().cancel(ask_timer_);
}

// ---- masters ------------------------------------------------------------------------------------

void Session::ask(std::size_t set) {
  SentinelMessage question;
  question.kind = SentinelMessage::Kind::get_master;
  question.set = static_cast<std::uint32_t>(set);
  for (const ProcessId sentinel : sentinels_)
    self_.world().network().send(self_.id(), sentinel, kinds_of_nodes_->of(question.kind), Symbol{},
                                 CallId{}, question);
}

void Session::ask_later(Duration after) {
  if (ask_timer_) return;
  Event again;
  again.context = this;
  again.act = [](void* context, std::uint64_t) {
    auto& self = *static_cast<Session*>(context);
    self.ask_timer_ = {};
    for (std::size_t set = 0; set < self.masters_.size(); ++set) {
      if (!self.looking_[set]) continue;
      self.ask(set);
      self.ask_later(kAskAgain);
    }
  };
  ask_timer_ = self_.timer(ClockKind::mono, after, again);
}

bool Session::on_message(const Packet& packet) {
  if (packet.kind == kinds_.notice()) {
    const Notice notice = packet.as<Notice>();
    for (Listener* listener : listeners_)
      if (listener->channel_ == notice.channel && listener->to_ == notice.to)
        listener->heard_.set();
    return true;
  }
  if (kinds_of_nodes_ == nullptr || !kinds_of_nodes_->is_sentinel(packet.kind)) return false;
  const SentinelMessage said = packet.as<SentinelMessage>();
  ProcessId& master = masters_[said.set];
  const bool is_news = said.kind == SentinelMessage::Kind::switch_master;
  if (!is_news && !looking_[said.set]) return true;
  if (said.master == master) {
    // At the start that is what we want to hear; after a loss, that nobody has been found yet.
    if (!lost_[said.set]) looking_[said.set] = false;
    return true;
  }
  master = said.master;
  looking_[said.set] = lost_[said.set] = false;
  if (!listeners_.empty() && self_.finished(subscribing_))
    subscribing_ = self_.spawn("subscribe again", subscribe_again());
  return true;
}

void Session::on_connection_lost(ProcessId server) {
  const auto master = std::find(masters_.begin(), masters_.end(), server);
  const bool is_sentinel =
      std::find(sentinels_.begin(), sentinels_.end(), server) != sentinels_.end();
  for (std::size_t set = 0; set < masters_.size() && !sentinels_.empty(); ++set) {
    if (!is_sentinel && master != masters_.begin() + static_cast<std::ptrdiff_t>(set)) continue;
    looking_[set] = true;
    lost_[set] = lost_[set] || !is_sentinel;
    ask(set);
    ask_later(kAskAgain);
  }
  if (master != masters_.end() && !listeners_.empty() && self_.finished(subscribing_))
    subscribing_ = self_.spawn("subscribe again", subscribe_again());
}

// ---- channels -----------------------------------------------------------------------------------

// What was published in between is lost.
Task<> Session::subscribe_again() {
  for (;;) {
    bool failed = false;
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      Request request;
      request.command = Command::subscribe;
      request.key = listeners_[i]->channel_;
      request.value = listeners_[i]->to_;
      Client server = listeners_[i]->server_;
      server.set_options({.timeout = kSubscribeAgain});
      const auto reply = co_await server.call(request);
      failed = failed || !reply;
    }
    if (!failed) co_return;
    co_await self_.sleep(kSubscribeAgain);
  }
}

Listener::Listener(Session& session, const Client& server, Symbol channel, const Value& to)
    : session_(session), server_(server), channel_(channel), to_(to), heard_(session.self_) {
  session_.listeners_.push_back(this);
}

Listener::~Listener() { std::erase(session_.listeners_, this); }

bool Listener::alone() const {
  return std::count_if(session_.listeners_.begin(), session_.listeners_.end(),
                       [this](const Listener* other) {
                         return other->channel_ == channel_ && other->to_ == to_;
                       }) == 1;
}

}  // namespace locklab::redis
