#include "sim/services/zookeeper/client.hpp"

#include <algorithm>

#include "sim/world.hpp"

namespace locklab::zookeeper {

namespace {

constexpr Duration kLongestReconnectWait = 1s;
constexpr Duration kPingAtLeastEvery = 10s;  // MAX_SEND_PING_INTERVAL
constexpr Duration kPingMargin = 1s;         // an idle line of more than that is pinged earlier

}  // namespace

Watcher::Watcher(Client& client) : client_(client), heard_(client.self()) {
  client.watchers_.push_back(this);
}

Watcher::~Watcher() {
  std::erase(client_.watchers_, this);
  std::erase_if(client_.watches_,
                [this](const Client::WatchSet& set) { return set.watcher == this; });
}

Client::Exchange::Exchange(Client& owner, std::pmr::vector<Child>* parts)
    : client(owner), id(++owner.exchanges_made_), children(parts), answered(owner.self()) {
  owner.exchanges_.push_back(this);
}

Client::Exchange::~Exchange() { std::erase(client.exchanges_, this); }

Client::Client(Process& self, std::span<const ProcessId> servers, const Kinds& kinds,
               const ClientOptions& options)
    : self_(self),
      kinds_(kinds),
      servers_(servers.begin(), servers.end(), &self.arena()),
      options_(options),
      server_(options.first_server % servers.size()),
      timeout_ms_(static_cast<std::uint32_t>(in_ms(options.session_timeout))),
      exchanges_(&self.arena()),
      outgoing_(&self.arena()),
      parts_(&self.arena()),
      watches_(&self.arena()),
      watchers_(&self.arena()),
      listeners_(&self.arena()) {
  // Connections are numbered across lives, so that old bytes are known to be old.
  connection_ = self.life() << 16;
  timer_ = after<&Client::connect>(Duration{0});
}

// ---- connecting ---------------------------------------------------------------------------------

Duration Client::connect_timeout() const {
  return std::chrono::milliseconds(timeout_ms_ / servers_.size());
}

void Client::connect() {
  timer_ = {};
  state_ = State::connecting;
  ++connection_;
  sent_ = sent_earlier_ = heard_ = 0;
  parts_.clear();
  last_send_ = last_heard_ = self_.mono_now();
  Request request;
  request.op = Op::connect;
  request.session = session_;
  request.seen = seen_;
  request.timeout_ms = static_cast<std::uint32_t>(in_ms(options_.session_timeout));
  depart(0, request);
  evaluate();
}

void Client::opened(const Reply& reply) {
  if (reply.session == 0) {
    lose_session();
    return;
  }
  const bool again = session_ == reply.session;
  session_ = reply.session;
  timeout_ms_ = reply.timeout_ms;
  state_ = State::connected;
  self_.world().loop().cancel(expiry_timer_);
  expiry_timer_ = {};
  // Its watches first: what it missed is to be heard before anything new is seen.
  for (const WatchSet& set : watches_) {
    Request request;
    request.op = Op::set_watch;
    request.path = set.path;
    request.watch = set.kind;
    request.seen = seen_;
    depart(0, request);
  }
  for (const Outgoing& waiting : outgoing_) depart(waiting.id, waiting.request);
  outgoing_.clear();
  tell(again ? Listener::Event::reconnected : Listener::Event::connected);
}

void Client::hang_up() {
  if (state_ == State::waiting) return;
  self_.world().network().send(self_.id(), server(), kinds_.close, {}, CallId{},
                               Notice{connection_, 0, seen_, {}});
  self_.world().network().reconnect(self_.id(), server());
}

/// The connection is no more, and with it the answers to all that was asked.
void Client::lose_connection() {
  const bool was_connected = state_ == State::connected;
  const ProcessId old = server();
  hang_up();
  state_ = State::waiting;
  ++connection_;
  self_.connection_lost(old);
  fail_outgoing();
  next_server();
  if (!was_connected) return;
  if (options_.expires_sessions) {
    const Duration left = last_heard_ + 2 * read_timeout() - self_.mono_now();
    expiry_timer_ = after<&Client::expire_unless_connected>(std::max(left, Duration{0}));
  }
  tell(Listener::Event::disconnected);
}

void Client::lose_connection_soon() {
  self_.world().loop().cancel(timer_);
  timer_ = after<&Client::lose_connection>(Duration{0});
}

void Client::next_server() {
  server_ = (server_ + 1) % servers_.size();
  const Duration wait = std::chrono::milliseconds(
      self_.rng().below(static_cast<std::uint64_t>(in_ms(kLongestReconnectWait))));
  arm(wait);
}

void Client::fail_outgoing() {
  while (!outgoing_.empty()) {
    const std::uint32_t id = outgoing_.front().id;
    outgoing_.erase(outgoing_.begin());
    finish(id, Errc::connection_lost);
  }
}

/// A server said so, or the application, or (if it may) the library by itself.
void Client::lose_session() {
  self_.world().loop().cancel(expiry_timer_);
  expiry_timer_ = {};
  session_ = 0;
  seen_ = 0;
  watches_.clear();
  state_ = State::waiting;
  ++connection_;
  while (!outgoing_.empty()) {
    const std::uint32_t id = outgoing_.front().id;
    outgoing_.erase(outgoing_.begin());
    finish(id, Errc::lost);
  }
  arm(Duration{0});
  tell(Listener::Event::expired);
}

void Client::abandon_session() {
  hang_up();
  lose_session();
}

void Client::expire_unless_connected() {
  expiry_timer_ = {};
  if (state_ != State::connected && session_ != 0) abandon_session();
}

void Client::tell(Listener::Event event) {
  ConnectionState state = ConnectionState::lost;
  if (event == Listener::Event::connected) state = ConnectionState::connected;
  if (event == Listener::Event::disconnected) state = ConnectionState::suspended;
  if (event == Listener::Event::reconnected) state = ConnectionState::reconnected;
  self_.world().emit(self_.id(), ConnectionStateChanged{state, session_});
  for (Listener* listener : listeners_) listener->on_event(event);
  for (Watcher* watcher : watchers_) watcher->heard_.set();
}

// ---- the line -----------------------------------------------------------------------------------

void Client::arm(Duration wait) {
  self_.world().loop().cancel(timer_);
  if (state_ == State::waiting)
    timer_ = after<&Client::connect>(wait);
  else
    timer_ = after<&Client::evaluate>(wait);
}

/// One turn of the sending thread's loop, in whole milliseconds as there.
void Client::evaluate() {
  if (state_ == State::waiting) return;
  const MonoInstant now = self_.mono_now();
  const auto idle = [now](MonoInstant since) {
    return std::chrono::milliseconds(whole_ms(now) - whole_ms(since));
  };
  const Duration limit = state_ == State::connected ? read_timeout() : connect_timeout();
  Duration left = limit - idle(last_heard_);
  if (left <= Duration{0}) {
    lose_connection();
    return;
  }
  if (state_ == State::connected) {
    const Duration quiet = idle(last_send_);
    const Duration half = std::chrono::milliseconds(in_ms(read_timeout()) / 2);
    const Duration to_ping = half - quiet - (quiet > kPingMargin ? kPingMargin : Duration{0});
    if (to_ping <= Duration{0} || quiet >= kPingAtLeastEvery) {
      ping();
      left = std::min(left, half);
    } else {
      left = std::min({left, to_ping, kPingAtLeastEvery - quiet});
    }
  }
  arm(left);
}

void Client::ping() {
  Notice notice;
  notice.connection = connection_;
  notice.sequence = self_.world().now() > sent_at_ ? sent_ : sent_earlier_;
  last_send_ = self_.mono_now();
  self_.world().network().send(self_.id(), server(), kinds_.ping, {}, CallId{}, notice);
}

/// A message of this connection came. False: one before it is missing, or it was here before.
bool Client::in_order(std::uint32_t sequence) {
  if (sequence <= heard_) return false;
  if (sequence != heard_ + 1) {
    lose_connection_soon();
    return false;
  }
  heard_ = sequence;
  last_heard_ = self_.mono_now();
  return true;
}

bool Client::on_message(const Packet& packet) {
  if (std::ranges::find(servers_, packet.from) == servers_.end()) return false;
  const bool current = state_ != State::waiting && packet.from == server();
  if (packet.kind == kinds_.children) {
    const auto& part = packet.as<ChildrenPart>();
    if (!current || part.connection != connection_ || !in_order(part.sequence)) return true;
    parts_.insert(parts_.end(), part.children.begin(), part.children.begin() + part.count);
    return true;
  }
  const auto& notice = packet.as<Notice>();
  if (!current || notice.connection != connection_) return true;
  if (packet.kind == kinds_.close) {
    lose_connection();
    return true;
  }
  if (!in_order(notice.sequence)) return true;
  seen_ = std::max(seen_, notice.zxid);
  if (packet.kind == kinds_.watch_event) {
    for (std::size_t i = 0; i < watches_.size();) {
      if (watches_[i].path != notice.path) {
        ++i;
        continue;
      }
      watches_[i].watcher->heard_.set();
      watches_.erase(watches_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  evaluate();
  return true;
}

void Client::on_connection_lost(ProcessId lost) {
  if (state_ != State::waiting && lost == server()) lose_connection();
}

// ---- requests -----------------------------------------------------------------------------------

/// Sends a request in a task of its own, as the library's sending thread does: its answer counts
/// for the connection even if nobody waits for it any more.
void Client::depart(std::uint32_t id, Request request) {
  const Instant now = self_.world().now();
  if (now > sent_at_) {
    sent_at_ = now;
    sent_earlier_ = sent_;
  }
  request.connection = connection_;
  request.sequence = ++sent_;
  if (request.op != Op::connect) request.session = session_;
  last_send_ = self_.mono_now();
  self_.spawn("zookeeper request", exchange(id, request, connection_));
}

Task<> Client::exchange(std::uint32_t id, Request request, std::uint32_t connection) {
  if (connection != connection_) {
    finish(id, Errc::connection_lost);
    co_return;
  }
  const Result<Reply> reply =
      co_await Call<Reply>(self_, server(), kinds_.request(request.op), request.path, {}, request);
  if (connection != connection_) {  // given up meanwhile
    finish(id, Errc::connection_lost);
    co_return;
  }
  if (!reply) {
    lose_connection_soon();
    finish(id, Errc::connection_lost);
    co_return;
  }
  if (!in_order(reply->sequence)) {
    finish(id, Errc::connection_lost);
    co_return;
  }
  seen_ = std::max(seen_, reply->zxid);
  if (request.op == Op::connect) {
    opened(*reply);
    evaluate();
    co_return;
  }
  evaluate();
  finish(id, reply);
}

void Client::finish(std::uint32_t id, const Result<Reply>& outcome) {
  for (Exchange* exchange : exchanges_) {
    if (exchange->id != id) continue;
    exchange->outcome = outcome;
    if (outcome && exchange->children != nullptr) {
      exchange->children->assign(parts_.begin(), parts_.end());
      exchange->children->insert(exchange->children->end(), outcome->children.begin(),
                                 outcome->children.begin() + outcome->count);
      parts_.clear();
    }
    // The server watches by now, and so does the library.
    if (outcome && exchange->watcher != nullptr && outcome->code == Code::ok)
      watches_.push_back({exchange->path, WatchKind::data, exchange->watcher});
    else if (outcome && exchange->awaits_creation)
      watches_.push_back({exchange->path, WatchKind::existence, exchange->watcher});
    exchange->answered.set();
    return;
  }
}

Task<Result<Reply>> Client::request(Request request, Watcher* watcher,
                                    std::pmr::vector<Child>* children, Duration patience) {
  Exchange mine(*this, children);
  mine.watcher = watcher;
  mine.path = request.path;
  mine.awaits_creation = watcher != nullptr && request.op == Op::exists;
  if (watcher != nullptr) request.watch = WatchKind::data;
  if (state_ == State::connected)
    depart(mine.id, request);
  else
    outgoing_.push_back({mine.id, request});
  const bool answered = co_await mine.answered.wait(patience);
  if (!answered) co_return Errc::cancelled;
  if (mine.outcome && mine.outcome->code == Code::session_expired) co_return Errc::lost;
  if (mine.outcome && mine.outcome->code == Code::session_moved) {
    // A server closes the connection of a session that another one has; a late request to connect
    // may have moved it there. Whoever is connected to next has it again.
    lose_connection_soon();
    co_return Errc::connection_lost;
  }
  co_return mine.outcome;
}

Task<Result<Reply>> Client::exists(Symbol path, Watcher* watcher) {
  Request request;
  request.op = Op::exists;
  request.path = path;
  co_return co_await this->request(request, watcher);
}

Task<Result<Reply>> Client::get_data(Symbol path, Watcher* watcher) {
  Request request;
  request.op = Op::get_data;
  request.path = path;
  co_return co_await this->request(request, watcher);
}

Task<Result<Reply>> Client::get_children(Symbol path, std::pmr::vector<Child>& children) {
  Request request;
  request.op = Op::get_children;
  request.path = path;
  co_return co_await this->request(request, nullptr, &children);
}

Task<Result<Reply>> Client::remove(Symbol path, AttemptId attempt) {
  Request request;
  request.op = Op::remove;
  request.path = path;
  request.attempt = attempt;
  co_return co_await this->request(request);
}

}  // namespace locklab::zookeeper
