// What the picture of a run is made of, before anything is drawn: which lanes there are, in which
// order and how high, which bands and marks lie in them, and what is written on them. Places in
// time are the axis's, so everything here is a matter of whole pixels.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/narrator.hpp"
#include "reports/time_axis.hpp"
#include "reports/timeline.hpp"
#include "sim/recording.hpp"

namespace locklab {

/// A row of the picture. Tops and heights in pixels.
struct Lane {
  enum class Kind : std::uint8_t {
    network,  // which links are cut
    client,   // what a client believes
    owner,    // who has a quorum of nodes, or is the first in line
    queue,    // who stands in line
    server,   // the keys of one server
    storage,  // whose value stands
    finding,  // what an invariant found
  };
  Kind kind{};
  ProcessId process;            // client, server, storage
  Symbol subject;               // owner, queue: the lock; storage: the register
  std::vector<Symbol> locks;    // server: one row each
  std::size_t finding = 0;      // finding: its index
  bool own_clock = false;       // its clock does not show the true time
  bool small = false;           // one of several servers
  std::int64_t top = 0;         // where its band begins
  std::int64_t band = 0;        // how high the band is, of all rows
  std::int64_t row_height = 0;  // of one row
};

/// A fault that lasts, on the lane that it strikes.
struct FaultBlock {
  ProcessId process;  // none: the network
  Interval span;
  std::string words;                   // "paused 9000ms"
  std::optional<std::uint32_t> fault;  // its place in the schedule
  bool crash = false;
  std::size_t row = 0;  // in the network's lane
};

/// A message from being sent until it arrived or was lost.
struct MessageLine {
  std::size_t sent = 0;  // index of the event
  ProcessId from;
  ProcessId to;
  Instant left{};
  Instant arrived{};  // unless lost or open
  bool lost = false;
  bool open = false;     // under way when the run ended, or nobody was there to take it
  bool refusal = false;  // carries a "no"
  bool among = false;    // from server to server
  std::string words;     // for who points at it
};

/// A client waits for a lock.
struct WaitSpan {
  ProcessId client;
  Interval span;
};

/// Everything that is drawn, and where its lane is.
class Picture {
 public:
  /// All must outlive the picture.
  Picture(const Recording& recording, const Timeline& timeline, const Narrator& narrator);

  const std::vector<Lane>& lanes() const { return lanes_; }
  const Lane* lane_of(ProcessId process) const;
  std::int64_t height() const { return height_; }

  const std::vector<FaultBlock>& faults() const { return faults_; }
  const std::vector<MessageLine>& messages() const { return messages_; }
  const std::vector<WaitSpan>& waits() const { return waits_; }
  /// What has no lane, in words; nothing is left out silently.
  const std::vector<std::string>& left_out() const { return left_out_; }

  /// The keys that stand in line for a lock, and the row of each: no two in one row at a time. How
  /// many found no row is told, if wanted.
  std::vector<std::pair<const KeySpan*, std::size_t>> queue(Symbol lock,
                                                            std::size_t* left_out = nullptr) const;

  /// Which hue a client has: 0, 1, 2, ...; nothing for those that are no clients.
  std::optional<std::size_t> hue(ProcessId client) const;
  /// The place in the schedule of the fault that led to an event.
  std::optional<std::uint32_t> fault_of(std::size_t event) const;

 private:
  void find_faults();
  void find_cuts();
  void find_messages();
  void find_waits();
  void find_lanes();
  void place_lanes();
  std::vector<ProcessId> clients_with_lanes();
  void add_servers();
  bool shows_other_time(ProcessId process) const;
  std::size_t network_rows() const;

  const Recording& recording_;
  const Timeline& timeline_;
  const Narrator& narrator_;
  std::vector<Lane> lanes_;
  std::vector<FaultBlock> faults_;
  std::vector<MessageLine> messages_;
  std::vector<WaitSpan> waits_;
  std::vector<std::string> left_out_;
  std::map<ProcessId, std::size_t> hues_;
  std::int64_t height_ = 0;
};

/// Where the first lane begins: above it is the ruler.
inline constexpr std::int64_t kRulerHeight = 46;

}  // namespace locklab
