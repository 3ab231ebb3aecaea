// DynamoDB as one process that never loses anything: it is the lock client that is studied, not the
// database. It can be unavailable (503) to some clients for a while.
#pragma once

#include <memory_resource>
#include <span>
#include <vector>

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/services/dynamodb/kinds.hpp"
#include "sim/services/dynamodb/table.hpp"

namespace locklab::dynamodb {

/// From `from` until `until`, requests of `client` (none: of all) are answered with a 503.
struct Outage {
  Duration from{};
  Duration until{};
  ProcessId client;
};

class Server final : public Actor {
 public:
  Server(Process& self, const Kinds& kinds, Duration staleness)
      : self_(self),
        kinds_(kinds),
        staleness_(staleness),
        table_(&self.arena()),
        outages_(&self.arena()) {}

  void add_outage(const Outage& outage) { outages_.push_back(outage); }
  const Table& table() const { return table_; }

  void on_message(const Packet& packet) override;
  void on_crash(bool) override {}
  void on_start() override {}

 private:
  bool unavailable_to(ProcessId client) const;
  void report(const Request& request, const Table::Effect& effect);

  Process& self_;
  const Kinds& kinds_;
  Duration staleness_;
  Table table_;
  std::pmr::vector<Outage> outages_;
};

}  // namespace locklab::dynamodb
