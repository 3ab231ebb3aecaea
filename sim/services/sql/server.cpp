#include "sim/services/sql/server.hpp"

#include <algorithm>
#include <array>

#include "sim/assert.hpp"
#include "sim/world.hpp"

namespace locklab::sql {

Server::Server(Process& self, const Kinds& kinds, const ServerOptions& options, Part part,
               Symbol store)
    : self_(self),
      kinds_(kinds),
      options_(options),
      store_(store),
      database_(options.database, &self.arena()),
      on_disk_(options.database, &self.arena()),
      before_crash_(options.database, &self.arena()),
      output_(&self.arena()),
      backends_(&self.arena()),
      commits_(&self.arena()),
      images_(&self.arena()),
      outgoing_(&self.arena()),
      incoming_(&self.arena()),
      serving_(part == Part::primary) {}

void Server::follow(Server& primary) {
  primary_ = &primary;
  primary.standby_ = this;
}

void Server::initialize(Table table, Symbol name, const Row& row) {
  database_.put({table, name, row});
  on_disk_.put({table, name, row});
}

std::int64_t Server::now_us() const { return whole_us(self_.wall_now()); }

Server::Backend* Server::find(SessionId session) {
  for (Backend& backend : backends_)
    if (backend.session == session) return &backend;
  return nullptr;
}

EventId Server::arm(Duration after, std::uint64_t which, Event::Act act) {
  Event event;
  event.context = this;
  event.a = which;
  event.act = act;
  return self_.timer(ClockKind::mono, after, event);
}

// ---- life ---------------------------------------------------------------------------------------

void Server::on_start() {
  World& world = self_.world();
  if (!first_start_) {
    serving_ = primary_ == nullptr && (standby_ == nullptr || !standby_->serving_);
    say_difference(before_crash_, database_);
    world.emit(self_.id(), ServiceRecovered{static_cast<std::uint32_t>(database_.entries().size()),
                                            0, Duration{0}});
    return;
  }
  first_start_ = false;
  if (store_)
    world.emit(self_.id(), RoleChanged{serving_ ? ServerRole::master : ServerRole::replica, 1});
  // Model: whoever promotes the standby is not part of the run.
  if (primary_ != nullptr && options_.promote_at)
    world.at(
        Instant{*options_.promote_at},
        [](void* server, std::uint64_t) { static_cast<Server*>(server)->promote(); }, this);
}

void Server::on_crash(bool) {
  for (Backend& backend : backends_) self_.world().loop().cancel(backend.probe);
  // Sessions end, and with them what was bound to them.
  database_.crash(output_);
  for (const Change& change : output_.changes) say(change);
  output_.clear();
  backends_.clear();
  commits_.clear();
  outgoing_.clear();
  incoming_.clear();
  flush_armed_ = false;
  serving_ = false;
  before_crash_.take_rows(database_);
  if (!options_.synchronous_commit) database_.take_rows(on_disk_);
  if (standby_ == nullptr || !options_.failover_delay) return;
  World& world = self_.world();
  world.at(
      world.now() + *options_.failover_delay,
      [](void* server, std::uint64_t) {
        auto& standby = *static_cast<Server*>(server);
        if (!standby.primary_->self_.alive()) standby.promote();
      },
      standby_);
}

void Server::on_connection_lost(ProcessId peer) {
  images_.clear();
  for (const Backend& backend : backends_)
    if (backend.client == peer) database_.close(backend.session, SessionEnd::closed, output_);
  settle();
}

void Server::on_disk_stall(bool stalled) {
  stalled_ = stalled;
  if (stalled) return;
  for (Commit& commit : commits_)
    if (commit.due && !commit.on_disk) on_disk(commit);
  finish_commits();
  settle();
}

// ---- statements ---------------------------------------------------------------------------------

void Server::on_message(const Packet& packet) {
  World& world = self_.world();
  if (packet.kind == kinds_.wal) return on_log(packet.as<LogRecord>());
  if (packet.kind == kinds_.wal_reply) {
    for (Commit& commit : commits_)
      if (commit.number <= packet.as<LogReply>().number) commit.on_standby = true;
    finish_commits();
    return settle();
  }
  if (!serving_) return world.network().refuse(packet);
  handle(packet.as<Request>(), packet);
}

void Server::handle(const Request& request, const Packet& packet) {
  Backend* backend = find(request.session);
  if (backend == nullptr && request.opens && request.verb != Verb::terminate) {
    const ProcessId client = packet.from;
    backends_.push_back({.session = request.session,
                         .client = client,
                         .client_life = self_.world().process(client).life()});
    backend = &backends_.back();
    database_.open(request.session, client, request.zone_seconds, output_);
  }
  // A connection that this side has closed: its machine answers with a reset.
  if (backend == nullptr) return self_.world().network().refuse(packet);
  backend->heard = self_.mono_now();
  backend->unanswered = 0;
  if (request.verb == Verb::terminate) {
    database_.close(request.session, SessionEnd::closed, output_);
  } else {
    if (!database_.waits(request.session)) backend->to.emplace(packet);
    database_.execute(request, now_us(), output_);
  }
  settle();
}

void Server::settle() {
  std::size_t changes = 0;
  std::size_t commits = 0;
  std::size_t answers = 0;
  std::size_t waits = 0;
  for (;;) {  // a commit that needs no disk adds to all of them
    if (changes < output_.changes.size()) {
      say(output_.changes[changes++]);
    } else if (commits < output_.commits.size()) {
      begin_commit(output_.commits[commits++]);
    } else if (answers < output_.answers.size()) {
      answer(output_.answers[answers++]);
    } else if (waits < output_.waits.size()) {
      const Output::Wait wait = output_.waits[waits++];
      arm(options_.deadlock_timeout, wait.arrival, [](void* context, std::uint64_t arrival) {
        auto& server = *static_cast<Server*>(context);
        server.database_.look_for_deadlock(arrival, server.output_);
        server.settle();
      });
      if (wait.lock_timeout_ms == 0) continue;
      arm(std::chrono::milliseconds(wait.lock_timeout_ms), wait.arrival,
          [](void* context, std::uint64_t arrival) {
            auto& server = *static_cast<Server*>(context);
            server.database_.give_up_waiting(arrival, server.output_);
            server.settle();
          });
    } else {
      break;
    }
  }
  output_.clear();
  watch_connections();
}

void Server::answer(const Output::Answer& answer) {
  Backend* backend = find(answer.session);
  if (backend == nullptr || !backend->to) return;  // its client is gone
  const Network::Return to = *backend->to;
  backend->to.reset();
  self_.world().network().reply(to, kinds_.reply(answer.verb), answer.reply);
}

void Server::say(const Change& change) {
  World& world = self_.world();
  const ProcessId id = self_.id();
  const WallInstant until{std::chrono::microseconds{change.until_us}};
  Symbol key = change.key;
  if (change.level > 0) {  // a stacked advisory lock: each level has a place of its own
    std::array<char, 12> text{'#'};
    std::size_t length = 1;
    std::uint32_t magnitude = 1;
    while (change.level / magnitude >= 10) magnitude *= 10;
    for (; magnitude > 0; magnitude /= 10)
      text[length++] = static_cast<char>('0' + change.level / magnitude % 10);
    key = world.names().join(world.names().text(key), {text.data(), length});
  }
  switch (change.kind) {
    case Change::Kind::stored:
      world.emit(id, KeyStored{key, change.value, change.attempt, change.flag,
                               change.flag ? until : WallInstant{}, store_, 0});
      break;
    case Change::Kind::extended:
      world.emit(id, KeyExtended{key, change.value, change.attempt, change.by, until, store_});
      break;
    case Change::Kind::removed:
      world.emit(id, KeyRemoved{key, change.value, change.attempt, change.by, change.why, store_});
      break;
    case Change::Kind::written:
      world.emit(id, WriteAccepted{key, change.value, change.attempt, change.token, FencingToken{},
                                   change.number, change.based_on, change.flag});
      break;
    case Change::Kind::rejected:
      world.emit(id, WriteRejected{key, change.value, change.attempt, change.token, FencingToken{},
                                   Rejection::version});
      break;
    case Change::Kind::read:
      world.emit(id, ReadServed{key, change.value, change.attempt, change.token, change.number});
      break;
    case Change::Kind::session_began:
      world.emit(id, SessionBegan{change.number, change.client, Duration{0}});
      break;
    case Change::Kind::session_ended:
      if (Backend* backend = find(SessionId{change.number}); backend != nullptr) {
        world.loop().cancel(backend->probe);
        std::erase_if(backends_, [&](const Backend& each) { return &each == backend; });
      }
      world.emit(id, SessionEnded{change.number, change.client, change.ended});
      break;
    case Change::Kind::transaction_ended:
      world.emit(id, TransactionEnded{change.client, change.attempt, change.flag});
      break;
  }
}

// ---- commits ------------------------------------------------------------------------------------

void Server::begin_commit(SessionId session) {
  commits_.push_back({.session = session, .number = ++commit_numbers_});
  if (!options_.synchronous_commit || (options_.fsync == Duration{0} && !stalled_)) {
    commits_.back().due = true;
    on_disk(commits_.back());
    return finish_commits();
  }
  arm(options_.fsync, session.number, [](void* context, std::uint64_t number) {
    auto& server = *static_cast<Server*>(context);
    for (Commit& commit : server.commits_) {
      if (commit.session.number != number) continue;
      commit.due = true;
      if (!server.stalled_) server.on_disk(commit);
    }
    server.finish_commits();
    server.settle();
  });
}

void Server::on_disk(Commit& commit) {
  commit.on_disk = true;
  if (!options_.synchronous_commit) write_log_later();
  commit.on_standby = standby_ == nullptr || !options_.synchronous_replication;
  if (standby_ == nullptr) return;
  images_.clear();
  database_.images(commit.session, images_);
  const Instant due = self_.world().now() + options_.replication_delay;
  for (std::size_t i = 0; i < images_.size(); ++i)
    outgoing_.push_back({due, {commit.number, i + 1 == images_.size(), images_[i]}});
  if (options_.replication_delay == Duration{0}) return send_log();
  arm(options_.replication_delay, 0,
      [](void* server, std::uint64_t) { static_cast<Server*>(server)->send_log(); });
}

void Server::finish_commits() {
  for (std::size_t i = 0; i < commits_.size();) {
    if (!commits_[i].on_disk || !commits_[i].on_standby) {
      ++i;
      continue;
    }
    const SessionId session = commits_[i].session;
    commits_.erase(commits_.begin() + static_cast<std::ptrdiff_t>(i));
    database_.flushed(session, output_);
  }
}

// What was committed is on disk when the log writer has come by; a crash before that loses it.
void Server::write_log_later() {
  if (flush_armed_) return;
  flush_armed_ = true;
  arm(options_.wal_writer_delay, 0, [](void* context, std::uint64_t) {
    auto& server = *static_cast<Server*>(context);
    server.flush_armed_ = false;
    server.on_disk_.take_rows(server.database_);
  });
}

// ---- the standby --------------------------------------------------------------------------------

void Server::send_log() {
  World& world = self_.world();
  std::size_t sent = 0;
  for (; sent < outgoing_.size() && outgoing_[sent].due <= world.now(); ++sent) {
    const LogRecord& record = outgoing_[sent].record;
    world.network().send(self_.id(), standby_->self_.id(), kinds_.wal, record.image.name, CallId{},
                         record);
  }
  outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(sent));
}

// Model: a standby that was down, or cut off, is not sent again what it missed.
void Server::on_log(const LogRecord& record) {
  if (serving_) return;  // it has been promoted
  incoming_.push_back(record.image);
  if (!record.last) return;
  for (const RowImage& image : incoming_) {
    database_.put(image);
    on_disk_.put(image);
  }
  incoming_.clear();
  if (options_.synchronous_replication)
    self_.world().network().send(self_.id(), primary_->self_.id(), kinds_.wal_reply, Symbol{},
                                 CallId{}, LogReply{record.number});
}

void Server::promote() {
  if (serving_ || !self_.alive()) return;
  primary_->shut_out();
  serving_ = true;
  incoming_.clear();
  self_.world().emit(self_.id(), RoleChanged{ServerRole::master, 2});
  say_difference(primary_->self_.alive() ? primary_->database_ : primary_->before_crash_,
                 database_);
}

// The old primary is kept from serving, alive or not, before another one serves ("fenced").
void Server::shut_out() {
  serving_ = false;
  if (!self_.alive()) return;
  database_.crash(output_);
  Network& network = self_.world().network();
  for (const Backend& backend : backends_) network.reset_connection(self_.id(), backend.client);
  settle();
}

void Server::say_difference(const Database& before, const Database& after) {
  for (const Database::Entry& entry : before.entries()) {
    if (!entry.committed || !entry.committed->stands) continue;
    const Row* now = after.committed(entry.table, entry.name);
    if (now != nullptr && now->stands && now->attempt == entry.committed->attempt) continue;
    say({.kind = Change::Kind::removed,
         .why = RemovalReason::lost,
         .key = entry.name,
         .attempt = entry.committed->attempt,
         .value = entry.committed->value});
  }
  for (const Database::Entry& entry : after.entries()) {
    if (!entry.committed || !entry.committed->stands) continue;
    const Row* was = before.committed(entry.table, entry.name);
    if (was != nullptr && was->stands && was->attempt == entry.committed->attempt) continue;
    say({.kind = Change::Kind::stored,
         .flag = true,
         .key = entry.name,
         .attempt = entry.committed->attempt,
         .value = entry.committed->value,
         .until_us = entry.committed->until_us});
  }
}

// ---- connections that fall silent ---------------------------------------------------------------

void Server::watch_connections() {
  for (Backend& backend : backends_) {
    const bool wanted = database_.holds_something(backend.session);
    if (wanted == static_cast<bool>(backend.probe)) continue;
    if (!wanted) {
      self_.world().loop().cancel(backend.probe);
      backend.probe = {};
      continue;
    }
    const auto probes = [](void* server, std::uint64_t session) {
      static_cast<Server*>(server)->probe(SessionId{session});
    };
    backend.probe = arm(options_.keepalive_idle, backend.session.number, probes);
  }
}

void Server::probe(SessionId session) {
  Backend* backend = find(session);
  if (backend == nullptr) return;
  backend->probe = {};
  World& world = self_.world();
  const auto again = [&](Duration after) {
    backend->probe = arm(after, session.number, [](void* server, std::uint64_t which) {
      static_cast<Server*>(server)->probe(SessionId{which});
    });
  };
  const Duration silent = self_.mono_now() - backend->heard;
  if (silent < options_.keepalive_idle) return again(options_.keepalive_idle - silent);
  const Process& client = world.process(backend->client);
  if (world.network().answers(self_.id(), backend->client)) {
    backend->unanswered = 0;
    // A machine that knows nothing of the connection answers with a reset.
    if (!client.alive() || client.life() != backend->client_life)
      return close(session, SessionEnd::closed);
    return again(options_.keepalive_idle);
  }
  if (backend->unanswered++ < options_.keepalive_count) return again(options_.keepalive_interval);
  close(session, SessionEnd::expired);
}

void Server::close(SessionId session, SessionEnd why) {
  database_.close(session, why, output_);
  settle();
}

}  // namespace locklab::sql
