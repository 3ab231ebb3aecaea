#include "sim/services/zookeeper/log.hpp"

#include <algorithm>

namespace locklab::zookeeper {

std::size_t TransactionLog::count_up_to(Zxid zxid) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(entries_, zxid, {}, &Transaction::zxid) -
                                  entries_.begin());
}

void TransactionLog::truncate_after(Zxid zxid) {
  entries_.resize(count_up_to(zxid));
  synced_ = std::min(synced_, entries_.size());
}

void TransactionLog::synced(std::size_t count) {
  synced_ = std::max(synced_, std::min(count, entries_.size()));
}

}  // namespace locklab::zookeeper
