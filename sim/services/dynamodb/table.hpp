// A DynamoDB table as a value: items by key, conditional writes, and reads that are consistent or
// late [spec H].
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "sim/services/dynamodb/protocol.hpp"
#include "sim/time.hpp"

namespace locklab::dynamodb {

struct Item {
  Symbol key{};
  Value owner{};
  Value version{};
  std::int64_t lease_ms = 0;
  bool released = false;
  AttemptId attempt{};
  std::uint64_t grants = 0;
  bool operator==(const Item&) const = default;
};

class Table {
 public:
  explicit Table(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : rows_(memory) {}

  /// What a write did to the item, for the trace.
  struct Effect {
    bool wrote = false;
    bool there_before = false;
    bool there_after = false;
    Item before{};
    Item after{};
  };

  /// `staleness`: an eventually consistent read does not see what was written since so long.
  Reply execute(const Request& request, Instant now, Duration staleness, Effect& effect);
  const Item* find(Symbol key) const;

 private:
  struct Row {
    Item item;
    bool there = false;
    Item before{};  // what stood here until `changed`
    bool there_before = false;
    Instant changed{};
    std::uint64_t grants = 0;  // of this key, deletions included
  };

  Row& row(Symbol key);
  static bool holds(const Request& request, const Row& row);
  static Reply reply_of(const Item& item);

  std::pmr::vector<Row> rows_;
};

}  // namespace locklab::dynamodb
