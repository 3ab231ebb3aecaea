#include "sim/network.hpp"

#include <algorithm>
#include <new>

#include "sim/assert.hpp"
#include "sim/rpc.hpp"
#include "sim/world.hpp"

namespace locklab {

namespace {

// What a link's random stream is drawn for.
constexpr std::uint64_t kLatency = 0;
constexpr std::uint64_t kLoss = 1;
constexpr std::uint64_t kDoubling = 2;
constexpr std::uint64_t kCopies = 3;
constexpr std::uint64_t kAsides = 4;

Duration travel_time(const NetworkLink& way, std::uint64_t purpose, std::uint64_t index) {
  if (way.quality->latency.kind == Latency::Kind::constant)
    return std::max(way.quality->latency.low, Duration{});
  Rng stream = way.stream.branch(purpose, index);
  return sample(way.quality->latency, stream);
}

}  // namespace

Network::Network(World& world) : world_(world), rows_(&world.arena()), rules_(&world.arena()) {}

Network::Link* Network::find_link(ProcessId from, ProcessId to) const {
  if (from.number > rows_.size()) return nullptr;
  const Row& row = rows_[from.number - 1];
  if (row.capacity == 0) return nullptr;
  for (std::uint32_t i = to.number;; ++i) {
    const Row::Place& place = row.places[i & (row.capacity - 1)];
    if (place.to == to.number) return place.link;
    if (place.to == 0) return nullptr;
  }
}

Network::Link& Network::link(ProcessId from, ProcessId to) {
  if (Link* found = find_link(from, to)) [[likely]]
    return *found;
  return make_link(from, to);
}

Network::Link& Network::make_link(ProcessId from, ProcessId to) {
  constexpr std::uint32_t kPairs = 4;
  LOCKLAB_ASSERT(from && to && from != to);
  if (rows_.size() < world_.processes()) rows_.resize(world_.processes());
  Row& row = rows_[from.number - 1];
  if (row.pairs_left == 0) {
    void* block = world_.arena().allocate(2 * kPairs * sizeof(Link), alignof(Link));
    row.block = static_cast<Link*>(block);
    row.pairs_left = kPairs;
  }
  Link* there = new (row.block) Link{};
  Link* back = new (row.block + 1) Link{};
  row.block += 2;
  --row.pairs_left;
  // Streams are named after the two processes, so that a client more or less shifts no other link.
  const std::uint64_t a = world_.process(from).key();
  const std::uint64_t b = world_.process(to).key();
  there->stream = world_.stream("link", a, b);
  back->stream = world_.stream("link", b, a);
  there->quality = back->quality = &default_;
  there->back = back;
  back->back = there;
  insert(row, to.number, there);
  insert(rows_[to.number - 1], from.number, back);
  return *there;
}

void Network::insert(Row& row, std::uint32_t to, Link* made) {
  if (2 * row.count >= row.capacity) {
    const Row old = row;
    row.capacity = old.capacity == 0 ? 16 : old.capacity * 2;
    row.places = static_cast<Row::Place*>(world_.arena().take(row.capacity * sizeof(Row::Place)));
    for (std::uint32_t i = 0; i < row.capacity; ++i) row.places[i] = {};
    row.count = 0;
    for (std::uint32_t i = 0; i < old.capacity; ++i)
      if (old.places[i].to != 0) insert(row, old.places[i].to, old.places[i].link);
    if (old.places != nullptr)
      world_.arena().give_back(old.places, old.capacity * sizeof(Row::Place));
  }
  std::uint32_t i = to;
  while (row.places[i & (row.capacity - 1)].to != 0) ++i;
  row.places[i & (row.capacity - 1)] = {to, made};
  ++row.count;
}

Network::Link::Aside& Network::aside(Link& way) {
  if (way.aside == nullptr)
    way.aside = new (world_.arena().take(sizeof(Link::Aside))) Link::Aside{};
  return *way.aside;
}

LinkQuality& Network::own_quality(Link& way) {
  Link::Aside& own = aside(way);
  if (way.quality != &own.quality) {
    own.quality = *way.quality;
    way.quality = &own.quality;
  }
  return own.quality;
}

void Network::set_link(ProcessId from, ProcessId to, const LinkQuality& quality) {
  own_quality(link(from, to)) = quality;
}

LinkQuality Network::link_quality(ProcessId from, ProcessId to) { return *link(from, to).quality; }

void Network::set_loss(ProcessId from, ProcessId to, std::int64_t loss_ppm,
                       std::int64_t duplicate_ppm) {
  LinkQuality& quality = own_quality(link(from, to));
  quality.loss_ppm = loss_ppm;
  quality.duplicate_ppm = duplicate_ppm;
}

void Network::set_latency(ProcessId from, ProcessId to, const Latency& latency) {
  own_quality(link(from, to)).latency = latency;
}

Packet& Network::take_packet() {
  if (free_ == nullptr) return *new (world_.arena().take(sizeof(Packet))) Packet;
  Packet* packet = free_;
  free_ = packet->next;
  return *packet;
}

void Network::give_back(Packet& packet) {
  packet.next = free_;
  free_ = &packet;
}

MessageId Network::send_bytes(ProcessId from, ProcessId to, Symbol kind, Symbol subject,
                              CallId call, const void* payload, std::size_t size) {
  Link& way = link(from, to);
  Packet& packet = take_packet();
  packet.way = &way;
  packet.id = MessageId{++next_message_};
  packet.from = from;
  packet.to = to;
  packet.kind = kind;
  packet.subject = subject;
  packet.call = call;
  packet.is_reply = false;
  packet.connection = way.connection;
  packet.size = static_cast<std::uint16_t>(size);
  std::memcpy(packet.payload, payload, size);
  packet.sent = world_.emit(from, MessageSent{packet.id, to, kind, subject});
  transmit(way, packet);
  return MessageId{next_message_};
}

MessageId Network::reply_bytes(const Return& to, Symbol kind, const void* payload,
                               std::size_t size) {
  Link& way = *to.asked_on->back;
  Packet& packet = take_packet();
  packet.way = &way;
  packet.id = MessageId{++next_message_};
  packet.from = to.server;
  packet.to = to.client;
  packet.kind = kind;
  packet.subject = to.subject;
  packet.call = to.call;
  packet.is_reply = true;
  packet.connection = to.connection;
  packet.size = static_cast<std::uint16_t>(size);
  std::memcpy(packet.payload, payload, size);
  packet.sent = world_.emit(to.server, MessageSent{packet.id, to.client, kind, to.subject});
  const MessageId id = packet.id;
  if (to.connection != way.connection)
    lose(packet, LossReason::connection);
  else
    transmit(way, packet);
  return id;
}

void Network::transmit(Link& way, Packet& packet) {
  const std::uint64_t number = way.sent++;
  packet.travel = travel_time(way, kLatency, number);
  if (way.cuts > 0) {
    if (way.holding_cuts < way.cuts) return lose(packet, LossReason::partition);
    world_.remark(packet.from, MessageHeld{packet.id, packet.to, packet.kind});
    packet.next = nullptr;
    Link::Aside& held = aside(way);
    if (held.held_first == nullptr)
      held.held_first = &packet;
    else
      held.held_last->next = &packet;
    held.held_last = &packet;
    return;
  }
  Duration extra{0};
  if (!rules_.empty()) {
    bool dropped = false;
    for (MessageRule& rule : rules_) {  // each counts the message, whatever the others do to it
      rule.struck = strikes(rule, packet);
      if (!rule.struck) continue;
      dropped |= rule.action == MessageRule::Action::drop;
      if (rule.on_strike != nullptr) rule.on_strike(rule.context, rule.a);
    }
    if (dropped) return lose(packet, LossReason::fault);
    for (const MessageRule& rule : rules_) {
      if (!rule.struck || rule.action != MessageRule::Action::delay) continue;
      extra += rule.delay;
      world_.remark(packet.from, MessageDelayed{packet.id, packet.to, packet.kind, rule.delay});
    }
  }
  if (way.quality->loss_ppm > 0 &&
      way.stream.branch(kLoss, number).chance_ppm(way.quality->loss_ppm))
    return lose(packet, LossReason::random);
  depart_in_order(way, packet, extra);
  for (const MessageRule& rule : rules_)  // copies follow their original
    if (rule.struck && rule.action == MessageRule::Action::duplicate)
      duplicate(packet, travel_time(way, kCopies, number) + rule.delay);
  if (way.quality->duplicate_ppm > 0 &&
      way.stream.branch(kDoubling, number).chance_ppm(way.quality->duplicate_ppm))
    duplicate(packet, travel_time(way, kCopies, number));
}

bool Network::strikes(MessageRule& rule, const Packet& packet) {
  if (rule.from && rule.from != packet.from) return false;
  if (rule.to && rule.to != packet.to) return false;
  if (rule.kind && rule.kind != packet.kind) return false;
  ++rule.seen;
  return rule.seen >= rule.nth && (rule.times == 0 || rule.seen < rule.nth + rule.times);
}

void Network::duplicate(Packet& packet, Duration travel) {
  Packet& copy = take_packet();
  copy = packet;
  copy.id = MessageId{++next_message_};
  world_.remark(packet.from, MessageDuplicated{packet.id, copy.id, packet.to, packet.kind});
  depart(copy, world_.now() + travel);
}

void Network::depart_in_order(Link& way, Packet& packet, Duration extra) {
  const Instant arrival = std::max(world_.now() + packet.travel + extra, way.last_arrival);
  way.last_arrival = arrival;
  depart(packet, arrival);
}

void Network::depart(Packet& packet, Instant arrival) {
  const Process& receiver = world_.process(packet.to);
  Event arrives;
  arrives.kind = Event::Kind::deliver;
  arrives.process = packet.to.number;
  arrives.life = receiver.life();
  arrives.cause = packet.sent.number;
  arrives.context = &packet;
  world_.loop().schedule(arrival, arrives);
}

void Network::lose(Packet& packet, LossReason why) {
  world_.remark(packet.from, MessageLost{packet.id, packet.to, packet.kind, why});
  give_back(packet);
}

void Network::deliver(Packet& packet) {
  if (packet.connection < packet.way->dead_before) return lose(packet, LossReason::connection);
  Process& receiver = world_.process(packet.to);
  world_.emit(packet.to, MessageDelivered{packet.id, packet.from, packet.kind});
  if (!packet.is_reply) {
    if (receiver.actor() != nullptr) receiver.actor()->on_message(packet);
  } else if (CallBase* call = receiver.find_call(packet.call)) {
    call->complete(Errc::none, &packet);
  } else {
    world_.emit(packet.to, ReplyIgnored{packet.id, packet.from, packet.kind});
  }
  give_back(packet);
}

void Network::undeliverable(Packet& packet) {
  // A machine that is up answers for a process that is not; a machine without power says nothing.
  if (world_.process(packet.to).powered()) refuse(packet);
  lose(packet, LossReason::receiver_down);
}

void Network::refuse(const Packet& packet) {
  Link& back = link(packet.to, packet.from);
  if (packet.is_reply || !packet.call || back.cuts > 0) return;
  Event refused;
  refused.context = &world_.process(packet.from);
  refused.a = packet.call.number;
  refused.act = [](void* context, std::uint64_t number) {
    auto& process = *static_cast<Process*>(context);
    if (CallBase* waiting = process.find_call(CallId{number}))
      waiting->complete(Errc::connection_refused, nullptr);
  };
  world_.schedule_gated(world_.process(packet.from),
                        travel_time(back, kAsides, aside(back).asides++), refused);
}

void Network::process_gone(ProcessId gone, bool power_loss) {
  for (std::uint32_t number = 1; number <= world_.processes(); ++number) {
    const ProcessId peer{number};
    if (peer == gone) continue;
    const bool connected = (has_link(gone, peer) && link(gone, peer).sent > 0) ||
                           (has_link(peer, gone) && link(peer, gone).sent > 0);
    if (!connected) continue;
    Link& way = link(gone, peer);
    // The closing goes the way of all bytes: after what was sent before it.
    const Instant sent_before = way.last_arrival;
    reconnect(gone, peer);
    if (power_loss || way.cuts > 0 || !world_.process(peer).alive()) continue;
    const Duration travel = travel_time(way, kAsides, aside(way).asides++);
    announce_loss(peer, gone, std::max(travel, sent_before - world_.now()));
  }
}

bool Network::answers(ProcessId from, ProcessId to) const {
  const Link* way = find_link(from, to);
  const bool cut = way != nullptr && (way->cuts > 0 || way->back->cuts > 0);
  return !cut && world_.process(to).powered();
}

void Network::announce_loss(ProcessId to, ProcessId lost, Duration after) {
  Event closes;
  closes.context = &world_.process(to);
  closes.a = lost.number;
  closes.act = [](void* context, std::uint64_t number) {
    auto& process = *static_cast<Process*>(context);
    const ProcessId peer{static_cast<std::uint32_t>(number)};
    process.world().emit(process.id(), ConnectionBroken{peer});
    process.connection_lost(peer);
    if (process.actor() != nullptr) process.actor()->on_connection_lost(peer);
  };
  world_.schedule_gated(world_.process(to), after, closes);
}

void Network::reconnect(ProcessId a, ProcessId b) {
  for (Link* way : {&link(a, b), &link(b, a)}) {
    ++way->connection;
    way->last_arrival = Instant{};
  }
}

void Network::reset_connection(ProcessId a, ProcessId b) {
  reconnect(a, b);
  link(a, b).dead_before = link(a, b).connection;
  link(b, a).dead_before = link(b, a).connection;
  for (const auto& [to, lost] : {std::pair{a, b}, std::pair{b, a}})
    if (world_.process(to).alive()) announce_loss(to, lost, Duration{0});
}

void Network::cut(ProcessId from, ProcessId to, bool hold) {
  Link& way = link(from, to);
  ++way.cuts;
  if (hold) ++way.holding_cuts;
  world_.emit(from, LinkCut{to, hold});
}

void Network::heal(ProcessId from, ProcessId to, bool hold) {
  Link& way = link(from, to);
  LOCKLAB_ASSERT(way.cuts > 0);
  --way.cuts;
  if (hold) --way.holding_cuts;
  if (way.cuts > 0) return;
  world_.emit(from, LinkHealed{to});
  Packet* held = std::exchange(aside(way).held_first, nullptr);
  aside(way).held_last = nullptr;
  while (held != nullptr) {
    Packet* packet = std::exchange(held, held->next);
    if (packet->connection < way.dead_before)
      lose(*packet, LossReason::connection);
    else
      depart_in_order(way, *packet, Duration{0});
  }
}

}  // namespace locklab
