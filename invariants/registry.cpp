#include "invariants/registry.hpp"

#include "invariants/monitors.hpp"

namespace locklab {
namespace {

constexpr std::array<InvariantRow, kInvariants> kRows{{
    {"service_mutual_exclusion", "the lock service has one owner at a time and keeps its promises",
     "MX-SERVICE", make_service_mutual_exclusion},
    {"client_mutual_exclusion", "no two clients believe at once that they hold a lock", "MX-BELIEF",
     make_client_mutual_exclusion},
    {"stale_write", "storage accepts no write of a grant that a later one has superseded",
     "STALE-WRITE", make_stale_write},
    {"token_order", "fencing tokens rise in the order in which the service gave the lock away",
     "TOKEN-ORDER", make_token_order},
    {"foreign_release", "nobody removes or extends a lock that somebody else still counts on",
     "FOREIGN-RELEASE", make_foreign_release},
    {"lost_release", "no lock stays taken by keys that their living owner has given up",
     "LOST-RELEASE", make_lost_release},
    {"bounded_wait", "nobody waits long for a lock that nobody believes to hold", "LIVENESS",
     make_bounded_wait},
    {"deadlock", "no clients wait for one another in a circle", "DEADLOCK", make_deadlock},
    {"lost_update", "no update is overwritten by one that had not read it", "LOST-UPDATE",
     make_lost_update},
    {"fairness", "a lock that claims to be fair serves in the order of arrival", "FAIRNESS",
     make_fairness},
}};

}  // namespace

std::span<const InvariantRow> invariant_rows() { return kRows; }

std::optional<std::size_t> find_invariant(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].name == name) return i;
  return std::nullopt;
}

void add_invariants(Watch& watch, std::pmr::memory_resource* memory,
                    const InvariantSettings& settings) {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (settings.enabled[i]) watch.add(kRows[i].make(memory, settings));
}

}  // namespace locklab
