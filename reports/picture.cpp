#include "reports/picture.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace locklab {
namespace {

// More than these are named in words instead.
constexpr std::size_t kMostClients = 12;
constexpr std::size_t kMostServers = 12;
constexpr std::size_t kMostLocks = 6;
constexpr std::size_t kMostRegisters = 4;
constexpr std::size_t kMostPlaces = 8;  // in a line
constexpr std::size_t kMostFindings = 8;

}  // namespace

Picture::Picture(const Recording& recording, const Timeline& timeline, const Narrator& narrator)
    : recording_(recording), timeline_(timeline), narrator_(narrator) {
  std::size_t hue = 0;
  for (std::uint32_t number = 1; number <= recording.processes.size(); ++number)
    if (recording.processes[number - 1].role == ProcessRole::client)
      hues_[ProcessId{number}] = hue++;
  find_faults();
  find_cuts();
  find_messages();
  find_waits();
  find_lanes();
  place_lanes();
}

const Lane* Picture::lane_of(ProcessId process) const {
  for (const Lane& lane : lanes_)
    if (lane.process == process && process) return &lane;
  return nullptr;
}

std::optional<std::size_t> Picture::hue(ProcessId client) const {
  const auto found = hues_.find(client);
  return found == hues_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint32_t> Picture::fault_of(std::size_t event) const {
  const std::vector<TraceEvent>& events = recording_.events;
  // What a fault leads to at once follows from it, or stands right behind it.
  for (std::size_t at = event + 1; at-- > 0 && events[at].at == events[event].at;)
    if (const auto* struck = std::get_if<FaultStruck>(&events[at].what)) return struck->fault;
  return std::nullopt;
}

// ---- what there is to draw ----------------------------------------------------------------------

void Picture::find_faults() {
  std::size_t span = 0;
  for (std::size_t i = 0; i < recording_.events.size(); ++i) {
    const TraceEvent& event = recording_.events[i];
    if (!std::holds_alternative<ProcessPaused>(event.what) &&
        !std::holds_alternative<ProcessCrashed>(event.what))
      continue;
    // The timeline has one span for each of these events, in their order.
    if (span >= timeline_.standstills.size()) break;
    const StandstillSpan& still = timeline_.standstills[span++];
    const bool crash = still.kind == StandstillSpan::Kind::crashed;
    std::string words = crash                                           ? "down"
                        : still.kind == StandstillSpan::Kind::suspended ? "machine suspended"
                                                                        : "paused";
    words += still.open ? (crash ? ", for good" : ", to the end")
                        : " " + shown(still.span.until - still.span.from);
    faults_.push_back({still.process, still.span, std::move(words), fault_of(i), crash});
  }
}

void Picture::find_cuts() {
  struct Cut {
    std::size_t event = 0;
    Interval span;
    bool open = false;
    bool holds = false;
    std::set<std::pair<ProcessId, ProcessId>> links;
  };
  std::vector<Cut> cuts;
  std::size_t next = 0;
  for (std::size_t i = 0; i < recording_.events.size(); ++i) {
    if (!std::holds_alternative<LinkCut>(recording_.events[i].what)) continue;
    if (next >= timeline_.cuts.size()) break;
    const CutSpan& span = timeline_.cuts[next++];
    // One partition cuts many links at once.
    if (cuts.empty() || cuts.back().span != span.span || cuts.back().holds != span.holds)
      cuts.push_back({i, span.span, span.open, span.holds, {}});
    cuts.back().links.insert({span.from, span.to});
  }
  for (const Cut& cut : cuts) {
    // Those that lost the most links stand on one side, those that they lost on the other.
    std::map<ProcessId, std::size_t> lost;
    for (const auto& [from, to] : cut.links) {
      ++lost[from];
      ++lost[to];
    }
    ProcessId centre;
    for (const auto& [process, count] : lost)
      if (!centre || count > lost[centre]) centre = process;
    std::vector<ProcessId> others;
    bool both = true;
    bool away = false;
    for (const auto& [from, to] : cut.links) {
      if (from == centre) others.push_back(to);
      if (to == centre) others.push_back(from);
      if (!cut.links.contains({to, from})) {
        both = false;
        away = away || from == centre;
      }
    }
    std::sort(others.begin(), others.end());
    others.erase(std::unique(others.begin(), others.end()), others.end());
    std::vector<ProcessId> side{centre};
    for (const auto& [process, count] : lost)
      if (process != centre && !std::binary_search(others.begin(), others.end(), process))
        side.push_back(process);
    std::string words = fmt::format(
        "{} {} {}: {} {}", narrator_.list(side),
        both   ? "|"
        : away ? "→"
               : "←",
        narrator_.list(others), cut.holds ? "held up" : "cut",
        cut.open ? std::string("to the end") : "for " + shown(cut.span.until - cut.span.from));
    FaultBlock block{{}, cut.span, std::move(words), fault_of(cut.event), false, 0};
    const auto overlaps = [&](const FaultBlock& other) {
      return !other.process && other.row == block.row && other.span.from < block.span.until &&
             block.span.from < other.span.until;
    };
    while (std::any_of(faults_.begin(), faults_.end(), overlaps)) ++block.row;
    faults_.push_back(std::move(block));
  }
}

void Picture::find_messages() {
  std::map<MessageId, std::size_t> places;
  std::map<MessageId, std::size_t> refusals;
  const auto serves = [this](ProcessId process) {
    return process && process.number <= recording_.processes.size() &&
           is_lock_service(recording_.processes[process.number - 1].role);
  };
  for (std::size_t i = 0; i < recording_.events.size(); ++i) {
    const TraceEvent& event = recording_.events[i];
    const auto add = [&](MessageId id, ProcessId from, ProcessId to, Symbol kind, Symbol subject) {
      places[id] = messages_.size();
      std::string words = narrator_.text(kind);
      if (subject) words += " " + narrator_.text(subject);
      words += ", " + narrator_.process(from) + " → " + narrator_.process(to);
      messages_.push_back({i, from, to, event.at, timeline_.end, false, true, false,
                           serves(from) && serves(to), words});
    };
    if (const auto* sent = std::get_if<MessageSent>(&event.what)) {
      add(sent->message, event.process, sent->to, sent->kind, sent->subject);
    } else if (const auto* twice = std::get_if<MessageDuplicated>(&event.what)) {
      add(twice->copy, event.process, twice->to, twice->kind, {});
      messages_.back().words += " (a second time)";
    } else if (const auto* arrived = std::get_if<MessageDelivered>(&event.what)) {
      const auto found = places.find(arrived->message);
      if (found == places.end()) continue;
      MessageLine& line = messages_[found->second];
      line.arrived = event.at;
      line.open = false;
    } else if (const auto* lost = std::get_if<MessageLost>(&event.what)) {
      const auto found = places.find(lost->message);
      if (found == places.end()) continue;
      MessageLine& line = messages_[found->second];
      line.lost = true;
      line.open = false;
      line.words += " - lost";
    } else if (std::holds_alternative<WriteRejected>(event.what)) {
      // Its answer is the next message that this storage sends.
      for (std::size_t j = i + 1; j < recording_.events.size(); ++j) {
        const TraceEvent& reply = recording_.events[j];
        if (reply.process != event.process) continue;
        if (const auto* answer = std::get_if<MessageSent>(&reply.what)) {
          refusals[answer->message] = j;
          break;
        }
      }
    }
  }
  for (const auto& [message, event] : refusals) {
    const auto found = places.find(message);
    if (found == places.end()) continue;
    messages_[found->second].refusal = true;
    messages_[found->second].words += " - refused";
  }
}

void Picture::find_waits() {
  std::map<ProcessId, Instant> since;
  for (const TraceEvent& event : recording_.events) {
    if (std::holds_alternative<LockWaitBegan>(event.what)) since[event.process] = event.at;
    const bool ends = std::holds_alternative<LockWaitEnded>(event.what) ||
                      std::holds_alternative<ProcessCrashed>(event.what);
    const auto found = ends ? since.find(event.process) : since.end();
    if (found == since.end()) continue;
    waits_.push_back({event.process, {found->second, event.at}});
    since.erase(found);
  }
  for (const auto& [client, from] : since) waits_.push_back({client, {from, timeline_.end}});
}

std::vector<std::pair<const KeySpan*, std::size_t>> Picture::queue(Symbol lock,
                                                                   std::size_t* left_out) const {
  std::size_t crowd = 0;
  std::vector<std::pair<const KeySpan*, std::size_t>> placed;
  std::vector<Instant> free_from;
  for (const KeySpan& key : timeline_.keys) {
    const Attempt* attempt = timeline_.attempt(key.attempt);
    if (key.rank == 0 || attempt == nullptr || attempt->lock != lock) continue;
    std::size_t row = 0;
    while (row < free_from.size() && free_from[row] > key.span.from) ++row;
    if (row == kMostPlaces) {
      ++crowd;
      continue;
    }
    if (row == free_from.size()) free_from.emplace_back();
    free_from[row] = key.span.until;
    placed.emplace_back(&key, row);
  }
  if (left_out != nullptr) *left_out = crowd;
  return placed;
}

// ---- lanes --------------------------------------------------------------------------------------

std::size_t Picture::network_rows() const {
  std::size_t rows = 0;
  for (const FaultBlock& block : faults_)
    if (!block.process) rows = std::max(rows, block.row + 1);
  return rows;
}

bool Picture::shows_other_time(ProcessId process) const {
  return std::any_of(
      recording_.events.begin(), recording_.events.end(), [&](const TraceEvent& event) {
        return event.process == process &&
               event.wall.time_since_epoch() / 1us != event.at.time_since_epoch() / 1us;
      });
}

std::vector<ProcessId> Picture::clients_with_lanes() {
  std::vector<ProcessId> busy;
  std::vector<ProcessId> idle;
  for (const auto& [client, hue] : hues_) {
    const bool believes =
        std::any_of(timeline_.beliefs.begin(), timeline_.beliefs.end(),
                    [&, who = client](const BeliefSpan& b) { return b.client == who; });
    (believes ? busy : idle).push_back(client);
  }
  std::vector<ProcessId> all = busy;
  all.insert(all.end(), idle.begin(), idle.end());
  if (all.size() > kMostClients) {
    left_out_.push_back(fmt::format("{} of the {} clients have no lane here: {}.",
                                    all.size() - kMostClients, all.size(),
                                    narrator_.list({all.begin() + kMostClients, all.end()})));
    all.resize(kMostClients);
  }
  std::sort(all.begin(), all.end());
  return all;
}

void Picture::add_servers() {
  std::vector<Symbol> locks;
  const auto add_lock = [&](AttemptId id) {
    const Attempt* attempt = timeline_.attempt(id);
    if (attempt != nullptr && std::find(locks.begin(), locks.end(), attempt->lock) == locks.end())
      locks.push_back(attempt->lock);
  };
  for (const KeySpan& key : timeline_.keys) add_lock(key.attempt);
  if (locks.size() > kMostLocks) {
    left_out_.push_back(fmt::format("{} of the {} locks have no lane here.",
                                    locks.size() - kMostLocks, locks.size()));
    locks.resize(kMostLocks);
  }

  std::set<ProcessId> talking;
  for (const MessageLine& message : messages_) {
    talking.insert(message.from);
    talking.insert(message.to);
  }
  std::vector<ProcessId> servers;
  for (std::uint32_t number = 1; number <= recording_.processes.size(); ++number) {
    const ProcessId server{number};
    if (is_lock_service(recording_.processes[number - 1].role) && talking.contains(server))
      servers.push_back(server);
  }
  const bool stored = std::any_of(timeline_.keys.begin(), timeline_.keys.end(),
                                  [](const KeySpan& key) { return !key.node; });
  if (servers.size() > 1 || stored)
    for (const Symbol lock : locks) {
      Lane lane;
      lane.kind = Lane::Kind::owner;
      lane.subject = lock;
      lanes_.push_back(lane);
      lane.kind = Lane::Kind::queue;
      std::size_t crowd = 0;
      if (!queue(lock, &crowd).empty()) lanes_.push_back(lane);
      if (crowd > 0)
        left_out_.push_back(fmt::format("{} places in the line for {} are not drawn.", crowd,
                                        narrator_.text(lock)));
    }
  if (servers.size() > kMostServers) {
    left_out_.push_back(fmt::format(
        "{} of the {} servers have no lane here: {}.", servers.size() - kMostServers,
        servers.size(), narrator_.list({servers.begin() + kMostServers, servers.end()})));
    servers.resize(kMostServers);
  }
  for (const ProcessId server : servers) {
    Lane lane;
    lane.kind = Lane::Kind::server;
    lane.process = server;
    lane.small = servers.size() > 1;
    for (const Symbol lock : locks) {
      const bool here =
          std::any_of(timeline_.keys.begin(), timeline_.keys.end(), [&](const KeySpan& key) {
            const Attempt* attempt = timeline_.attempt(key.attempt);
            return key.node == server && attempt != nullptr && attempt->lock == lock;
          });
      if (here) lane.locks.push_back(lock);
    }
    lanes_.push_back(lane);
  }
}

void Picture::find_lanes() {
  const auto add = [this](Lane::Kind kind, ProcessId process = {}, Symbol subject = {}) -> Lane& {
    Lane lane;
    lane.kind = kind;
    lane.process = process;
    lane.subject = subject;
    lanes_.push_back(lane);
    return lanes_.back();
  };
  if (network_rows() > 0) add(Lane::Kind::network);
  const std::vector<ProcessId> clients = clients_with_lanes();
  if (!clients.empty()) add(Lane::Kind::client, clients.front());
  add_servers();
  for (std::size_t i = 1; i < clients.size(); ++i) add(Lane::Kind::client, clients[i]);

  std::vector<std::pair<ProcessId, Symbol>> registers;
  for (const WriteMark& write : timeline_.writes) {
    const std::pair one(write.storage, write.subject);
    if (std::find(registers.begin(), registers.end(), one) == registers.end())
      registers.push_back(one);
  }
  std::stable_sort(registers.begin(), registers.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < registers.size() && i < kMostRegisters; ++i)
    add(Lane::Kind::storage, registers[i].first, registers[i].second);
  if (registers.size() > kMostRegisters)
    left_out_.push_back(fmt::format("{} of the {} registers of storage have no lane here.",
                                    registers.size() - kMostRegisters, registers.size()));

  for (std::size_t i = 0; i < recording_.findings.size() && i < kMostFindings; ++i)
    add(Lane::Kind::finding).finding = i;
  if (recording_.findings.size() > kMostFindings)
    left_out_.push_back(
        fmt::format("{} of the {} findings have no lane here; all of them are named "
                    "above.",
                    recording_.findings.size() - kMostFindings, recording_.findings.size()));
  for (Lane& lane : lanes_) lane.own_clock = lane.process && shows_other_time(lane.process);
}

void Picture::place_lanes() {
  std::int64_t y = kRulerHeight;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    const bool struck =
        lane.process && std::any_of(faults_.begin(), faults_.end(), [&](const FaultBlock& block) {
          return block.process == lane.process;
        });
    const bool clock_set =
        std::any_of(timeline_.clocks.begin(), timeline_.clocks.end(),
                    [&](const ClockMark& mark) { return mark.process == lane.process; });
    std::int64_t above = 0;
    std::int64_t below = 0;
    switch (lane.kind) {
      case Lane::Kind::network:
        lane.row_height = 24;
        lane.band = lane.row_height * static_cast<std::int64_t>(network_rows());
        above = 2;
        below = 8;
        break;
      case Lane::Kind::client:
        lane.band = lane.row_height = 30;
        above = 22;
        below = 26;
        break;
      case Lane::Kind::owner:
        lane.band = lane.row_height = 26;
        above = 10;
        below = 12;
        break;
      case Lane::Kind::queue: {
        std::size_t rows = 0;
        for (const auto& [key, row] : queue(lane.subject)) rows = std::max(rows, row + 1);
        lane.row_height = 17;
        lane.band = lane.row_height * static_cast<std::int64_t>(rows);
        below = 10;
        break;
      }
      case Lane::Kind::server:
        lane.row_height = lane.small ? 14 : 28;
        lane.band = lane.row_height *
                    std::max<std::int64_t>(1, static_cast<std::int64_t>(lane.locks.size()));
        above = lane.small ? (struck || clock_set ? 20 : 6) : 20;
        below = lane.small ? 8 : 22;
        break;
      case Lane::Kind::storage:
        lane.band = lane.row_height = 30;
        above = 20;
        below = 20;
        break;
      case Lane::Kind::finding:
        lane.band = lane.row_height = 22;
        above = 2;
        below = 4;
        break;
    }
    if (lane.own_clock) below += 15;
    lane.top = y + above;
    y = lane.top + lane.band + below;
  }
  height_ = y + 6;
}

}  // namespace locklab
